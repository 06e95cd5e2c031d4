"""Lets functions and layers take their code out of S3, and checks what it gets."""

import io
import json
import os
import zipfile

import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")
functions = boto3.client("lambda")
ROLE = "arn:aws:iam::000000000000:role/any"


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def refused(operation, message, **arguments):
    try:
        operation(**arguments)
    except ClientError as refusal:
        equal(refusal.response["Error"]["Code"], "InvalidParameterValueException")
        equal(refusal.response["Error"]["Message"], message)
        return
    raise AssertionError(f"{operation} was not refused")


def package(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".py", content)
    return packed.getvalue()


def function(says):
    return package(app=f"def handler(event, context):\n    return '{says}'\n")


def answer():
    functions.get_waiter("function_active_v2").wait(FunctionName="from-s3", WaiterConfig={"Delay": 1})
    functions.get_waiter("function_updated_v2").wait(FunctionName="from-s3", WaiterConfig={"Delay": 1})
    return json.load(functions.invoke(FunctionName="from-s3")["Payload"])


s3.create_bucket(Bucket="code")
s3.put_object(Bucket="code", Key="dir/app v.zip", Body=function("one"))
s3.put_object(Bucket="code", Key="second", Body=function("two"))
source = {"S3Bucket": "code", "S3Key": "dir/app v.zip"}
usual = {"FunctionName": "from-s3", "Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Timeout": 30}

prefix = "Error occurred while GetObject. S3 Error Code: "
refused(functions.create_function, prefix + "NoSuchKey. S3 Error Message: The specified key does not exist.",
        Code=source | {"S3Key": "absent"}, **usual)
refused(functions.create_function,
        prefix + "NoSuchBucket. S3 Error Message: The specified bucket does not exist",
        Code=source | {"S3Bucket": "no-such-bucket"}, **usual)
functions.create_function(Code=source, **usual)
equal(answer(), "one")
functions.update_function_code(FunctionName="from-s3", S3Bucket="code", S3Key="second")
equal(answer(), "two")

s3.put_object(Bucket="code", Key="layer.zip", Body=package(python__words="GREETING = 'from a layer'\n"))
layer = functions.publish_layer_version(
    LayerName="words", Content={"S3Bucket": "code", "S3Key": "layer.zip"})["LayerVersionArn"]
large = io.BytesIO()
with zipfile.ZipFile(large, "w") as archive:
    archive.writestr("app.py", "import words\ndef handler(event, context):\n    return words.GREETING\n")
    archive.writestr("ballast", os.urandom(60 << 20))
s3.upload_fileobj(io.BytesIO(large.getvalue()), "code", "large.zip")
functions.update_function_configuration(FunctionName="from-s3", Layers=[layer])
answer()
functions.update_function_code(FunctionName="from-s3", S3Bucket="code", S3Key="large.zip")
equal(answer(), "from a layer")

iam = boto3.client("iam")
closed = iam.create_role(RoleName="closed", AssumeRolePolicyDocument=json.dumps({
    "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
refused(functions.create_function, "The role defined for the function cannot be assumed by Lambda.",
        Code=source, **usual | {"FunctionName": "closed", "Role": closed["Role"]["Arn"]})
print("all went well")
