"""Answers with what tells its caller that the answer is for that very call, or fails as asked."""

import importlib
import mmap
import os
import time

if "IMPORTS" in os.environ:
    importlib.import_module(os.environ["IMPORTS"])

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "code.txt")) as file:
    CODE = int(file.read())


def handler(event, context):
    time.sleep(event.get("millis", 0) / 1000)
    do = event["do"]
    if do == "exit":
        os._exit(3)
    if do == "fill":
        # More than any function has, filled by the kernel at once (MAP_POPULATE).
        mmap.mmap(-1, 1 << 34, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000)
    return {
        "text": event["text"],
        "request": context.aws_request_id,
        "function": context.function_name,
        "version": context.function_version,
        "code": CODE,
        "step": int(os.environ.get("STEP", "0")),
    }
