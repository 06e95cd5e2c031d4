"""What ./lambic test runtimes asks of every Python."""

import json
import os
import subprocess
import sys
import traceback


def handler(event, context):
    return globals()["do_" + event["do"]](event, context)


def do_version(event, context):
    return "python%d.%d" % sys.version_info[:2]


def do_echo(event, context):
    return event["value"]


def do_fail(event, context):
    raise ValueError("no luck")


def do_environment(event, context):
    return dict(os.environ)


def do_libraries(event, context):
    import bz2, ctypes, decimal, hashlib, lzma, sqlite3, ssl, uuid, zlib, zoneinfo  # noqa: E401, F401

    row = sqlite3.connect(":memory:").execute("select 20 + 1").fetchone()[0]
    return [row, hashlib.sha256(b"x").hexdigest()[:8], str(zoneinfo.ZoneInfo("Europe/Berlin"))]


def do_aws(event, context):
    import boto3

    return boto3.client("sts").get_caller_identity()["Account"]


def do_shell(event, context):
    print("printed")
    return subprocess.run(["sh", "-c", "echo hello | sed s/h/j/"], capture_output=True, text=True).stdout.strip()
