"""Queues: names, attributes, tags, URLs, lists; over both protocols."""

import json
import urllib.error
import urllib.parse
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from clouds import REGION
from sqs_calls import MISSING, NAMESPACE, arn, bodies, counts, query, receive, refused, texts

def test_a_queue_is_created_once(sqs, make_queue, name):
    url = make_queue(VisibilityTimeout=5)
    assert make_queue(VisibilityTimeout=5) == url == make_queue()
    message = refused("QueueAlreadyExists", sqs.create_queue, QueueName=f"{name}-q", Attributes={"VisibilityTimeout": "6"})
    assert message.endswith("a different value for attribute VisibilityTimeout")
    assert sqs.get_queue_url(QueueName=f"{name}-q")["QueueUrl"] == url
    refused(MISSING, sqs.get_queue_url, QueueName=f"{name}-none")
    refused("InvalidParameterValue", sqs.create_queue, QueueName="a b")
    refused("InvalidParameterValue", sqs.create_queue, QueueName="a", Attributes={"FifoQueue": "true"})
    refused("InvalidParameterValue", sqs.create_queue, QueueName="a.fifo")
    refused("InvalidAttributeName", sqs.create_queue, QueueName="a", Attributes={"Colour": "red"})
    refused("InvalidAttributeValue", sqs.create_queue, QueueName="a", Attributes={"DelaySeconds": "901"})


def test_the_url_is_where_the_client_is(cloud, make_queue, name):
    url = make_queue()
    assert url == f"{cloud.url}/000000000000/{name}-q"
    local = cloud.client("sqs", url=f"http://localhost:{cloud.port}")
    assert local.get_queue_url(QueueName=f"{name}-q")["QueueUrl"] == f"http://localhost:{cloud.port}/000000000000/{name}-q"


def test_attributes_are_set_and_told(sqs, make_queue):
    url = make_queue()
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert told["VisibilityTimeout"] == "30" and told["MessageRetentionPeriod"] == "345600"
    assert told["MaximumMessageSize"] == "1048576" and told["SqsManagedSseEnabled"] == "true"
    assert told["QueueArn"] == arn(sqs, url) and "FifoQueue" not in told and "Policy" not in told
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7", "DelaySeconds": "1"})
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])["Attributes"]
    assert asked == {"VisibilityTimeout": "7"}
    refused("InvalidAttributeName", sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["Colour"])
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": "true"})
    # Nothing has come of the wrong ones.
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"DelaySeconds": "2", "VisibilityTimeout": "x"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"] == {"DelaySeconds": "1"}


def test_queues_are_listed_by_prefix_and_page(sqs, make_queue, name):
    urls = [make_queue(f"p{number}") for number in range(5)]
    assert sqs.list_queues(QueueNamePrefix=f"{name}-p")["QueueUrls"] == urls
    first = sqs.list_queues(QueueNamePrefix=f"{name}-p", MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"{name}-p", PaginationConfig={"PageSize": 2})
    assert [url for page in pages for url in page.get("QueueUrls", [])] == urls
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=f"{name}-none")


def test_tags(sqs, name):
    url = sqs.create_queue(QueueName=name, tags={"team": "a"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"stage": "test"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a", "stage": "test"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "none"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"stage": "test"}
    many = {str(number): "" for number in range(51)}
    refused("InvalidParameterValue", sqs.tag_queue, QueueUrl=url, Tags=many)


def test_deleted_and_purged(own):
    cloud, sqs = own
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    held = receive(sqs, url, 1)[0]
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == (0, 0, 0) and receive(sqs, url) == []
    refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue, QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    sqs.send_message(QueueUrl=url, MessageBody="later")
    assert bodies(receive(sqs, url)) == ["later"]
    sqs.delete_queue(QueueUrl=url)
    for call in (sqs.delete_queue, sqs.receive_message, sqs.purge_queue):
        assert refused(MISSING, call, QueueUrl=url) == "The specified queue does not exist."
    refused("AWS.SimpleQueueService.QueueDeletedRecently", sqs.create_queue, QueueName="q")
    cloud.advance("61s")
    assert receive(sqs, sqs.create_queue(QueueName="q")["QueueUrl"]) == []


def test_queries(cloud, sqs, make_queue, name):
    """The same operations in the protocol that SDKs spoke before."""
    status, made = query(cloud, Action="CreateQueue", QueueName=f"{name}-x", **{"Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "9", "Tag.1.Key": "a", "Tag.1.Value": "b"})
    (url,) = texts(made, "QueueUrl")
    assert status == 200 and made.tag == NAMESPACE + "CreateQueueResponse"
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}
    path = urllib.parse.urlparse(url).path
    # The URL itself says which queue is meant.
    form = {"MessageAttribute.1.Name": "n", "MessageAttribute.1.Value.DataType": "Number", "MessageAttribute.1.Value.StringValue": "1"}
    _, sent = query(cloud, path, Action="SendMessage", MessageBody="こんにちは", **form)
    assert texts(sent, "MD5OfMessageBody") and len(texts(sent, "MD5OfMessageAttributes")) == 1
    _, got = query(cloud, path, Action="ReceiveMessage", **{"AttributeName.1": "All", "MessageAttributeName.1": "All"})
    (message,) = got.iter(NAMESPACE + "Message")
    assert texts(message, "Body") == ["こんにちは"]
    attributes = {item.find(NAMESPACE + "Name").text: item.find(NAMESPACE + "Value").text for item in message.iter(NAMESPACE + "Attribute")}
    assert attributes["ApproximateReceiveCount"] == "1"
    (own,) = message.iter(NAMESPACE + "MessageAttribute")
    assert own.find(NAMESPACE + "Value").find(NAMESPACE + "StringValue").text == "1"
    handle = texts(message, "ReceiptHandle")[0]
    query(cloud, path, Action="DeleteMessage", ReceiptHandle=handle)
    assert counts(sqs, url) == (0, 0, 0)
    _, told = query(cloud, QueueUrl=url, Action="GetQueueAttributes", **{"AttributeName.1": "VisibilityTimeout"})
    assert texts(told, "Value") == ["9"]
    _, listed = query(cloud, Action="ListQueues", QueueNamePrefix=f"{name}-x")
    assert texts(listed, "QueueUrl") == [url]
    status, error = query(cloud, Action="ReceiveMessage", QueueUrl=url + "none")
    assert (status, texts(error, "Code")) == (400, [MISSING])
    entries = {f"SendMessageBatchRequestEntry.{n}.{key}": value for n in (1, 2) for key, value in (("Id", f"i{n}"), ("MessageBody", f"b{n}"))}
    _, batch = query(cloud, path, Action="SendMessageBatch", **entries)
    assert texts(batch, "Id") == ["i1", "i2"] and counts(sqs, url) == (2, 0, 0)


def test_the_host_of_aws_is_known(cloud, make_queue):
    path = urllib.parse.urlparse(make_queue()).path
    status, sent = query(cloud, path, host=f"sqs.{REGION}.amazonaws.com", Action="SendMessage", MessageBody="x")
    assert status == 200 and texts(sent, "MessageId")


def test_errors_have_both_names(cloud, sqs):
    headers = {"X-Amz-Target": "AmazonSQS.GetQueueUrl", "Content-Type": "application/x-amz-json-1.0"}
    request = AWSRequest("POST", cloud.url + "/", headers, json.dumps({"QueueName": "none"}))
    SigV4Auth(Credentials("test", "test"), "sqs", REGION).add_auth(request)
    try:
        urllib.request.urlopen(urllib.request.Request(request.url, request.body, dict(request.headers.items())))
        raise AssertionError("it is not there")
    except urllib.error.HTTPError as error:
        assert error.headers["x-amzn-query-error"] == f"{MISSING};Sender"
        assert json.loads(error.read())["__type"].endswith("QueueDoesNotExist")


def test_the_cli(cloud, name):
    # Version 1 of the CLI does not heed AWS_ENDPOINT_URL for SQS in regions that had names of their own once.
    def aws(*words):
        return cloud.aws("sqs", *words, "--endpoint-url", cloud.url)

    url = aws("create-queue", "--queue-name", name, "--attributes", "DelaySeconds=0")["QueueUrl"]
    aws("send-message", "--queue-url", url, "--message-body", "hello")
    got = aws("receive-message", "--queue-url", url, "--attribute-names", "All")
    assert got["Messages"][0]["Body"] == "hello"
    aws("delete-message", "--queue-url", url, "--receipt-handle", got["Messages"][0]["ReceiptHandle"])
    assert aws("receive-message", "--queue-url", url) is None
