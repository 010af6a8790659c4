"""What functions see, answer and do; and that those who mean harm hurt only themselves."""

import base64
import concurrent.futures
import json
import os
import re
import time

import pytest
from botocore.exceptions import ClientError

from lambda_calls import REGION, eventually, package


def test_what_a_function_gets(functions, name):
    code = """
import os, sys
def handler(event, context):
    print("to the log")
    return {"event": event, "id": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
            "memory": context.memory_limit_in_mb, "stream": context.log_stream_name, "client": context.client_context.custom,
            "left": context.get_remaining_time_in_millis(), "task": os.getcwd(), "env": dict(os.environ)}
"""
    functions.make(name, code, Environment={"Variables": {"MINE": "yes", "TZ": "Asia/Tokyo"}}, MemorySize=192)
    context = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    got, answer = functions.call(name, {"x": [1, "あ"]}, ClientContext=context)
    assert got["event"] == {"x": [1, "あ"]} and got["name"] == name and got["memory"] == "192"
    assert got["id"] == answer["ResponseMetadata"]["RequestId"] and got["client"] == {"a": "b"}
    assert 15_000 < got["left"] <= 20_000 and got["task"] == "/var/task"
    env = got["env"]
    assert env["MINE"] == "yes" and env["TZ"] == "Asia/Tokyo" and env["AWS_REGION"] == REGION
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA") and env["AWS_SESSION_TOKEN"] and env["AWS_SECRET_ACCESS_KEY"]
    assert env["AWS_ENDPOINT_URL"] == functions.cloud.url and env["_HANDLER"] == "app.handler"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", got["stream"])
    tail = answer["Tail"].splitlines()
    assert f"START RequestId: {got['id']} Version: $LATEST" in tail and "to the log" in tail and f"END RequestId: {got['id']}" in tail
    report = next(line for line in tail if line.startswith("REPORT"))
    assert re.search(r"\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 192 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms", report)
    functions.value(name, None, ClientContext=context)
    logged = eventually(lambda: (lines := functions.messages(name)) and sum(line.startswith("REPORT") for line in lines) == 2 and lines)
    assert "to the log" in "".join(logged) and any(line.startswith("START RequestId: ") for line in logged)


def test_boto3_with_the_roles_credentials(functions, name):
    code = """
import boto3
translate = boto3.client("translate")
def handler(event, context):
    who = boto3.client("sts").get_caller_identity()["Arn"]
    return [who, translate.translate_text(Text="こんにちは", SourceLanguageCode="ja", TargetLanguageCode="en")["TranslatedText"]]
"""
    functions.make(name, code)
    who, text = functions.value(name)
    assert who == f"arn:aws:sts::000000000000:assumed-role/lambda-tests/{name}" and text.startswith("Hello")


def test_it_sees_nothing_else(functions, name):
    code = """
import os
def handler(event, context):
    return {"root": sorted(os.listdir("/")), "uid": os.getuid(), "processes": [p for p in os.listdir("/proc") if p.isdigit()],
            "home": [os.path.exists(p) for p in event], "task": os.access("/var/task", os.W_OK), "tmp": os.access("/tmp", os.W_OK),
            "caps": [l.split()[1] for l in open("/proc/self/status") if l.startswith("CapEff")]}
"""
    functions.make(name, code)
    got = functions.value(name, ["/root/.ssh", "/home", os.path.abspath(__file__), "/etc/shadow", "/var/lib", "/sys/kernel"])
    assert got["uid"] != 0 and got["caps"] == ["0000000000000000"] and len(got["processes"]) <= 3
    assert not any(got["home"]) and not got["task"] and got["tmp"]
    assert "home" not in got["root"] and "sys" not in got["root"]


def test_errors_of_the_handler(functions, name):
    functions.make(name, "def handler(e, c):\n    raise ValueError('no good')")
    payload, answer = functions.call(name)
    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    assert payload["errorMessage"] == "no good" and payload["errorType"] == "ValueError"
    assert payload["stackTrace"] == ['  File "/var/task/app.py", line 2, in handler\n    raise ValueError(\'no good\')\n']
    assert "[ERROR] ValueError: no good\nTraceback" in answer["Tail"].replace("\u00a0", " ")
    missing, _ = functions.call(name)
    assert missing["errorType"] == "ValueError"


def test_it_times_out(functions, name):
    functions.make(name, "import time\ndef handler(e, c):\n    print('begins', flush=True)\n    time.sleep(e)\n    return 'done'", Timeout=1)
    assert functions.value(name, 0) == "done"
    began = time.monotonic()
    payload, answer = functions.call(name, 30)
    assert time.monotonic() - began < 8
    assert answer["FunctionError"] == "Unhandled" and "Task timed out after 1.00 seconds" in payload["errorMessage"]
    assert "begins" in answer["Tail"] and "Task timed out after 1.00 seconds" in answer["Tail"] and "Status: timeout" in answer["Tail"]
    assert functions.value(name, 0) == "done"


def test_it_ends_itself(functions, name):
    functions.make(name, "import os, signal\ndef handler(e, c):\n    os._exit(e) if e >= 0 else os.kill(os.getpid(), -e)")
    payload, answer = functions.call(name, 7)
    assert payload["errorType"] == "Runtime.ExitError" and payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 7")
    assert functions.call(name, 0)[0]["errorMessage"].endswith("Runtime exited without providing a reason")
    assert functions.call(name, -11)[0]["errorMessage"].endswith("signal: segmentation fault")


@pytest.mark.parametrize(
    "harm",
    [
        "while True:\n        try: os.fork()\n        except OSError: pass",
        "x = []\n    while True: x.append(bytearray(1 << 20))",
        "f = open('/tmp/full', 'wb')\n    while True: f.write(b'x' * (1 << 20)); f.flush()",
        "while True: pass",
        "import signal\n    for s in range(1, 32):\n        try: signal.signal(s, signal.SIG_IGN)\n        except OSError: pass\n    time.sleep(1000)",
        "os.kill(-1, 9)",
    ],
    ids=["forks", "allocates", "fills-tmp", "spins", "ignores-signals", "kills-all"],
)
def test_harm_stays_inside(functions, name, harm):
    functions.make(name, f"import os, time\ndef handler(e, c):\n    {harm}\n", Timeout=2)
    functions.make(name + "-good", "def handler(e, c): return 'fine'")
    began = time.monotonic()
    _, answer = functions.call(name)
    assert answer["FunctionError"] == "Unhandled"
    assert time.monotonic() - began < 15
    assert functions.value(name + "-good") == "fine"


def test_too_much_memory(functions, name):
    functions.make(name, "def handler(e, c):\n    x = bytearray(e << 20)\n    return len(x)", MemorySize=128)
    assert functions.value(name, 40) == 40 << 20
    payload, answer = functions.call(name, 600)
    assert answer["FunctionError"] == "Unhandled" and "signal: killed" in payload["errorMessage"]
    assert "Memory Size: 128 MB" in answer["Tail"]
    functions.client.update_function_configuration(FunctionName=name, MemorySize=1024)
    assert functions.value(name, 600) == 600 << 20


def test_tmp_has_its_size(functions, name):
    code = "import shutil\ndef handler(e, c):\n    open('/tmp/x', 'wb').write(b'x' * (300 << 20))\n    return shutil.disk_usage('/tmp').total >> 20"
    functions.make(name, code, EphemeralStorage={"Size": 600}, MemorySize=512)
    assert functions.value(name) == 600


def test_warm_and_frozen_in_between(functions, name):
    code = """
import threading, time
ticks = [0]
def tick():
    while True:
        ticks[0] += 1
        time.sleep(0.001)
threading.Thread(target=tick, daemon=True).start()
calls = []
def handler(e, c):
    calls.append(ticks[0])
    time.sleep(0.05)
    return [len(calls), ticks[0]]
"""
    functions.make(name, code)
    count, before = functions.value(name)
    assert count == 1 and before > 0
    time.sleep(1)
    count, after = functions.value(name)
    assert count == 2, "the environment is kept"
    assert after - before < 300, "it ticked while nobody called"


def test_reserved_concurrency(functions, name):
    functions.make(name, "import time\ndef handler(e, c): time.sleep(e or 0)")
    client = functions.client
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
        client.invoke(FunctionName=name)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        slow = threads.submit(functions.value, name, 3)
        time.sleep(1)
        with pytest.raises(client.exceptions.TooManyRequestsException):
            client.invoke(FunctionName=name)
        slow.result()
    functions.value(name)


def test_many_at_once(functions, name):
    functions.make(name, "import os, time\nme = os.urandom(8).hex()\ndef handler(e, c):\n    time.sleep(1)\n    return [me, e]")
    with concurrent.futures.ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda n: functions.value(name, n), range(5)))
    assert [n for _, n in answers] == list(range(5)) and len({me for me, _ in answers}) == 5


def test_sizes_and_kinds(functions, name):
    functions.make(name, "def handler(e, c): return 'x' * e if isinstance(e, int) else len(e)", MemorySize=512)
    client = functions.client
    assert client.invoke(FunctionName=name, InvocationType="DryRun", Payload="1")["StatusCode"] == 204
    assert len(functions.value(name, 5_000_000)) == 5_000_000
    assert functions.value(name, "y" * 6_000_000) == 6_000_000
    payload, answer = functions.call(name, 6_300_000)
    assert answer["FunctionError"] == "Unhandled" and payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert functions.value(name, 1) == "x"
    for arguments, status in [
        (dict(Payload='"' + "x" * 6_291_456 + '"'), 413),
        (dict(Payload='"' + "x" * 1_048_576 + '"', InvocationType="Event"), 413),
        (dict(Payload="{not json"), 400),
    ]:
        with pytest.raises(ClientError) as caught:
            client.invoke(FunctionName=name, **arguments)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_node(functions, name):
    code = {"index.mjs": "export const handler = async (event, context) => { console.log('seen', event); return { got: event, id: context.awsRequestId } }"}
    functions.make(name, code, handler="index.handler", runtime="nodejs22.x")
    got, answer = functions.call(name, {"a": 1})
    assert got["got"] == {"a": 1} and f"\t{got['id']}\tINFO\tseen {{ a: 1 }}" in answer["Tail"]
    functions.client.update_function_code(FunctionName=name, ZipFile=package({"index.js": "exports.handler = (e, c, done) => done(new Error('no'))"}))
    payload, answer = functions.call(name)
    assert (payload["errorType"], payload["errorMessage"], answer["FunctionError"]) == ("Error", "no", "Unhandled") and payload["trace"][0] == "Error: no"


def test_a_bootstrap_of_its_own(functions, name):
    script = """#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
    event=$(curl -sS -D /tmp/head "$api/next") || exit 1
    id=$(grep -i aws-request-id /tmp/head | tr -d '\\r' | cut -d' ' -f2)
    curl -sS -o /dev/null "$api/$id/response" -d "{\\"got\\": $event}"
done
"""
    functions.make(name, {"bootstrap": (0o755, script)}, handler="any", runtime="provided.al2023")
    assert functions.value(name, [1]) == {"got": [1]} and functions.value(name, 2) == {"got": 2}
    functions.make(name + "-2", {"other": ""}, handler="any", runtime="provided.al2023")
    assert functions.call(name + "-2")[0]["errorType"] == "Runtime.InvalidEntrypoint"


def test_logs_as_json(functions, name):
    code = "import logging\ndef handler(e, c):\n    logging.getLogger().warning('careful')\n    logging.getLogger().debug('not this')"
    functions.make(name, code, LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "LogGroup": f"/mine/{name}"})
    _, answer = functions.call(name)
    lines = [json.loads(line) for line in answer["Tail"].splitlines()]
    assert [line["type"] for line in lines if "type" in line] == ["platform.initStart", "platform.start", "platform.report"]
    assert [(line["level"], line["message"]) for line in lines if "level" in line] == [("WARNING", "careful")]
    eventually(lambda: functions.logs.describe_log_groups(logGroupNamePrefix=f"/mine/{name}")["logGroups"])


def test_no_function_reaches_anothers_events(functions, name):
    functions.make(name, "import os, time\ndef handler(e, c):\n    time.sleep(e)\n    return os.environ['AWS_LAMBDA_RUNTIME_API']")
    api = functions.value(name, 0)
    spy = """
import urllib.request
def handler(event, context):
    try:
        return urllib.request.urlopen("http://" + event + "/2018-06-01/runtime/invocation/next", timeout=3).read().decode()
    except Exception as e:
        return "nothing: " + type(e).__name__
"""
    functions.make(name + "-spy", spy)
    assert functions.value(name + "-spy", api).startswith("nothing: ")
    assert functions.value(name, 0) == api


def test_it_trusts_the_clouds_certificates(functions, name):
    code = """
import boto3, urllib.request
def handler(event, context):
    health = urllib.request.urlopen(event + "/_kogumo/health").status
    return [health, boto3.client("sts", endpoint_url=event).get_caller_identity()["Account"]]
"""
    functions.make(name, code)
    assert functions.value(name, f"https://localhost:{functions.cloud.port}") == [200, "000000000000"]
