"""Asynchronous invocations: done later, tried again by the cloud's clock, told to their destinations."""

import json
import time

import pytest

from lambda_calls import REGION, eventually, functions_of


FAILS = "def handler(e, c):\n    print('called with', e)\n    raise RuntimeError('no')"
NOTES = "def handler(e, c):\n    import json\n    print('NOTE ' + json.dumps(e))"


@pytest.fixture
def alone(own_cloud):
    """Functions of a cloud whose clock this test may move."""
    return functions_of(own_cloud().wait_until_ready())


def calls(functions, name):
    return sum("called with" in line for line in functions.messages(name))


def notes(functions, name):
    return [json.loads(line.split(" ", 1)[1]) for line in functions.messages(name) if line.startswith("NOTE ")]


def send(functions, name, event):
    answer = functions.client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
    assert answer["StatusCode"] == 202 and answer["Payload"].read() == b""
    return answer["ResponseMetadata"]["RequestId"]


def test_done_later(functions, name):
    functions.make(name, "def handler(e, c):\n    print('called with', e)")
    send(functions, name, {"a": 1})
    eventually(lambda: "called with {'a': 1}" in "".join(functions.messages(name)))


def test_the_old_form(functions, name):
    functions.make(name, "def handler(e, c):\n    print('called with', e)")
    assert functions.client.invoke_async(FunctionName=name, InvokeArgs=b'{"old": 1}')["Status"] == 202
    eventually(lambda: "called with {'old': 1}" in "".join(functions.messages(name)))


def test_tried_again_and_told(alone):
    alone.make("notes", NOTES)
    notes_arn = f"arn:aws:lambda:{REGION}:000000000000:function:notes"
    alone.make("fails", FAILS)
    alone.client.put_function_event_invoke_config(FunctionName="fails", DestinationConfig={"OnFailure": {"Destination": notes_arn}})
    request = send(alone, "fails", {"n": 1})
    eventually(lambda: calls(alone, "fails") == 1)
    time.sleep(0.5)
    assert calls(alone, "fails") == 1
    alone.cloud.advance("65s")
    eventually(lambda: calls(alone, "fails") == 2)
    alone.cloud.advance("60s")
    time.sleep(0.5)
    assert calls(alone, "fails") == 2
    alone.cloud.advance("70s")
    eventually(lambda: calls(alone, "fails") == 3)
    [note] = eventually(lambda: notes(alone, "notes"))
    assert note["requestContext"]["condition"] == "RetriesExhausted" and note["requestContext"]["approximateInvokeCount"] == 3
    assert note["requestContext"]["requestId"] == request and note["requestPayload"] == {"n": 1}
    assert note["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert note["responsePayload"]["errorMessage"] == "no"
    alone.cloud.advance("1h")
    time.sleep(0.5)
    assert calls(alone, "fails") == 3


def test_success_is_told_too(functions, name):
    functions.make(name + "-notes", NOTES)
    functions.make(name, "def handler(e, c): return e + 1")
    arn = f"arn:aws:lambda:{REGION}:000000000000:function:{name}-notes"
    config = functions.client.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    assert config["FunctionArn"].endswith(f"{name}:$LATEST")
    send(functions, name, 41)
    [note] = eventually(lambda: notes(functions, name + "-notes"))
    assert note["requestContext"]["condition"] == "Success" and note["responsePayload"] == 42
    changed = functions.client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=120)
    assert changed["DestinationConfig"]["OnSuccess"]["Destination"] == arn and changed["MaximumRetryAttempts"] == 0
    got = functions.client.get_function_event_invoke_config(FunctionName=name)
    assert (got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]) == (0, 120)
    assert len(functions.client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]) == 1
    functions.client.delete_function_event_invoke_config(FunctionName=name)
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.get_function_event_invoke_config(FunctionName=name)


def test_events_grow_too_old(alone):
    alone.make("notes", NOTES)
    alone.make("full", FAILS)
    arn = f"arn:aws:lambda:{REGION}:000000000000:function:notes"
    alone.client.put_function_event_invoke_config(FunctionName="full", MaximumEventAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": arn}})
    alone.client.put_function_concurrency(FunctionName="full", ReservedConcurrentExecutions=0)
    send(alone, "full", 1)
    time.sleep(1)
    for _ in range(8):
        alone.cloud.advance("20s")
        time.sleep(0.3)
    [note] = eventually(lambda: notes(alone, "notes"))
    assert note["requestContext"]["condition"] == "EventAgeExceeded" and "responsePayload" not in note


def test_events_survive(own_cloud, tmp_path):
    data = str(tmp_path / "data")
    first = own_cloud("--data", data).wait_until_ready()
    functions = functions_of(first)
    functions.make("later", "def handler(e, c):\n    print('called with', e)")
    functions.client.put_function_concurrency(FunctionName="later", ReservedConcurrentExecutions=0)
    send(functions, "later", 7)
    first.kill()
    again = functions_of(own_cloud("--data", data).wait_until_ready())
    again.client.delete_function_concurrency(FunctionName="later")
    again.cloud.advance("10m")
    eventually(lambda: calls(again, "later") == 1)
