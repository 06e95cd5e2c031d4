"""Answers requests to function URLs."""

import json


def handler(event, context):
    path = event["rawPath"]
    if path == "/plain":
        return {"hello": "world"}
    if path == "/text":
        return "just text"
    if path == "/binary":
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "AAEC", "isBase64Encoded": True}
    if path == "/fail":
        raise ValueError("as asked for")
    return {
        "statusCode": 201,
        "headers": {"content-type": "application/json", "x-arn": context.invoked_function_arn},
        "cookies": ["a=1; Secure", "b=2"],
        "body": json.dumps(event),
    }
