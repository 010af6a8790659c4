"""Topics and subscriptions: what is made, shown, changed, refused; policies that hold."""

import json

import pytest
from botocore.exceptions import ClientError
from people import Person, allow


def refused(code, call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def test_a_topic(sns, name):
    arn = sns.create_topic(Name=name, Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    assert arn == f"arn:aws:sns:ap-northeast-1:000000000000:{name}" == sns.create_topic(Name=name)["TopicArn"]
    told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert told["Owner"] == "000000000000" and told["SubscriptionsConfirmed"] == "0" and "Policy" in told
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="News")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "News"
    refused("InvalidParameter", sns.create_topic, Name=name, Attributes={"DisplayName": "Else"})
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    assert refused("NotFound", sns.get_topic_attributes, TopicArn=arn) == "Topic does not exist"
    for wrong in ("a b", "a.fifo"):
        refused("InvalidParameter", sns.create_topic, Name=wrong)
    refused("InvalidParameter", sns.set_topic_attributes, TopicArn="x", AttributeName="DisplayName", AttributeValue="x")
    assert "FirehoseSuccess" in refused("NotImplemented", sns.create_topic, Name="a", Attributes={"FirehoseSuccessFeedbackRoleArn": "x"})


def test_lists_have_pages(own_cloud):
    sns = own_cloud().wait_until_ready().client("sns")
    arns = [sns.create_topic(Name=f"t{number:03}")["TopicArn"] for number in range(101)]
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    assert [topic["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for topic in page["Topics"]] == arns
    for number in range(101):
        sns.subscribe(TopicArn=arns[0], Protocol="sms", Endpoint=f"+8190{number:08}")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arns[0])
    assert sum(len(page["Subscriptions"]) for page in pages) == 101
    assert len(sns.list_subscriptions()["Subscriptions"]) == 100


def test_subscriptions(sns, topic):
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+819012345678")["SubscriptionArn"]
    assert arn.startswith(topic + ":") and sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+819012345678")["SubscriptionArn"] == arn
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"a": ["b"]}')
    told = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(told["FilterPolicy"]) == {"a": ["b"]} and told["FilterPolicyScope"] == "MessageAttributes"
    assert told["PendingConfirmation"] == "false" and told["RawMessageDelivery"] == "false"
    for parameter, value in (("FilterPolicy", "{"), ("FilterPolicy", '{"a": "b"}'), ("RawMessageDelivery", "true"), ("Colour", "red"), ("RedrivePolicy", "{}")):
        refused("InvalidParameter", sns.set_subscription_attributes, SubscriptionArn=arn, AttributeName=parameter, AttributeValue=value)
    for protocol, endpoint in (("sms", "12"), ("sqs", "x"), ("email", "x"), ("http", "https://x"), ("smoke", "x"), ("lambda", "x")):
        refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    refused("NotImplemented", sns.subscribe, TopicArn=topic, Protocol="firehose", Endpoint="arn:aws:firehose:x")
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    refused("NotFound", sns.get_subscription_attributes, SubscriptionArn=arn)
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


def test_policies(cloud, sns, topic, name):
    other = cloud.client("sns", "111122223333")
    refused("AuthorizationError", other.publish, TopicArn=topic, Message="x")
    sns.add_permission(TopicArn=topic, Label="them", AWSAccountId=["111122223333"], ActionName=["Publish"])
    other.publish(TopicArn=topic, Message="x")
    refused("AuthorizationError", other.get_topic_attributes, TopicArn=topic)
    sns.remove_permission(TopicArn=topic, Label="them")
    refused("AuthorizationError", other.publish, TopicArn=topic, Message="x")
    arn = sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+819012345678")["SubscriptionArn"]
    for call in (other.unsubscribe, other.get_subscription_attributes):
        refused("AuthorizationError", call, SubscriptionArn=arn)
    person = Person(cloud, name, allow("sns:Publish", topic))
    person.client("sns").publish(TopicArn=topic, Message="x")
    refused("AuthorizationError", person.client("sns").delete_topic, TopicArn=topic)


def test_what_cannot_be_published(sns, topic):
    for parameters in (
        {"Message": ""},
        {"Message": "x" * 262_145},
        {"Message": "x", "Subject": "a\nb"},
        {"Message": "{}", "MessageStructure": "json"},
        {"Message": "x", "MessageAttributes": {"a": {"DataType": "Date", "StringValue": "x"}}},
        {"Message": "x", "MessageDeduplicationId": "d"},
    ):
        refused("InvalidParameter", sns.publish, TopicArn=topic, **parameters)
    refused("NotFound", sns.publish, TopicArn=topic + "x", Message="x")
    refused("EmptyBatchRequest", sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[])


def test_the_cli(cloud, name):
    arn = cloud.aws("sns", "create-topic", "--name", name)["TopicArn"]
    assert cloud.aws("sns", "publish", "--topic-arn", arn, "--message", "hello")["MessageId"]
