"""Does what its event asks for; it is called by AWS's runtime interface client."""

import os
import time

if os.environ.get("AT_INIT") == "fail":
    raise RuntimeError("not today")

instance = time.time_ns()
calls = 0


def handler(event, context):
    global calls
    calls += 1
    if event["do"] == "echo":
        return event
    if event["do"] == "calls":
        return {"instance": instance, "calls": calls}
    if event["do"] == "fail":
        raise ValueError(event["text"])
    if event["do"] == "exit":
        os._exit(3)
    return {
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": int(context.memory_limit_in_mb),
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "remaining": context.get_remaining_time_in_millis(),
        "custom": context.client_context and context.client_context.custom,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }
