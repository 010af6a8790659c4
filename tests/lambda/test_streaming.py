"""Answers that come in pieces: event streams of InvokeWithResponseStream, and function URLs that stream."""

import http.client
import json
import time

import pytest

# A runtime of its own in a few lines: it streams three pieces, or fails after the first.
BOOTSTRAP = """#!/usr/bin/env python3
import base64, http.client, json, os, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    connection = http.client.HTTPConnection(api)
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    asked = connection.getresponse()
    event, request = json.loads(asked.read()), asked.headers["Lambda-Runtime-Aws-Request-Id"]
    connection = http.client.HTTPConnection(api)
    connection.putrequest("POST", f"/2018-06-01/runtime/invocation/{request}/response")
    kind = "application/vnd.awslambda.http-integration-response" if event.get("rawPath") == "/told" else "text/plain"
    for name, value in {"Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked",
                        "Content-Type": kind, "Trailer": "Lambda-Runtime-Function-Error-Type"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    def send(piece):
        connection.send(b"%x\\r\\n%s\\r\\n" % (len(piece), piece))
    if event.get("rawPath") == "/told":
        send(json.dumps({"statusCode": 201, "headers": {"X-Told": "yes"}, "cookies": ["a=1"]}).encode())
        send(bytes(8))
    send(b"one ")
    if event.get("fail"):
        body = base64.b64encode(json.dumps({"errorType": "Oops", "errorMessage": "no more"}).encode())
        connection.send(b"0\\r\\nLambda-Runtime-Function-Error-Type: Oops\\r\\nLambda-Runtime-Function-Error-Body: " + body + b"\\r\\n\\r\\n")
    else:
        time.sleep(float(event.get("wait", 0)))
        send(b"two ")
        send(b"three")
        connection.send(b"0\\r\\n\\r\\n")
    connection.getresponse().read()
"""

NODE = """
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.early) throw new Error('before the first byte');
  stream.setContentType('text/plain');
  stream.write('from ');
  if (event.late) throw new Error('too late');
  stream.write('node ' + context.functionName.length);
  stream.end();
});
exports.told = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 418, headers: { 'x-told': 'node' } });
  stream.write('teapot');
  stream.end();
});
"""


def events(client, name, payload=None, **more):
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(payload or {}), **more)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    found = list(answer["EventStream"])
    pieces = [event["PayloadChunk"]["Payload"] for event in found if "PayloadChunk" in event]
    return pieces, found[-1]["InvokeComplete"]


@pytest.fixture
def streaming(functions, name):
    functions.make(name, {"bootstrap": (0o755, BOOTSTRAP)}, handler="any", runtime="provided.al2023")
    return name


def test_pieces_come_as_events(functions, streaming):
    pieces, end = events(functions.client, streaming, LogType="Tail")
    assert b"".join(pieces) == b"one two three" and "ErrorCode" not in end and end["LogResult"]
    pieces, end = events(functions.client, streaming, {"fail": True})
    assert pieces == [b"one "]
    assert end["ErrorCode"] == "Unhandled" and json.loads(end["ErrorDetails"])["errorMessage"] == "no more"
    whole = functions.client.invoke(FunctionName=streaming, Payload=b"{}")
    assert whole["Payload"].read() == b"one two three"


def test_pieces_come_while_the_function_works(functions, streaming):
    answer = functions.client.invoke_with_response_stream(FunctionName=streaming, Payload=json.dumps({"wait": 1}))
    begun = time.monotonic()
    times = [time.monotonic() - begun for event in answer["EventStream"]]
    assert times[0] < 0.7 < times[-1]


def test_a_function_that_does_not_stream(functions, name):
    functions.make(name, "def handler(event, context):\n    return 1 / event['by']")
    assert events(functions.client, name, {"by": 2}) == ([b"0.5"], {})
    pieces, end = events(functions.client, name, {"by": 0})
    assert pieces == [] and end["ErrorCode"] == "Unhandled" and "ZeroDivisionError" in end["ErrorDetails"]
    answer = functions.client.invoke_with_response_stream(FunctionName=name, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.invoke_with_response_stream(FunctionName=name + "-none")


def test_handlers_of_node_stream(functions, name):
    functions.make(name, {"index.js": NODE}, handler="index.handler", runtime="nodejs22.x")
    pieces, end = events(functions.client, name)
    assert b"".join(pieces) == b"from node %d" % len(name) and end == {}
    pieces, end = events(functions.client, name, {"late": True})
    assert pieces == [b"from "] and json.loads(end["ErrorDetails"])["errorMessage"] == "too late"
    pieces, end = events(functions.client, name, {"early": True})
    assert pieces == [] and json.loads(end["ErrorDetails"])["errorMessage"] == "before the first byte"
    assert b"".join(events(functions.client, name)[0]).startswith(b"from node")


def url_of(functions, name, mode="RESPONSE_STREAM"):
    client = functions.client
    made = client.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode=mode)
    assert made["InvokeMode"] == mode
    client.add_permission(
        FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE"
    )
    return made["FunctionUrl"].split("/")[2]


def get(cloud, host, path):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse()


def test_a_url_hands_pieces_on(functions, streaming, cloud):
    host = url_of(functions, streaming)
    answer = get(cloud, host, "/plain")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain")
    assert answer.headers["Transfer-Encoding"] == "chunked" and answer.read() == b"one two three"
    answer = get(cloud, host, "/told")
    assert (answer.status, answer.headers["X-Told"], answer.headers["Set-Cookie"]) == (201, "yes", "a=1")
    assert answer.read() == b"one two three"
    functions.client.update_function_url_config(FunctionName=streaming, InvokeMode="BUFFERED")
    assert functions.client.get_function_url_config(FunctionName=streaming)["InvokeMode"] == "BUFFERED"
    answer = get(cloud, host, "/plain")
    assert answer.headers["Content-Length"] == "13" and answer.read() == b"one two three"


def test_a_url_of_a_handler_of_node(functions, name, cloud):
    functions.make(name, {"index.js": NODE}, handler="index.told", runtime="nodejs22.x")
    answer = get(cloud, url_of(functions, name), "/")
    assert (answer.status, answer.headers["x-told"], answer.read()) == (418, "node", b"teapot")
