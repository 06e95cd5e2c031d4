// Creates, waits for, calls, pages through and deletes functions by AWS's SDK for JavaScript.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const sdk = require('@aws-sdk/client-lambda');

const client = new sdk.LambdaClient({});
const [, , firstPackage, secondPackage] = process.argv;
const code = fs.readFileSync(firstPackage);
const FunctionName = 'by-javascript';
const waiting = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };

const send = (command) => client.send(command);

const create = (name) =>
  send(
    new sdk.CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs22.x',
      Role: 'arn:aws:iam::000000000000:role/any',
      Handler: 'app.handler',
      Code: { ZipFile: code },
      Tags: { team: 'tests' },
    }),
  );

async function succeeds(waiter, input) {
  const waited = await waiter(waiting, input);
  assert.equal(waited.state, 'SUCCESS', JSON.stringify(waited));
}

async function refused(type, name, status, command) {
  await assert.rejects(send(command), (error) => {
    assert.ok(error instanceof type, String(error));
    assert.equal(error.name, name);
    assert.equal(error.$fault, 'client');
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
}

async function waits() {
  const created = await create(FunctionName);
  assert.equal(created.State, 'Pending');
  assert.equal(created.$metadata.httpStatusCode, 201);
  await succeeds(sdk.waitUntilFunctionActiveV2, { FunctionName });
  await send(new sdk.UpdateFunctionCodeCommand({ FunctionName, ZipFile: fs.readFileSync(secondPackage) }));
  await succeeds(sdk.waitUntilFunctionUpdatedV2, { FunctionName });
}

async function invokes() {
  const answer = await send(new sdk.InvokeCommand({ FunctionName, Payload: '{"a":["ü",1]}', LogType: 'Tail' }));
  assert.equal(answer.StatusCode, 200);
  assert.equal(answer.ExecutedVersion, '$LATEST');
  assert.equal(answer.FunctionError, undefined);
  assert.deepEqual(JSON.parse(answer.Payload.transformToString()), { second: { a: ['ü', 1] } });
  assert.match(Buffer.from(answer.LogResult, 'base64').toString(), /^START RequestId: /);
  const stream = await send(new sdk.InvokeWithResponseStreamCommand({ FunctionName, Payload: '{}' }));
  let text = '';
  for await (const event of stream.EventStream) {
    if (event.PayloadChunk) text += Buffer.from(event.PayloadChunk.Payload).toString();
  }
  assert.equal(text, '{"second":{}}');
}

// Others may have functions there too.
const ours = (list) => list.map((one) => one.FunctionName).filter((name) => name.startsWith(FunctionName));

async function pages() {
  const expected = new Set([FunctionName]);
  for (let number = 0; number < 4; number += 1) {
    await create(`${FunctionName}-${number}`);
    expected.add(`${FunctionName}-${number}`);
  }
  const found = [];
  let count = 0;
  for await (const page of sdk.paginateListFunctions({ client, pageSize: 2 }, {})) {
    assert.ok(page.Functions.length <= 2);
    found.push(...ours(page.Functions));
    count += 1;
  }
  assert.ok(count >= 3);
  assert.equal(found.length, expected.size);
  assert.deepEqual(new Set(found), expected);
  return expected;
}

async function refuses() {
  await refused(
    sdk.ResourceNotFoundException,
    'ResourceNotFoundException',
    404,
    new sdk.GetFunctionCommand({ FunctionName: 'nobody' }),
  );
  await assert.rejects(create(FunctionName), { name: 'ResourceConflictException', Type: 'User' });
  await refused(
    sdk.InvalidParameterValueException,
    'InvalidParameterValueException',
    400,
    new sdk.UpdateFunctionCodeCommand({ FunctionName, ZipFile: Buffer.from('no zip') }),
  );
}

async function main() {
  await waits();
  await invokes();
  const names = await pages();
  await refuses();
  for (const name of names) await send(new sdk.DeleteFunctionCommand({ FunctionName: name }));
  assert.deepEqual(ours((await send(new sdk.ListFunctionsCommand({}))).Functions), []);
  console.log('all went well');
}

main().catch((error) => {
  console.log(error);
  process.exitCode = 1;
});
