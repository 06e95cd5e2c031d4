"""Walks through the pages of settings with boto3, given the name of a function."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

name, = sys.argv[1:]
client = boto3.client('lambda')
arn = client.get_function(FunctionName=name)['Configuration']['FunctionArn']

client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
client.create_function_url_config(FunctionName=name, AuthType='AWS_IAM', Cors={'AllowOrigins': ['*'], 'MaxAge': 5})
pages = client.get_paginator('list_function_event_invoke_configs').paginate(
    FunctionName=name, PaginationConfig={'PageSize': 1})
configs = [one for page in pages for one in page['FunctionEventInvokeConfigs']]
assert [one['FunctionArn'] for one in configs] == [arn + ':$LATEST'], configs
assert configs[0]['DestinationConfig'] == {'OnSuccess': {}, 'OnFailure': {}}, configs
assert configs[0]['LastModified'].tzinfo, configs
pages = client.get_paginator('list_function_url_configs').paginate(FunctionName=name)
urls = [one for page in pages for one in page['FunctionUrlConfigs']]
assert len(urls) == 1 and urls[0]['FunctionArn'] == arn, urls
assert urls[0]['Cors'] == {'AllowOrigins': ['*'], 'MaxAge': 5}, urls
assert urls[0]['FunctionUrl'].endswith('/') and '.lambda-url.' in urls[0]['FunctionUrl'], urls
created = client.add_permission(
    FunctionName=name, StatementId='one', Action='lambda:InvokeFunction', Principal='sns.amazonaws.com',
    SourceArn='arn:aws:sns:us-east-1:000000000000:topic')
policy = client.get_policy(FunctionName=name)
assert json.loads(policy['Policy'])['Statement'] == [json.loads(created['Statement'])], policy
assert client.remove_permission(
    FunctionName=name, StatementId='one', RevisionId=policy['RevisionId'])['ResponseMetadata']['HTTPStatusCode'] == 204
for wrong, code in (
        (lambda: client.get_function_url_config(FunctionName=name, Qualifier='$LATEST'), 'ValidationException'),
        (lambda: client.get_function_url_config(FunctionName=name, Qualifier='1'), 'ValidationException'),
        (lambda: client.put_function_recursion_config(FunctionName=name, RecursiveLoop='x'), 'ValidationException'),
        (lambda: client.get_policy(FunctionName=name), 'ResourceNotFoundException')):
    try:
        wrong()
        raise AssertionError('accepted')
    except ClientError as error:
        assert error.response['Error']['Code'] == code, error
client.delete_function_url_config(FunctionName=name)
client.delete_function_event_invoke_config(FunctionName=name)
print('all went well')
