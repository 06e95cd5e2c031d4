"""Tells about the environment that it runs in, and does what the event asks for."""

import json
import logging
import os
import sys
import threading
import time

loaded_at = time.time_ns()
calls = 0


def handler(event, context):
    global calls
    calls += 1
    return globals()["do_" + event["do"]](event, context)


def do_echo(event, context):
    return event


def do_identity(event, context):
    """The same in all calls of one environment, and in no other environment."""
    return {"loaded": loaded_at, "calls": calls}


def do_introspect(event, context):
    return {
        "context": {
            "function_name": context.function_name,
            "function_version": context.function_version,
            "invoked_function_arn": context.invoked_function_arn,
            "memory_limit_in_mb": context.memory_limit_in_mb,
            "aws_request_id": context.aws_request_id,
            "log_group_name": context.log_group_name,
            "log_stream_name": context.log_stream_name,
            "remaining": context.get_remaining_time_in_millis(),
            "client": context.client_context and context.client_context.custom,
        },
        "environment": dict(os.environ),
        "python": list(sys.version_info[:2]),
        "directory": os.getcwd(),
        "user": [os.getuid(), os.getgid()],
        "files": sorted(os.listdir("/var/task")),
    }


def do_raise(event, context):
    raise ValueError(event["text"])


def do_log(event, context):
    print("printed")
    print("to stderr", file=sys.stderr)
    logging.getLogger().warning("logged")
    sys.stdout.write("without an end")
    return context.aws_request_id


def do_lines(event, context):
    for number in range(event["count"]):
        print(f"line {number}")


def do_write(event, context):
    with open("/tmp/kept", "a") as file:
        file.write(event["text"])
    with open("/tmp/kept") as file:
        return file.read()


def do_wait(event, context):
    time.sleep(event["seconds"])
    return loaded_at


def do_version(event, context):
    return os.environ["WHICH"]


def do_large(event, context):
    return "x" * event["bytes"]


def do_size(event, context):
    return len(json.dumps(event))


def do_nan(event, context):
    return float("nan")


def do_object(event, context):
    return object()


def do_background(event, context):
    """Leaves a thread behind that goes on after the answer."""

    def run():
        time.sleep(event["seconds"])
        print("late line of", context.aws_request_id)

    threading.Thread(target=run, daemon=event.get("daemon", False)).start()
    return "answered"
