"""What a Python function can see of itself, one fact a line; nothing that differs between two starts."""
import http.client
import json
import locale
import os
import posix
import resource
import socket
import sys
import time


def descriptors():
    for name in sorted(os.listdir("/proc/self/fd"), key=int):
        try:
            kind = os.readlink("/proc/self/fd/" + name).split(":")[0]
        except OSError:
            continue
        # The directory that is being listed is there as well.
        if not kind.startswith("/proc"):
            yield "fd %s %s" % (name, kind)


def read(path):
    with open(path) as file:
        return file.read()


def asks():
    client = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    client.request("GET", "/lambic/binding")
    return client.getresponse().status


def facts():
    yield from ("environ %s=%s" % pair for pair in os.environ.items())
    yield from ("native %s=%s" % (k.decode(), v.decode()) for k, v in posix.environ.items())
    yield from ("shown " + pair for pair in read("/proc/self/environ").rstrip("\0").split("\0"))
    yield "child " + os.popen("/usr/bin/env | /usr/bin/sort | /usr/bin/tr '\\n' ' '").read()
    yield "path %s" % sys.path
    yield "argv %s %s" % (sys.argv, sys.orig_argv)
    yield "cmdline " + read("/proc/self/cmdline").replace("\0", " ")
    yield "modules %s" % sorted(sys.modules)
    yield "flags %s %s %s" % (sys.flags, sys.dont_write_bytecode, sys.pycache_prefix)
    yield "meta %s" % [type(finder).__name__ for finder in sys.meta_path]
    yield "cwd %s %s" % (os.getcwd(), sorted(os.listdir(".")))
    yield "opt %s" % sorted(os.listdir("/opt"))
    yield "tmp %s" % os.listdir("/tmp")
    yield "pid %d %d %d" % (os.getpid(), os.getppid(), os.getsid(0))
    yield "ids %s %s %s" % (os.getresuid(), os.getresgid(), os.getgroups())
    yield "zone %s %s" % (time.tzname, time.localtime(0).tm_hour)
    yield "locale %s %s" % (locale.setlocale(locale.LC_ALL), sys.getfilesystemencoding())
    yield "host %s" % socket.gethostname()
    yield "umask %s" % oct(os.umask(0o22))
    yield "streams %s %s %s" % (sys.stdin, sys.stdout, sys.stderr)
    yield "cgroup %s" % read("/proc/self/cgroup")
    yield "ask %d" % asks()
    yield from descriptors()
    for name in sorted(n for n in dir(resource) if n.startswith("RLIMIT_")):
        yield "limit %s %s" % (name, resource.getrlimit(getattr(resource, name)))
    for line in read("/proc/self/status").splitlines():
        if line.startswith(("Name", "Umask", "Uid", "Gid", "Sig", "Shd", "Cap", "NoNew", "Seccomp")):
            yield "status " + line
    for line in read("/proc/self/mountinfo").splitlines():
        yield "mount %s" % sorted(line.split()[4:6])


def handler(event, context):
    return [json.dumps(fact)[1:-1].replace("\\", "/").replace('"', "'") for fact in facts()]
