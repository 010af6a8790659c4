"""Who may use a queue: its policy, people's own, other accounts, nobody."""

import json
import urllib.parse

from clouds import REGION
from people import Person, allow
from sqs_calls import arn, bodies, query, receive, refused

OTHER = {"key": "111122223333", "secret": "test"}


def policy(resource, principal, *actions, **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_another_account(cloud, sqs, make_queue, name):
    url = make_queue()
    other = cloud.client("sqs", **OTHER)
    message = refused("AccessDenied", other.send_message, QueueUrl=url, MessageBody="x")
    assert "sqs:sendmessage" in message.lower() and arn(sqs, url) in message
    sqs.add_permission(QueueUrl=url, Label="them", AWSAccountIds=["111122223333"], Actions=["SendMessage", "GetQueueUrl"])
    other.send_message(QueueUrl=url, MessageBody="x")
    assert other.get_queue_url(QueueName=f"{name}-q", QueueOwnerAWSAccountId="000000000000")["QueueUrl"] == url
    refused("AccessDenied", other.receive_message, QueueUrl=url)
    assert bodies(receive(sqs, url)) == ["x"]
    refused("InvalidParameterValue", sqs.add_permission, QueueUrl=url, Label="them", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    refused("InvalidParameterValue", sqs.add_permission, QueueUrl=url, Label="l", AWSAccountIds=["111122223333"], Actions=["DeleteQueue"])
    refused("OverLimit", sqs.add_permission, QueueUrl=url, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"] * 8)
    sqs.remove_permission(QueueUrl=url, Label="them")
    refused("AccessDenied", other.send_message, QueueUrl=url, MessageBody="x")
    refused("InvalidParameterValue", sqs.remove_permission, QueueUrl=url, Label="them")


def test_people(cloud, sqs, make_queue, name):
    url, closed = make_queue("a"), make_queue("b")
    person = Person(cloud, name, allow("sqs:SendMessage", arn(sqs, url)))
    client = person.client("sqs")
    client.send_message(QueueUrl=url, MessageBody="x")
    refused("AccessDenied", client.send_message, QueueUrl=closed, MessageBody="x")
    refused("AccessDenied", client.send_message_batch, QueueUrl=closed, Entries=[{"Id": "a", "MessageBody": "x"}])
    refused("AccessDenied", client.receive_message, QueueUrl=url)
    sqs.set_queue_attributes(QueueUrl=closed, Attributes={"Policy": policy(arn(sqs, closed), {"AWS": person.arn}, "sqs:SendMessage")})
    client.send_message(QueueUrl=closed, MessageBody="x")
    deny = json.loads(policy(arn(sqs, url), "*", "sqs:SendMessage"))
    deny["Statement"][0]["Effect"] = "Deny"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(deny)})
    refused("AccessDenied", client.send_message, QueueUrl=url, MessageBody="x")
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": "{"})


def test_anybody(cloud, sqs, make_queue):
    """A queue whose policy lets everybody in takes messages without a signature."""
    url = make_queue()
    path = urllib.parse.urlparse(url).path

    def send():
        return query(cloud, path, signed=False, host=f"sqs.{REGION}.amazonaws.com", Action="SendMessage", MessageBody="anybody")[0]

    assert send() == 403
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(arn(sqs, url), "*", "sqs:SendMessage")})
    assert send() == 200
    assert bodies(receive(sqs, url, AttributeNames=["SenderId"])) == ["anybody"]
