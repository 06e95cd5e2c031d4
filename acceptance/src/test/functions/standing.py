"""Works in the background, fails as it is told, and tells of what it may use."""

import errno
import os
import resource
import signal
import subprocess
import threading
import time

instance = time.time_ns()
calls = 0
count = 0


def handler(event, context):
    global calls
    calls += 1
    return globals()["do_" + event["do"]](event)


def tick(shown):
    global count
    while True:
        count += 1
        os.pwrite(shown, f"{count:020}".encode(), 0)
        time.sleep(0.001)


def do_start(event):
    """The count is in a file too, where it can be seen from outside."""
    shown = os.open("/tmp/count", os.O_CREAT | os.O_WRONLY)
    threading.Thread(target=tick, args=(shown,), daemon=True).start()
    return do_progress(event)


def do_progress(event):
    """Returns as soon as the background has done some work in this call."""
    before = count
    while count < before + 5:
        time.sleep(0.001)
    return {"before": before, "after": count}


def do_mark(event):
    """Leaves something in /tmp and a process behind, and tells of the past."""
    try:
        with open("/tmp/kept") as file:
            found = file.read()
    except FileNotFoundError:
        found = None
    with open("/tmp/kept", "w") as file:
        file.write(event["text"])
    processes = sum(name.isdigit() for name in os.listdir("/proc"))
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    return {
        "found": found,
        "instance": instance,
        "calls": calls,
        "stream": os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        "processes": processes,
    }


def do_exit(event):
    os._exit(4)


def do_signal(event):
    os.kill(os.getpid(), signal.SIGSEGV)


def do_memory(event):
    kept = []
    while True:
        kept.append(b"x" * (8 << 20))


def do_sleep(event):
    time.sleep(600)


def do_space(event):
    tmp = os.statvfs("/tmp")
    return tmp.f_bavail * tmp.f_frsize


def do_descriptors(event):
    own = len(os.listdir("/proc/self/fd")) - 1
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as full:
        reason = errno.errorcode[full.errno]
    for one in held:
        os.close(one)
    return {"all": own + len(held), "errno": reason, "limits": resource.getrlimit(resource.RLIMIT_NOFILE)}


def do_processes(event):
    """Children that have ended count too until they are waited for."""
    before = sum(len(os.listdir(f"/proc/{name}/task")) for name in os.listdir("/proc") if name.isdigit())
    made = []
    try:
        while True:
            child = os.fork()
            if child == 0:
                os._exit(0)
            made.append(child)
    except OSError as full:
        reason = errno.errorcode[full.errno]
    for child in made:
        os.waitpid(child, 0)
    return {"all": before + len(made), "errno": reason}
