"""Turns the interpreter into one that forks itself into the environments of functions.

It imports what the managed runtime has imported before a function's code, some more that many
functions import, and what it is told to; then a library forks the process whenever the server asks.
Which variables of the environment modules read while they are imported is told to the server, for
what they read may be another one in the function's environment.
"""

import ctypes
import gc
import os
import sys

# In what the managed runtime imports itself, so no function can have a module of that name there.
RUNTIMES = (
    "base64", "calendar", "datetime", "decimal", "email.parser", "enum", "hashlib", "http.client",
    "logging", "random", "re", "ssl", "string", "threading", "traceback", "typing", "urllib.parse",
)
# Those that a function may have of its own; they go when it has.
COMMON = (
    "concurrent.futures", "copy", "dataclasses", "hmac", "pathlib", "secrets", "tempfile",
    "urllib.request", "uuid",
)
LIBRARY = "/mnt/forking.so"
TASK_ROOT = "/var/task"
ARGUMENT_BYTES = 4096
# Where a module can leave files that the fork's own sandbox will not have.
WRITABLE = ("/tmp", "/dev/shm")


class Hooks(ctypes.Structure):
    _fields_ = [("before", ctypes.c_void_p), ("parent", ctypes.c_void_p), ("child", ctypes.c_void_p)]


class Recorder:
    """What stands for os.environ while modules are imported that nobody here knows."""

    def __init__(self):
        self.kind = type(os.environ)
        self.names = set()
        self.plain = {}

    def __enter__(self):
        for name in ("__getitem__", "__iter__", "__len__", "copy"):
            self.plain[name] = getattr(self.kind, name)
            setattr(self.kind, name, self.wrap(name))
        return self

    def __exit__(self, *error):
        for name, method in self.plain.items():
            setattr(self.kind, name, method)

    def wrap(self, name):
        plain = self.plain[name]

        def method(environ, *arguments):
            self.names.add(str(arguments[0]) if arguments else "*")
            return plain(environ, *arguments)

        return method


def load(names):
    """Imports what can be; the others are not missed."""
    for name in names:
        try:
            __import__(name)
        except BaseException:
            # An exception of any kind; it will be met again by who needs the module.
            continue


def surroundings():
    """What a fork is not given of what modules did: variables and files."""
    pointer = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.pythonapi, "environ")
    variables = []
    while pointer[len(variables)] is not None:
        variables.append(pointer[len(variables)])
    files = [
        os.path.join(place, name) for top in WRITABLE for place, directories, names in os.walk(top)
        for name in directories + names
    ]
    return sorted(variables), sorted(files)


def load_without_traces(names):
    """Imports what can be; returns the packages that left something outside of the process."""
    before, spoilt = surroundings(), set()
    for name in names:
        if name in sys.modules:
            continue
        load((name,))
        after = surroundings()
        if after != before:
            spoilt.add(name.partition(".")[0])
            before = after
    return spoilt


def begin_again(names, environment):
    """Starts the program anew, with other modules to import, and as if nothing had happened."""
    for top in WRITABLE:
        for place, directories, files in os.walk(top, topdown=False):
            for name in files:
                os.unlink(os.path.join(place, name))
            for name in directories:
                path = os.path.join(place, name)
                (os.unlink if os.path.islink(path) else os.rmdir)(path)
    with open("/proc/self/cmdline", "rb") as file:
        arguments = file.read().split(b"\0")[:-1]
    environment[b"LAMBIC_ZYGOTE"] = ",".join(names).encode()
    os.execve(os.readlink("/proc/self/exe"), arguments, environment)


def is_alone():
    """Whether there is nothing that a fork would lose: threads, open descriptors."""
    tasks = len(os.listdir("/proc/self/task"))
    # The directory's own among them.
    descriptors = {int(name) for name in os.listdir("/proc/self/fd")}
    return tasks == 1 and len(descriptors) <= 5 and max(descriptors) <= 4


class Forked:
    """What a fork has to put right before it is a function's."""

    def __init__(self, configure_logging, removable, generators, before):
        self.configure_logging = configure_logging
        self.before = before
        self.removable = removable
        self.generators = generators

    def settle(self):
        """To be called when the function's code is in place, before any of it runs."""
        loaded = sys.modules
        own = set()
        for directory in sys.path:
            if directory.startswith(self.before):
                own.update(name.partition(".")[0] for name in names_in(directory))
        if own.intersection(name.partition(".")[0] for name in self.removable):
            for name in self.removable:
                loaded.pop(name, None)
        self.configure_logging(loaded["logging"])
        sys.path_importer_cache.clear()


def names_in(directory):
    try:
        return os.listdir(directory)
    except OSError:
        return ()


def renew(generators):
    """Makes all random state this process's own."""
    for generator in generators:
        generator.seed()
    loaded = sys.modules
    if "ssl" in loaded:
        loaded["ssl"].RAND_add(os.urandom(48), 48.0)
    if "tempfile" in loaded:
        loaded["tempfile"]._name_sequence = None
    if "uuid" in loaded:
        loaded["uuid"]._last_timestamp = loaded["uuid"]._node = None
    numpy = loaded.get("numpy.random")
    if numpy is not None:
        numpy.seed()


def random_generators():
    import random

    return [
        one for one in gc.get_objects()
        if isinstance(one, random.Random) and not isinstance(one, random.SystemRandom)
    ]


def hooks_of_interpreter():
    api = ctypes.pythonapi
    pointers = (api.PyOS_BeforeFork, api.PyOS_AfterFork_Parent, api.PyOS_AfterFork_Child)
    return Hooks(*(ctypes.cast(function, ctypes.c_void_p).value for function in pointers))


def serve(search_path, configure_logging):
    """Returns in each fork; ends the process when nobody asks for forks any more."""
    wanted = [name for name in os.environ["LAMBIC_ZYGOTE"].split(",") if name]
    environment = dict(os.environb)
    library = ctypes.PyDLL(LIBRARY)
    call = library.lambic_serve_forks
    call.restype = ctypes.c_long
    hooks, argument = hooks_of_interpreter(), ctypes.create_string_buffer(ARGUMENT_BYTES)
    load(RUNTIMES)
    kept = set(sys.modules)
    path = list(sys.path)
    if wanted:
        search_path()
    with Recorder() as recorder:
        load(COMMON)
        spoilt = load_without_traces(wanted)
    if spoilt:
        # What they did is lost in forks, so they are left to those who import them themselves.
        begin_again([n for n in wanted if n.partition(".")[0] not in spoilt], environment)
    sys.path[:] = path
    removable = [name for name in sys.modules if name not in kept]
    # With the layers in place, what they have was found where the function would find it.
    before = (TASK_ROOT,) if wanted else (TASK_ROOT, "/opt")
    forked = Forked(configure_logging, removable, random_generators(), before)
    sys.path_importer_cache.clear()
    gc.collect()
    gc.freeze()
    if not is_alone():
        os._exit(3)
    reads = sorted(recorder.names) if wanted else []
    os.write(1, ("ready " + ",".join(reads) + "\n").encode("utf-8", "replace"))
    length = call(ctypes.byref(hooks), argument, ctypes.c_size_t(ARGUMENT_BYTES))
    if length < 0:
        os._exit(0)
    renew(forked.generators)
    os.chdir(TASK_ROOT)
    return forked
