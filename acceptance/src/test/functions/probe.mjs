// Tells about the environment that it runs in, and does what the event asks for.

const loadedAt = process.hrtime.bigint().toString() + process.pid;
let calls = 0;

const actions = {
  echo: (event) => event,
  identity: () => ({ loaded: loadedAt, calls }),
  introspect: (event, context) => ({
    context: {
      functionName: context.functionName,
      functionVersion: context.functionVersion,
      invokedFunctionArn: context.invokedFunctionArn,
      memoryLimitInMB: context.memoryLimitInMB,
      awsRequestId: context.awsRequestId,
      logGroupName: context.logGroupName,
      logStreamName: context.logStreamName,
      remaining: context.getRemainingTimeInMillis(),
    },
    environment: process.env,
    directory: process.cwd(),
    version: process.version,
  }),
  raise: (event) => {
    throw new RangeError(event.text);
  },
  log: (event, context) => {
    console.log("printed");
    console.error("to stderr");
    process.stdout.write("without an end");
    return context.awsRequestId;
  },
  large: (event) => "x".repeat(event.bytes),
  undefined: () => undefined,
  cyclic: () => {
    const ring = {};
    ring.self = ring;
    return ring;
  },
};

export const handler = async (event, context) => {
  calls++;
  return actions[event.do](event, context);
};
