"""Tries to get out of its environment in one way at a time.

`try_NAME` of the modules is an attempt: an OSError is a refusal, anything that it returns it has got.
"""

import errno
import uuid

import hostile_files
import hostile_power
import hostile_reach
import hostile_shared


INIT = str(uuid.uuid4())


def handler(event, context):
    name = "try_" + event["attempt"]
    modules = (hostile_power, hostile_files, hostile_reach, hostile_shared)
    attempt = next(getattr(module, name) for module in modules if hasattr(module, name))
    try:
        return {"got": str(attempt(event | {"id": context.aws_request_id})), "init": INIT}
    except OSError as refusal:
        return {"refused": errno.errorcode.get(refusal.errno, str(refusal))}
