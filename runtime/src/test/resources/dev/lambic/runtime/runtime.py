#!/usr/bin/python3
"""A custom runtime that gives back what it gets; with an extension within it if it is told so."""
import http.client
import json
import os
import signal
import sys
import threading

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
EXTENSION = "/2020-01-01/extension/"
INVOCATION = "/2018-06-01/runtime/invocation/"


def say(text):
    print(text, flush=True)


def end(signum, frame):
    say("terminated")
    os._exit(0)


def accompany(ident):
    connection = http.client.HTTPConnection(API)
    while True:
        connection.request("GET", EXTENSION + "event/next", headers={"Lambda-Extension-Identifier": ident})
        event = json.loads(connection.getresponse().read())
        say("internal " + event["eventType"] + " " + event["requestId"])


if os.environ.get("INTERNAL"):
    signal.signal(signal.SIGTERM, end)
    registration = http.client.HTTPConnection(API)
    registration.request(
        "POST", EXTENSION + "register", '{"events":["INVOKE"]}', {"Lambda-Extension-Name": "inside"})
    answer = registration.getresponse()
    answer.read()
    ident = answer.getheader("Lambda-Extension-Identifier")
    threading.Thread(target=accompany, args=(ident,), daemon=True).start()

connection = http.client.HTTPConnection(API)
while True:
    connection.request("GET", INVOCATION + "next")
    response = connection.getresponse()
    request = response.getheader("Lambda-Runtime-Aws-Request-Id")
    body = response.read()
    say("handling " + body.decode())
    connection.request("POST", INVOCATION + request + "/response", body)
    connection.getresponse().read()
