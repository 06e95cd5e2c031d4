// Runs a Node.js handler: takes events from the Runtime API and gives it the results.
//
// Follows the Runtime API 2018-06-01 and the behaviour of the managed Node.js runtimes. It speaks
// HTTP over a plain socket, so that a result and the wish for the next event are one write.

import net from "node:net";
import fs from "node:fs";
import path from "node:path";
import Module, { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { ResultStreams, defineGlobals, isStreaming } from "./streaming.mjs";

const API = "/2018-06-01/runtime/";
const HEAD_END = Buffer.from("\r\n\r\n");
// Says that the next request follows at once, and that nobody waits for the answer to this one alone.
const AND_NEXT = "?next";
const MAX_RESPONSE = 6 * 1024 * 1024 + 100;
const NODE_MAJOR = Number(process.versions.node.split(".")[0]);

/** What was compiled ahead of the function's code, in the form of Node.js itself; see compile.mjs. */
const COMPILED = "/var/rapid/code";

let taskRoot;

/** One kept-alive connection to the Runtime API; answers come in the order of the requests. */
class RuntimeApi {
  #chunks = [];
  #have = 0;
  #need = 0;
  #waiting = [];

  constructor(address) {
    const colon = address.lastIndexOf(":");
    this.host = address;
    this.socket = net.connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      noDelay: true,
    });
    // Only a process that waits for an event may stay alive for the connection's sake.
    this.socket.unref();
    this.socket.on("data", (data) => this.#take(data));
    this.socket.on("error", () => process.exit(1));
    this.socket.on("close", () => process.exit(1));
  }

  /** The environment variables of the function that this process becomes; waits for it. */
  async askForBinding() {
    this.socket.ref();
    const request = `GET /lambic/binding HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`;
    const { status, body } = await this.exchange(Buffer.from(request))[0];
    if (status !== 200) {
      process.exit(1);
    }
    this.socket.unref();
    return body;
  }

  nextRequest() {
    return Buffer.from(`GET ${API}invocation/next HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`);
  }

  postRequest(target, body, errorType) {
    const data = typeof body === "string" ? Buffer.from(body) : body;
    const kind = errorType ? `Lambda-Runtime-Function-Error-Type: ${headerSafe(errorType)}\r\n` : "";
    const head =
      `POST ${API}${target} HTTP/1.1\r\nHost: ${this.host}\r\nContent-Type: application/json\r\n` +
      `${kind}Content-Length: ${data.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), data]);
  }

  /** Sends the requests in one write; gives a promise of the answer to each. */
  exchange(...requests) {
    const answers = requests.map(
      () => new Promise((resolve) => this.#waiting.push(resolve)),
    );
    this.socket.write(requests.length === 1 ? requests[0] : Buffer.concat(requests));
    return answers;
  }

  #take(data) {
    this.#chunks.push(data);
    this.#have += data.length;
    // Joined only when there is something to be found: an event of 6 MB comes in many pieces.
    while (this.#have > 0 && this.#have >= this.#need) {
      const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
      this.#chunks = [all];
      const end = all.indexOf(HEAD_END);
      if (end < 0) {
        return;
      }
      const lines = all.toString("latin1", 0, end).split("\r\n");
      const headers = {};
      for (let i = 1; i < lines.length; i++) {
        const colon = lines[i].indexOf(":");
        headers[lines[i].slice(0, colon).toLowerCase()] = lines[i].slice(colon + 1).trim();
      }
      const whole = end + 4 + Number(headers["content-length"] ?? 0);
      if (all.length < whole) {
        this.#need = whole;
        return;
      }
      this.#need = 0;
      this.#have = all.length - whole;
      this.#chunks = this.#have === 0 ? [] : [all.subarray(whole)];
      const body = all.subarray(end + 4, whole);
      this.#waiting.shift()?.({ status: Number(lines[0].split(" ")[1]), headers, body });
    }
  }
}

function headerSafe(text) {
  return String(text).replace(/[^\x20-\x7e]/g, "?");
}

/** An error of the runtime's own, with the type that AWS gives it. */
class RuntimeError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    if (cause?.stack) {
      this.stack = `${name}: ${message}\n${cause.stack.split("\n").slice(1).join("\n")}`;
    }
  }
}

let requestId;

let tenantId;

let logAsJson = false;
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** Log lines as the managed runtimes write them, of the levels that are wanted. */
function patchConsole() {
  logAsJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
  const lowest = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  const toText = logAsJson ? jsonLine : textLine;
  const line = (level) =>
    LEVELS.indexOf(level) < lowest && level !== "FATAL"
      ? () => {}
      : (...args) => {
          process.stdout.write(`${toText(level, args).replace(/\n/g, "\r")}\n`);
        };
  console.info = line("INFO");
  console.log = console.info;
  console.debug = line("DEBUG");
  console.warn = line("WARN");
  console.error = line("ERROR");
  console.trace = line("TRACE");
  console.fatal = line("FATAL");
}

function textLine(level, args) {
  return `${new Date().toISOString()}\t${requestId ?? "undefined"}\t${level}\t${format(...args)}`;
}

function jsonLine(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (tenantId !== undefined) {
    line.tenantId = tenantId;
  }
  if (args.length === 1) {
    try {
      return JSON.stringify({ ...line, message: args[0] }, withErrorsShown);
    } catch {
      return JSON.stringify({ ...line, message: format(args[0]) });
    }
  }
  line.message = format(...args);
  const error = args.find((arg) => arg instanceof Error);
  return JSON.stringify(error === undefined ? line : { ...line, ...shownError(error) });
}

function withErrorsShown(_key, value) {
  return value instanceof Error ? { ...shownError(value), ...value } : value;
}

function shownError(error) {
  const name = error.constructor?.name ?? "UnknownError";
  return {
    errorType: name === "RuntimeError" ? error.name.replace("Runtime.", "") : name,
    errorMessage: error.message,
    stackTrace: typeof error.stack === "string" ? error.stack.split("\n") : [],
  };
}

function looksLikeError(value) {
  const texts = [value?.name, value?.message, value?.stack];
  return value instanceof Error || texts.every((text) => typeof text === "string" && text !== "");
}

/** What the caller is told about anything that was thrown. */
function errorBody(error) {
  try {
    return looksLikeError(error)
      ? { errorType: error.name, errorMessage: error.message, trace: error.stack.split("\n") }
      : { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
    };
  }
}

/** Shows what JSON leaves out of errors, wherever they are in a value. */
function withHiddenFields(_key, value) {
  if (!(value instanceof Error)) {
    return value;
  }
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === "string") {
    shown.stack = value.stack.split("\n");
  }
  return shown;
}

function logError(kind, error) {
  if (logAsJson) {
    console.error(error instanceof Error ? error : new Error(describe(error)));
    return;
  }
  let text;
  try {
    text = JSON.stringify(error instanceof Error ? error : new Error(error), withHiddenFields);
  } catch {
    text = JSON.stringify(errorBody(error));
  }
  console.error(kind, `\t${text}`);
}

/** Splits "dir/module.function" as the managed runtimes do. */
function parseHandler(name) {
  if (name.includes("..")) {
    throw new RuntimeError(
      "Runtime.MalformedHandlerName",
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(name);
  const dot = base.indexOf(".");
  if (dot < 0) {
    throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  }
  const directory = path.resolve(taskRoot, name.slice(0, name.length - base.length));
  return { directory, module: base.slice(0, dot), steps: base.slice(dot + 1).split(".") };
}

function isModulePackage(file) {
  for (let dir = path.dirname(file); !dir.endsWith("/node_modules"); dir = path.dirname(dir)) {
    const description = path.join(dir, "package.json");
    if (isFile(description)) {
      try {
        return JSON.parse(fs.readFileSync(description, "utf8"))?.type === "module";
      } catch (error) {
        console.warn(
          `${description} cannot be read, it will be ignored for ES module detection purposes.`,
          error,
        );
        return false;
      }
    }
    if (dir === path.dirname(dir)) {
      return false;
    }
  }
  return false;
}

async function loadModule(wanted) {
  const require = createRequire(path.join(taskRoot, "index.js"));
  const target = path.resolve(wanted.directory, wanted.module);
  const existing = ["", ".js", ".mjs", ".cjs"].map((end) => target + end).find(isFile);
  try {
    if (existing?.endsWith(".mjs") || (existing?.endsWith(".js") && isModulePackage(existing))) {
      return await import(pathToFileURL(existing).href);
    }
    return require(existing ?? resolveAsNodeWould(require, wanted, target));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError("Runtime.UserCodeSyntaxError", `${error}`, error);
    }
    if (error?.code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("Runtime.ImportModuleError", `${error}`, error);
    }
    throw error;
  }
}

/** Finds a directory or an installed package that is named as the handler's module. */
function resolveAsNodeWould(require, wanted, target) {
  if (fs.existsSync(target)) {
    return target;
  }
  try {
    return require.resolve(wanted.module, { paths: [taskRoot, wanted.directory] });
  } catch {
    const missing = new Error(
      `Cannot find module '${wanted.module}'\nRequire stack:\n- /var/runtime/index.mjs`,
    );
    throw Object.assign(missing, { code: "MODULE_NOT_FOUND" });
  }
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function loadHandler(name) {
  const wanted = parseHandler(name);
  const module = await loadModule(wanted);
  const handler = wanted.steps.reduce((value, step) => value && value[step], module);
  if (!handler) {
    throw new RuntimeError("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (typeof handler !== "function") {
    throw new RuntimeError("Runtime.HandlerNotFound", `${name} is not a function`);
  }
  return handler;
}

function makeContext(headers, settle) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"] ?? 0);
  const env = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    succeed: (result) => settle(undefined, result),
    fail: (error) => settle(error ?? "handled"),
    done: (error, result) => settle(error, result),
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parseHeader(headers, "lambda-runtime-client-context", "ClientContext"),
    identity: parseHeader(headers, "lambda-runtime-cognito-identity", "CognitoIdentity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function parseHeader(headers, name, shown) {
  if (headers[name] === undefined) {
    return undefined;
  }
  try {
    return JSON.parse(headers[name]);
  } catch (error) {
    throw new Error(`Cannot parse ${shown} as json: ${error}`);
  }
}

/** What to do when the running invocation leaves nothing to wait for. */
let whenLoopIsEmpty = () => {};

/**
 * Calls the handler; the promise carries its result however it gives it: by a promise, the callback
 * or the context. The first way that is used counts.
 */
function call(handler, body, headers) {
  return new Promise((resolve, reject) => {
    let used = false;
    const first = (action) => (...args) => {
      if (!used) {
        used = true;
        whenLoopIsEmpty = () => {};
        action(...args);
      }
    };
    const settle = first((error, result) => {
      if (error !== undefined && error !== null) {
        reject(error);
      } else {
        resolve(result);
      }
    });
    const context = makeContext(headers, settle);
    const callback = first((error, result) => {
      if (error !== undefined && error !== null) {
        reject(error);
      } else if (context.callbackWaitsForEmptyEventLoop) {
        whenLoopIsEmpty = () => resolve(result);
      } else {
        resolve(result);
      }
    });
    whenLoopIsEmpty = first(() => {
      if (handler.constructor?.name === "AsyncFunction") {
        reject(neverSettled());
      } else {
        // A handler that leaves nothing to wait for and never answers gives null, as on AWS.
        resolve(null);
      }
    });
    const returned = handler(JSON.parse(body.toString("utf8")), context, callback);
    if (typeof returned?.then === "function") {
      returned.then(context.succeed, context.fail);
    }
  });
}

function neverSettled() {
  return new RuntimeError(
    "Runtime.NodeJsExit",
    "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes",
  );
}

/** Makes this process one that was started with these variables. */
function become(block) {
  for (const name of Object.keys(process.env)) {
    delete process.env[name];
  }
  for (const pair of block.toString("utf8").split("\0").slice(0, -1)) {
    const equals = pair.indexOf("=");
    process.env[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  show(block);
  // The function's code lies over what was there.
  process.chdir(process.cwd());
  Module._initPaths();
}

/** Has modules take their code from where it lies compiled already. */
function useCompiled() {
  try {
    if (fs.readdirSync(COMPILED).length > 0) {
      Module.enableCompileCache?.(COMPILED);
    }
  } catch {
    // There is none.
  }
}

/** Lets /proc show the variables where those lie that the process was started with. */
function show(block) {
  try {
    const stat = fs.readFileSync("/proc/self/stat", "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const room = Buffer.alloc(Number(fields[48]) - Number(fields[47]));
    block.copy(room);
    const memory = fs.openSync("/proc/self/mem", "r+");
    try {
      fs.writeSync(memory, room, 0, room.length, Number(fields[47]));
    } finally {
      fs.closeSync(memory);
    }
  } catch {
    // It is for those who look from outside only.
  }
}

/** Where the process is, for an error that nobody catches: it is told to whom it concerns. */
let phase = "init";

function endOnUncaughtErrors(api) {
  const end = async (kind, error, code) => {
    logError(kind, error);
    const during = phase;
    if (during === "ending") {
      return;
    }
    phase = "ending";
    if (during === "init" || during === "invocation") {
      const body = errorBody(error);
      const target = during === "init" ? "init/error" : `invocation/${requestId}/error`;
      api.socket.ref();
      await api.exchange(api.postRequest(target, JSON.stringify(body), body.errorType))[0];
    }
    process.exit(code);
  };
  process.on("uncaughtException", (error) => end("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason, promise) => {
    const error = new RuntimeError("Runtime.UnhandledPromiseRejection", describe(reason));
    Object.assign(error, { reason, promise });
    return end("Unhandled Promise Rejection", error, 128);
  });
}

function describe(value) {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

async function run() {
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  if (process.env.LAMBIC_BINDING !== undefined) {
    become(await api.askForBinding());
  }
  taskRoot = process.env.LAMBDA_TASK_ROOT ?? "/var/task";
  patchConsole();
  endOnUncaughtErrors(api);
  process.on("beforeExit", () => whenLoopIsEmpty());

  defineGlobals();
  useCompiled();
  // An error in here ends the process as any that nobody catches.
  const handler = await loadHandler(process.env._HANDLER ?? "");
  const streams = isStreaming(handler) ? new ResultStreams(api.host, handler) : undefined;
  api.socket.ref();
  let [next] = api.exchange(api.nextRequest());
  for (;;) {
    phase = "idle";
    const { status, headers, body } = await next;
    if (status !== 200) {
      process.exit(1);
    }
    if (phase === "ending") {
      return;
    }
    phase = "invocation";
    beginInvocation(headers);
    if (streams) {
      await stream(api, streams, handler, headers, body);
      if (phase === "ending") {
        return;
      }
      api.socket.ref();
      [next] = api.exchange(api.nextRequest());
      continue;
    }
    const answer = await invoke(api, handler, headers, body);
    if (phase === "ending") {
      return;
    }
    api.socket.ref();
    const [posted, following] = api.exchange(answer, api.nextRequest());
    posted.then((reply) => {
      if (reply.status !== 202) {
        // Somebody else of this environment has answered. The next event is on its way already
        // and has nothing to do with that.
        process.stderr.write(`[WARN] The result was refused with ${reply.status}\n`);
      }
    });
    next = following;
  }
}

function beginInvocation(headers) {
  requestId = headers["lambda-runtime-aws-request-id"];
  tenantId = headers["lambda-runtime-aws-tenant-id"];
  if (headers["lambda-runtime-trace-id"] === undefined) {
    delete process.env._X_AMZN_TRACE_ID;
  } else {
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  }
}

async function invoke(api, handler, headers, body) {
  const target = `invocation/${requestId}`;
  // Only what the handler left running may keep the loop busy, or it would never be seen empty.
  api.socket.unref();
  try {
    const data = Buffer.from(stringify(await call(handler, body, headers)));
    return data.length > MAX_RESPONSE
      ? tooLarge(api, target, data.length)
      : api.postRequest(`${target}/response${AND_NEXT}`, data);
  } catch (error) {
    logError("Invoke Error", error);
    const shown = errorBody(error);
    const data = Buffer.from(JSON.stringify(shown));
    return data.length > MAX_RESPONSE
      ? tooLarge(api, target, data.length)
      : api.postRequest(`${target}/error${AND_NEXT}`, data, shown.errorType);
  } finally {
    whenLoopIsEmpty = () => {};
  }
}

/** Lets the handler stream its result, and returns when the next event may be asked for. */
async function stream(api, streams, handler, headers, body) {
  api.socket.unref();
  const result = streams.open(`${API}invocation/${requestId}/response`);
  const { succeed: _s, fail: _f, done: _d, ...context } = makeContext(headers, () => {});
  try {
    const returned = handler(JSON.parse(body.toString("utf8")), result.writable, context);
    if (typeof returned?.then !== "function") {
      throw new Error("Streaming does not support non-async handlers.");
    }
    if ((await returned) !== undefined) {
      console.warn("Streaming handlers ignore return values.");
    }
    const broken = await result.taken;
    if (broken) {
      throw broken;
    }
    if (!result.finished) {
      throw new Error("Response stream is not finished.");
    }
  } catch (error) {
    logError("Invoke Error", error);
    if (!(await result.fail(errorBody(error)))) {
      await tellTruncated(api);
    }
  }
  if (context.callbackWaitsForEmptyEventLoop && NODE_MAJOR < 24) {
    await new Promise((resolve) => {
      whenLoopIsEmpty = resolve;
    });
    whenLoopIsEmpty = () => {};
  }
}

/** The result was broken off; this may be known earlier than that it ever began. */
async function tellTruncated(api) {
  const errorType = "Runtime.TruncatedResponse";
  const errorMessage = `RequestId: ${requestId} Error: HTTP request detected as truncated`;
  const body = JSON.stringify({ errorType, errorMessage });
  api.socket.ref();
  await api.exchange(api.postRequest(`invocation/${requestId}/error`, body, errorType))[0];
  api.socket.unref();
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

/** What Lambda would answer, without sending what it would refuse. */
function tooLarge(api, target, size) {
  const errorType = "Function.ResponseSizeTooLarge";
  const errorMessage = `Response payload size (${size} bytes) exceeded maximum allowed payload size (${MAX_RESPONSE} bytes).`;
  const body = JSON.stringify({ errorType, errorMessage });
  return api.postRequest(`${target}/error${AND_NEXT}`, body, errorType);
}

run().catch((error) =>
  setImmediate(() => {
    throw error;
  }),
);
