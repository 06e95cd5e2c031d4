"""Deploys the order function to a running Lambic with the ordinary client, calls it and shows the times.

`./lambic demo` runs it; by hand: python3 demo.py --endpoint http://127.0.0.1:4566 (needs boto3).
"""

import argparse
import base64
import io
import json
import re
import statistics
import sys
import time
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

HERE = Path(__file__).resolve().parent
FUNCTION = "orders"
TABLE = "Orders"
ROLE = "arn:aws:iam::000000000000:role/orders"


class Failure(Exception):
    """What went wrong, in words for the one who runs the demo."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566")
    parser.add_argument("--warm", type=int, default=200, metavar="N", help="number of warm calls")
    options = parser.parse_args()
    if options.warm < 1:
        parser.error("--warm is at least 1")
    try:
        run(options.endpoint, options.warm)
    except Failure as problem:
        sys.exit(f"demo: {problem}")
    except WaiterError as problem:
        sys.exit(f"demo: {problem} {json.dumps(problem.last_response, default=str)}")
    except (BotoCoreError, ClientError) as problem:
        sys.exit(f"demo: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)


def run(endpoint, warm_calls):
    session = boto3.Session(
        aws_access_key_id="demo", aws_secret_access_key="demo", region_name="us-east-1"
    )
    # No retries: what goes wrong is to be seen. Environment and profile of the user have no say here.
    config = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 1})
    dynamodb = session.client("dynamodb", endpoint_url=endpoint, config=config)
    functions = session.client("lambda", endpoint_url=endpoint, config=config)

    step("table", f"creates DynamoDB table {TABLE} (its first use starts DynamoDB Local)")
    order = json.loads((HERE / "order.json").read_text())
    fill_table(dynamodb, order)
    step("deploy", f"creates function {FUNCTION} from orders.py")
    deploy(functions)

    event = (HERE / "event.json").read_bytes()
    step("cold", "calls it: no environment exists yet, and boto3 has to be imported")
    cold, response = call(functions, event, logs=True)
    body = check(response, order)
    log = base64.b64decode(response.get("LogResult", "")).decode(errors="replace")
    step("answer", json.dumps(body))
    for line in log.splitlines():
        step("log", line)

    step("warm", f"calls it {warm_calls} times more")
    warm = []
    for _ in range(warm_calls):
        took, response = call(functions, event)
        check(response, order)
        warm.append(took)
    show_times(cold, warm, log)


def step(name, text):
    print(f"  {name:<7} {text}", flush=True)


def fill_table(dynamodb, order):
    try:
        dynamodb.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except dynamodb.exceptions.ResourceInUseException:
        step("table", "is there already")
    dynamodb.get_waiter("table_exists").wait(
        TableName=TABLE, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    dynamodb.put_item(TableName=TABLE, Item=order)


def deploy(functions):
    """Anew each time, so that the first call is a cold one."""
    try:
        functions.delete_function(FunctionName=FUNCTION)
    except functions.exceptions.ResourceNotFoundException:
        pass
    functions.create_function(
        FunctionName=FUNCTION,
        Runtime=f"python3.{sys.version_info.minor}",
        Role=ROLE,
        Handler="orders.handler",
        Code={"ZipFile": package()},
        Timeout=10,
        MemorySize=256,
        Environment={"Variables": {"ORDERS_TABLE": TABLE}},
    )
    functions.get_waiter("function_active_v2").wait(
        FunctionName=FUNCTION, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def package():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(HERE / "orders.py", "orders.py")
    return packed.getvalue()


def call(functions, event, logs=False):
    """The seconds that one call took as its caller sees it, and its response, whose payload is read."""
    begin = time.perf_counter()
    response = functions.invoke(
        FunctionName=FUNCTION, Payload=event, LogType="Tail" if logs else "None"
    )
    response["Payload"] = response["Payload"].read()
    return time.perf_counter() - begin, response


def check(response, order):
    """The order that the function answered, compared with what was put into the table."""
    text = response["Payload"].decode(errors="replace")
    if "FunctionError" in response:
        log = base64.b64decode(response.get("LogResult", "")).decode(errors="replace")
        raise Failure(f"the function failed ({response['FunctionError']}): {text}\n{log}")
    answer = json.loads(text)
    if answer.get("statusCode") != 200:
        raise Failure(f"the function answered {text}")
    body = json.loads(answer["body"])
    if body.get("order_id") != order["order_id"]["S"] or body.get("total") != float(order["total"]["N"]):
        raise Failure(f"the function answered another order: {text}")
    return body


def show_times(cold, warm, log):
    warm = sorted(warm)
    print()
    print("  as the client sees it, reading the item included")
    print(f"    cold         {cold * 1000:8.1f} ms{init_part(log)}")
    print(f"    warm, median {statistics.median(warm) * 1000:8.1f} ms")
    print(f"    warm, 99 %   {warm[(len(warm) * 99 - 1) // 100] * 1000:8.1f} ms", flush=True)


def init_part(log):
    found = re.search(r"Init Duration: ([0-9.]+) ms", log)
    return f"  ({found[1]} ms of it the function's own initialisation)" if found else ""


if __name__ == "__main__":
    main()
