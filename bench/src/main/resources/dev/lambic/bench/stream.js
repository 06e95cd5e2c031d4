"use strict";

// The first piece at once, the last one later: what is measured is how soon the first arrives.
exports.handler = awslambda.streamifyResponse(async (event, responseStream) => {
  responseStream.write("first");
  await new Promise((over) => setTimeout(over, 5));
  responseStream.end("last");
});
