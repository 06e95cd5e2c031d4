#!/usr/bin/python3
"""An external extension; its name says how it behaves."""
import http.client
import http.server
import json
import os
import signal
import socketserver
import sys
import threading
import time

NAME = os.path.basename(sys.argv[0])
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
EXTENSION = "/2020-01-01/extension/"
ERROR_TYPE = {"Lambda-Extension-Function-Error-Type": "Extension.Test"}
connection = http.client.HTTPConnection(API)
happened = []
news = threading.Condition()


def say(text):
    print(text, flush=True)


def call(method, path, body="", **headers):
    given = {"Lambda-Extension-Identifier": ident} if ident else {}
    given.update(headers)
    connection.request(method, path, body, given)
    response = connection.getresponse()
    return response, response.read().decode()


def take(events):
    for event in events:
        record = event["record"]
        what = event["type"]
        if what == "function":
            what += ":" + record.rstrip()
        with news:
            happened.append(what)
            if isinstance(record, dict) and record.get("spans"):
                happened.append("spans " + ",".join(span["name"] for span in record["spans"]))
            news.notify()


class Http(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    do_PUT = do_POST

    def log_message(self, *arguments):
        pass


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            take([json.loads(line)])


def subscribe():
    if NAME == "tcp-agent":
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 8080), Tcp)
        destination = {"protocol": "TCP", "port": 8080}
    else:
        server = http.server.ThreadingHTTPServer(("sandbox.localdomain", 8080), Http)
        destination = {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080/events"}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    request = {
        "types": ["platform", "function"],
        "buffering": {"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144},
        "destination": destination,
    }
    if NAME == "logs-agent":
        request["schemaVersion"] = "2021-03-18"
        path = "/2020-08-15/logs"
    else:
        request["schemaVersion"] = "2022-12-13"
        path = "/2022-07-01/telemetry"
    response, body = call("PUT", path, json.dumps(request))
    say("subscribed %d %s" % (response.status, body))


ident = None
if NAME == "crash-early":
    sys.exit(3)
if NAME == "never-registers":
    say("sleeping")
    time.sleep(1000)
response, body = call(
    "POST",
    EXTENSION + "register",
    '{"events":["INVOKE","SHUTDOWN"]}',
    **{"Lambda-Extension-Name": NAME, "Lambda-Extension-Accept-Feature": "accountId"})
ident = response.getheader("Lambda-Extension-Identifier")
about = json.loads(body)
say("registered %s %s %s %s %s" % (
    about["functionName"], about["functionVersion"], about["handler"], about["accountId"],
    os.environ.get("COLOUR")))
if NAME == "crash-registered":
    sys.exit(0)
if NAME == "init-error":
    call("POST", EXTENSION + "init/error", "{}", **ERROR_TYPE)
    sys.exit(1)
if NAME in ("http-agent", "tcp-agent", "logs-agent", "patient-agent"):
    subscribe()
while True:
    response, body = call("GET", EXTENSION + "event/next")
    event = json.loads(body)
    if event["eventType"] == "SHUTDOWN":
        happened.append("SHUTDOWN " + event["shutdownReason"])
        if NAME == "deaf-agent":
            say("ignoring SHUTDOWN " + event["shutdownReason"])
            time.sleep(1000)
        if NAME == "tcp-agent":
            # Over TCP nothing is acknowledged: what was sent before may still be on its way.
            with news:
                news.wait_for(lambda: "platform.report" in happened, 1.5)
        break
    if NAME == "crash-invoked":
        os.kill(os.getpid(), signal.SIGKILL)
    if NAME == "exit-error":
        call("POST", EXTENSION + "exit/error", "{}", **ERROR_TYPE)
        sys.exit(1)
    happened.append("INVOKE %s %s %s" % (
        event["requestId"], event["invokedFunctionArn"], event["tracing"]["value"]))
    if NAME == "patient-agent":
        with news:
            news.wait_for(lambda: "platform.runtimeDone" in happened)
say("goodbye after " + "|".join(happened))
