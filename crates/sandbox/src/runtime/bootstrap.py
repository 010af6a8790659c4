"""What runs a Python function: asks the Runtime API for events, calls the handler, answers.

It imports as little as it can before the function's own code does: each module is a part of every cold start.
The API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
The log lines: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import os
import sys
import time
from _socket import socket as Socket

API = "/2018-06-01/runtime"
ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"


class Connection:
    """One kept connection to the Runtime API. HTTP/1.1, as much of it as that API needs."""

    def __init__(self, address):
        host, _, port = address.partition(":")
        self.host = address
        self.rest = b""
        self.socket = Socket()
        self.socket.connect((host, int(port or 80)))
        self.socket.setsockopt(6, 1, 1)  # TCP_NODELAY

    def ask(self, method, path, body=b"", headers=()):
        lines = ["%s %s%s HTTP/1.1" % (method, API, path), "Host: " + self.host]
        lines += ["%s: %s" % header for header in headers]
        lines += ["Content-Length: %d" % len(body), "", ""]
        self.socket.sendall("\r\n".join(lines).encode("latin-1", "replace") + body)
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return status, headers, self._exactly(int(headers.get("content-length", 0)))

    def _more(self):
        piece = self.socket.recv(262144)
        if not piece:
            sys.exit(0)  # The environment is being shut down.
        self.rest += piece

    def _until(self, end):
        while end not in self.rest:
            self._more()
        found, _, self.rest = self.rest.partition(end)
        return found

    def _exactly(self, count):
        if count > len(self.rest):
            pieces = [self.rest]
            missing = count - len(self.rest)
            while missing > 0:
                piece = self.socket.recv(min(missing, 1 << 20))
                if not piece:
                    sys.exit(0)
                pieces.append(piece)
                missing -= len(piece)
            self.rest = b"".join(pieces)
        found, self.rest = self.rest[:count], self.rest[count:]
        return found


class Fault(Exception):
    """A failure that Lambda has its own name for."""

    def __init__(self, kind, message, trace=()):
        Exception.__init__(self, message)
        self.kind = kind
        self.message = message
        self.trace = list(trace)


class Plain:
    """An object of these attributes, as the parts of a context are."""

    def __init__(self, names, values):
        for name in names:
            setattr(self, name, values.get(name))

    def __repr__(self):
        inside = ",".join("%s=%r" % item for item in sorted(vars(self).items()))
        return "%s([%s])" % (type(self).__name__, inside)


class CognitoIdentity(Plain):
    pass


class Client(Plain):
    pass


class ClientContext(Plain):
    pass


CLIENT = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class LambdaContext:
    """The second argument of a handler: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, headers):
        environ = os.environ
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = client_context(headers.get("lambda-runtime-client-context"))
        identity = json_or_none(headers.get("lambda-runtime-cognito-identity")) or {}
        self.identity = CognitoIdentity(
            ("cognito_identity_id", "cognito_identity_pool_id"),
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            },
        )
        self._deadline = int(headers.get("lambda-runtime-deadline-ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        inside = ",".join("%s=%s" % item for item in vars(self).items() if not item[0].startswith("_"))
        return "LambdaContext([%s])" % inside


def json_or_none(text):
    if not text:
        return None
    import json

    return json.loads(text)


def client_context(text):
    given = json_or_none(text)
    if given is None:
        return None
    context = ClientContext(("custom", "env"), given)
    context.client = Client(CLIENT, given["client"]) if given.get("client") else None
    return context


# --- logging: the root logger writes Lambda's lines, set up when (and only if) somebody imports `logging` ---

current_request = [None]


def set_logging_up(logging):
    import json

    wants_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    class LambdaFormatter(logging.Formatter):
        converter = time.gmtime

        def format(self, record):
            record.aws_request_id = current_request[0] or ""
            if not wants_json:
                return logging.Formatter.format(self, record)
            line = {
                "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info:
                line["stackTrace"] = self.formatException(record.exc_info).split("\n")
                line["errorType"] = record.exc_info[0].__name__ if record.exc_info[0] else None
                line["errorMessage"] = str(record.exc_info[1])
            line["requestId"] = record.aws_request_id
            return json.dumps(line, ensure_ascii=False, default=str)

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            try:
                # One event of the log, however many lines: see `one_event`.
                sys.stdout.write(one_event(self.format(record)) + "\n")
            except Exception:
                self.handleError(record)

    handler = LambdaLoggerHandler()
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    handler.setFormatter(LambdaFormatter(text, "%Y-%m-%dT%H:%M:%S"))
    logging.root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if wants_json and level:
        logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL", "WARN": "WARNING"}.get(level, level))


class LoggingWatch:
    """Finds `logging` as usual, and sets it up right after it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        from importlib.util import find_spec

        spec = find_spec("logging")
        load = spec.loader.exec_module

        def load_and_set_up(module):
            load(module)
            set_logging_up(module)

        spec.loader.exec_module = load_and_set_up
        return spec


def one_event(text):
    """Lines of one log event are parted by CR: whoever reads the log makes LF of it, and an event of each LF."""
    return text.rstrip("\n").replace("\n", "\r")


# --- errors, in the shape that callers and logs see ---


def stack_of(traceback):
    import traceback as tools

    frames = tools.extract_tb(traceback)
    while frames and frames[0].filename in OWN_FILES:
        frames = frames[1:]
    return ["  " + line.strip("\n ") + "\n" for line in tools.format_list(frames)]


OWN_FILES = {__file__, stack_of.__code__.co_filename, "<frozen importlib._bootstrap>"}


def error_of(error, request):
    if isinstance(error, Fault):
        kind, message, trace = error.kind, error.message, error.trace
    else:
        kind, message, trace = type(error).__name__, str(error), stack_of(error.__traceback__)
    return {"errorMessage": message, "errorType": kind, "requestId": request or "", "stackTrace": trace}


def log_error(error):
    lines = ["[ERROR] %s: %s" % (error["errorType"], error["errorMessage"])]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        for entry in error["stackTrace"]:
            lines += entry.rstrip("\n").split("\n")
    # Leading blanks as AWS writes them, so that a log viewer keeps them: no-break spaces.
    kept = ["\u00a0" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines]
    sys.stdout.write("\r".join(kept).replace("\n", "\r") + "\n")
    sys.stdout.flush()


# --- the function ---


def load_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    module_name = module_name.replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module %s as a handler module" % module_name,
        )
    from importlib import import_module

    try:
        module = import_module(module_name)
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, e))
    except SyntaxError as e:
        where = '  File "%s" Line %s\n    %s\n' % (e.filename, e.lineno, (e.text or "").strip())
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, e), [where])
    handler = getattr(module, function_name, None)
    if handler is None:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))
    return handler


def call(handler, body, headers):
    """Calls the handler with an event; the answer's bytes and their type."""
    import json

    try:
        event = json.loads(body.decode("utf-8"))
    except Exception as e:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)
    answer = handler(event, LambdaContext(headers))
    if isinstance(answer, bytes):
        return answer, "application/octet-stream"
    try:
        return json.dumps(answer).encode("utf-8"), "application/json"
    except Exception as e:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e)


def report(connection, path, error):
    import json

    log_error(error)
    body = json.dumps(error).encode("utf-8")
    connection.ask("POST", path, body, [("Content-Type", "application/json"), (ERROR_TYPE, error["errorType"])])


def serve(connection, handler):
    while True:
        status, headers, body = connection.ask("GET", "/invocation/next")
        if status != 200:
            sys.exit("The Runtime API answers %d" % status)
        request = current_request[0] = headers["lambda-runtime-aws-request-id"]
        if headers.get("lambda-runtime-trace-id"):
            os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
        path = "/invocation/" + request
        try:
            answer, kind = call(handler, body, headers)
        except Exception as e:
            report(connection, path + "/error", error_of(e, request))
            continue
        status, _, why = connection.ask("POST", path + "/response", answer, [("Content-Type", kind)])
        if status == 413:
            import json

            told = json.loads(why.decode("utf-8"))
            report(connection, path + "/error", error_of(Fault(told["errorType"], told["errorMessage"]), request))


def look_for_modules():
    """Where Lambda looks: the function, its layers, the runtime's own library, then Python's."""
    version = "python%d.%d" % sys.version_info[:2]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    declared = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("_")[2]
    if declared != version and declared:
        # Layers are laid out for the version that the function was made for.
        layers.insert(0, "/opt/python/lib/%s/site-packages" % declared)
    own = os.path.dirname(os.path.abspath(__file__))
    given = [os.environ.get("LAMBDA_TASK_ROOT", "/var/task")] + [layer for layer in layers if os.path.isdir(layer)] + [own]
    sys.path[:] = given + [place for place in sys.path if place not in given]


def main():
    look_for_modules()
    sys.meta_path.insert(0, LoggingWatch())
    connection = Connection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as e:
        report(connection, "/init/error", error_of(e, None))
        sys.exit(1)
    serve(connection, handler)


main()
