"""Uses IAM and STS by boto3, from outside and within a function, and checks what it gets."""

import io
import json
import zipfile

import boto3
from botocore.exceptions import ClientError

iam = boto3.client("iam")
sts = boto3.client("sts")
functions = boto3.client("lambda")


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def refused(code, operation, **arguments):
    try:
        operation(**arguments)
    except ClientError as refusal:
        equal(refusal.response["Error"]["Code"], code)
        return refusal.response["Error"]["Message"]
    raise AssertionError(f"{operation} was not refused")


def trust(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


equal(
    {key: value for key, value in sts.get_caller_identity().items() if key != "ResponseMetadata"},
    {"UserId": "000000000000", "Account": "000000000000", "Arn": "arn:aws:iam::000000000000:root"},
)

for_lambda = trust({"Service": "lambda.amazonaws.com"})
made = iam.create_role(RoleName="worker", Path="/team/", AssumeRolePolicyDocument=json.dumps(for_lambda))["Role"]
equal(
    {key: value for key, value in made.items() if key not in ("RoleId", "CreateDate")},
    {
        "Path": "/team/",
        "RoleName": "worker",
        "Arn": "arn:aws:iam::000000000000:role/team/worker",
        "AssumeRolePolicyDocument": for_lambda,
    },
)
iam.get_waiter("role_exists").wait(RoleName="worker")
got = iam.get_role(RoleName="worker")["Role"]
equal(sorted(set(got) - set(made)), ["MaxSessionDuration", "RoleLastUsed"])
iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=json.dumps(for_lambda | {"Statement": []}))
equal(iam.get_role_policy(RoleName="worker", PolicyName="own")["PolicyDocument"]["Statement"], [])
equal(iam.list_role_policies(RoleName="worker")["PolicyNames"], ["own"])
managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
iam.attach_role_policy(RoleName="worker", PolicyArn=managed)
pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName="worker")
equal([policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]], [managed])
equal(refused("MalformedPolicyDocument", iam.create_role, RoleName="x", AssumeRolePolicyDocument="{"),
      "This policy contains invalid Json")
refused("NoSuchEntity", iam.get_role, RoleName="absent")

packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    archive.writestr("app.py", (
        "import boto3\n"
        "def handler(event, context):\n"
        "    me = boto3.client('sts').get_caller_identity()\n"
        "    return {key: me[key] for key in ('UserId', 'Account', 'Arn')}\n"))
functions.create_function(
    FunctionName="who-am-i", Runtime="python3.12", Role=made["Arn"], Handler="app.handler", Timeout=60,
    MemorySize=512, Code={"ZipFile": packed.getvalue()})
functions.get_waiter("function_active_v2").wait(FunctionName="who-am-i", WaiterConfig={"Delay": 1})
equal(
    json.load(functions.invoke(FunctionName="who-am-i")["Payload"]),
    {
        "UserId": made["RoleId"] + ":who-am-i",
        "Account": "000000000000",
        "Arn": "arn:aws:sts::000000000000:assumed-role/worker/who-am-i",
    },
)

iam.update_assume_role_policy(
    RoleName="worker", PolicyDocument=json.dumps(trust({"AWS": "arn:aws:iam::000000000000:root"})))
lent = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="visit")["Credentials"]
visitor = boto3.client(
    "sts", aws_access_key_id=lent["AccessKeyId"], aws_secret_access_key=lent["SecretAccessKey"],
    aws_session_token=lent["SessionToken"])
equal(visitor.get_caller_identity()["Arn"], "arn:aws:sts::000000000000:assumed-role/worker/visit")
with_wrong_token = boto3.client(
    "sts", aws_access_key_id=lent["AccessKeyId"], aws_secret_access_key=lent["SecretAccessKey"],
    aws_session_token="wrong")
refused("InvalidClientTokenId", with_wrong_token.get_caller_identity)

refused("DeleteConflict", iam.delete_role, RoleName="worker")
iam.detach_role_policy(RoleName="worker", PolicyArn=managed)
iam.delete_role_policy(RoleName="worker", PolicyName="own")
iam.delete_role(RoleName="worker")
equal(iam.list_roles()["Roles"], [])
functions.delete_function(FunctionName="who-am-i")
print("all went well")
