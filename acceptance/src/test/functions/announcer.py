"""Tells of its call before it takes its time, as the description of a function, so that a test can know."""

import time

import boto3

functions = boto3.client("lambda")


def handler(event, context):
    functions.update_function_configuration(
        FunctionName=event["board"], Description=context.aws_request_id
    )
    time.sleep(event["seconds"])
    return "slept"
