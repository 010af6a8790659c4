"""A bucket tells a Lambda function what happens in it."""

import io
import json
import zipfile

import pytest

CODE = """
import boto3, json
def handler(event, context):
    record = event["Records"][0]
    told = {"name": record["eventName"], "key": record["s3"]["object"]["key"], "size": record["s3"]["object"].get("size")}
    boto3.client("s3").put_object(Bucket=record["s3"]["bucket"]["name"], Key="told/" + record["eventName"], Body=json.dumps(told))
"""


@pytest.fixture
def function(cloud, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", CODE)
    role = cloud.role(name, "s3:PutObject")
    lambda_ = cloud.client("lambda", region="us-east-1")
    made = lambda_.create_function(
        FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=role, Timeout=30, Code={"ZipFile": packed.getvalue()}
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    lambda_.add_permission(FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    return made["FunctionArn"]


def test_a_function_is_told(s3, bucket, function, eventually, refused):
    target = {
        "Id": "up",
        "LambdaFunctionArn": function,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "Prefix", "Value": "in/"}]}},
    }
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [target]}
    )
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"] == [target]
    s3.put_object(Bucket=bucket, Key="out/a", Body=b"x")
    s3.put_object(Bucket=bucket, Key="in/日 本", Body=b"12345")

    def told(event):
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"told/{event}").get("Contents")
        return listed and json.load(s3.get_object(Bucket=bucket, Key=f"told/{event}")["Body"])

    eventually(lambda: told("ObjectCreated:Put"), 60)
    assert told("ObjectCreated:Put") == {"name": "ObjectCreated:Put", "key": "in/%E6%97%A5+%E6%9C%AC", "size": 5}
    s3.delete_object(Bucket=bucket, Key="in/日 本")
    eventually(lambda: told("ObjectRemoved:Delete"), 60)
    wrong = {**target, "LambdaFunctionArn": function + "-not"}
    with refused("InvalidArgument", 400):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [wrong]}
        )
    with refused("NotImplemented", 501):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})


def test_a_queue_is_told(cloud, s3, bucket, name, eventually, refused):
    """The queue's policy must let S3, for this bucket; a test message comes first."""
    sqs = cloud.client("sqs", region="us-east-1")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    target = {"Id": "q", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}

    def configure():
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [target]})

    with refused("InvalidArgument", 400):
        configure()
    condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}}
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn, "Condition": condition}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
    configure()
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"] == [target]
    s3.put_object(Bucket=bucket, Key="a b", Body=b"123")
    told = []

    def both():
        told.extend(json.loads(message["Body"]) for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2).get("Messages", []))
        return len(told) == 2

    eventually(both, 30)
    test, event = sorted(told, key=lambda message: "Records" in message)
    assert test["Event"] == "s3:TestEvent" and test["Bucket"] == bucket
    assert event["Records"][0]["eventName"] == "ObjectCreated:Put" and event["Records"][0]["s3"]["object"]["key"] == "a+b"
