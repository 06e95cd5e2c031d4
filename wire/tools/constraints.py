#!/usr/bin/env python3
"""Distils a public AWS service model into the facts that the SDK for Java does not carry.

usage: constraints.py MODEL.json OUT.json

MODEL.json is the service's `service-2.json` of botocore, for instance after `pip install botocore`:
botocore/data/lambda/2015-03-31/service-2.json (newer releases ship it as service-2.json.gz; unpack
it first). OUT.json is read by dev.lambic.wire.ConstraintData:

  errors      error code -> HTTP status, name of its message member, whether it has a member Type,
              whether AWS is to blame, members that travel as headers
  statuses    operation -> HTTP status of success, where it is not 200
  refusals    operation -> code of the error about a broken limit, where it is not ValidationException
  types       simple shape -> its limits; a list or map also names the types of what it holds
  structures  structure, or operation + "Request" -> member -> type; "!" in front means required

and of a service that speaks the query protocol:

  facts       namespace of its XML; whether its messages leave refused values out
  silent      operations that answer nothing
"""
import json
import sys

# Enumerations that the service itself checks, with a text of its own.
CHECKED_BY_THE_SERVICE = {"lambda": {"Runtime"}}

# Likewise lengths.
MEASURED_BY_THE_SERVICE = {"logs": {"LogGroupName", "LogStreamName"}}

# Services whose operations answer a broken limit with an error of their own, if they declare it.
OWN_REFUSAL = {"logs": "InvalidParameterException"}

# Services whose messages about broken limits repeat neither values nor enumerations.
TERSE = {"iam"}

# Patterns that AWS's answers quote where the public model has another.
AS_ANSWERED = {
    "lambda": {
        "NamespacedFunctionName":
            r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
            r"(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?",
        "TaggableResource":
            r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
            r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
            r"code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-"
            r"[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)"}}

# Elements that AWS declares as not null; the public model does not say so, AWS's messages do.
NOT_NULL_ELEMENTS = {
    "lambda": {
        "ArchitecturesList", "CompatibleArchitectures", "LayerList", "AdditionalVersionWeights"}}


def java_hash(text):
    value = 0
    for char in text:
        value = (31 * value + ord(char)) & 0xFFFFFFFF
    return value


def as_printed(values):
    """AWS prints an enumeration in the order of a hash table of 32 chains, newest entry first.

    Found by comparing AWS's messages with String.hashCode; it holds for all that were compared.
    """
    buckets = 32
    while len(values) > buckets * 3 // 4:
        buckets *= 2
    newest_first = list(reversed(values))
    return sorted(newest_first, key=lambda value: java_hash(value) & (buckets - 1))


def main(model_file, out_file):
    with open(model_file, encoding="utf-8") as source:
        model = json.load(source)
    shapes = model["shapes"]
    service = model["metadata"].get("signingName") or model["metadata"]["endpointPrefix"]
    by_service = CHECKED_BY_THE_SERVICE.get(service, set())
    measured = MEASURED_BY_THE_SERVICE.get(service, set())
    answered = AS_ANSWERED.get(service, {})
    not_null = NOT_NULL_ELEMENTS.get(service, set())
    types, structures, visiting = {}, {}, set()

    def simple(name):
        """The limits of a shape that is no structure; empty where it has none."""
        if name in types:
            return types[name]
        if name in visiting:
            return {}
        visiting.add(name)
        shape, out = shapes[name], {}
        kind = shape["type"]
        if kind in ("list", "map"):
            inner = {"list": [("member", "member")],
                     "map": [("key", "key"), ("value", "value")]}[kind]
            for field, label in inner:
                target = shape[field]["shape"]
                if reference(target) is not None:
                    out[label] = target
            if name in not_null:
                out["notNull"] = True
        for key in ("min", "max", "pattern"):
            if key in shape and not (key == "max" and name in measured):
                out[key] = answered.get(name, shape[key]) if key == "pattern" else shape[key]
        if "enum" in shape and name not in by_service:
            out["enum"] = as_printed(shape["enum"])
        if out:
            if kind in ("integer", "long", "double", "float"):
                out["number"] = True
            if shape.get("sensitive"):
                out["sensitive"] = True
        visiting.discard(name)
        if out:
            types[name] = out
        return out

    def reference(name):
        """The shape's own name if there is anything to check in it, else None."""
        if shapes[name]["type"] == "structure":
            structure(name, name)
            # Within itself, a shape may turn out to have nothing to check; see the end of main.
            return name if name in structures or name in visiting else None
        return name if simple(name) else None

    def structure(name, label):
        if label in structures or name in visiting:
            return
        visiting.add(name)
        shape, members = shapes[name], {}
        required = set(shape.get("required", []))
        for member, target in shape.get("members", {}).items():
            found = reference(target["shape"])
            if found or member in required:
                members[member] = ("!" if member in required else "") + (found or "")
        visiting.discard(name)
        if members:
            structures[label] = members

    statuses, refusals = {}, {}
    refusal = OWN_REFUSAL.get(service)
    for operation, spec in model["operations"].items():
        if "input" in spec:
            structure(spec["input"]["shape"], operation + "Request")
        status = spec["http"].get("responseCode", 200)
        if status != 200:
            statuses[operation] = status
        if refusal in [error["shape"] for error in spec.get("errors", [])]:
            refusals[operation] = refusal

    def dangling():
        return [(members, member, target.lstrip("!"))
                for members in list(structures.values()) for member, target in members.items()
                if target.lstrip("!") and target.lstrip("!") not in types
                and target.lstrip("!") not in structures]

    for _, _, target in dangling():
        structure(target, target)
    for members, member, target in dangling():
        members[member] = members[member].replace(target, "")
        if not members[member]:
            del members[member]

    errors = {}
    for name, shape in shapes.items():
        if not shape.get("exception"):
            continue
        detail = shape.get("error", {})
        code = detail.get("code", name)
        status = detail.get("httpStatusCode", 500 if shape.get("fault") else 400)
        members = shape.get("members", {})
        error = {"status": status}
        if "Message" in members:
            error["text"] = "Message"
        if "Type" in members:
            error["type"] = True
        if shape.get("fault"):
            error["receiver"] = True
        headers = {name: spec["locationName"] for name, spec in members.items()
                   if spec.get("location") == "header"}
        if headers:
            error["headers"] = headers
        errors[code] = error

    def lines(table):
        rows = [json.dumps(key) + ":" + json.dumps(value, separators=(",", ":"))
                for key, value in sorted(table.items())]
        return "{\n" + ",\n".join(rows) + "\n}"

    with open(out_file, "w", encoding="utf-8") as out:
        facts, silent = {}, []
        if model["metadata"]["protocol"] == "query":
            facts["namespace"] = model["metadata"]["xmlNamespace"]
            silent = sorted(name for name, spec in model["operations"].items() if "output" not in spec)
        if service in TERSE:
            facts["terse"] = "true"
        parts = {"errors": errors, "statuses": statuses, "refusals": refusals,
                 "types": types, "structures": structures}
        tables = [json.dumps(part) + ":" + lines(table)
                  for part, table in parts.items() if table or part != "refusals"]
        if facts:
            tables.append('"facts":' + lines(facts))
        if silent:
            tables.append('"silent":' + json.dumps(silent))
        out.write('{"service":%s,\n%s}\n' % (json.dumps(service), ",\n".join(tables)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
