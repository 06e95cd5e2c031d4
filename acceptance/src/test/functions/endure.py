"""Works or fails as its event asks for, and leaves as much behind as it can."""

import json
import mmap
import os
import signal
import subprocess
import threading
import time


def handler(event, context):
    return globals()["do_" + event["do"]](event)


def do_echo(event):
    return event["text"]


def do_raise(event):
    raise ValueError(event["text"])


def do_exit(event):
    os._exit(event["code"])


def do_signal(event):
    os.kill(os.getpid(), event["signal"])
    signal.pause()


def do_memory(event):
    """Filled by the kernel at once (MAP_POPULATE)."""
    mmap.mmap(-1, 1 << 32, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x8000)
    return "there was enough"


def do_sleep(event):
    print("sleeps")
    time.sleep(600)


def do_large(event):
    return "x" * ((6 << 20) + 200)


def do_litter(event):
    """Files, links, a directory and a pipe in /tmp, and open descriptors."""
    place = f"/tmp/{event['text']}"
    os.makedirs(place)
    with open(f"{place}/file", "wb") as file:
        file.write(bytes(100_000))
    os.symlink("/", f"{place}/link")
    os.mkfifo(f"{place}/pipe")
    os.pipe()
    return sorted(os.listdir(place))


def do_background(event):
    """Processes in sessions of their own and a thread, which go on after the answer."""
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; sleep 1000 & exit"], start_new_session=True)
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    return event["text"]
