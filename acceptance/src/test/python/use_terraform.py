"""Lets Terraform and AWS's provider, both unmodified, make, change and remove what examples/terraform
describes, and looks by boto3 at what is there. Prints a line for each step, and `N passed, N failed`."""

import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile

import boto3
from botocore.exceptions import ClientError

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--program", required=True, help="terraform or tofu")
options.add_argument("--mirror", help="directory with the provider; without it, the program finds one by itself")
options.add_argument("--example", required=True, type=pathlib.Path, help="directory of the configuration")
options = options.parse_args()

work = pathlib.Path(tempfile.mkdtemp(prefix="lambic-terraform-"))
functions = boto3.client("lambda")
roles = boto3.client("iam")
ACCOUNT = "000000000000"
variables = {"architecture": "arm64" if platform.machine() == "aarch64" else "x86_64"}
results = []


# --- The program -----------------------------------------------------------------------------------


def terraform(command, *arguments, expected=0):
    """Runs it with the variables of now, and returns what it printed."""
    environment = dict(os.environ, TF_IN_AUTOMATION="1", TF_INPUT="0", CHECKPOINT_DISABLE="1", NO_COLOR="1")
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    if options.mirror:
        environment["TF_CLI_CONFIG_FILE"] = str(work / "cli.tfrc")
    for name, value in variables.items():
        environment["TF_VAR_" + name] = str(value)
    ended = subprocess.run(
        [options.program, command, *arguments],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert ended.returncode == expected, f"{command} ended with {ended.returncode}:\n{ended.stdout}"
    return ended.stdout


def change():
    """Plans, which must find something to do, and does it."""
    terraform("plan", "-no-color", "-detailed-exitcode", "-out=plan", expected=2)
    return terraform("apply", "-no-color", "-auto-approve", "plan")


def nothing_to_do():
    printed = terraform("plan", "-no-color", "-detailed-exitcode")
    assert "No changes." in printed, printed


def output(name):
    return json.loads(terraform("output", "-json"))[name]["value"]


def pack(name, directory):
    with zipfile.ZipFile(work / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(directory.rglob("*.py")):
            archive.writestr(str(file.relative_to(directory)), file.read_text())


# --- What is there ---------------------------------------------------------------------------------


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def has(found, **expected):
    equal({name: found.get(name) for name in expected}, expected)


def missing(operation, **arguments):
    try:
        found = operation(**arguments)
    except ClientError as refusal:
        assert refusal.response["Error"]["Code"] in ("ResourceNotFoundException", "NoSuchEntity"), refusal
        return
    raise AssertionError(f"still there: {found}")


def call(qualifier):
    answer = functions.invoke(FunctionName="greeter", Qualifier=qualifier, Payload=b'{"language": "de"}')
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.load(answer["Payload"])


def arn(name):
    return f"arn:aws:lambda:{functions.meta.region_name}:{ACCOUNT}:function:{name}"


def statements(**which):
    policy = json.loads(functions.get_policy(FunctionName="greeter", **which)["Policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


# --- The steps -------------------------------------------------------------------------------------


def init():
    terraform("init", "-no-color")


def validate():
    terraform("validate", "-no-color")


def plan():
    printed = terraform("plan", "-no-color", "-detailed-exitcode", "-out=plan", expected=2)
    assert " to add, 0 to change, 0 to destroy" in printed, printed


def apply():
    terraform("apply", "-no-color", "plan")
    has({name: output(name) for name in ("account", "version", "function_arn")},
        account=ACCOUNT, version="1", function_arn=arn("greeter"))  # fmt: skip


def function_is_there():
    got = functions.get_function(FunctionName="greeter")
    has(
        got["Configuration"],
        State="Active",
        LastUpdateStatus="Successful",
        Runtime="python3.13",
        MemorySize=192,
        Timeout=10,
        Role=f"arn:aws:iam::{ACCOUNT}:role/greeter",
        EphemeralStorage={"Size": 1024},
        Environment={"Variables": {"GREETING": "hello"}},
        TracingConfig={"Mode": "PassThrough"},
    )
    has(got["Configuration"]["LoggingConfig"], LogFormat="JSON", ApplicationLogLevel="DEBUG", SystemLogLevel="WARN")
    equal(got["Tags"], {"team": "terraform", "stage": "example"})
    equal(got["Concurrency"], {"ReservedConcurrentExecutions": 20})
    [layer] = got["Configuration"]["Layers"]
    assert layer["Arn"].endswith(":layer:words:1"), layer


def version_and_aliases_are_called():
    equal(call("live"), {"greeting": "hello, Welt", "version": "1"})
    equal(call("canary"), {"greeting": "hello, Welt", "version": "1"})


def permissions_are_there():
    has(statements()["bucket"], Principal={"Service": "s3.amazonaws.com"}, Resource=arn("greeter"))
    of_alias = statements(Qualifier="live")
    has(of_alias["rule"], Principal={"Service": "events.amazonaws.com"}, Resource=arn("greeter:live"))
    # The provider adds these two by itself for an open URL.
    assert {"FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction"} <= set(of_alias), of_alias
    layer = json.loads(functions.get_layer_version_policy(LayerName="words", VersionNumber=1)["Policy"])
    equal([statement["Sid"] for statement in layer["Statement"]], ["neighbour"])


def urls_are_there():
    of_alias = functions.get_function_url_config(FunctionName="greeter", Qualifier="live")
    has(of_alias, AuthType="NONE", InvokeMode="RESPONSE_STREAM", FunctionArn=arn("greeter:live"))
    has(of_alias["Cors"], AllowOrigins=["https://example.com"], MaxAge=86400, AllowCredentials=True)
    equal(of_alias["FunctionUrl"], output("url"))
    has(functions.get_function_url_config(FunctionName="greeter"), AuthType="AWS_IAM", InvokeMode="BUFFERED")


def mappings_are_there():
    [mapping] = functions.list_event_source_mappings(FunctionName="greeter:live")["EventSourceMappings"]
    has(
        mapping,
        State="Disabled",
        BatchSize=25,
        MaximumBatchingWindowInSeconds=5,
        FunctionArn=arn("greeter:live"),
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 10},
    )
    [stream] = functions.list_event_source_mappings(FunctionName="greeter")["EventSourceMappings"]
    has(
        stream,
        State="Disabled",
        StartingPosition="TRIM_HORIZON",
        BatchSize=50,
        ParallelizationFactor=2,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=3,
        TumblingWindowInSeconds=30,
    )


def settings_are_there():
    has(
        functions.get_provisioned_concurrency_config(FunctionName="greeter", Qualifier="live"),
        Status="READY",
        RequestedProvisionedConcurrentExecutions=2,
        AvailableProvisionedConcurrentExecutions=2,
    )
    latest = functions.get_function_event_invoke_config(FunctionName="greeter", Qualifier="$LATEST")
    has(latest, MaximumEventAgeInSeconds=600, MaximumRetryAttempts=1)
    live = functions.get_function_event_invoke_config(FunctionName="greeter", Qualifier="live")
    equal(live["DestinationConfig"]["OnFailure"]["Destination"].rsplit(":", 1)[1], "failed")
    equal(functions.get_runtime_management_config(FunctionName="greeter")["UpdateRuntimeOn"], "FunctionUpdate")
    equal(functions.get_function_recursion_config(FunctionName="greeter")["RecursiveLoop"], "Allow")


def code_signing_is_there():
    used = functions.get_function_code_signing_config(FunctionName="greeter")["CodeSigningConfigArn"]
    config = functions.get_code_signing_config(CodeSigningConfigArn=used)["CodeSigningConfig"]
    has(config, Description="Who signs", CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"})


def role_is_there():
    role = roles.get_role(RoleName="greeter")["Role"]
    has(role, Arn=f"arn:aws:iam::{ACCOUNT}:role/greeter", Tags=[{"Key": "team", "Value": "terraform"}])
    attached = roles.list_attached_role_policies(RoleName="greeter")["AttachedPolicies"]
    equal([policy["PolicyName"] for policy in attached], ["AWSLambdaBasicExecutionRole"])


def new_code_and_settings():
    source = (options.example / "function/greeter.py").read_text()
    with zipfile.ZipFile(work / "function.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("greeter.py", source.replace("}, {", "} again, {"))
    variables.update(greeting="hi", memory=256)
    change()
    equal(output("version"), "2")
    equal(call("live"), {"greeting": "hi again, Welt", "version": "2"})
    equal(call("canary"), {"greeting": "hello, Welt", "version": "1"})


def weighted_alias():
    variables.update(canary="2")
    change()
    weights = functions.get_alias(FunctionName="greeter", Name="canary")["RoutingConfig"]
    equal(weights, {"AdditionalVersionWeights": {"2": 0.25}})
    versions = {call("canary")["version"] for _ in range(100)}
    equal(versions, {"1", "2"})


def new_layer():
    with zipfile.ZipFile(work / "layer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("python/words.py", "WORLD = {'de': 'Erde'}\n")
    printed = change()
    assert "aws_lambda_layer_version.words" in printed, printed
    equal(call("live"), {"greeting": "hi again, Erde", "version": "3"})
    # The versions before keep the layer that they were published with, although it is deleted.
    equal(call("1"), {"greeting": "hello, Welt", "version": "1"})


def what_others_changed_is_put_right():
    functions.update_function_configuration(FunctionName="greeter", Timeout=20)
    functions.get_waiter("function_updated_v2").wait(FunctionName="greeter")
    functions.update_alias(FunctionName="greeter", Name="live", FunctionVersion="1")
    functions.remove_permission(FunctionName="greeter", StatementId="bucket")
    functions.delete_function_concurrency(FunctionName="greeter")
    functions.delete_function_url_config(FunctionName="greeter")
    change()
    equal(functions.get_function_configuration(FunctionName="greeter")["Timeout"], 10)
    has(functions.get_alias(FunctionName="greeter", Name="live"), FunctionVersion=output("version"))
    assert "bucket" in statements()
    equal(functions.get_function_concurrency(FunctionName="greeter")["ReservedConcurrentExecutions"], 20)
    has(functions.get_function_url_config(FunctionName="greeter"), AuthType="AWS_IAM")


def what_is_there_is_imported():
    [mapping] = functions.list_event_source_mappings(FunctionName="greeter:live")["EventSourceMappings"]
    for address, name in {
        "aws_lambda_alias.live": "greeter/live",
        "aws_lambda_permission.rule": "greeter:live/rule",
        "aws_lambda_function_url.open": "greeter/live",
        "aws_lambda_event_source_mapping.queue": mapping["UUID"],
        "aws_lambda_provisioned_concurrency_config.live": "greeter,live",
        "aws_lambda_function_event_invoke_config.live": "greeter:live",
        "aws_iam_role.function": "greeter",
    }.items():
        terraform("state", "rm", address)
        terraform("import", "-no-color", address, name)


def destroy():
    terraform("destroy", "-no-color", "-auto-approve")


def nothing_is_left():
    equal([one["FunctionName"] for one in functions.list_functions()["Functions"]], [])
    equal(functions.list_layers()["Layers"], [])
    equal(functions.list_event_source_mappings()["EventSourceMappings"], [])
    equal(functions.list_code_signing_configs()["CodeSigningConfigs"], [])
    missing(functions.get_policy, FunctionName="greeter")
    missing(functions.get_function, FunctionName="greeter", Qualifier="1")
    missing(roles.get_role, RoleName="greeter")


STEPS = [
    init,
    validate,
    plan,
    apply,
    function_is_there,
    version_and_aliases_are_called,
    permissions_are_there,
    urls_are_there,
    mappings_are_there,
    settings_are_there,
    code_signing_is_there,
    role_is_there,
    nothing_to_do,
    new_code_and_settings,
    nothing_to_do,
    weighted_alias,
    nothing_to_do,
    new_layer,
    nothing_to_do,
    what_others_changed_is_put_right,
    nothing_to_do,
    what_is_there_is_imported,
    nothing_to_do,
    destroy,
    nothing_is_left,
]
# Without these there is nothing that the others could look at.
NEEDED = {init, validate, plan, apply}


def run(step):
    begun = time.monotonic()
    try:
        step()
        passed = True
    except Exception:  # whatever it is, the step has failed
        traceback.print_exc(file=sys.stdout)
        passed = False
    name = step.__name__.replace("_", " ")
    print(f"{'passed' if passed else 'FAILED'}  {time.monotonic() - begun:6.1f} s  {name}", flush=True)
    results.append(passed)
    return passed


try:
    shutil.copy(options.example / "main.tf", work)
    pack("function.zip", options.example / "function")
    pack("layer.zip", options.example / "layer")
    if options.mirror:
        (work / "cli.tfrc").write_text(
            f'provider_installation {{\n  filesystem_mirror {{\n    path = "{options.mirror}"\n  }}\n}}\n'
        )
    for number, step in enumerate(STEPS):
        if not run(step) and step in NEEDED:
            # What could not be tried has not passed; what was made is removed again.
            results.extend([False] * (len(STEPS) - number - 1))
            if step is apply:
                run(destroy)
            break
finally:
    shutil.rmtree(work)
print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
sys.exit(not all(results))
