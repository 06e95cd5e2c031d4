import sys
import time

calls = 0


def handler(event, context):
    global calls
    begin = time.perf_counter_ns()
    calls += 1
    answer = {"hello": event["name"], "calls": calls}
    if event["name"] == "version":
        answer["version"] = sys.version
    if event["name"] == "wait":
        time.sleep(2)
    answer["nanos"] = time.perf_counter_ns() - begin
    return answer
