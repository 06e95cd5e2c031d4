#!/usr/bin/env python3
"""Runs a working directory as a function until Ctrl-C; what `./lambic dev` runs.

Speaks to the server over the socket in its data directory; the function lives as long as the
connection. The log is printed by logs.py.
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

# Where a handler is looked for, in this order: file, how it is defined, handler, runtime.
GUESSES = (
    ("lambda_function.py", r"^(async )?def lambda_handler\b", "lambda_function.lambda_handler"),
    ("app.py", r"^def lambda_handler\b", "app.lambda_handler"),
    ("app.py", r"^def handler\b", "app.handler"),
    ("index.py", r"^def handler\b", "index.handler"),
    ("main.py", r"^def handler\b", "main.handler"),
    ("handler.py", r"^def handler\b", "handler.handler"),
    ("index.mjs", r"\bhandler\b", "index.handler"),
    ("index.js", r"\bhandler\b", "index.handler"),
    ("app.mjs", r"\bhandler\b", "app.handler"),
    ("app.js", r"\bhandler\b", "app.handler"),
)
RUNTIMES = {".py": "python3.13", ".mjs": "nodejs22.x", ".js": "nodejs22.x"}


class Ended(Exception):
    """Somebody wants the end."""


def fail(message):
    sys.exit("lambic: " + message)


def arguments():
    parser = argparse.ArgumentParser(
        prog="./lambic dev", description="Runs a working directory as a function until Ctrl-C."
    )
    parser.add_argument("directory")
    parser.add_argument("--endpoint", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--data", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--name", help="the function's name; default: the directory's")
    parser.add_argument("--runtime", help="such as python3.13; default: by the files")
    parser.add_argument("--handler", help="such as app.handler; default: by the files")
    parser.add_argument("--memory", type=int, default=512, metavar="MB")
    parser.add_argument("--timeout", type=int, default=30, metavar="SECONDS")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--layer", action="append", default=[], metavar="ARN")
    parser.add_argument("--role", default="arn:aws:iam::000000000000:role/dev", metavar="ARN")
    return parser.parse_args()


def guess(directory, runtime):
    """Runtime and handler by what lies in the directory; None for what cannot be told."""
    if runtime is None and os.path.isfile(os.path.join(directory, "bootstrap")):
        return "provided.al2023", "bootstrap"
    for name, pattern, handler in GUESSES:
        guessed = RUNTIMES[os.path.splitext(name)[1]]
        if runtime is not None and runtime[:4] != guessed[:4]:
            continue
        try:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                text = file.read(1 << 20)
        except OSError:
            continue
        if re.search(pattern, text, re.MULTILINE):
            return guessed, handler
    return None, None


def function(given, directory):
    """The function as AWS's CreateFunction has it."""
    runtime, handler = guess(directory, given.runtime)
    runtime = given.runtime or runtime
    handler = given.handler or handler
    if runtime is None:
        fail("no handler was found in %s: say --runtime and --handler" % directory)
    if handler is None:
        if not runtime.startswith("provided"):
            fail("no handler for %s was found in %s: say --handler" % (runtime, directory))
        handler = "bootstrap"
    variables = {}
    for pair in given.env:
        name, equals, value = pair.partition("=")
        if not equals:
            fail("--env takes NAME=VALUE, not '%s'" % pair)
        variables[name] = value
    base = os.path.basename(os.path.realpath(directory))
    name = given.name or re.sub(r"[^A-Za-z0-9_-]+", "-", base).strip("-")[:64] or "dev"
    wanted = {
        "FunctionName": name,
        "Runtime": runtime,
        "Handler": handler,
        "Role": given.role,
        "MemorySize": given.memory,
        "Timeout": given.timeout,
        "Description": "the directory " + directory[-200:],
    }
    if variables:
        wanted["Environment"] = {"Variables": variables}
    if given.layer:
        wanted["Layers"] = given.layer
    return wanted


def connect(data):
    """A connection to the server; by a relative name, for such an address may not be long."""
    back = os.open(".", os.O_RDONLY)
    try:
        os.chdir(data)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect("dev.socket")
        return connection
    except OSError as e:
        fail("the server of %s cannot be asked: %s" % (data, e))
    finally:
        os.fchdir(back)
        os.close(back)


def say(text):
    print("lambic: " + text, flush=True)


def follow_log(given, name, since):
    tool = os.path.join(os.path.dirname(os.path.abspath(__file__)), "logs.py")
    credentials = os.path.join(given.data, "credentials")
    command = [sys.executable, tool, "--endpoint", given.endpoint, "--credentials", credentials]
    return subprocess.Popen(
        command + ["--follow", "--since", str(since), "--", name], stdin=subprocess.DEVNULL
    )


def work(connection, given, directory, wanted, region):
    """Shows what happens until the end; whether that was asked for."""
    since = int(time.time() * 1000)
    log = None
    asked = False
    head = ["lambic dev 1", directory, region, json.dumps(wanted)]
    connection.sendall("".join(line + "\n" for line in head).encode())
    lines = connection.makefile(encoding="utf-8")

    def leave(_signal, _frame):
        # Whatever is being done goes on; the server says when the function is gone.
        nonlocal asked
        asked = True
        try:
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    try:
        while True:
            line = lines.readline()
            word, _, text = line.rstrip("\n").partition(" ")
            if word == "ready":
                say("%s is %s (%s, %s)" % (text, directory, wanted["Runtime"], wanted["Handler"]))
                say("edit, and the next call runs it. Ctrl-C ends it and deletes the function.")
                log = follow_log(given, wanted["FunctionName"], since)
            elif word == "note":
                say(text)
            elif word == "error":
                fail(text)
            elif word == "end":
                say(text)
                return asked
            elif not line:
                say("the server is gone, and the function with it")
                return asked
    finally:
        if log is not None:
            log.terminate()
            log.wait()


def end(_signal, _frame):
    raise Ended


def main():
    given = arguments()
    directory = os.path.abspath(given.directory)
    if not os.path.isdir(directory):
        fail("%s is no directory" % directory)
    if "\n" in directory:
        fail("a directory with a line break in its name cannot be used")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    signal.signal(signal.SIGTERM, end)
    asked = work(connect(given.data), given, directory, function(given, directory), region)
    sys.exit(0 if asked else 1)


if __name__ == "__main__":
    try:
        main()
    except (Ended, KeyboardInterrupt):
        sys.exit(130)
    except OSError as e:
        fail(str(e))
