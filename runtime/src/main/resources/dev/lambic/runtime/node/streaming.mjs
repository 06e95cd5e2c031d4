// What a handler needs to stream its result: the globals by which it says so, and the stream.
//
// Follows the managed Node.js runtimes. A result goes out on a connection of its own, as the body of
// one chunked request whose trailers carry an error, if there is one.

import { createRequire } from "node:module";

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";
const METADATA_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER_LENGTH = 8;

/** What an error may take of the head that a server reads. */
const MAX_ERROR = 32 * 1024;

/** What a handler may do with the request that its result is. */
const METHODS = [
  "write",
  "end",
  "destroy",
  "cork",
  "uncork",
  "setContentType",
  "on",
  "once",
  "off",
  "emit",
  "addListener",
  "removeListener",
  "removeAllListeners",
  "prependListener",
  "prependOnceListener",
  "listeners",
  "rawListeners",
  "listenerCount",
  "eventNames",
  "getMaxListeners",
  "setMaxListeners",
];
const PROPERTIES = [
  "destroyed",
  "writable",
  "writableEnded",
  "writableFinished",
  "writableNeedDrain",
  "writableHighWaterMark",
  "writableLength",
  "writableCorked",
  "writableObjectMode",
  "_onBeforeFirstWrite",
];

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

/** Marks handlers; the mark is what counts, so that libraries can pass it on to their wrappers. */
function streamifyResponse(handler, options) {
  handler[STREAMING] = "response";
  if (typeof options?.highWaterMark === "number") {
    handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
  }
  return handler;
}

/** A result that begins with what an HTTP front needs to know: status, headers and cookies. */
class HttpResponseStream {
  static from(stream, metadata) {
    stream.setContentType(METADATA_TYPE);
    const json = JSON.stringify(metadata);
    stream._onBeforeFirstWrite = (write) => {
      write(json);
      write(new Uint8Array(DELIMITER_LENGTH));
    };
    return stream;
  }
}

export function defineGlobals() {
  const without = process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA;
  if (without !== "1" && without !== "true") {
    globalThis.awslambda = { ...globalThis.awslambda, streamifyResponse, HttpResponseStream };
  }
}

/** Whether the handler wants a stream for its result. */
export function isStreaming(handler) {
  if (!handler[STREAMING]) {
    return false;
  }
  if (handler[STREAMING] !== "response") {
    throw named("Runtime.MalformedStreamingHandler", "Only response streaming is supported.");
  }
  return true;
}

/** Opens streams for the results of one handler. */
export class ResultStreams {
  #http = createRequire(import.meta.url)("node:http");
  #agent;
  #address;

  constructor(address, handler) {
    const highWaterMark = Number.parseInt(handler[HIGH_WATER_MARK], 10);
    this.#address = address;
    this.#agent = new this.#http.Agent({
      keepAlive: true,
      maxSockets: 1,
      ...(Number.isNaN(highWaterMark) ? {} : { highWaterMark }),
    });
  }

  /** The stream for the result of one invocation; nothing is sent before something is written. */
  open(path) {
    const colon = this.#address.lastIndexOf(":");
    const request = this.#http.request({
      agent: this.#agent,
      host: this.#address.slice(0, colon),
      port: Number(this.#address.slice(colon + 1)),
      method: "POST",
      path,
      headers: {
        "Content-Type": "application/octet-stream",
        "Transfer-Encoding": "chunked",
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        Trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
      },
    });
    return new ResultStream(request);
  }
}

class ResultStream {
  #request;

  constructor(request) {
    this.#request = request;
    const write = request.write.bind(request);
    let begun = false;
    request.write = (chunk, encoding, callback) => {
      const plain = typeof chunk === "string" || chunk instanceof Uint8Array;
      const first = !begun;
      begun = true;
      if (first && typeof request._onBeforeFirstWrite === "function") {
        request._onBeforeFirstWrite((piece) => write(piece));
      }
      return write(plain ? chunk : JSON.stringify(chunk), encoding, callback);
    };
    request.setContentType = (type) => {
      if (begun) {
        throw named("Runtime.InvalidStreamingOperation", "Cannot set content-type, too late.");
      }
      request.setHeader("Content-Type", type);
    };
    /** Resolves once the result was taken, or with the error that it was not. */
    this.taken = new Promise((resolve) => {
      request.on("response", (response) => {
        response.resume();
        response.on("end", () => resolve());
      });
      request.on("error", resolve);
      request.on("close", () => resolve(new Error("The response stream was closed.")));
    });
    this.writable = {};
    for (const method of METHODS) {
      this.writable[method] = request[method].bind(request);
    }
    for (const property of PROPERTIES) {
      Object.defineProperty(this.writable, property, {
        get: () => request[property],
        set: (value) => {
          request[property] = value;
        },
      });
    }
  }

  get finished() {
    return this.#request.writableFinished;
  }

  /** Ends the result with an error; returns whether it had, or has now, an end. */
  async fail(error) {
    const request = this.#request;
    const ended = request.writableEnded;
    const broken = request.destroyed && !ended;
    if (!broken && !ended) {
      const { errorType, errorMessage } = error;
      const whole = JSON.stringify(error);
      const shown =
        whole.length <= MAX_ERROR
          ? whole
          : JSON.stringify({
              errorType: String(errorType).slice(0, 256),
              errorMessage: String(errorMessage).slice(0, MAX_ERROR / 8),
            });
      request.addTrailers({
        [ERROR_TYPE]: String(errorType).slice(0, 256).replace(/[^\x20-\x7e]/g, "?"),
        [ERROR_BODY]: Buffer.from(shown).toString("base64"),
      });
      request.end();
    }
    await this.taken;
    return !broken;
  }
}
