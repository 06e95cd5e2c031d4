"""Runs a Python handler: takes events from the Runtime API and gives it the results.

Follows the Runtime API 2018-06-01 and the behaviour of the managed Python runtimes. It imports as
little as it can, because each import is paid at every cold start: plain sockets instead of an HTTP
client, and logging, traceback and datetime only when somebody needs them.
"""

import _socket
import os
import sys
import time

TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
API = "/2018-06-01/runtime/"


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

    def next_request(self):
        return b"GET " + API.encode() + b"invocation/next HTTP/1.1" + self.head + b"\r\n"

    def post_request(self, path, body, headers=b""):
        return b"".join(
            (
                b"POST ", API.encode(), path.encode(), b" HTTP/1.1", self.head,
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

    def fill(self):
        part = self.socket.recv(65536)
        if not part:
            raise ApiError("the Runtime API closed the connection")
        self.buffer += part


class CognitoIdentity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, fields):
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class Client:
    __slots__ = (
        "installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name",
    )

    def __init__(self, fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))


class ClientContext:
    __slots__ = ("custom", "env", "client")

    def __init__(self, fields):
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = Client(fields["client"]) if fields.get("client") else None


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
        client = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(loads(client)) if client else None
        identity = headers.get("lambda-runtime-cognito-identity")
        self.identity = CognitoIdentity(loads(identity) if identity else {})
        self._deadline = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return "LambdaContext([aws_request_id=%s,log_group_name=%s,log_stream_name=%s,function_name=%s,memory_limit_in_mb=%s,function_version=%s,invoked_function_arn=%s,client_context=%s,identity=%s])" % (
            self.aws_request_id, self.log_group_name, self.log_stream_name, self.function_name,
            self.memory_limit_in_mb, self.function_version, self.invoked_function_arn,
            self.client_context, self.identity,
        )


class State:
    """What the logging set-up needs to know of the running invocation."""

    request_id = ""


def configure_logging(logging):
    """Gives the root logger the handler and line format of the managed runtimes."""

    class Stamp(logging.Filter):
        def filter(self, record):
            record.aws_request_id = State.request_id
            return True

    class ToStandardOutput(logging.Handler):
        def emit(self, record):
            sys.stdout.write(self.format(record))

    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
        "%Y-%m-%dT%H:%M:%S",
    )
    formatter.converter = time.gmtime
    handler = ToStandardOutput()
    handler.setFormatter(formatter)
    handler.addFilter(Stamp())
    logging.getLogger().addHandler(handler)


class LoggingHook:
    """Configures logging at the moment somebody imports it, and never before."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec(name)
        inner = spec.loader.exec_module

        def exec_module(module):
            inner(module)
            configure_logging(module)

        spec.loader.exec_module = exec_module
        return spec


def frames(exception):
    """The stack of an exception as text, without the frames of this file."""
    import traceback

    found = traceback.extract_tb(exception.__traceback__)
    own = [frame for frame in found if frame.filename != __file__ and "<frozen importlib" not in frame.filename]
    return traceback.format_list(own)


def fault(error_type, message, stack=(), request_id=""):
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": list(stack),
    }


def log_fault(error):
    lines = ["[ERROR] %s: %s\n" % (error["errorType"], error["errorMessage"])]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):\n")
        lines.extend(error["stackTrace"])
    text = "".join(lines).rstrip("\n")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class InitFault(Exception):
    """The handler cannot be had; carries the error to report."""

    def __init__(self, error):
        super().__init__(error["errorMessage"])
        self.error = error


def load_handler(name):
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        raise InitFault(
            fault(
                "Runtime.MalformedHandlerName",
                "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
            )
        )
    module_path = module_name.replace("/", ".")
    try:
        module = __import__(module_path, fromlist=("_",))
    except ImportError as e:
        raise InitFault(
            fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, e), frames(e))
        ) from e
    except SyntaxError as e:
        where = '  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)
        raise InitFault(
            fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, e), [where])
        ) from e
    except Exception as e:
        raise InitFault(fault(type(e).__name__, str(e), frames(e))) from e
    try:
        return getattr(module, attribute)
    except AttributeError as e:
        raise InitFault(
            fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (attribute, module_name))
        ) from e


def search_path():
    version = "python%d.%d" % sys.version_info[:2]
    wanted = [TASK_ROOT, "/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    wanted += [part for part in os.environ.get("PYTHONPATH", "").split(":") if part]
    if "/var/runtime" not in wanted:
        wanted.append("/var/runtime")
    sys.path[:0] = [part for part in wanted if os.path.isdir(part)]


def site_builtins():
    """The names that the site module would have added, without its search for files."""
    import _sitebuiltins
    import builtins

    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


class Encoder:
    """Results to JSON; non-ASCII text stays as it is from Python 3.12 on."""

    def __init__(self, json):
        self.encode = json.JSONEncoder(ensure_ascii=sys.version_info < (3, 12)).encode


def run():
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.stdout.reconfigure(line_buffering=True)
    site_builtins()
    sys.meta_path.insert(0, LoggingHook())
    search_path()
    try:
        handler = load_handler(os.environ.get("_HANDLER", ""))
    except InitFault as e:
        import json

        log_fault(e.error)
        kind = ("Lambda-Runtime-Function-Error-Type: %s\r\n" % e.error["errorType"]).encode()
        api.send(api.post_request("init/error", json.dumps(e.error).encode(), kind))
        api.receive()
        sys.exit(1)

    import json

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
        if status == 413:
            continue
        if status != 202:
            raise ApiError("the Runtime API answered %d: %r" % (status, reply))


def invoke(api, handler, headers, body, loads, encode):
    request_id = headers["lambda-runtime-aws-request-id"]
    State.request_id = request_id
    trace = headers.get("lambda-runtime-trace-id")
    if trace is not None:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    path = "invocation/" + request_id
    try:
        try:
            event = loads(body)
        except ValueError as e:
            error = fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e, (), request_id)
            return failure(api, path, error, encode)
        context = LambdaContext(headers, loads)
        result = handler(event, context)
        try:
            data = encode(result).encode("utf-8")
        except Exception as e:
            error = fault("Runtime.MarshalError", "Unable to marshal response: %s" % e, (), request_id)
            return failure(api, path, error, encode)
        return api.post_request(path + "/response", data)
    except Exception as e:
        return failure(api, path, fault(type(e).__name__, str(e), frames(e), request_id), encode)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def failure(api, path, error, encode):
    log_fault(error)
    kind = ("Lambda-Runtime-Function-Error-Type: %s\r\n" % error["errorType"]).encode("ascii", "replace")
    return api.post_request(path + "/error", encode(error).encode("utf-8", "replace"), kind)


if __name__ == "__main__":
    run()
