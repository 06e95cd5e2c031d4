// Does what its event asks for; it is called by AWS's runtime interface client.

if (process.env.AT_INIT === 'fail') throw new RangeError('not today');

const instance = Number(process.hrtime.bigint());
let calls = 0;

export const handler = async (event, context) => {
  calls++;
  switch (event.do) {
    case 'echo': return event;
    case 'calls': return { instance, calls };
    case 'fail': throw new RangeError(event.text);
    case 'exit': process.exit(3);
  }
  return {
    id: context.awsRequestId,
    arn: context.invokedFunctionArn,
    name: context.functionName,
    version: context.functionVersion,
    memory: Number(context.memoryLimitInMB),
    group: context.logGroupName,
    stream: context.logStreamName,
    remaining: context.getRemainingTimeInMillis(),
    custom: context.clientContext?.custom ?? context.clientContext?.Custom,
    trace: process.env._X_AMZN_TRACE_ID,
  };
};
