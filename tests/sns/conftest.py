"""What the tests of SNS share: clients, topics, and queues that listen to them."""

import json

import pytest


@pytest.fixture
def sns(cloud):
    return cloud.client("sns")


@pytest.fixture
def sqs(cloud):
    return cloud.client("sqs")


@pytest.fixture
def topic(sns, name):
    return sns.create_topic(Name=name)["TopicArn"]


@pytest.fixture
def listen(sns, sqs, name):
    """Subscribes a new queue to a topic, which may send to it; answers its URL and the subscription's ARN."""
    made = []

    def start(topic, suffix="", attributes=None, subscription=None, allowed=True):
        url = sqs.create_queue(QueueName=f"{name}-{len(made)}{suffix}", Attributes=attributes or {})["QueueUrl"]
        made.append(url)
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        if allowed:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
        subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=subscription or {})["SubscriptionArn"]
        return url, subscribed

    return start


@pytest.fixture
def hear(sqs):
    """The bodies of so many messages that come to a queue; with `0`, those that come within a moment."""

    def receive(url, count=1, raw=False):
        bodies = []
        while len(bodies) < max(count, 1):
            got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=10 if count else 1).get("Messages", [])
            if not got:
                break
            for message in got:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies.extend(message["Body"] for message in got)
        assert len(bodies) == count, bodies
        return bodies if raw else [json.loads(body) for body in bodies]

    return receive
