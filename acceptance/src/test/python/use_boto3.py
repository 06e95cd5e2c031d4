"""Creates, calls, changes, lists and deletes functions by boto3, and checks what it gets."""

import base64
import io
import json
import urllib.request
import zipfile

import boto3
from botocore.exceptions import ClientError

functions = boto3.client("lambda")
ROLE = "arn:aws:iam::000000000000:role/any"


def package(source):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", source)
    return packed.getvalue()


def refused(code, operation, **arguments):
    try:
        operation(**arguments)
    except ClientError as refusal:
        assert refusal.response["Error"]["Code"] == code, refusal.response
        return refusal.response
    raise AssertionError(f"{operation} was not refused")


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


first = package("def handler(event, context):\n    return {'first': event}\n")
second = package("import os\n\ndef handler(event, context):\n    return os.environ['GREETING']\n")

created = functions.create_function(
    FunctionName="by-boto3",
    Runtime="python3.12",
    Role=ROLE,
    Handler="app.handler",
    Code={"ZipFile": first},
    Tags={"team": "tests"},
)
equal(created["ResponseMetadata"]["HTTPStatusCode"], 201)
equal(created["State"], "Pending")
assert "x-amzn-requestid" in created["ResponseMetadata"]["HTTPHeaders"]
functions.get_waiter("function_exists").wait(FunctionName="by-boto3")
functions.get_waiter("function_active_v2").wait(FunctionName="by-boto3", WaiterConfig={"Delay": 1})

got = functions.get_function(FunctionName="by-boto3")
equal(got["Tags"], {"team": "tests"})
with urllib.request.urlopen(got["Code"]["Location"]) as download:
    equal(download.read(), first)

answer = functions.invoke(FunctionName="by-boto3", Payload=json.dumps({"a": ["ü", 1]}), LogType="Tail")
equal(answer["StatusCode"], 200)
equal(answer["ExecutedVersion"], "$LATEST")
assert "FunctionError" not in answer
equal(json.load(answer["Payload"]), {"first": {"a": ["ü", 1]}})
log = base64.b64decode(answer["LogResult"]).decode()
assert log.startswith("START RequestId: " + answer["ResponseMetadata"]["RequestId"]), log

changed = functions.update_function_configuration(
    FunctionName="by-boto3", Environment={"Variables": {"GREETING": "hello"}}, Timeout=7, MemorySize=192
)
equal(changed["LastUpdateStatus"], "InProgress")
functions.get_waiter("function_updated_v2").wait(FunctionName="by-boto3", WaiterConfig={"Delay": 1})
functions.update_function_code(FunctionName="by-boto3", ZipFile=second)
functions.get_waiter("function_updated_v2").wait(FunctionName="by-boto3", WaiterConfig={"Delay": 1})
equal(functions.invoke(FunctionName="by-boto3")["Payload"].read(), b'"hello"')
settings = functions.get_function_configuration(FunctionName="by-boto3")
equal([settings["Timeout"], settings["MemorySize"], settings["CodeSize"]], [7, 192, len(second)])

for number in range(5):
    functions.create_function(
        FunctionName=f"listed-{number}", Runtime="python3.12", Role=ROLE, Handler="app.handler", Code={"ZipFile": first}
    )
pages = list(functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
names = [function["FunctionName"] for page in pages for function in page["Functions"]]
assert len(pages) >= 3 and len(names) == len(set(names)), pages
assert {"by-boto3", *(f"listed-{number}" for number in range(5))} <= set(names), names

conflict = refused(
    "ResourceConflictException",
    functions.create_function,
    FunctionName="by-boto3",
    Runtime="python3.12",
    Role=ROLE,
    Handler="app.handler",
    Code={"ZipFile": first},
)
equal(conflict["ResponseMetadata"]["HTTPStatusCode"], 409)
equal(conflict["Type"], "User")
refused("InvalidParameterValueException", functions.update_function_code, FunctionName="by-boto3", ZipFile=b"no zip")
missing = refused("ResourceNotFoundException", functions.get_function, FunctionName="nobody")
equal(missing["Error"]["Message"], "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody")
refused("NotImplementedException", functions.list_capacity_providers)

layer = functions.publish_layer_version(
    LayerName="by-boto3", Content={"ZipFile": first}, CompatibleRuntimes=["python3.13"], LicenseInfo="MIT"
)
equal(layer["LayerVersionArn"], "arn:aws:lambda:us-east-1:000000000000:layer:by-boto3:1")
functions.update_function_configuration(FunctionName="by-boto3", Layers=[layer["LayerVersionArn"]])
functions.get_waiter("function_updated_v2").wait(FunctionName="by-boto3", WaiterConfig={"Delay": 1})
equal(
    functions.get_function_configuration(FunctionName="by-boto3")["Layers"],
    [{"Arn": layer["LayerVersionArn"], "CodeSize": len(first)}],
)
equal(functions.get_layer_version_by_arn(Arn=layer["LayerVersionArn"])["Version"], 1)
equal([item["LayerName"] for item in functions.list_layers(CompatibleRuntime="python3.13")["Layers"]], ["by-boto3"])
functions.delete_layer_version(LayerName="by-boto3", VersionNumber=1)
equal(functions.list_layer_versions(LayerName="by-boto3")["LayerVersions"], [])
refused("ResourceNotFoundException", functions.get_layer_version, LayerName="by-boto3", VersionNumber=1)

for name in names:
    functions.delete_function(FunctionName=name)
left = functions.list_functions()["Functions"]
equal([name for name in names if name in {function["FunctionName"] for function in left}], [])
print("all went well")
