"""Tells which code and which settings it runs with."""

import os
import pathlib

code = pathlib.Path("/var/task/code.txt").read_text()


def handler(event, context):
    return {"code": int(code), "step": int(os.environ["STEP"])}
