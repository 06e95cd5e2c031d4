"""map_stream.py FUNCTION: maps a table's stream to the function, and reads the stream by the same ARN."""

import sys

import boto3

dynamodb = boto3.client("dynamodb")
streams = boto3.client("dynamodbstreams")
functions = boto3.client("lambda")
region = dynamodb.meta.region_name
account = boto3.client("sts").get_caller_identity()["Account"]

table = dynamodb.create_table(
    TableName="streamed",
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    BillingMode="PAY_PER_REQUEST",
    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
)["TableDescription"]
assert table["TableArn"] == f"arn:aws:dynamodb:{region}:{account}:table/streamed", table
stream = table["LatestStreamArn"]
assert stream.startswith(table["TableArn"] + "/stream/"), table
dynamodb.get_waiter("table_exists").wait(TableName="streamed", WaiterConfig={"Delay": 1})

item = {"id": {"S": table["TableArn"].replace(region, "ddblocal")}}
dynamodb.put_item(TableName="streamed", Item=item)
[shard] = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
iterator = streams.get_shard_iterator(
    StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
)["ShardIterator"]
[record] = streams.get_records(ShardIterator=iterator)["Records"]
assert record["awsRegion"] == region, record
assert record["dynamodb"]["NewImage"] == item, record

mapping = functions.create_event_source_mapping(
    FunctionName=sys.argv[1], EventSourceArn=stream, StartingPosition="LATEST", Enabled=False
)
assert mapping["EventSourceArn"] == stream, mapping
functions.delete_event_source_mapping(UUID=mapping["UUID"])
