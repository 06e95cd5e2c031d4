// Runs a Node.js handler: takes events from the Runtime API and gives it the results.
//
// Follows the Runtime API 2018-06-01 and the behaviour of the managed Node.js runtimes. It speaks
// HTTP over a plain socket, so that a result and the wish for the next event are one write.

import net from "node:net";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const API = "/2018-06-01/runtime/";
const TASK_ROOT = process.env.LAMBDA_TASK_ROOT ?? "/var/task";
const HEAD_END = Buffer.from("\r\n\r\n");

/** One kept-alive connection to the Runtime API; answers come in the order of the requests. */
class RuntimeApi {
  constructor(address) {
    const colon = address.lastIndexOf(":");
    this.host = address;
    this.buffer = Buffer.alloc(0);
    this.waiting = [];
    this.socket = net.connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      noDelay: true,
    });
    this.socket.on("data", (data) => this.#take(data));
    this.socket.on("error", () => process.exit(1));
    this.socket.on("close", () => process.exit(1));
  }

  nextRequest() {
    return Buffer.from(`GET ${API}invocation/next HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`);
  }

  postRequest(target, body, errorType) {
    const data = Buffer.from(body);
    const kind = errorType ? `Lambda-Runtime-Function-Error-Type: ${headerSafe(errorType)}\r\n` : "";
    const head =
      `POST ${API}${target} HTTP/1.1\r\nHost: ${this.host}\r\nContent-Type: application/json\r\n` +
      `${kind}Content-Length: ${data.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), data]);
  }

  /** Sends the requests in one write; resolves to the answer of each. */
  exchange(...requests) {
    const answers = requests.map(
      () => new Promise((resolve) => this.waiting.push(resolve)),
    );
    this.socket.write(requests.length === 1 ? requests[0] : Buffer.concat(requests));
    return answers;
  }

  #take(data) {
    this.buffer = this.buffer.length === 0 ? data : Buffer.concat([this.buffer, data]);
    for (;;) {
      const end = this.buffer.indexOf(HEAD_END);
      if (end < 0) {
        return;
      }
      const lines = this.buffer.toString("latin1", 0, end).split("\r\n");
      const headers = {};
      for (let i = 1; i < lines.length; i++) {
        const colon = lines[i].indexOf(":");
        headers[lines[i].slice(0, colon).toLowerCase()] = lines[i].slice(colon + 1).trim();
      }
      const whole = end + 4 + Number(headers["content-length"] ?? 0);
      if (this.buffer.length < whole) {
        return;
      }
      const body = this.buffer.subarray(end + 4, whole);
      this.buffer = this.buffer.subarray(whole);
      this.waiting.shift()?.({ status: Number(lines[0].split(" ")[1]), headers, body });
    }
  }
}

function headerSafe(text) {
  return String(text).replace(/[^\x20-\x7e]/g, "?");
}

/** An error that keeps the handler from being had, with the type that AWS gives it. */
class InitError extends Error {
  constructor(name, message, cause) {
    super(message, { cause });
    this.name = name;
    if (cause?.stack) {
      this.stack = `${name}: ${message}\n${cause.stack.split("\n").slice(1).join("\n")}`;
    }
  }
}

let requestId;

/** Log lines as the managed runtimes write them: time, request id, level, text. */
function patchConsole() {
  const line = (level) => (...args) => {
    const text = format(...args).replace(/\n/g, "\r");
    process.stdout.write(
      `${new Date().toISOString()}\t${requestId ?? "undefined"}\t${level}\t${text}\n`,
    );
  };
  console.log = line("INFO");
  console.info = line("INFO");
  console.debug = line("DEBUG");
  console.warn = line("WARN");
  console.error = line("ERROR");
  console.trace = line("TRACE");
}

function errorBody(error) {
  if (error instanceof Error) {
    return {
      errorType: error.name ?? "Error",
      errorMessage: error.message,
      trace: (error.stack ?? "").split("\n"),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function logError(kind, error) {
  const shown =
    error instanceof Error
      ? {
          errorType: error.name,
          errorMessage: error.message,
          ...(error.code === undefined ? {} : { code: error.code }),
          stack: (error.stack ?? "").split("\n"),
        }
      : error;
  console.error(kind, JSON.stringify(shown));
}

/** Splits "dir/module.function" as the managed runtimes do. */
function parseHandler(name) {
  if (name.includes("..")) {
    throw new InitError(
      "Runtime.MalformedHandlerName",
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(name);
  const dot = base.indexOf(".");
  if (dot <= 0 || dot === base.length - 1) {
    throw new InitError("Runtime.MalformedHandlerName", "Bad handler");
  }
  return {
    module: path.resolve(TASK_ROOT, name.slice(0, name.length - base.length), base.slice(0, dot)),
    steps: base.slice(dot + 1).split("."),
    shown: path.join(name.slice(0, name.length - base.length), base.slice(0, dot)),
  };
}

function isModulePackage(file) {
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8")).type === "module";
    } catch {
      if (dir === TASK_ROOT || dir === path.dirname(dir)) {
        return false;
      }
    }
  }
}

async function loadModule(wanted) {
  const require = createRequire(path.join(TASK_ROOT, "index.js"));
  const existing = ["", ".js", ".mjs", ".cjs"].map((end) => wanted.module + end).find(isFile);
  try {
    if (existing?.endsWith(".mjs") || (existing?.endsWith(".js") && isModulePackage(existing))) {
      return await import(pathToFileURL(existing).href);
    }
    return require(existing ?? wanted.module);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new InitError("Runtime.UserCodeSyntaxError", `${error}`, error);
    }
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") {
      const text = existing ? `${error}` : `Error: Cannot find module '${wanted.shown}'`;
      throw new InitError("Runtime.ImportModuleError", text, error);
    }
    throw error;
  }
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function loadHandler(name) {
  const wanted = parseHandler(name);
  const module = await loadModule(wanted);
  const pick = (from) => wanted.steps.reduce((value, step) => value?.[step], from);
  const handler = pick(module) ?? pick(module?.default);
  if (handler === undefined) {
    throw new InitError("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (typeof handler !== "function") {
    throw new InitError("Runtime.HandlerNotFound", `${name} is not a function`);
  }
  return handler;
}

function makeContext(headers, settle) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"] ?? 0);
  const json = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  const env = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: json("lambda-runtime-client-context"),
    identity: json("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
    done: (error, result) => settle(error, result),
    fail: (error) => settle(error ?? new Error("handled"), undefined),
    succeed: (result) => settle(null, result),
  };
}

/** Calls the handler; resolves to its result however it gives it: promise, callback or context. */
function call(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let settled = false;
    const context = makeContext(headers, settle);
    function settle(error, result) {
      if (settled) {
        return;
      }
      settled = true;
      const finish = () => (error ? reject(error) : resolve(result));
      if (context.callbackWaitsForEmptyEventLoop) {
        process.once("beforeExit", finish);
      } else {
        setImmediate(finish);
      }
    }
    const returned = handler(event, context, settle);
    if (typeof returned?.then === "function") {
      settled = true;
      returned.then(resolve, reject);
    }
    if (settled && typeof returned?.then !== "function") {
      return;
    }
    // A handler that leaves nothing to wait for and never answers gives null, as on AWS.
    process.once("beforeExit", () => resolve(null));
  });
}

async function run() {
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  patchConsole();
  const fatal = (kind) => async (error) => {
    logError(kind, error);
    const target = requestId ? `invocation/${requestId}/error` : "init/error";
    const body = errorBody(error);
    body.errorType = kind === "Uncaught Exception" ? body.errorType : "Runtime.UnhandledPromiseRejection";
    await api.exchange(api.postRequest(target, JSON.stringify(body), body.errorType))[0];
    process.exit(kind === "Uncaught Exception" ? 129 : 128);
  };
  process.on("uncaughtException", fatal("Uncaught Exception"));
  process.on("unhandledRejection", (reason) => fatal("Unhandled Promise Rejection")(reason));

  let handler;
  try {
    handler = await loadHandler(process.env._HANDLER ?? "");
  } catch (error) {
    logError("Uncaught Exception", error);
    const body = errorBody(error);
    await api.exchange(api.postRequest("init/error", JSON.stringify(body), body.errorType))[0];
    process.exit(1);
  }

  let [next] = api.exchange(api.nextRequest());
  for (;;) {
    const { status, headers, body } = await next;
    if (status !== 200) {
      process.exit(1);
    }
    const answer = await invoke(api, handler, headers, body);
    api.socket.ref();
    const [posted, following] = api.exchange(answer, api.nextRequest());
    posted.then((reply) => {
      if (reply.status !== 202 && reply.status !== 413) {
        process.exit(1);
      }
    });
    next = following;
  }
}

async function invoke(api, handler, headers, body) {
  requestId = headers["lambda-runtime-aws-request-id"];
  if (headers["lambda-runtime-trace-id"] !== undefined) {
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  }
  const target = `invocation/${requestId}`;
  // Only what the handler left running may keep the loop busy, or it would never be seen empty.
  api.socket.unref();
  process.removeAllListeners("beforeExit");
  let result;
  try {
    result = await call(handler, JSON.parse(body.toString("utf8")), headers);
  } catch (error) {
    logError("Invoke Error", error);
    const shown = errorBody(error);
    return api.postRequest(`${target}/error`, JSON.stringify(shown), shown.errorType);
  }
  let text;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    const shown = { errorType: "Runtime.MarshalError", errorMessage: `Unable to stringify response body: ${error.message}`, trace: [] };
    logError("Invoke Error", Object.assign(new Error(shown.errorMessage), { name: shown.errorType }));
    return api.postRequest(`${target}/error`, JSON.stringify(shown), shown.errorType);
  }
  return api.postRequest(`${target}/response`, text ?? "null");
}

run();
