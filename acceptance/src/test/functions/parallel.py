"""Tells what its environment is, and calls itself while it runs."""

import os
import time
import uuid

import boto3
import botocore.config
import botocore.exceptions

BEGUN = time.time()
ME = uuid.uuid4().hex

calls = 0


def handler(event, context):
    global calls
    calls += 1
    answer = {
        "me": ME,
        "calls": calls,
        "begun": BEGUN,
        "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        "variable": os.environ.get("COLOUR"),
    }
    depth = event.get("depth", 0)
    if depth > 0:
        answer["inner"] = call(context.invoked_function_arn, depth - 1)
    return answer


def call(name, depth):
    """What another invocation says while this one runs."""
    once = botocore.config.Config(retries={"total_max_attempts": 1})
    client = boto3.client("lambda", config=once)
    try:
        answer = client.invoke(FunctionName=name, Payload=b'{"depth": %d}' % depth)
        return answer["Payload"].read().decode()
    except botocore.exceptions.ClientError as e:
        return {
            "status": e.response["ResponseMetadata"]["HTTPStatusCode"],
            "code": e.response["Error"]["Code"],
            "message": e.response["Error"]["Message"],
            "reason": e.response.get("Reason"),
            "type": e.response.get("Type"),
        }
