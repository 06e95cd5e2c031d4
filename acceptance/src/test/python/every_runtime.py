"""Asks a function in each of the runtimes that are named for what functions may expect of it. Prints a line for
each, and `N passed, N failed`."""

import argparse
import base64
import io
import json
import pathlib
import subprocess
import tempfile
import time
import zipfile

import boto3
from botocore.config import Config

options = argparse.ArgumentParser(description=__doc__)
options.add_argument("--sources", required=True, type=pathlib.Path, help="directory of the functions")
options.add_argument("--javac", required=True, help="a compiler that can still compile for Java 8")
options.add_argument("--java-client", required=True, type=pathlib.Path, help="directory with AWS's library for Java")
options.add_argument("runtimes", nargs="+")
options = options.parse_args()

functions = boto3.client("lambda", config=Config(read_timeout=120, retries={"total_max_attempts": 1}))
TEXT = {"text": "Grüße, 世界 😀", "numbers": [1, -2.5, 1e21], "nothing": None, "long": "x" * 100_000}
WRAPPER = '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'


def package(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def java_files():
    with tempfile.TemporaryDirectory() as classes:
        path = ":".join(map(str, (options.java_client / "lib").glob("*.jar")))
        source = str(options.sources / "App.java")
        subprocess.run(
            [options.javac, "--release", "8", "-nowarn", "-Xlint:-options", "-cp", path, "-d", classes, source], check=True
        )
        return {str(f.relative_to(classes)): f.read_bytes() for f in pathlib.Path(classes).rglob("*.class")}


def files(runtime):
    if runtime.startswith("java"):
        return java_files()
    suffix = {"pyt": "py", "nod": "mjs", "rub": "rb"}[runtime[:3]]
    return {f"app.{suffix}": (options.sources / f"app.{suffix}").read_bytes()}


class Function:
    """A function that is there until the end of the block."""

    def __init__(self, runtime, handler, **settings):
        self.name = "every-" + runtime.replace(".", "-")
        functions.create_function(
            FunctionName=self.name,
            Runtime=runtime,
            Handler=handler,
            Role="arn:aws:iam::000000000000:role/any",
            Code={"ZipFile": package({**files(runtime), "wrapper": WRAPPER})},
            Timeout=60,
            MemorySize=512,
            **settings,
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 1})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        functions.delete_function(FunctionName=self.name)

    def call(self, event):
        """What it answers, and the answer's other members."""
        answer = functions.invoke(FunctionName=self.name, Payload=json.dumps(event).encode(), LogType="Tail")
        return json.loads(answer["Payload"].read()), answer

    def act(self, what, **event):
        result, answer = self.call({"do": what, **event})
        assert "FunctionError" not in answer, result
        return result


def handler_of(runtime):
    return {"java": "every.App", "ruby": "app.App.handler"}.get(runtime[:4], "app.handler")


def is_the_very_version(function, runtime):
    version = function.act("version")
    assert version == runtime.split(".al2")[0], f"it is {version}"


def gives_back_what_it_got(function, runtime):
    given = dict(function.act("echo", value=TEXT))
    # AWS's client for Java leaves out what is null.
    assert given == TEXT or (runtime.startswith("java") and {**given, "nothing": None} == TEXT), given


def fails_as_it_should(function, runtime):
    result, answer = function.call({"do": "fail"})
    assert answer["FunctionError"] == "Unhandled" and "no luck" in result["errorMessage"], result
    assert result["errorType"], result
    assert function.act("version")


def has_its_environment(function, runtime):
    seen = function.act("environment")
    assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_" + runtime, seen
    assert seen["LAMBDA_TASK_ROOT"] == "/var/task", seen
    if not runtime.startswith("java") or seen["trace"] == "null":
        seen["trace"] = seen["_X_AMZN_TRACE_ID"]
    assert seen["trace"].startswith("Root=1-"), seen
    if runtime.startswith(("java8", "java11")):
        assert seen["AWS_ACCESS_KEY"] == seen["AWS_ACCESS_KEY_ID"], seen
        assert seen["AWS_SECRET_KEY"] == seen["AWS_SECRET_ACCESS_KEY"], seen


def finds_its_libraries(function, runtime):
    assert function.act("libraries")[:2] == [21, "2d711642"]


def reaches_aws(function, runtime):
    if runtime.startswith("python"):
        assert function.act("aws") == "000000000000"


def runs_programs_and_logs(function, runtime):
    result, answer = function.call({"do": "shell"})
    assert result == "jello", result
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "printed\n" in log and "\nREPORT RequestId: " in log, log


def starts_behind_a_wrapper(function, runtime):
    variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/wrapper"}
    functions.update_function_configuration(FunctionName=function.name, Environment={"Variables": variables})
    functions.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1})
    assert function.act("environment")["WRAPPED"] == "yes"


def has_all_handlers_of_java(function, runtime):
    if not runtime.startswith("java"):
        return
    for handler, event, expected in [
        ("every.App$Streams", "ab", "AB"),
        ("every.App::mirrored", {"x": 1, "y": 2}, {"x": 2, "y": 1}),
    ]:
        functions.update_function_configuration(FunctionName=function.name, Handler=handler)
        functions.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1})
        result, _ = function.call(event)
        assert result == expected, result


CHECKS = [
    is_the_very_version,
    gives_back_what_it_got,
    fails_as_it_should,
    has_its_environment,
    finds_its_libraries,
    reaches_aws,
    runs_programs_and_logs,
    starts_behind_a_wrapper,
    has_all_handlers_of_java,
]


def duration(answer, name):
    log = base64.b64decode(answer["LogResult"]).decode()
    part = log.split(f"{name}: ")
    return part[1].split(" ms")[0] if len(part) > 1 else "-"


def look(runtime):
    """Runs all checks; returns how many failed."""
    failed = []
    began = time.monotonic()
    with Function(runtime, handler_of(runtime)) as function:
        first, answer = function.call({"do": "version"})
        init = duration(answer, "Init Duration")
        for check in CHECKS:
            try:
                check(function, runtime)
            except Exception as e:
                failed.append(f"{check.__name__}: {type(e).__name__} {str(e)[:300]}")
    seconds = time.monotonic() - began
    print(f"{runtime:16} {str(first)[:12]:12} {init:>9} ms  {len(CHECKS) - len(failed)}/{len(CHECKS)}  {seconds:5.1f} s", flush=True)
    for line in failed:
        print("    " + line, flush=True)
    return len(failed)


print(f"{'RUNTIME':16} {'VERSION':12} {'INIT':>12}  CHECKS", flush=True)
bad = 0
for runtime in options.runtimes:
    try:
        bad += look(runtime)
    except Exception as e:
        bad += len(CHECKS)
        print(f"{runtime:16} cannot be run: {str(e)[:300]}", flush=True)
print(f"{len(CHECKS) * len(options.runtimes) - bad} passed, {bad} failed")
raise SystemExit(bad > 0)
