"""Remembers its callers wherever a function can remember anything."""

import logging

seen = []


def handler(event, context):
    seen.append(context.tenant_id)
    with open("/tmp/tenants", "a") as file:
        file.write(context.tenant_id + "\n")
    logging.getLogger().warning("here")
    with open("/tmp/tenants") as file:
        return {"tenant": context.tenant_id, "memory": seen, "file": file.read().split()}
