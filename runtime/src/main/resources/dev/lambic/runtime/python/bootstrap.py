"""Runs a Python handler: takes events from the Runtime API and gives it the results.

Follows the Runtime API 2018-06-01 and the behaviour of the managed Python runtimes. It imports as
little as it can, because each import is paid at every cold start: plain sockets instead of an HTTP
client, and logging, traceback and datetime only when somebody needs them.
"""

import _socket
import os
import sys
import time

API = "/2018-06-01/runtime/"
# Says that the next request follows at once, and that nobody waits for the answer to this one alone.
AND_NEXT = "?next"
MAX_RESPONSE = 6 * 1024 * 1024 + 100
ZYGOTE = "/var/rapid/zygote.py"
TEMPLATE = "/var/rapid/template.py"
# Where the code of modules lies that was compiled ahead, of the function and of its layers.
COMPILED = ("/var/rapid/code/modules", "/var/rapid/layers/modules")
COMPILED_MARK = b"lambic code\n"

# Nanoseconds from which the imports of a function are worth to be remembered, and how many are.
SLOW_IMPORTS = 15_000_000
MAX_IMPORTS = 2000
JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"

# What the managed runtimes log before the error of a function that cannot be loaded.
INIT_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. For "
    "functions using managed runtimes, runtime updates can be triggered by a function change, or can "
    "be applied automatically. To determine if the runtime has been updated, check the runtime version "
    "in the INIT_START log entry. If this error correlates with a change in the runtime version, you "
    "may be able to mitigate this error by temporarily rolling back to the previous runtime version. "
    "For more information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


class ApiError(Exception):
    """The Runtime API gave an answer that leaves nothing to do but to end."""


class RuntimeApi:
    """One kept-alive connection to the Runtime API."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.address = (host, int(port))
        self.head = ("\r\nHost: %s\r\n" % address).encode()
        self.socket = None
        self.buffer = b""

    def connect(self):
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect(self.address)
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, data):
        if self.socket is None:
            self.connect()
        self.socket.sendall(data)

    def ask_for_binding(self):
        """The environment variables of the function that this process becomes; waits for it."""
        self.send(b"GET /lambic/binding HTTP/1.1" + self.head + b"\r\n")
        status, _, block = self.receive()
        if status != 200:
            raise ApiError("the Runtime API answered %d" % status)
        return block

    def next_request(self):
        return b"GET " + API.encode() + b"invocation/next HTTP/1.1" + self.head + b"\r\n"

    def post_request(self, path, body, headers=b""):
        return self.request_at(API + path, body, headers)

    def request_at(self, path, body, headers=b""):
        return b"".join(
            (
                b"POST ", path.encode(), b" HTTP/1.1", self.head,
                b"Content-Type: application/json\r\nContent-Length: ",
                str(len(body)).encode(), b"\r\n", headers, b"\r\n", body,
            )
        )

    def receive(self):
        """The status, headers (lower-case names) and body of the next answer."""
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end >= 0:
                break
            self.fill()
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ", 2)[1])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        start = end + 4
        parts = [self.buffer[start:start + length]]
        have = len(parts[0])
        self.buffer = self.buffer[start + length:]
        while have < length:
            part = self.socket.recv(min(length - have, 1 << 20))
            if not part:
                raise ApiError("the Runtime API closed the connection")
            parts.append(part)
            have += len(part)
        return status, headers, parts[0] if len(parts) == 1 else b"".join(parts)

    def await_restore(self):
        """Returns in every copy of this process, whose connection is not that of the first."""
        request = b"GET " + API.encode() + b"restore/next HTTP/1.1" + self.head + b"\r\n"
        for last in (False, True):
            try:
                self.send(request)
                status, _, _ = self.receive()
            except (OSError, ApiError):
                if last:
                    raise
                self.socket.close()
                self.socket = None
                continue
            if status != 200:
                raise ApiError("the Runtime API answered %d" % status)
            return

    def wait_elsewhere(self):
        """Tells that this process is initialised, and closes the connection."""
        self.send(b"GET " + API.encode() + b"restore/next HTTP/1.1" + self.head + b"\r\n")
        self.socket.close()
        self.socket = None
        self.buffer = b""

    def fill(self):
        part = self.socket.recv(65536)
        if not part:
            raise ApiError("the Runtime API closed the connection")
        self.buffer += part


class Fields:
    """An object with the fields that its class names, from JSON that may lack any of them."""

    __slots__ = ()

    def __init__(self, values):
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self):
        pairs = ",".join("%s=%s" % (name, getattr(self, name)) for name in self.__slots__)
        return "%s([%s])" % (type(self).__name__, pairs)


class CognitoIdentity(Fields):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, values):
        self.cognito_identity_id = values.get("cognitoIdentityId")
        self.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")


class Client(Fields):
    __slots__ = (
        "installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name",
    )


class ClientContext(Fields):
    __slots__ = ("custom", "env", "client")

    def __init__(self, values):
        super().__init__(values)
        if self.client is not None:
            self.client = Client(self.client)


class LambdaContext:
    """What a handler is told about its invocation."""

    def __init__(self, headers, loads):
        environ = os.environ
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client = parsed(headers.get("lambda-runtime-client-context"), "Client Context", loads)
        self.client_context = None if client is None else ClientContext(client)
        identity = parsed(headers.get("lambda-runtime-cognito-identity"), "Cognito Identity", loads)
        self.identity = CognitoIdentity(identity or {})
        self._deadline = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = (
            "aws_request_id", "log_group_name", "log_stream_name", "function_name",
            "memory_limit_in_mb", "function_version", "invoked_function_arn", "client_context",
            "identity", "tenant_id",
        )
        return "LambdaContext([%s])" % ",".join("%s=%s" % (n, getattr(self, n)) for n in shown)


def parsed(text, name, loads):
    if not text:
        return None
    try:
        return loads(text)
    except Exception as e:
        raise Fault(
            "Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, e)
        ) from e


class State:
    """What the logging set-up needs to know of the running invocation."""

    request_id = ""
    tenant_id = None


def log_as_json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def configure_logging(logging):
    """Gives the root logger the handler, level and line format of the managed runtimes."""

    class Stamp(logging.Filter):
        def filter(self, record):
            record.aws_request_id = State.request_id
            record.tenant_id = State.tenant_id
            return True

    class ToStandardOutput(logging.Handler):
        def emit(self, record):
            sys.stdout.write(self.format(record))

    if log_as_json():
        formatter = json_formatter(logging)
    else:
        formatter = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S",
        )
    formatter.converter = time.gmtime
    handler = ToStandardOutput()
    handler.setFormatter(formatter)
    handler.addFilter(Stamp())
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"):
        root.setLevel(level)
    root.addHandler(handler)


def json_formatter(logging):
    """Makes one line of JSON of a record, with what the function has added to it."""
    import json

    encode = json.JSONEncoder(ensure_ascii=False).encode
    plain = set(vars(logging.makeLogRecord({})))
    plain.update(("message", "asctime", "aws_request_id", "tenant_id"))

    class AsJson(logging.Formatter):
        def format(self, record):
            # Levels between the known ones count as the lower one.
            level = logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10)
            line = {
                "timestamp": self.formatTime(record, JSON_TIME),
                "level": level,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info:
                import traceback

                kind, error, trace = record.exc_info
                line["stackTrace"] = traceback.format_tb(trace)
                line["errorType"] = kind.__name__ if kind else None
                line["errorMessage"] = str(error)
            line["requestId"] = record.aws_request_id
            if record.exc_info:
                line["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
            line["tenantId"] = record.tenant_id
            for name, value in vars(record).items():
                if name not in plain:
                    line.setdefault(name, value)
            return encode({k: v for k, v in line.items() if v is not None}) + "\n"

    return AsJson()


class LoggingHook:
    """Configures logging at the moment somebody imports it, and never before."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        # The standard library's, even if the function has a module of that name.
        spec = PathFinder.find_spec(name, [os.path.dirname(os.__file__)])
        inner = spec.loader.exec_module

        def exec_module(module):
            inner(module)
            configure_logging(module)

        spec.loader.exec_module = exec_module
        return spec


def frames(exception):
    """The stack of an exception as text, without the frames of this file."""
    try:
        import traceback

        found = traceback.extract_tb(exception.__traceback__)
        # The name that this file was compiled under; it may lie elsewhere.
        this = frames.__code__.co_filename
        own = [f for f in found if f.filename != this and "<frozen importlib" not in f.filename]
        return traceback.format_list(own)
    except Exception:
        return []


def message_of(exception):
    try:
        return str(exception)
    except Exception as e:
        return "<%s in __str__>" % type(e).__name__


def fault(error_type, message, stack=(), request_id=""):
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": list(stack),
    }


def log_fault(error):
    """Writes the error as one event."""
    try:
        text = json_fault(error) if log_as_json() else text_fault(error)
        sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8"))
    except Exception:
        # The function may have closed or replaced its output; the caller is told all the same.
        pass
    flush()


def text_fault(error):
    """The error as text: its lines end in carriage returns, no-break spaces indent."""
    head = "[ERROR] " + error["errorType"]
    if error["errorMessage"]:
        head += ": " + error["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for entry in error["stackTrace"]:
        for line in entry.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    return "\r".join(lines).replace("\n", "\r") + "\n"


def json_fault(error):
    import json

    line = {"timestamp": time.strftime(JSON_TIME, time.gmtime()), "log_level": "ERROR"}
    line.update(error)
    return json.dumps(line, ensure_ascii=sys.version_info < (3, 12)) + "\n"


def warn_of_init():
    try:
        import logging

        logging.warning(INIT_WARNING)
    except Exception:
        # The function may have made anything of logging; its error is told all the same.
        pass


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            # Whatever the function made of its streams, its result does not depend on it.
            pass


class Fault(Exception):
    """A failure with a type of the runtime's own."""

    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack = stack

    def as_error(self, request_id=""):
        return fault(self.error_type, str(self), self.stack, request_id)


def load_handler(name):
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module %s as a handler module" % module_name,
        )
    path = module_name.replace("/", ".")
    try:
        __import__(path)
        module = sys.modules[path]
    except ImportError as e:
        raise Fault(
            "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, e)
        ) from e
    except SyntaxError as e:
        where = '  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (module_name, e),
            [where],
        ) from e
    except Exception as e:
        raise Fault(type(e).__name__, message_of(e), frames(e)) from e
    try:
        return getattr(module, attribute)
    except AttributeError as e:
        raise Fault(
            "Runtime.HandlerNotFound",
            "Handler '%s' missing on module '%s'" % (attribute, module_name),
        ) from e


def search_path():
    version = "python%d.%d" % sys.version_info[:2]
    task_root = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    wanted = [task_root, "/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    wanted += [part for part in os.environ.get("PYTHONPATH", "").split(":") if part]
    if "/var/runtime" not in wanted:
        wanted.append("/var/runtime")
    sys.path[:0] = [part for part in wanted if os.path.isdir(part)]
    # An isolated interpreter does not look at these by itself.
    sys.pycache_prefix = os.environ.get("PYTHONPYCACHEPREFIX") or None
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))


def compiled_index(file, external):
    """Where in a file the code of which source lies; empty if there is no such file."""
    import marshal
    import posix

    try:
        descriptor = posix.open(file, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return {}
    try:
        if posix.pread(descriptor, 16, 0) != COMPILED_MARK + external.MAGIC_NUMBER:
            return {}
        end = posix.fstat(descriptor).st_size - 8
        start = int.from_bytes(posix.pread(descriptor, 8, end), "little")
        return marshal.loads(posix.pread(descriptor, end - start, start))
    finally:
        posix.close(descriptor)


def use_compiled():
    """Has modules take their code from where it lies compiled ahead; see compile.py.

    The sources never change, so they are not looked at. This is no path for sys.pycache_prefix, which
    would hide the byte-code of all other modules, and which functions would see.
    """
    external = sys.modules["_frozen_importlib_external"]
    found = {}
    for file in COMPILED:
        for path, (start, length) in compiled_index(file, external).items():
            found[path] = (file, start, length)
    if not found:
        return
    from marshal import loads
    from posix import O_CLOEXEC, O_RDONLY, close, open, pread

    loader = external.SourceFileLoader
    inherited = loader.get_code
    to_code, get_data = loader.source_to_code, loader.get_data

    def read(file, start, length):
        try:
            descriptor = open(file, O_RDONLY | O_CLOEXEC)
        except OSError:
            # The function may have used up its descriptors.
            return None
        try:
            return pread(descriptor, length, start)
        finally:
            close(descriptor)

    def get_code(self, fullname):
        # Subclasses, and whoever replaces these functions, make something else of the source.
        if type(self) is not loader or loader.source_to_code is not to_code or loader.get_data is not get_data:
            return inherited(self, fullname)
        place = found.get(self.get_filename(fullname))
        code = place and read(*place)
        return inherited(self, fullname) if code is None else loads(code)

    # Tracebacks leave out what belongs to the import system, and are as without.
    get_code.__code__ = get_code.__code__.replace(co_filename="<frozen importlib._bootstrap_external>")
    loader.get_code = get_code


def become(block):
    """Makes this process one that was started with these variables."""
    import posix

    for name in list(os.environ):
        del os.environ[name]
    posix.environ.clear()
    for pair in block.split(b"\0")[:-1]:
        name, _, value = pair.partition(b"=")
        os.environb[name] = posix.environ[name] = value
    show(block)
    time.tzset()
    # The function's code lies over what was there.
    os.chdir(os.getcwd())


def show(block):
    """Lets /proc show the variables where those lie that the process was started with."""
    try:
        with open("/proc/self/stat", "rb", 0) as stat:
            fields = stat.read().rpartition(b")")[2].split()
        start, end = int(fields[47]), int(fields[48])
        memory = os.open("/proc/self/mem", os.O_RDWR)
        try:
            os.pwrite(memory, block.ljust(end - start, b"\0")[:end - start], start)
        finally:
            os.close(memory)
    except (OSError, IndexError):
        # It is for those who look from outside only.
        pass


def fork_on_demand():
    """Forks this process as often as it is asked to; returns in each fork what knows of that."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("lambic_zygote", ZYGOTE)
    zygote = module_from_spec(spec)
    spec.loader.exec_module(zygote)
    return zygote.serve(search_path, configure_logging)


def tell_of_imports(api, before, nanoseconds):
    """Tells which modules came in, for a process that has them already next time."""
    names = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name not in before and isinstance(file, str) and not file.startswith("/var/task/"):
            names.append(name)
    body = "\n".join([str(nanoseconds)] + names[:MAX_IMPORTS]).encode("utf-8", "replace")
    api.send(api.request_at("/lambic/imports", body))
    api.receive()


def site_builtins():
    """The names that the site module would have added, without its search for files."""
    import _sitebuiltins
    import builtins

    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


class Encoder:
    """Results to JSON as the managed runtimes give it.

    Decimals become numbers with all their digits, bytes become text, and non-ASCII text stays as it
    is from Python 3.12 on.
    """

    def __init__(self, json):
        self.mark = None
        ascii_only = sys.version_info < (3, 12)
        self.plain = json.JSONEncoder(ensure_ascii=ascii_only, default=self.other).encode

    def encode(self, value):
        text = self.plain(value)
        if self.mark is None:
            return text
        import re

        return re.sub('"%s([^"]*)"' % self.mark, r"\1", text)

    def other(self, value):
        if isinstance(value, bytes):
            return value.decode("utf-8")
        decimal = sys.modules.get("decimal")
        if decimal is None or not isinstance(value, decimal.Decimal):
            raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)
        if value.is_nan():
            return float("nan")
        if self.mark is None:
            # The encoder knows no verbatim numbers: marked as text here, unmarked in its output.
            self.mark = "decimal-%s:" % os.urandom(16).hex()
        return self.mark + str(value)


def is_template():
    """Whether this process was started to be forked: it has a connection for that."""
    import stat

    try:
        return stat.S_ISSOCK(os.fstat(3).st_mode)
    except OSError:
        return False


def be_snapshot(api, json, path):
    """Runs the function's hooks around the moment in which this process becomes a snapshot.

    What runs after it runs in every copy, whose random numbers must differ. With a path, that of
    the library alone, the copies are forks of this process.
    """
    run_hooks("get_before_snapshot", lambda e: give_up(api, json, e, "init/error", "BeforeSnapshot", 64))
    if path is not None:
        names = {"__name__": "lambic_template"}
        with open(TEMPLATE, "rb") as file:
            exec(compile(file.read(), TEMPLATE, "exec"), names)
        flush()
        names["serve"](api, path)
    api.await_restore()
    reseed()
    run_hooks("get_after_restore", lambda e: give_up(api, json, e, "restore/error", "AfterRestore", 65))


def run_hooks(kind, failed):
    library = sys.modules.get("snapshot_restore_py")
    if library is None:
        return
    try:
        # Hooks before a snapshot run in the opposite order of their registration.
        hooks = list(getattr(library, kind)())
        for function, args, kwargs in reversed(hooks) if kind == "get_before_snapshot" else hooks:
            function(*args, **kwargs)
    except Exception as e:
        failed(e)


def give_up(api, json, exception, path, when, code):
    error = fault(type(exception).__name__, message_of(exception), frames(exception))
    log_fault(error)
    kind = error_kind("Runtime.%sError" % when)
    api.send(api.post_request(path, json.dumps(error).encode(), kind))
    api.receive()
    sys.exit(code)


def reseed():
    """Renews what the library draws from; generators of the function's own are its hooks' matter."""
    loaded = sys.modules
    for name in ("random", "numpy.random"):
        if name in loaded:
            loaded[name].seed()
    if "tempfile" in loaded:
        loaded["tempfile"]._name_sequence = None
    if "uuid" in loaded:
        loaded["uuid"]._last_timestamp = loaded["uuid"]._node = None
    ssl = loaded.get("_ssl")
    if ssl is not None:
        # Has OpenSSL take new randomness of the system, too.
        ssl.RAND_add(os.urandom(32), 32.0)


def run():
    # Before the function's code is in reach: it may have a module of that name.
    import json

    forked = fork_on_demand() if "LAMBIC_ZYGOTE" in os.environ else None
    path = list(sys.path) if is_template() else None
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    api.connect()
    sys.stdout.reconfigure(line_buffering=True)
    site_builtins()
    sys.meta_path.insert(0, LoggingHook())
    if "LAMBIC_BINDING" in os.environ:
        become(api.ask_for_binding())
    search_path()
    use_compiled()
    if forked:
        forked.settle()
    before, start = set(sys.modules), time.perf_counter_ns()
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except Fault as e:
        error = e.as_error()
        warn_of_init()
        log_fault(error)
        body = json.dumps(error).encode()
        api.send(api.post_request("init/error", body, error_kind(e.error_type)))
        api.receive()
        sys.exit(1)

    spent = time.perf_counter_ns() - start
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        be_snapshot(api, json, path)
    elif spent > SLOW_IMPORTS:
        tell_of_imports(api, before, spent)
    loads, encode = json.loads, Encoder(json).encode
    api.send(api.next_request())
    while True:
        status, headers, body = api.receive()
        if status != 200:
            raise ApiError("the Runtime API answered %d" % status)
        answer = invoke(api, handler, headers, body, loads, encode)
        # The result and the wish for the next event travel together: one write, one wake-up.
        api.send(answer + api.next_request())
        status, _, reply = api.receive()
        if status != 202:
            # Somebody else of this environment has answered. The next event is on its way already
            # and has nothing to do with that.
            sys.stderr.write("[WARN] The result was refused with %d: %r\n" % (status, reply))


def invoke(api, handler, headers, body, loads, encode):
    request_id = headers["lambda-runtime-aws-request-id"]
    State.request_id = request_id
    State.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
    trace = headers.get("lambda-runtime-trace-id")
    if trace is not None:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    path = "invocation/" + request_id
    try:
        context = LambdaContext(headers, loads)
        try:
            event = loads(body)
        except Exception as e:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e) from e
        result = handler(event, context)
        return success(api, path, result, encode)
    except Fault as e:
        return failure(api, path, e.as_error(request_id), encode)
    except Exception as e:
        error = fault(type(e).__name__, message_of(e), frames(e), request_id)
        return failure(api, path, error, encode)
    finally:
        flush()


def success(api, path, result, encode):
    if isinstance(result, bytes):
        data = result
    else:
        try:
            data = encode(result).encode("utf-8")
        except Exception as e:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e) from e
    if len(data) > MAX_RESPONSE:
        return too_large(api, path, len(data))
    return api.post_request(path + "/response" + AND_NEXT, data)


def too_large(api, path, size):
    """What Lambda would answer, without sending what it would refuse."""
    kind = "Function.ResponseSizeTooLarge"
    body = (
        '{"errorType":"%s","errorMessage":"Response payload size (%d bytes) exceeded maximum '
        'allowed payload size (%d bytes)."}' % (kind, size, MAX_RESPONSE)
    )
    return api.post_request(path + "/error" + AND_NEXT, body.encode(), error_kind(kind))


def failure(api, path, error, encode):
    log_fault(error)
    data = encode(error).encode("utf-8", "replace")
    if len(data) > MAX_RESPONSE:
        return too_large(api, path, len(data))
    return api.post_request(path + "/error" + AND_NEXT, data, error_kind(error["errorType"]))


def error_kind(name):
    safe = "".join(c if " " <= c <= "~" else "?" for c in name)
    return ("Lambda-Runtime-Function-Error-Type: %s\r\n" % safe).encode()


if __name__ == "__main__":
    run()
