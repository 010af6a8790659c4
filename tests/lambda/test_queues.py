"""Queues of SQS that functions are given the messages of."""

import json

from botocore.exceptions import ClientError
from lambda_calls import eventually

import pytest

TELL = """
import boto3, json, os

def handler(event, context):
    for record in event["Records"]:
        print("GOT", json.dumps(record))
    failed = [r["messageId"] for r in event["Records"] if "bad" in r["body"]]
    if failed and not os.environ.get("PARTIAL"):
        raise ValueError("bad")
    return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}
"""


def got(functions, name):
    lines = [message for message in functions.messages(name) if message.startswith("GOT ")]
    return [json.loads(line[4:]) for line in lines]


@pytest.fixture
def sqs(cloud):
    return cloud.client("sqs")


@pytest.fixture
def queue(sqs, name):
    def make(suffix="q", **attributes):
        url = sqs.create_queue(QueueName=f"{name}-{suffix}", Attributes={"VisibilityTimeout": "30", **attributes})["QueueUrl"]
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    return make


def left(sqs, url):
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(told["ApproximateNumberOfMessages"]) + int(told["ApproximateNumberOfMessagesNotVisible"])


def test_messages_come_to_the_function(functions, sqs, queue, name):
    url, arn = queue()
    functions.make(name, TELL)
    made = functions.client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)
    assert made["BatchSize"] == 10 and "StartingPosition" not in made
    attributes = {"kind": {"DataType": "String", "StringValue": "x"}}
    sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)
    (record,) = eventually(lambda: got(functions, name))
    assert record["body"] == "hello" and record["eventSource"] == "aws:sqs" and record["eventSourceARN"] == arn
    assert record["messageAttributes"]["kind"]["stringValue"] == "x" and record["attributes"]["ApproximateReceiveCount"] == "1"
    eventually(lambda: left(sqs, url) == 0)
    functions.client.delete_event_source_mapping(UUID=made["UUID"])
    sqs.send_message(QueueUrl=url, MessageBody="later")
    assert left(sqs, url) == 1


def test_what_fails_comes_again_and_dies(functions, sqs, queue, name):
    dead, dead_arn = queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = queue(VisibilityTimeout="2", RedrivePolicy=policy)
    functions.make(name, TELL, Timeout=2, Environment={"Variables": {"PARTIAL": "1"}})
    functions.client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": word, "MessageBody": word} for word in ("good", "bad")])
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5).get("Messages"))
    assert letter["Body"] == "bad" and left(sqs, url) == 0
    assert [record["body"] for record in got(functions, name)].count("bad") == 2


def test_filters_and_windows(functions, sqs, queue, name):
    url, arn = queue()
    functions.make(name, TELL)
    pattern = json.dumps({"body": {"n": [{"numeric": [">", 2]}]}})
    made = functions.client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, BatchSize=100, MaximumBatchingWindowInSeconds=1, FilterCriteria={"Filters": [{"Pattern": pattern}]}, ScalingConfig={"MaximumConcurrency": 2}
    )
    assert made["FilterCriteria"]["Filters"] == [{"Pattern": pattern}] and made["ScalingConfig"] == {"MaximumConcurrency": 2}
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": json.dumps({"n": n})} for n in range(5)])
    eventually(lambda: left(sqs, url) == 0)
    assert sorted(json.loads(record["body"])["n"] for record in eventually(lambda: got(functions, name))) == [3, 4]


def test_what_cannot_be_mapped(functions, cloud, sqs, queue, name):
    url, arn = queue(VisibilityTimeout="5")
    functions.make(name, TELL, Timeout=20)

    def refused(**more):
        with pytest.raises(ClientError) as caught:
            functions.client.create_event_source_mapping(**{"FunctionName": name, "EventSourceArn": arn, **more})
        assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
        return caught.value.response["Error"]["Message"]

    assert refused() == "Queue visibility timeout: 5 seconds is less than Function timeout: 20 seconds"
    assert "NonExistentQueue" in refused(EventSourceArn=arn + "-none")
    assert "Maximum batch window" in refused(BatchSize=11)
    assert "filter pattern" in refused(FilterCriteria={"Filters": [{"Pattern": "{"}]})
    functions.client.update_function_configuration(FunctionName=name, Role=cloud.role(name, "logs:*"))
    assert refused() == "The provided execution role does not have permissions to call ReceiveMessage on SQS"


def test_outcomes_go_to_queues(functions, sqs, queue, name):
    """Destinations and dead letters of asynchronous invocations."""
    done, done_arn = queue("done")
    dead, dead_arn = queue("dead")
    functions.make(name, "def handler(event, context):\n    return 1 / event['by']\n", DeadLetterConfig={"TargetArn": dead_arn})
    client = functions.client
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnSuccess": {"Destination": done_arn}})
    for by in (1, 0):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"by": by}))
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=done, WaitTimeSeconds=5).get("Messages"))
    assert json.loads(message["Body"])["responsePayload"] == 1.0
    (letter,) = eventually(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=5, MessageAttributeNames=["All"]).get("Messages"))
    assert json.loads(letter["Body"]) == {"by": 0} and letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "division by zero"
