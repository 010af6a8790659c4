"""Topics that encrypt under keys of KMS: who may publish, and what waits on the disk."""

import http.server
import json
import threading

import pytest
from clouds import eventually
from people import ACCOUNT, Person, allow, document, refused
from stacks import Stacks, outputs


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


def key_of(kms):
    """A key that its account decides about."""
    everything = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return kms.create_key(Policy=document(everything))["KeyMetadata"]["KeyId"]


def received(sqs, url):
    return [message["Body"] for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=10).get("Messages", [])]


def test_messages_come_as_they_went(sns, sqs, kms, topic, listen):
    for key in ("alias/aws/sns", key_of(kms)):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
        assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"] == key
    url, _ = listen(topic)
    sns.publish(TopicArn=topic, Subject="about", Message="秘密")
    [body] = received(sqs, url)
    assert json.loads(body)["Message"] == "秘密" and json.loads(body)["Subject"] == "about"
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "one"}])
    assert json.loads(received(sqs, url)[0])["Message"] == "one"
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="")
    assert "KmsMasterKeyId" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_a_disabled_key_stops_who_publishes(sns, kms, topic):
    key = key_of(kms)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    sns.publish(TopicArn=topic, Message="first")
    kms.disable_key(KeyId=key)
    refused(sns.publish, TopicArn=topic, Message="second", code="KMSDisabled", says="is disabled")
    with pytest.raises(sns.exceptions.KMSDisabledException):
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "one"}])
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused(sns.publish, TopicArn=topic, Message="third", code="KMSInvalidState")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/not-there")
    refused(sns.publish, TopicArn=topic, Message="fourth", code="KMSNotFound")


def test_who_publishes_needs_the_key(cloud, sns, kms, topic, name):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key_of(kms))
    person = Person(cloud, name, allow("sns:*"))
    own = person.client("sns")
    refused(own.publish, TopicArn=topic, Message="a", code="KMSAccessDenied", says="kms:GenerateDataKey")
    for_topic = {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic, "kms:ViaService": "sns.ap-northeast-1.amazonaws.com"}}
    person.may(allow("sns:*"), allow(["kms:GenerateDataKey*", "kms:Decrypt"], Condition=for_topic))
    own.publish(TopicArn=topic, Message="a")
    own.publish(TopicArn=topic, Message="b")


class Subscriber:
    """A server that hears, and may go away and come back at the same port."""

    def __init__(self):
        self.heard, self.port = [], 0

    def __enter__(self):
        heard = self.heard

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def texts(self):
        return [message["Message"] for message in self.heard if message["Type"] == "Notification"]


def test_what_waits_lies_encrypted_through_a_restart(own_cloud, tmp_path):
    data = tmp_path / "data"
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    sns, subscriber, topics = cloud.client("sns"), Subscriber(), []
    with subscriber:
        for name, more in (("plain", {}), ("sealed", {"KmsMasterKeyId": key_of(cloud.client("kms"))})):
            topics.append(sns.create_topic(Name=name, Attributes=more)["TopicArn"])
            sns.subscribe(TopicArn=topics[-1], Protocol="http", Endpoint=f"http://127.0.0.1:{subscriber.port}/")
            token = eventually(lambda: [one["Token"] for one in subscriber.heard if one["TopicArn"] == topics[-1]])[0]
            sns.confirm_subscription(TopicArn=topics[-1], Token=token)
    for topic in topics:
        sns.publish(TopicArn=topic, Message=f"words-of-{topic.split(':')[-1]}")
    assert cloud.stop() == 0
    held = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"words-of-plain" in held and b"words-of-sealed" not in held
    with subscriber:
        cloud = own_cloud("--data", str(data), port=cloud.port).wait_until_ready()
        cloud.advance("30s")
        eventually(lambda: sorted(subscriber.texts()) == ["words-of-plain", "words-of-sealed"])


TEMPLATE = """
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}, Action: "kms:*", Resource: "*"}]
  Topic:
    Type: AWS::SNS::Topic
    Properties: {KmsMasterKeyId: !Ref Key}
Outputs:
  Topic: {Value: !Ref Topic}
  Key: {Value: !Ref Key}
"""


def test_a_stack_with_an_encrypted_topic(cloud, sns, kms, name):
    made = outputs(Stacks(cloud).create(name, TEMPLATE))
    assert sns.get_topic_attributes(TopicArn=made["Topic"])["Attributes"]["KmsMasterKeyId"] == made["Key"]
    kms.disable_key(KeyId=made["Key"])
    refused(sns.publish, TopicArn=made["Topic"], Message="a", code="KMSDisabled")
