"""What a function of snapshots sees of itself, in every copy of it."""

import ctypes
import os
import random
import ssl
import sys
import threading
import time
import uuid

import boto3
import snapshot_restore_py

INIT = uuid.uuid4().hex
PID = os.getpid()
HOOKS = []
CALLS = []
# A connection that is open when the snapshot is made.
STS = boto3.client("sts")
STS.get_caller_identity()
with open("/tmp/note", "w") as note:
    note.write(INIT)

if "THREAD_AT_INIT" in os.environ:
    threading.Thread(target=time.sleep, args=(9999,), daemon=True).start()
if "FAIL_AT_INIT" in os.environ:
    raise RuntimeError("not today")


@snapshot_restore_py.register_before_snapshot
def first():
    HOOKS.append("before 1")


@snapshot_restore_py.register_before_snapshot
def second():
    HOOKS.append("before 2")


@snapshot_restore_py.register_after_restore
def after():
    HOOKS.append("after")
    if "FAIL_AFTER_RESTORE" in os.environ:
        raise RuntimeError("not now")


def attempts():
    """What a program might try to get at more than it should."""
    libc = ctypes.CDLL(None, use_errno=True)
    kept = {}

    def call(name, *args):
        ctypes.set_errno(0)
        kept[name] = (libc[name.split()[0]](*args), ctypes.get_errno())

    call("unshare user", 0x10000000)
    call("unshare mount", 0x20000)
    call("mount", b"x", b"/tmp", b"tmpfs", 0, None)
    call("umount2", b"/proc", 2)
    call("setuid", 0)
    call("setgid", 0)
    call("ptrace", 0, 0, 0, 0)
    call("chroot", b"/tmp")
    call("sethostname", b"x", 1)
    call("kill", 1, 9)
    call("setns", 0, 0)
    for path in ("/proc/1/environ", "/proc/sys/kernel/ns_last_pid", "/proc/kcore", "/sys", "/run",
                 "/root", "/etc/shadow", "/dev/mem", "/var/task/new", "/usr/new", "/mnt/new"):
        try:
            with open(path, "r+"):
                kept[path] = "open"
        except OSError as e:
            kept[path] = e.errno
    with open("/proc/self/status") as status:
        for line in status:
            name = line.split(":")[0]
            if name.startswith(("Cap", "Uid", "Gid", "Groups", "NoNew", "Seccomp")):
                kept[name] = line.split()[1:]
    with open("/proc/self/limits") as limits:
        kept["limits"] = limits.read()
    with open("/proc/self/mountinfo") as mounts:
        # Without numbers and order, and without what differs from /tmp to /tmp.
        kept["mounts"] = sorted(l.split(" - ")[0].split()[4:6] for l in mounts)
    kept["descriptors"] = sorted(os.readlink("/proc/self/fd/%s" % fd).split(":")[0]
                                 for fd in ("0", "1", "2"))
    kept["processes"] = sum(1 for name in os.listdir("/proc") if name.isdigit())
    kept["files"] = sorted(os.listdir("/")) + sorted(os.listdir("/dev"))
    kept["oom"] = open("/proc/self/oom_score_adj").read()
    kept["ids"] = (os.getuid(), os.getgid(), os.umask(0o22), os.getpid() == os.getsid(0))
    return kept


def handler(event, context):
    CALLS.append(1)
    if event.get("do") == "exit":
        os._exit(3)
    if event.get("do") == "attempts":
        return attempts()
    before = time.monotonic()
    time.sleep(event.get("seconds", 0))
    return {
        "calls": len(CALLS),
        "init": INIT,
        "forked": os.getpid() != PID,
        "hooks": HOOKS,
        "uuid": uuid.uuid4().hex,
        "random": random.random(),
        "ssl": ssl.RAND_bytes(16).hex(),
        "slept": time.monotonic() - before,
        "note": open("/tmp/note").read(),
        "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        "names": sorted(name for name in os.environ if name.startswith("AWS_")),
        "stream": context.log_stream_name,
        "arn": STS.get_caller_identity()["Arn"],
        "remaining": context.get_remaining_time_in_millis(),
        "modules": "boto3" in sys.modules,
    }
