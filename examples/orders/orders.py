"""Answers an API Gateway request for one order with the order itself, read from a DynamoDB table."""

import json
import os
from decimal import Decimal

import boto3

# Made once per environment and kept for all its calls.
orders = boto3.resource("dynamodb").Table(os.environ.get("ORDERS_TABLE", "Orders"))


def handler(event, context):
    print(f"{context.function_name} answers request {context.aws_request_id}")
    try:
        order_id = wanted_order(event)
    except ValueError as problem:
        return answer(400, {"message": str(problem)})
    found = orders.get_item(Key={"order_id": order_id})
    if "Item" not in found:
        return answer(404, {"message": f"There is no order {order_id}"})
    print(f"{context.get_remaining_time_in_millis()} ms were left after reading order {order_id}")
    return answer(200, found["Item"])


def wanted_order(event):
    """The id in the path (GET /orders/{order_id}), else in the body, which is text and not yet JSON."""
    order_id = (event.get("pathParameters") or {}).get("order_id")
    if order_id is None:
        try:
            order_id = json.loads(event.get("body") or "{}").get("order_id")
        except (AttributeError, ValueError):
            raise ValueError("The body is no JSON object") from None
    if not isinstance(order_id, str) or not order_id:
        raise ValueError("order_id is missing")
    return order_id


def answer(status, content):
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"},
        "body": json.dumps(content, default=plain_number),
    }


def plain_number(value):
    """DynamoDB's numbers arrive as decimals, which JSON does not know."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
