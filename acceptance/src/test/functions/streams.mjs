// Streams what its event asks for.

import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';

const MIB = 1 << 20;
let calls = 0;

const hash = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** Waits until the function has the tag, which the test gives it when it has seen enough. */
async function tagged(arn, key) {
  while (!(key in (await tags(arn)))) await new Promise((go) => setTimeout(go, 20));
}

async function tags(arn) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  const endpoint = new URL(process.env.AWS_ENDPOINT_URL);
  const path = '/2017-03-31/tags/' + encodeURIComponent(arn);
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${now.slice(0, 8)}/${process.env.AWS_REGION}/lambda/aws4_request`;
  const headers = { host: endpoint.host, 'x-amz-date': now, 'x-amz-security-token': token };
  const names = Object.keys(headers).join(';');
  const canonical = ['GET', path.replace(/%/g, '%25'), '',
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`), '', names, hash('')].join('\n');
  const key = [now.slice(0, 8), process.env.AWS_REGION, 'lambda', 'aws4_request'].reduce(hmac, 'AWS4' + secret);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', now, scope, hash(canonical)].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const answer = await fetch(endpoint.origin + path, { headers: { ...headers, authorization } });
  if (answer.status !== 200) throw new Error(`tags: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).Tags ?? {};
}

/** Writes so many bytes, as fast as they are taken; each depends on its place. */
async function fill(out, size) {
  let waiting;
  for (let at = 0; at < size;) {
    const piece = Buffer.alloc(Math.min(64 * 1024, size - at));
    for (let i = 0; i < piece.length; i++) piece[i] = ((at + i) * 31 + ((at + i) >> 8)) & 0xff;
    at += piece.length;
    if (!out.write(piece)) {
      waiting = setTimeout(() => console.log(`waiting after ${at} bytes`), 500);
      await once(out, 'drain');
      clearTimeout(waiting);
    }
  }
}

export const handler = awslambda.streamifyResponse(async (event, out, context) => {
  calls++;
  const arn = context.invokedFunctionArn;
  const write = (text) => new Promise((done) => out.write(text, done));
  switch (event.do) {
    case 'calls': out.end(String(calls)); return;
    case 'gated':
      out.write('first');
      await tagged(arn, event.tag);
      out.write('second');
      out.end();
      return;
    case 'fill':
      await fill(out, event.size);
      console.log('filled');
      out.end();
      return;
    case 'outlive':
      out.write('first');
      await tagged(arn, event.tag);
      await fill(out, 5 * MIB);
      await new Promise((done) => out.end(done));
      console.log('written to the end');
      return;
    case 'early': throw new RangeError('too early');
    case 'late':
      await write('half');
      throw new RangeError('too late');
    case 'log':
      console.log('a line of ' + event.text);
      out.end('logged');
      return;
    case 'exit':
      await write('half');
      await tagged(arn, event.tag);
      process.exit(3);
      return;
    case 'sleep':
      await write('half');
      await new Promise(() => {});
  }
});
