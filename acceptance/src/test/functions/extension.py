#!/usr/bin/python3
"""An external extension that writes down all that it is told of, one JSON object a line.

One whose name is "hanger" never asks for a second event.
"""

import http.client
import http.server
import json
import os
import sys
import threading
import time

NAME = os.path.basename(sys.argv[0])
PORT = 8123
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
written = threading.Lock()
news = threading.Condition()
heard = set()


def write(what, content):
    with written:
        sys.stdout.write(json.dumps({what: content}) + "\n")
        sys.stdout.flush()


def call(method, path, body, headers):
    connection.request(method, path, json.dumps(body) if body else None, headers)
    response = connection.getresponse()
    text = response.read().decode()
    if response.status != 200:
        sys.exit(f"{path}: {response.status} {text}")
    return text, response


class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        for event in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            record = event["record"]
            # What is written about telemetry is telemetry again.
            if event["type"] != "extension" or not record.startswith('{"telemetry"'):
                write("telemetry", event)
            with news:
                if isinstance(record, dict):
                    heard.add((event["type"], record.get("requestId")))
                news.notify_all()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def await_telemetry(kind, ids, deadline):
    """Waits until it has heard of all these invocations, or the time (in milliseconds) is near."""
    with news:
        news.wait_for(
            lambda: all((kind, one) in heard for one in ids),
            max(0.0, deadline / 1000 - time.time() - 1))


about, response = call(
    "POST",
    "/2020-01-01/extension/register",
    {"events": ["INVOKE", "SHUTDOWN"]},
    {"Lambda-Extension-Name": NAME})
ident = {"Lambda-Extension-Identifier": response.getheader("Lambda-Extension-Identifier")}
write("registered", json.loads(about))
server = http.server.ThreadingHTTPServer(("sandbox.localdomain", PORT), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
call(
    "PUT",
    "/2022-07-01/telemetry",
    {
        "schemaVersion": "2022-12-13",
        "types": ["platform", "function", "extension"],
        "buffering": {"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144},
        "destination": {"protocol": "HTTP", "URI": f"http://sandbox.localdomain:{PORT}"},
    },
    ident)
ids = []
while True:
    event = json.loads(call("GET", "/2020-01-01/extension/event/next", None, ident)[0])
    write("event", event)
    if event["eventType"] == "SHUTDOWN":
        break
    if NAME == "hanger":
        threading.Event().wait()
    ids.append(event["requestId"])
    await_telemetry("platform.runtimeDone", [event["requestId"]], event["deadlineMs"])
await_telemetry("platform.report", ids, event["deadlineMs"])
write("farewell", len(ids))
