// Streams an answer to a request to its function URL.

export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const out = awslambda.HttpResponseStream.from(stream, {
    statusCode: 202,
    headers: { 'content-type': 'text/plain', 'x-path': event.rawPath },
    cookies: ['c=3'],
  });
  for (const piece of ['one', 'two', 'three']) {
    out.write(piece);
    await new Promise((go) => setTimeout(go, 1));
  }
  out.end();
});
