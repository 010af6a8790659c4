"""Queues that encrypt under keys of KMS: whom the key's policy and the caller's let, and what lies on the disk."""

import json

import pytest
from clouds import eventually
from people import ACCOUNT, Person, allow, document
from sqs_calls import arn, bodies, receive, refused
from stacks import Stacks, outputs


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


def key_of(kms, *statements):
    """A key that its account decides about, and what is said besides."""
    everything = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    return kms.create_key(Policy=document(everything, *statements))["KeyMetadata"]["KeyId"]


def told(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_attributes(sqs, make_queue):
    url = make_queue(KmsMasterKeyId="alias/aws/sqs")
    assert told(sqs, url)["KmsMasterKeyId"] == "alias/aws/sqs" and told(sqs, url)["KmsDataKeyReusePeriodSeconds"] == "300"
    assert told(sqs, url)["SqsManagedSseEnabled"] == "false"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsDataKeyReusePeriodSeconds": "60"})
    assert told(sqs, url)["KmsDataKeyReusePeriodSeconds"] == "60"
    for wrong in ("59", "86401", "x"):
        refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"KmsDataKeyReusePeriodSeconds": wrong})
    both = {"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"}
    refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes=both)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert "KmsMasterKeyId" not in told(sqs, url) and told(sqs, url)["SqsManagedSseEnabled"] == "true"


def test_messages_come_as_they_went(sqs, kms, make_queue):
    attributes = {"a": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}, "b": {"DataType": "Number", "StringValue": "7"}}
    for suffix, more in (("q", {}), ("q.fifo", {"MessageGroupId": "g", "MessageDeduplicationId": "d"})):
        url = make_queue(suffix, KmsMasterKeyId=key_of(kms))
        sqs.send_message(QueueUrl=url, MessageBody="秘密", MessageAttributes=attributes, **more)
        (message,) = receive(sqs, url, MessageAttributeNames=["All"])
        assert message["Body"] == "秘密" and message["MessageAttributes"] == attributes
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    url = make_queue("batch", KmsMasterKeyId=key_of(kms))
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(number), "MessageBody": str(number)} for number in range(3)])
    assert sorted(bodies(receive(sqs, url))) == ["0", "1", "2"]


def test_a_disabled_key_stops_both_sides(sqs, kms, make_queue):
    key = key_of(kms)
    url = make_queue(KmsMasterKeyId=key)
    sqs.send_message(QueueUrl=url, MessageBody="first")
    kms.disable_key(KeyId=key)
    assert "is disabled" in refused("KMS.DisabledException", sqs.send_message, QueueUrl=url, MessageBody="second")
    refused("KMS.DisabledException", sqs.receive_message, QueueUrl=url)
    with pytest.raises(sqs.exceptions.KmsDisabled):
        sqs.receive_message(QueueUrl=url)
    kms.enable_key(KeyId=key)
    # Nobody has had it meanwhile.
    assert bodies(receive(sqs, url, AttributeNames=["All"])) == ["first"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused("KMS.InvalidStateException", sqs.send_message, QueueUrl=url, MessageBody="third")
    missing = make_queue("missing", KmsMasterKeyId="alias/not-there")
    refused("KMS.NotFoundException", sqs.send_message, QueueUrl=missing, MessageBody="a")


def test_who_sends_and_receives_needs_the_key(cloud, sqs, kms, make_queue, name):
    key = key_of(kms)
    url = make_queue(KmsMasterKeyId=key)
    person = Person(cloud, name, allow("sqs:*"))
    own = person.client("sqs")
    whole = f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/{key}"
    assert "kms:GenerateDataKey" in refused("KMS.AccessDeniedException", own.send_message, QueueUrl=url, MessageBody="a")
    context = {"StringEquals": {"kms:EncryptionContext:aws:sqs:arn": arn(sqs, url), "kms:ViaService": "sqs.ap-northeast-1.amazonaws.com"}}
    person.may(allow("sqs:*"), allow("kms:GenerateDataKey", whole, Condition=context))
    own.send_message(QueueUrl=url, MessageBody="a")
    # The data key of a moment ago serves again, and opening it is another permission.
    assert "kms:Decrypt" in refused("KMS.AccessDeniedException", own.send_message, QueueUrl=url, MessageBody="b")
    refused("KMS.AccessDeniedException", own.receive_message, QueueUrl=url)
    person.may(allow("sqs:*"), allow(["kms:GenerateDataKey", "kms:Decrypt"], whole, Condition=context))
    own.send_message(QueueUrl=url, MessageBody="b")
    assert sorted(bodies(receive(own, url))) == ["a", "b"]


def test_sns_needs_the_key_as_a_service(cloud, sqs, kms, make_queue, name):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    service = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
    urls = {suffix: make_queue(suffix, KmsMasterKeyId=key_of(kms, *more)) for suffix, more in (("open", [service]), ("closed", []))}
    for url in urls.values():
        policy = document({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn(sqs, url)})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(sqs, url), Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message="hello")
    assert bodies(receive(sqs, urls["open"], WaitTimeSeconds=10)) == ["hello"]
    assert receive(sqs, urls["closed"]) == []


def test_dead_letters_stay_readable(sqs, kms, make_queue):
    dead = make_queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 1})
    url = make_queue(KmsMasterKeyId=key_of(kms), RedrivePolicy=redrive)
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert bodies(receive(sqs, url, VisibilityTimeout=0)) == ["poison"]
    assert receive(sqs, url) == []
    (message,) = receive(sqs, dead)
    assert message["Body"] == "poison"
    sqs.change_message_visibility(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    sqs.start_message_move_task(SourceArn=arn(sqs, dead), DestinationArn=arn(sqs, url))
    assert bodies(eventually(lambda: receive(sqs, url))) == ["poison"]


def test_the_disk_holds_nothing_readable(own_cloud, tmp_path):
    data = tmp_path / "data"
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    sqs, kms = cloud.client("sqs"), cloud.client("kms")
    plain = sqs.create_queue(QueueName="plain")["QueueUrl"]
    sealed = sqs.create_queue(QueueName="sealed", Attributes={"KmsMasterKeyId": key_of(kms)})["QueueUrl"]
    sqs.send_message(QueueUrl=plain, MessageBody="everybody-reads-this")
    attribute = {"a": {"DataType": "String", "StringValue": "nobody-reads-that"}}
    sqs.send_message(QueueUrl=sealed, MessageBody="nobody-reads-this", MessageAttributes=attribute)
    assert cloud.stop() == 0
    held = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"everybody-reads-this" in held and b"nobody-reads" not in held
    cloud = own_cloud("--data", str(data), port=cloud.port).wait_until_ready()
    assert bodies(receive(cloud.client("sqs"), sealed)) == ["nobody-reads-this"]


def test_a_data_key_serves_for_as_long_as_the_queue_says(own):
    cloud, sqs = own
    kms, trail = cloud.client("kms"), cloud.client("cloudtrail")
    url = sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key_of(kms), "KmsDataKeyReusePeriodSeconds": "60"})["QueueUrl"]

    def made():
        query = [{"AttributeKey": "EventName", "AttributeValue": "GenerateDataKey"}]
        return len(trail.lookup_events(LookupAttributes=query)["Events"])

    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="a")
    eventually(lambda: made() == 1)
    cloud.advance("61s")
    sqs.send_message(QueueUrl=url, MessageBody="a")
    eventually(lambda: made() == 2)
    assert len(receive(sqs, url)) == 4


TEMPLATE = """
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}, Action: "kms:*", Resource: "*"}]
  Queue:
    Type: AWS::SQS::Queue
    Properties: {KmsMasterKeyId: !GetAtt Key.Arn, KmsDataKeyReusePeriodSeconds: 600}
Outputs:
  Url: {Value: !Ref Queue}
  Key: {Value: !GetAtt Key.Arn}
"""


def test_a_stack_with_an_encrypted_queue(cloud, sqs, kms, name):
    stacks = Stacks(cloud)
    made = outputs(stacks.create(name, TEMPLATE))
    url, key = made["Url"], made["Key"]
    assert told(sqs, url)["KmsMasterKeyId"] == key and told(sqs, url)["KmsDataKeyReusePeriodSeconds"] == "600"
    sqs.send_message(QueueUrl=url, MessageBody="a")
    kms.disable_key(KeyId=key)
    refused("KMS.DisabledException", sqs.receive_message, QueueUrl=url)
