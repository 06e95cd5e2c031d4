"""Uses every waiter and every paginator that boto3 has for Lambda, on real resources."""

import io
import zipfile

import boto3
from botocore.exceptions import ClientError, WaiterError

functions = boto3.client("lambda")
ROLE = "arn:aws:iam::000000000000:role/any"
NAME = "paged"
COUNT = 5
QUICK = {"Delay": 1, "MaxAttempts": 60}


def package(source):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", source)
    return packed.getvalue()


CODE = package("def handler(event, context):\n    return event\n")


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def create(name, **more):
    return functions.create_function(
        FunctionName=name, Runtime="python3.13", Role=ROLE, Handler="app.handler", Code={"ZipFile": CODE}, **more
    )


def updated():
    functions.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig=QUICK)


# --- Waiters ---------------------------------------------------------------------------------------


def wait_for_all():
    """Makes a function and goes with each waiter through what it is for."""
    waited = set()

    def wait(waiter, **arguments):
        functions.get_waiter(waiter).wait(WaiterConfig=QUICK, **arguments)
        waited.add(waiter)

    never = functions.get_waiter("function_exists")
    try:
        never.wait(FunctionName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 1})
    except WaiterError as missing:
        assert "Max attempts exceeded" in str(missing), missing
    else:
        raise AssertionError("a function that nobody made was found")
    create(NAME)
    wait("function_exists", FunctionName=NAME)
    wait("function_active", FunctionName=NAME)
    wait("function_active_v2", FunctionName=NAME)
    equal(functions.get_function_configuration(FunctionName=NAME)["State"], "Active")
    for waiter in ("function_updated", "function_updated_v2"):
        functions.update_function_configuration(FunctionName=NAME, Description=waiter)
        wait(waiter, FunctionName=NAME)
        equal(functions.get_function_configuration(FunctionName=NAME)["LastUpdateStatus"], "Successful")
    version = functions.publish_version(FunctionName=NAME)["Version"]
    wait("published_version_active", FunctionName=NAME, Qualifier=version)
    equal(functions.get_function_configuration(FunctionName=NAME, Qualifier=version)["State"], "Active")
    equal(sorted(functions.waiter_names), sorted(waited))


# --- Paginators ------------------------------------------------------------------------------------


def list_functions():
    for number in range(COUNT):
        create(f"{NAME}-{number}")
    return {}, "FunctionArn", {arn(NAME), *(arn(f"{NAME}-{number}") for number in range(COUNT))}


def list_versions_by_function():
    for number in range(COUNT):
        functions.update_function_configuration(FunctionName=NAME, Description=f"version {number}")
        updated()
        functions.publish_version(FunctionName=NAME)
    return {"FunctionName": NAME}, "Version", {"$LATEST", *(str(number + 1) for number in range(COUNT + 1))}


def list_aliases():
    for number in range(COUNT):
        functions.create_alias(FunctionName=NAME, Name=f"alias-{number}", FunctionVersion=str(number + 1))
    return {"FunctionName": NAME}, "Name", {f"alias-{number}" for number in range(COUNT)}


def list_layers():
    for number in range(COUNT):
        functions.publish_layer_version(LayerName=f"layer-{number}", Content={"ZipFile": CODE})
    return {}, "LayerName", {f"layer-{number}" for number in range(COUNT)}


def list_layer_versions():
    for _ in range(COUNT - 1):
        functions.publish_layer_version(LayerName="layer-0", Content={"ZipFile": CODE})
    return {"LayerName": "layer-0"}, "Version", {number + 1 for number in range(COUNT)}


def list_function_event_invoke_configs():
    for number in range(COUNT):
        functions.put_function_event_invoke_config(
            FunctionName=NAME, Qualifier=f"alias-{number}", MaximumRetryAttempts=number % 3
        )
    return {"FunctionName": NAME}, "FunctionArn", {arn(f"{NAME}:alias-{number}") for number in range(COUNT)}


def list_function_url_configs():
    functions.create_function_url_config(FunctionName=NAME, AuthType="AWS_IAM")
    for number in range(COUNT):
        functions.create_function_url_config(FunctionName=NAME, Qualifier=f"alias-{number}", AuthType="NONE")
    arns = {arn(NAME), *(arn(f"{NAME}:alias-{number}") for number in range(COUNT))}
    return {"FunctionName": NAME}, "FunctionArn", arns


def list_provisioned_concurrency_configs():
    for number in range(3):
        functions.put_provisioned_concurrency_config(
            FunctionName=NAME, Qualifier=str(number + 1), ProvisionedConcurrentExecutions=1
        )
    return {"FunctionName": NAME}, "FunctionArn", {arn(f"{NAME}:{number + 1}") for number in range(3)}


def list_event_source_mappings():
    ids = set()
    for number in range(COUNT):
        made = functions.create_event_source_mapping(
            FunctionName=NAME,
            EventSourceArn=f"arn:aws:sqs:us-east-1:000000000000:queue-{number}",
            Enabled=False,
        )
        ids.add(made["UUID"])
    return {"FunctionName": NAME}, "UUID", ids


def list_code_signing_configs():
    arns = {signing_config(number) for number in range(COUNT)}
    return {}, "CodeSigningConfigArn", arns


def list_functions_by_code_signing_config():
    config = signing_config(COUNT)
    names = [f"{NAME}-{number}" for number in range(COUNT)]
    for name in names:
        functions.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=config)
    return {"CodeSigningConfigArn": config}, None, {arn(name) for name in names}


def signing_config(number):
    profile = f"arn:aws:signer:us-east-1:000000000000:/signing-profiles/profile_{number}/abcdefghij"
    made = functions.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [profile]})
    return made["CodeSigningConfig"]["CodeSigningConfigArn"]


def arn(name):
    return "arn:aws:lambda:us-east-1:000000000000:function:" + name


def key_of(item, key):
    return item if key is None else item[key]


def paginate_all():
    """Reads every list in pages, whole, and once more from where a first reader has stopped."""
    used = set()
    for made in PAGINATED:
        operation = made.__name__
        arguments, key, expected = made()
        paginator = functions.get_paginator(operation)
        result = paginator.result_keys[0].expression
        pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}, **arguments))
        assert all(len(page[result]) <= 2 for page in pages), (operation, pages)
        found = [key_of(item, key) for page in pages for item in page[result]]
        assert len(found) == len(set(found)), (operation, found)
        equal((operation, set(found)), (operation, expected))
        assert len(pages) >= len(expected) / 2, (operation, len(pages))
        begun = paginator.paginate(PaginationConfig={"MaxItems": 2, "PageSize": 2}, **arguments).build_full_result()
        rest = paginator.paginate(
            PaginationConfig={"PageSize": 2, "StartingToken": begun["NextToken"]}, **arguments
        ).build_full_result()
        equal((operation, [key_of(item, key) for item in begun[result] + rest[result]]), (operation, found))
        used.add(operation)
    return used


PAGINATED = [
    list_functions,
    list_versions_by_function,
    list_aliases,
    list_layers,
    list_layer_versions,
    list_function_event_invoke_configs,
    list_function_url_configs,
    list_provisioned_concurrency_configs,
    list_event_source_mappings,
    list_code_signing_configs,
    list_functions_by_code_signing_config,
]

EXECUTION = arn(NAME) + ":$LATEST/durable-execution/any/4e7b8a90-9a0c-4b2e-8f57-0a5e7f0f6a11"
PROVIDER = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:any"

# What Lambic does not offer says so, and does not answer as if there were nothing to list.
REFUSED = {
    "list_capacity_providers": {},
    "list_function_versions_by_capacity_provider": {"CapacityProviderName": PROVIDER},
    "list_durable_executions_by_function": {"FunctionName": NAME},
    "get_durable_execution_history": {"DurableExecutionArn": EXECUTION},
    "get_durable_execution_state": {"DurableExecutionArn": EXECUTION, "CheckpointToken": "any"},
}


def refuse_the_others():
    for operation, arguments in REFUSED.items():
        try:
            list(functions.get_paginator(operation).paginate(**arguments))
        except ClientError as refusal:
            equal((operation, refusal.response["Error"]["Code"]), (operation, "NotImplementedException"))
        else:
            raise AssertionError(f"{operation} was not refused")
    return set(REFUSED)


wait_for_all()
used = paginate_all() | refuse_the_others()
every = {operation for operation in functions.meta.method_to_api_mapping if functions.can_paginate(operation)}
equal(sorted(used), sorted(every))
print("all went well")
