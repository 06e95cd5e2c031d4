"""Uses AWS's services as any function does: by boto3, and without saying where they are."""

import os
from decimal import Decimal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

quick = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
functions = boto3.client("lambda", config=quick)


def handler(event, context):
    return globals()["do_" + event["do"]](event, context)


def do_list(event, context):
    return [function["FunctionName"] for function in functions.list_functions()["Functions"]]


def do_call(event, context):
    answer = functions.invoke(FunctionName=event["function"], Payload=b'{"do": "echo"}')
    return answer["Payload"].read().decode()


def do_items(event, context):
    table = boto3.resource("dynamodb", config=quick).Table(os.environ["TABLE"])
    table.put_item(Item={"id": event["id"], "count": Decimal("3.5"), "tags": {"a", "b"}})
    table.update_item(
        Key={"id": event["id"]},
        UpdateExpression="ADD #count :one",
        ExpressionAttributeNames={"#count": "count"},
        ExpressionAttributeValues={":one": 1},
    )
    item = table.get_item(Key={"id": event["id"]})["Item"]
    missing = table.get_item(Key={"id": "nobody"})
    return {"count": str(item["count"]), "tags": sorted(item["tags"]), "missing": "Item" in missing}


def do_wrong_table(event, context):
    try:
        boto3.resource("dynamodb", config=quick).Table("no-such-table").get_item(Key={"id": "x"})
    except ClientError as problem:
        return problem.response["Error"]["Code"]


def do_versions(event, context):
    return {"boto3": boto3.__version__, "file": boto3.__file__}


def do_as(event, context):
    """The answer to a request with the credentials of the event."""
    client = boto3.client(
        "lambda",
        config=quick,
        aws_access_key_id=event["id"],
        aws_secret_access_key=event["secret"],
        aws_session_token=event.get("token"),
    )
    try:
        client.list_functions()
    except ClientError as problem:
        return problem.response["Error"]["Code"]
    return "accepted"


def do_credentials(event, context):
    return {
        "id": os.environ["AWS_ACCESS_KEY_ID"],
        "secret": os.environ["AWS_SECRET_ACCESS_KEY"],
        "token": os.environ["AWS_SESSION_TOKEN"],
    }
