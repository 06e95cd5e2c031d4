"""Keeps an initialised function waiting, and forks it into environments of its very version.

It runs when the function's initialisation and its hooks before a snapshot are over. What a fork
would lose or share makes the process unfit, and it ends: other threads and processes, open files,
mapped files that are shared. What is kept instead: the files of /tmp, which every fork writes anew,
and connections, which are closed in every fork as in a copy of a snapshot.

It imports nothing but what is there before any function, for a function may have modules of any
name.
"""

import _socket
import gc
import os
import stat
import sys

LIBRARY = "/mnt/forking.so"
DESCRIPTOR = 3
ARGUMENT_BYTES = 4096
TMP = "/tmp"
MAX_FILES = 256
MAX_BYTES = 4 << 20
UNFIT = 3
# Where no file can be written.
FIXED = (b"/usr/", b"/lib", b"/opt/", b"/var/")


class Unfit(Exception):
    """There is something that a fork would not have, or would share."""


def check_alone():
    """Refuses threads, processes, and what is shared with whoever is forked."""
    if len(os.listdir("/proc/self/task")) != 1:
        raise Unfit("threads")
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        pass
    else:
        raise Unfit("child processes")
    own = ("1", str(os.getpid()))
    if any(name.isdigit() and name not in own for name in os.listdir("/proc")):
        raise Unfit("processes")
    with open("/proc/self/maps", "rb") as maps:
        if any(is_shared(line.split(None, 5)) for line in maps):
            raise Unfit("shared memory")
    for kind in ("msg", "sem", "shm"):
        with open("/proc/sysvipc/" + kind, "rb") as objects:
            if len(objects.read().splitlines()) > 1:
                raise Unfit("System V " + kind)
    if os.path.isdir("/dev/shm") and os.listdir("/dev/shm"):
        raise Unfit("files in /dev/shm")
    signal = sys.modules.get("signal")
    if signal is not None and signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0):
        raise Unfit("a timer")
    if not stat.S_ISSOCK(os.fstat(DESCRIPTOR).st_mode):
        raise Unfit("nobody can ask for forks")
    first, second = os.fstat(1), os.fstat(2)
    if not stat.S_ISFIFO(first.st_mode) or first.st_ino != second.st_ino:
        raise Unfit("another output")


def is_shared(mapping):
    """Whether a line of maps is memory that forks would share; not files that nobody can write."""
    mode, path = mapping[1], mapping[5] if len(mapping) > 5 else b""
    return mode.endswith(b"s") and (b"w" in mode or not path.startswith(FIXED))


def connections(but):
    """The descriptors that are TCP connections, with what they are like; refuses all others."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        try:
            kind = os.fstat(number).st_mode
        except OSError:
            continue  # by which the directory was read
        if number <= DESCRIPTOR or number == but:
            continue
        if not stat.S_ISSOCK(kind):
            raise Unfit("an open file")
        one = _socket.socket(fileno=os.dup(number))
        try:
            tcp = one.family in (_socket.AF_INET, _socket.AF_INET6) and one.type == _socket.SOCK_STREAM
            if not tcp or one.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN):
                raise Unfit("a socket that is no connection")
            found.append((number, one.family, os.get_blocking(number), os.get_inheritable(number)))
        finally:
            one.close()
    return found


def close_connections(found):
    """Has dead sockets in the place of connections, so that nothing else gets their numbers."""
    for number, family, blocking, inheritable in found:
        dead = _socket.socket(family, _socket.SOCK_STREAM)
        old = dead.detach()
        if old != number:
            os.dup2(old, number, inheritable)
            os.close(old)
        os.set_blocking(number, blocking)


def read_tmp():
    """What lies in /tmp: path, mode, times, and what is in it; parents come first."""
    entries, pending, total = [], [TMP], 0
    while pending:
        directory = pending.pop()
        for name in os.listdir(directory):
            path = directory + "/" + name
            found = os.lstat(path)
            content = None
            if stat.S_ISDIR(found.st_mode):
                pending.append(path)
            elif stat.S_ISLNK(found.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                total += found.st_size
                if total > MAX_BYTES:
                    raise Unfit("much in /tmp")
                with open(path, "rb", 0) as file:
                    content = file.read()
            else:
                raise Unfit("special files in /tmp")
            entries.append((path, found.st_mode, (found.st_atime_ns, found.st_mtime_ns), content))
            if len(entries) > MAX_FILES or found.st_uid != os.getuid():
                raise Unfit("many files in /tmp")
    return entries


def write_tmp(entries):
    for path, mode, times, content in entries:
        if stat.S_ISDIR(mode):
            os.mkdir(path, 0o700)
        elif stat.S_ISLNK(mode):
            os.symlink(content, path)
        else:
            with open(path, "xb", 0) as file:
                file.write(content)
            os.chmod(path, stat.S_IMODE(mode))
            os.utime(path, ns=times)
    for path, mode, times, content in reversed(entries):
        if stat.S_ISDIR(mode):
            os.chmod(path, stat.S_IMODE(mode))
            os.utime(path, ns=times)


def generators():
    """All generators of the kind of Python's own that there are."""
    kind = getattr(sys.modules.get("random"), "Random", None)
    system = getattr(sys.modules.get("random"), "SystemRandom", ())
    if not isinstance(kind, type):
        return []
    # By their very type: other objects may do anything when they are asked for their class.
    kinds = {type(one) for one in gc.get_objects()}
    wanted = {one for one in kinds if issubclass(one, kind) and not issubclass(one, system)}
    return [one for one in gc.get_objects() if type(one) in wanted]


def renew(found):
    """Makes all random state this process's own."""
    for generator in found:
        # Not as a class of the function's may have it, which may want something else.
        sys.modules["random"].Random.seed(generator)
    loaded = sys.modules
    ssl = loaded.get("_ssl")
    if ssl is not None:
        ssl.RAND_add(os.urandom(48), 48.0)
    if hasattr(loaded.get("tempfile"), "_name_sequence"):
        loaded["tempfile"]._name_sequence = None
    if hasattr(loaded.get("uuid"), "_last_timestamp"):
        loaded["uuid"]._last_timestamp = None
    numpy = loaded.get("numpy.random")
    if hasattr(numpy, "seed"):
        numpy.seed()


def import_ctypes(path):
    """The library's own, even if the function has modules of such names; then nothing is done."""
    before, own = set(sys.modules), list(sys.path)
    sys.path[:] = path
    try:
        import ctypes
    finally:
        sys.path[:] = own
    new = {name.partition(".")[0] for name in sys.modules if name not in before}
    for directory in own:
        if directory not in path and os.path.isdir(directory):
            if new.intersection(name.partition(".")[0] for name in os.listdir(directory)):
                raise Unfit("a module that the function has of its own")
    return ctypes


def forker(path):
    """What forks this process whenever it is asked to, and returns in each fork."""
    ctypes = import_ctypes(path)

    class Hooks(ctypes.Structure):
        _fields_ = [(name, ctypes.c_void_p) for name in ("before", "parent", "child")]

    call = ctypes.PyDLL(LIBRARY).lambic_serve_forks
    call.restype = ctypes.c_long
    api = ctypes.pythonapi
    hooks = Hooks(*(
        ctypes.cast(function, ctypes.c_void_p).value
        for function in (api.PyOS_BeforeFork, api.PyOS_AfterFork_Parent, api.PyOS_AfterFork_Child)
    ))
    argument = ctypes.create_string_buffer(ARGUMENT_BYTES)
    return lambda: call(ctypes.byref(hooks), argument, ctypes.c_size_t(ARGUMENT_BYTES))


def serve(api, path):
    """Returns in each fork of this process; ends it if it cannot be forked, or no more.

    The path is that of the library, before the function's was added.
    """
    try:
        fork = forker(path)
        files, directory = read_tmp(), os.getcwd()
        places = connections(api.socket.fileno())
        random = generators()
        gc.collect()
        gc.freeze()
        check_alone()
        api.wait_elsewhere()
    except Exception:
        # A snapshot is the way for this function.
        os._exit(UNFIT)
    if fork() < 0:
        os._exit(0)
    write_tmp(files)
    close_connections(places)
    os.chdir(directory)
    renew(random)
