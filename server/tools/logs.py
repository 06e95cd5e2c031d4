#!/usr/bin/env python3
"""Prints a function's log, oldest events first; what `./lambic logs` runs.

usage: logs.py --endpoint URL --credentials FILE FUNCTION [--follow] [--since MILLIS]

Speaks to CloudWatch Logs with botocore's signer only, for its clients take longer to load than all
the rest. FUNCTION is a name or an ARN.
"""

import argparse
import configparser
import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

POLL_SECONDS = 0.5

# Events of other environments may become readable a little out of order.
LATE_MILLIS = 5000


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Lambic:
    """A running server."""

    def __init__(self, endpoint, credentials, region):
        self.endpoint = endpoint
        self.region = region
        file = configparser.ConfigParser(default_section=None, interpolation=None)
        file.read(credentials)
        key = file["default"]
        self.key = Credentials(key["aws_access_key_id"], key["aws_secret_access_key"])

    def call(self, service, method, path, headers, body=b""):
        request = AWSRequest(method, self.endpoint + path, headers, body or None)
        SigV4Auth(self.key, service, self.region).add_auth(request)
        plain = urllib.request.Request(
            self.endpoint + path, body or None, dict(request.headers.items()), method=method
        )
        try:
            with urllib.request.urlopen(plain, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            answer = json.loads(e.read() or b"{}")
            code = e.headers.get("x-amzn-ErrorType") or answer.get("__type", str(e.code))
            raise Refused(code, answer.get("message") or answer.get("Message") or str(e)) from None

    def log_group(self, function):
        """The function's log group; that of a deleted function has AWS's usual name."""
        path = "/2015-03-31/functions/%s/configuration" % urllib.request.quote(function, safe="")
        try:
            return self.call("lambda", "GET", path, {})["LoggingConfig"]["LogGroup"]
        except Refused as e:
            if e.code != "ResourceNotFoundException":
                raise
            parts = function.split(":")
            return "/aws/lambda/" + (parts[6] if len(parts) > 6 else function)

    def pages(self, group, start):
        """The events of a group since a time, page by page."""
        query = {"logGroupName": group, "startTime": start}
        while True:
            headers = {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "Logs_20140328.FilterLogEvents",
            }
            page = self.call("logs", "POST", "/", headers, json.dumps(query).encode())
            yield page["events"]
            if "nextToken" not in page:
                return
            query["nextToken"] = page["nextToken"]


def show(event):
    at = datetime.datetime.fromtimestamp(event["timestamp"] / 1000, datetime.timezone.utc)
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    print(stamp, event["message"].rstrip())


def main():
    parser = argparse.ArgumentParser(description="Prints a function's log.")
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--credentials", required=True)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--since", type=int, default=0)
    parser.add_argument("function")
    given = parser.parse_args()
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if given.function.startswith("arn:") and given.function.count(":") > 3:
        region = given.function.split(":")[3]
    lambic = Lambic(given.endpoint, given.credentials, region)
    group = lambic.log_group(given.function)
    shown = {}
    newest = 0
    while True:
        try:
            for events in lambic.pages(group, max(given.since, newest - LATE_MILLIS)):
                for event in events:
                    newest = max(newest, event["timestamp"])
                    if event["eventId"] not in shown:
                        show(event)
                    if given.follow:
                        shown[event["eventId"]] = event["timestamp"]
                sys.stdout.flush()
        except Refused as e:
            if e.code != "ResourceNotFoundException":
                raise
            if not given.follow:
                sys.exit("lambic: there is no log of %s (%s)" % (given.function, group))
        if not given.follow:
            return
        shown = {key: at for key, at in shown.items() if at >= newest - LATE_MILLIS}
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read it has seen enough, as `head` has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (Refused, urllib.error.URLError, OSError) as e:
        sys.exit("lambic: " + str(getattr(e, "reason", e)))
