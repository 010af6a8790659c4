"""Streams of DynamoDB as event sources: batches in order, tried again, given up."""

import json
import time

import pytest

from lambda_calls import eventually

SEES = """
def handler(event, context):
    print("BATCH", [r["eventName"] + " " + r["dynamodb"]["Keys"]["id"]["S"] for r in event["Records"]])
    print("FIRST", __import__("json").dumps(event["Records"][0]))
    if any(r["dynamodb"]["Keys"]["id"]["S"] == "bad" for r in event["Records"]):
        raise ValueError("bad")
"""


@pytest.fixture
def table(cloud, name):
    """A table with a stream, and its puts."""
    dynamodb = cloud.client("dynamodb")
    made = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield made["TableDescription"]["LatestStreamArn"], lambda key: dynamodb.put_item(TableName=name, Item={"id": {"S": key}, "n": {"N": "1"}})
    dynamodb.delete_table(TableName=name)


def batches(functions, name):
    return [line[6:].strip() for line in functions.messages(name) if line.startswith("BATCH")]


def test_changes_reach_the_function(functions, table, name):
    stream, put = table
    put("before")
    functions.make(name, SEES)
    client = functions.client
    made = client.create_event_source_mapping(FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST", BatchSize=10)
    assert made["State"] == "Creating" and made["BatchSize"] == 10 and made["FunctionArn"].endswith(f":function:{name}")
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_event_source_mapping(FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST")
    put("one")
    eventually(lambda: batches(functions, name) == ["['INSERT one']"])
    first = json.loads(next(line for line in functions.messages(name) if line.startswith("FIRST"))[6:])
    assert first["eventSourceARN"] == stream and first["dynamodb"]["NewImage"] == {"id": {"S": "one"}, "n": {"N": "1"}}
    assert isinstance(first["dynamodb"]["ApproximateCreationDateTime"], (int, float)) and first["eventSource"] == "aws:dynamodb"
    got = client.get_event_source_mapping(UUID=made["UUID"])
    assert (got["State"], got["LastProcessingResult"]) == ("Enabled", "OK")
    assert client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)["State"] == "Updating"
    assert client.get_event_source_mapping(UUID=made["UUID"])["State"] == "Disabled"
    put("two")
    put("three")
    time.sleep(0.5)
    assert len(batches(functions, name)) == 1
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=True)
    eventually(lambda: batches(functions, name)[1:] == ["['INSERT two', 'INSERT three']"])
    listed = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [mapping["UUID"] for mapping in listed] == [made["UUID"]]
    assert client.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_event_source_mapping(UUID=made["UUID"])


def test_what_fails_is_tried_again_and_given_up(functions, table, name):
    stream, put = table
    functions.make(name, SEES)
    for key in ["bad", "good"]:
        put(key)
    made = functions.client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=stream, StartingPosition="TRIM_HORIZON", BatchSize=1, MaximumRetryAttempts=1
    )
    eventually(lambda: batches(functions, name) == ["['INSERT bad']", "['INSERT bad']", "['INSERT good']"])
    eventually(lambda: functions.client.get_event_source_mapping(UUID=made["UUID"])["LastProcessingResult"] == "OK")
    functions.client.delete_event_source_mapping(UUID=made["UUID"])


def test_reading_on_and_on_leaves_no_trail(functions, table, cloud, name):
    stream, put = table
    functions.make(name, SEES)
    made = functions.client.create_event_source_mapping(FunctionName=name, EventSourceArn=stream, StartingPosition="LATEST")
    put("one")
    eventually(lambda: batches(functions, name))
    time.sleep(1)
    found = cloud.client("cloudtrail").lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetRecords"}])
    assert not [event for event in found["Events"] if '"invokedBy":"lambda' in event["CloudTrailEvent"].replace(" ", "")]
    functions.client.delete_event_source_mapping(UUID=made["UUID"])
