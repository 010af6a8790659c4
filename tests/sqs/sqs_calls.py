"""Short words for what the tests of SQS do often."""

import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from clouds import REGION

MISSING = "AWS.SimpleQueueService.NonExistentQueue"
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


def arn(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(sqs, url, most=10, **more):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **more).get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


def counts(sqs, url):
    """How many messages can be received, are with somebody, are delayed."""
    names = ["", "NotVisible", "Delayed"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return tuple(int(told["ApproximateNumberOfMessages" + name]) for name in names)


def refused(code, call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def query(cloud, path="/", signed=True, host=None, **form):
    """A request of the query protocol, as SDKs sent them before JSON; the status and the document."""
    body = urllib.parse.urlencode({"Version": "2012-11-05", **form})
    headers = {"Content-Type": "application/x-www-form-urlencoded", **({"Host": host} if host else {})}
    request = AWSRequest("POST", cloud.url + path, headers, body)
    if signed:
        SigV4Auth(Credentials("test", "test"), "sqs", REGION).add_auth(request)
    prepared = urllib.request.Request(request.url, body.encode(), dict(request.headers.items()))
    try:
        with urllib.request.urlopen(prepared, timeout=30) as answer:
            return answer.status, ElementTree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, ElementTree.fromstring(error.read())


def texts(document, name):
    return [element.text for element in document.iter(NAMESPACE + name)]
