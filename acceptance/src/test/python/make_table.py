"""make_table.py TABLE KEY [ITEM [--read]]: makes a table and puts an item into it, or reads it back."""

import json
import sys

import boto3

dynamodb = boto3.client("dynamodb")
table, key, *rest = sys.argv[1:]
item = json.loads(rest[0]) if rest else None

if "--read" in rest:
    found = dynamodb.get_item(TableName=table, Key={key: item[key]}, ConsistentRead=True)
    assert found.get("Item") == item, found
else:
    try:
        dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except dynamodb.exceptions.ResourceInUseException:
        print(table, "is there already")
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    if item:
        dynamodb.put_item(TableName=table, Item=item)
