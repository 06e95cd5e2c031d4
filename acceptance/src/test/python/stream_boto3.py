"""Takes streamed results with boto3, given the names of a function that streams and one that does not."""

import json
import sys

import boto3

streaming, plain = sys.argv[1:]
client = boto3.client('lambda')


def stream(name, event, **more):
    response = client.invoke_with_response_stream(
        FunctionName=name, Payload=json.dumps(event), **more)
    assert response['StatusCode'] == 200, response
    assert response['ExecutedVersion'] == '$LATEST', response
    assert response['ResponseStreamContentType'] == 'application/vnd.amazon.eventstream', response
    events = list(response['EventStream'])
    assert list(events[-1]) == ['InvokeComplete'], events[-1]
    return b''.join(one['PayloadChunk']['Payload'] for one in events[:-1]), events[-1]['InvokeComplete']


body, complete = stream(streaming, {'do': 'fill', 'size': 3_000_000})
assert len(body) == 3_000_000 and complete == {}, complete
body, complete = stream(streaming, {'do': 'late'}, LogType='Tail')
assert body == b'half', body
assert complete['ErrorCode'] == 'RangeError', complete
assert json.loads(complete['ErrorDetails'])['errorMessage'] == 'too late', complete
assert complete['LogResult'], complete
body, complete = stream(plain, {'do': 'echo', 'text': 'whole'})
assert json.loads(body)['text'] == 'whole' and complete == {}, complete
dry = client.invoke_with_response_stream(FunctionName=streaming, InvocationType='DryRun')
assert dry['StatusCode'] == 204, dry
try:
    client.invoke_with_response_stream(FunctionName='nobody')
    raise AssertionError('found')
except client.exceptions.ResourceNotFoundException as error:
    assert 'Function not found' in str(error), error
print('all went well')
