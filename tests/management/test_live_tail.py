"""StartLiveTail: what comes into log groups, told once a second as an event stream."""

import http.client
import json
import signal
import subprocess
import threading
import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from clouds import ONE_TRY, eventually, program

# The host of this operation begins with `streaming-`, which nothing resolves before an address.
PLAIN = ONE_TRY.merge(Config(inject_host_prefix=False))


@pytest.fixture
def group(cloud, name):
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    logs.create_log_stream(logGroupName=name, logStreamName="two")
    return f"arn:aws:logs:ap-northeast-1:000000000000:log-group:{name}"


def put(cloud, name, stream, *messages):
    now = int(time.time() * 1000)
    cloud.client("logs").put_log_events(
        logGroupName=name, logStreamName=stream, logEvents=[{"timestamp": now, "message": message} for message in messages]
    )


def told(answer, wanted):
    """The session's start, and the first events that it tells."""
    start, found = None, []
    for event in answer["responseStream"]:
        start = start or event.get("sessionStart")
        if "sessionUpdate" in event:
            found += event["sessionUpdate"]["sessionResults"]
            assert event["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
        if len(found) >= wanted:
            return start, found


def test_new_events_are_told(cloud, name, group):
    put(cloud, name, "one", "old")
    answer = cloud.client("logs", config=PLAIN).start_live_tail(logGroupIdentifiers=[group], logEventFilterPattern="good")
    put(cloud, name, "one", "good 1", "bad")
    put(cloud, name, "two", "good 2")
    start, found = told(answer, 2)
    answer["responseStream"].close()
    assert start["logGroupIdentifiers"] == [group] and start["sessionId"] and start["logEventFilterPattern"] == "good"
    assert sorted((event["logStreamName"], event["message"]) for event in found) == [("one", "good 1"), ("two", "good 2")]
    assert found[0]["logGroupIdentifier"] == f"000000000000:{name}" and found[0]["timestamp"] <= found[0]["ingestionTime"] + 1000


def test_streams_can_be_chosen(cloud, name, group):
    logs = cloud.client("logs", config=PLAIN)
    answer = logs.start_live_tail(logGroupIdentifiers=[group], logStreamNamePrefixes=["tw"])
    put(cloud, name, "one", "a")
    put(cloud, name, "two", "b")
    _, found = told(answer, 1)
    answer["responseStream"].close()
    assert [event["message"] for event in found] == ["b"]
    for wrong in [{"logStreamNames": ["one"], "logStreamNamePrefixes": ["t"]}, {"logEventFilterPattern": "{ $.a ="}]:
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.start_live_tail(logGroupIdentifiers=[group], **wrong)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.start_live_tail(logGroupIdentifiers=[group + "-none"])


def test_the_host_of_streams(cloud, group):
    """As SDKs without a setting send it: the host has a prefix."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=20)
    headers = {
        "Host": "streaming-logs.ap-northeast-1.amazonaws.com",
        "X-Amz-Target": "Logs_20140328.StartLiveTail",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/" + time.strftime("%Y%m%d", time.gmtime()) + "/ap-northeast-1/logs/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
    }
    connection.request("POST", "/", json.dumps({"logGroupIdentifiers": [group]}), headers)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/vnd.amazon.eventstream")
    connection.close()


def test_the_cli_tails(cloud, name, group, tmp_path):
    with open(tmp_path / "out", "wb") as out:
        environment = cloud.environment(AWS_DISABLE_HOST_PREFIX_INJECTION="true", PYTHONUNBUFFERED="1")
        command = [program("aws"), "logs", "start-live-tail", "--log-group-identifiers", group]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    stop = threading.Event()

    def write():
        while not stop.wait(0.3):
            put(cloud, name, "one", "hello from the tail")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        eventually(lambda: b"hello from the tail" in (tmp_path / "out").read_bytes() or process.poll() is not None, 30)
    finally:
        stop.set()
        writer.join()
        process.send_signal(signal.SIGINT)
        process.wait(10)
    assert "hello from the tail" in (tmp_path / "out").read_text()
