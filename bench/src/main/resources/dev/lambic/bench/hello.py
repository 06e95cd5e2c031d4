import sys
import time

calls = 0
before = 0


def handler(event, context):
    global calls, before
    begin = time.perf_counter_ns()
    calls += 1
    answer = {"hello": event["name"], "calls": calls}
    if event["name"] == "version":
        answer["version"] = sys.version
    if "hold" in event:
        time.sleep(event["hold"] / 1000)
    answer["before"] = before
    before = begin
    answer["at"] = begin
    answer["nanos"] = time.perf_counter_ns() - begin
    return answer
