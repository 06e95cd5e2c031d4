"""Tells which code and which settings it runs with."""

import os
import pathlib

code = pathlib.Path("/var/task/code.txt").read_text()
path = pathlib.Path("/opt/layer.txt")
# Not every function that this is the code of has a layer.
layer = path.read_text() if path.exists() else "0"


def handler(event, context):
    if event.get("exit"):
        os._exit(3)
    return {
        "code": int(code),
        "layer": int(layer),
        "step": int(os.environ["STEP"]),
        "memory": int(context.memory_limit_in_mb),
    }
