"""The handler that tutorials begin with: a table at init, a request in, an item out."""

import json
from typing import Any, Dict

import boto3

resource = boto3.resource('dynamodb')
items = resource.Table('Orders')


def lambda_handler(event: Dict[str, Any], context) -> Dict[str, Any]:
    print(f"id {context.aws_request_id}, {context.get_remaining_time_in_millis()} ms left")
    print(f"{context.function_name} {context.memory_limit_in_mb} {context.invoked_function_arn}")
    try:
        wanted = json.loads(event.get('body', '{}')).get('order_id')
        found = items.get_item(Key={'order_id': wanted})
        return {
            'statusCode': 200,
            'headers': {
                'Content-Type': 'application/json',
                'Access-Control-Allow-Origin': '*'
            },
            'body': json.dumps(found.get('Item', {}))
        }
    except Exception as problem:
        print(f"failed: {problem}")
        return {'statusCode': 500, 'body': json.dumps({'error': 'Internal server error'})}
