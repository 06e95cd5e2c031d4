"""Fails in the way that the event asks for."""

import ctypes
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import time

if os.environ.get("AT_INIT") == "exit":
    os._exit(9)
if os.environ.get("AT_INIT") == "hang":
    time.sleep(600)


def handler(event, context):
    return globals()["do_" + event["do"]](event, context)


def do_nothing(event, context):
    return "well"


def do_sys_exit(event, context):
    sys.exit(3)


def do_os_exit(event, context):
    os._exit(7)


def do_exit_silently(event, context):
    os._exit(0)


def do_segfault(event, context):
    ctypes.string_at(0)


def do_abort(event, context):
    os.abort()


def do_kill_all(event, context):
    """Everything that this user may signal, itself included."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        print("there is nobody else")
    os.kill(os.getpid(), signal.SIGKILL)


def do_kill_init(event, context):
    try:
        os.kill(1, signal.SIGKILL)
    except PermissionError:
        return "refused"
    return "sent"


def do_sleep(event, context):
    time.sleep(600)


def do_spin(event, context):
    while True:
        pass


def do_ignore_signals(event, context):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    time.sleep(600)


def do_memory(event, context):
    kept = []
    while True:
        kept.append(bytearray(8 << 20))
        kept[-1][:: 4096] = b"x" * len(kept[-1][:: 4096])


def do_memory_of_child(event, context):
    """The child is killed, and the function may tell of it."""
    program = "x = []\nwhile True: x.append(b'x' * (8 << 20))"
    return subprocess.run([sys.executable, "-I", "-S", "-c", program]).returncode


def do_fill_tmp(event, context):
    written = 0
    block = b"x" * (1 << 20)
    with open("/tmp/filler", "wb", buffering=0) as file:
        try:
            while True:
                written += file.write(block)
        except OSError as full:
            reason = errno.errorcode[full.errno]
    os.unlink("/tmp/filler")
    return {"written": written, "errno": reason}


def do_inodes(event, context):
    made = 0
    try:
        while made < 1_000_000:
            os.close(os.open(f"/tmp/n{made}", os.O_CREAT | os.O_WRONLY))
            made += 1
    except OSError as full:
        return {"made": made, "errno": errno.errorcode[full.errno]}
    return {"made": made}


def do_fork(event, context):
    """As many children as there may be, which stay until the environment ends."""
    made = 0
    try:
        while made < 10_000:
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
            made += 1
    except OSError as full:
        return {"made": made, "errno": errno.errorcode[full.errno]}
    return {"made": made}


def do_fork_bomb(event, context):
    while True:
        try:
            os.fork()
        except OSError:
            pass


def do_files(event, context):
    held = []
    try:
        while len(held) < 100_000:
            held.append(open("/dev/null"))
    except OSError as full:
        return {"opened": len(held), "errno": errno.errorcode[full.errno]}
    return {"opened": len(held)}


def do_sockets(event, context):
    held = []
    try:
        while len(held) < 100_000:
            held.append(socket.create_connection(("127.0.0.1", 9001)))
    except OSError as full:
        return {"opened": len(held), "errno": errno.errorcode.get(full.errno, str(full))}
    return {"opened": len(held)}


def do_output(event, context):
    line = "o" * 1023 + "\n"
    for _ in range(event.get("lines", 100 * 1024)):
        sys.stdout.write(line)
    sys.stdout.flush()
    return "written"


def do_endless_line(event, context):
    for _ in range(64):
        sys.stdout.write("e" * (1 << 20))
    sys.stdout.flush()
    return "written"


def do_close_output(event, context):
    os.close(1)
    os.close(2)
    return "closed"


def do_rlimits(event, context):
    refused = []
    for name in ("RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_NPROC", "RLIMIT_MEMLOCK"):
        which = getattr(resource, name)
        try:
            resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            refused.append(name)
    return refused


def raw(text):
    """What the Runtime API says to these bytes."""
    with socket.create_connection(("127.0.0.1", 9001), timeout=5) as connection:
        connection.sendall(text)
        try:
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(65536).decode("latin-1")
        except OSError as problem:
            return f"error {problem}"


def post(path, body):
    return raw(
        f"POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )


def do_garbage(event, context):
    """Says to the own Runtime API what no runtime would."""
    said = [
        raw(os.urandom(4096)),
        raw(b"GET / HTTP/1.1\r\n\r\n"),
        raw(b"POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz"),
        post("invocation//response", "{}"),
        post("invocation/../next", "{}"),
        post("invocation/00000000-0000-0000-0000-000000000000/response", "stolen"),
        post("invocation/00000000-0000-0000-0000-000000000000/error", "stolen"),
        post("nothing", ""),
    ]
    next_event = raw(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
    return {"said": [line.split("\r\n")[0] for line in said], "next": next_event.split("\r\n")[0]}


def do_announce_too_much(event, context):
    return raw(
        b"POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
    ).split("\r\n")[0]


def do_answer_twice(event, context):
    first = post(f"invocation/{context.aws_request_id}/response", '"first"')
    second = post(f"invocation/{context.aws_request_id}/response", '"second"')
    print(first.split("\r\n")[0], second.split("\r\n")[0])
    return "third"


def do_answer_for(event, context):
    """Answers the call of somebody else, until told otherwise."""
    return post(f"invocation/{event['id']}/response", '"forged"').split("\r\n")[0]


def do_init_error_while_running(event, context):
    return post("init/error", '{"errorType":"x","errorMessage":"forged"}').split("\r\n")[0]
