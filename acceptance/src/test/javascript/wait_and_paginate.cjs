// Uses every waiter and every paginator that AWS's SDK for JavaScript has for Lambda, the paginators on
// what wait_and_paginate.py has made.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const sdk = require('@aws-sdk/client-lambda');

const client = new sdk.LambdaClient({});
const code = fs.readFileSync(process.argv[2]);
const send = (command) => client.send(command);
const paged = { FunctionName: 'paged' };

async function waits() {
  const FunctionName = 'waits-in-javascript';
  const used = new Set();
  const wait = async (name, input) => {
    const waited = await sdk[name]({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, input);
    assert.equal(waited.state, 'SUCCESS', JSON.stringify(waited));
    used.add(name);
  };
  const created = await send(
    new sdk.CreateFunctionCommand({
      FunctionName,
      Runtime: 'python3.13',
      Role: 'arn:aws:iam::000000000000:role/any',
      Handler: 'app.handler',
      Code: { ZipFile: code },
    }),
  );
  assert.equal(created.State, 'Pending');
  await wait('waitUntilFunctionExists', { FunctionName });
  await wait('waitUntilFunctionActive', { FunctionName });
  await wait('waitUntilFunctionActiveV2', { FunctionName });
  await send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 192 }));
  await wait('waitUntilFunctionUpdated', { FunctionName });
  await send(new sdk.UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: 256 }));
  await wait('waitUntilFunctionUpdatedV2', { FunctionName });
  const { Version } = await send(new sdk.PublishVersionCommand({ FunctionName }));
  await wait('waitUntilPublishedVersionActive', { FunctionName, Qualifier: Version });
  await send(new sdk.DeleteFunctionCommand({ FunctionName }));
  assert.deepEqual([...used].sort(), exportsLike(/^waitUntil/));
}

const exportsLike = (pattern) => Object.keys(sdk).filter((name) => pattern.test(name)).sort();

async function lists() {
  const { CodeSigningConfigArn } = await send(new sdk.GetFunctionCodeSigningConfigCommand({ FunctionName: 'paged-0' }));
  return {
    ListAliases: [paged, 'Aliases', 5],
    ListCodeSigningConfigs: [{}, 'CodeSigningConfigs', 6],
    ListEventSourceMappings: [paged, 'EventSourceMappings', 5],
    ListFunctionEventInvokeConfigs: [paged, 'FunctionEventInvokeConfigs', 5],
    ListFunctionUrlConfigs: [paged, 'FunctionUrlConfigs', 6],
    ListFunctionsByCodeSigningConfig: [{ CodeSigningConfigArn }, 'FunctionArns', 5],
    ListFunctions: [{}, 'Functions', 6],
    ListLayerVersions: [{ LayerName: 'layer-0' }, 'LayerVersions', 5],
    ListLayers: [{}, 'Layers', 5],
    ListProvisionedConcurrencyConfigs: [paged, 'ProvisionedConcurrencyConfigs', 3],
    ListVersionsByFunction: [paged, 'Versions', 7],
  };
}

const execution = `arn:aws:lambda:us-east-1:000000000000:function:paged:$LATEST/durable-execution/any/4e7b8a90-9a0c-4b2e-8f57-0a5e7f0f6a11`;
const refused = {
  GetDurableExecutionHistory: { DurableExecutionArn: execution },
  GetDurableExecutionState: { DurableExecutionArn: execution, CheckpointToken: 'any' },
  ListCapacityProviders: {},
  ListDurableExecutionsByFunction: paged,
  ListFunctionVersionsByCapacityProvider: { CapacityProviderName: 'any' },
};

async function pages(name, input) {
  const read = [];
  // A copy, for the paginator leaves its markers in it.
  for await (const page of sdk[`paginate${name}`]({ client, pageSize: 2 }, { ...input })) read.push(page);
  return read;
}

async function paginates() {
  const used = await lists();
  for (const [name, [input, key, count]] of Object.entries(used)) {
    const read = await pages(name, input);
    assert.ok(read.every((page) => page[key].length <= 2), name);
    assert.ok(read.length >= count / 2, name);
    assert.equal(read.flatMap((page) => page[key]).length, count, name);
  }
  for (const [name, input] of Object.entries(refused)) {
    await assert.rejects(pages(name, input), { name: 'NotImplementedException' }, name);
  }
  const every = [...Object.keys(used), ...Object.keys(refused)].map((name) => `paginate${name}`);
  assert.deepEqual(every.sort(), exportsLike(/^paginate/));
}

async function main() {
  await waits();
  await paginates();
  console.log('all went well');
}

main().catch((error) => {
  console.log(error);
  process.exitCode = 1;
});
