"""What is published comes to those who subscribed: queues, functions, servers, people."""

import base64
import http.server
import json
import re
import threading
import urllib.parse
import urllib.request

import pytest
from clouds import eventually
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from lambda_calls import functions_of
from stacks import Stacks, outputs

PARTS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def verify(cloud, message):
    """Verifies a signature as AWS documents it. The certificate is at an address of AWS's, which this cloud serves."""
    address = urllib.parse.urlparse(message["SigningCertURL"])
    assert re.fullmatch(r"sns\.[a-z0-9-]+\.amazonaws\.com", address.netloc) and address.scheme == "https"
    pem = cloud.get(address.path, Host=address.netloc).read()
    text = "".join(f"{part}\n{message[part]}\n" for part in PARTS[message["Type"]] if part in message)
    hash_ = {"1": SHA1, "2": SHA256}[message["SignatureVersion"]]()
    key = x509.load_pem_x509_certificate(pem).public_key()
    key.verify(base64.b64decode(message["Signature"]), text.encode(), padding.PKCS1v15(), hash_)


def test_a_queue_hears(cloud, sns, topic, listen, hear):
    url, subscription = listen(topic)
    sent = sns.publish(TopicArn=topic, Message="こんにちは", Subject="Hi", MessageAttributes={"a": {"DataType": "Number", "StringValue": "1"}})
    (message,) = hear(url)
    assert message["Type"] == "Notification" and message["MessageId"] == sent["MessageId"] and message["TopicArn"] == topic
    assert message["Message"] == "こんにちは" and message["Subject"] == "Hi" and message["MessageAttributes"] == {"a": {"Type": "Number", "Value": "1"}}
    verify(cloud, message)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    sns.publish(TopicArn=topic, Message="again")
    (message,) = hear(url)
    assert message["SignatureVersion"] == "2"
    verify(cloud, message)
    # The link in the message ends the subscription.
    link = urllib.parse.urlparse(message["UnsubscribeURL"])
    cloud.get(f"{link.path}?{link.query}")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_raw_filtered_structured(sns, topic, listen, hear, sqs):
    raw, _ = listen(topic, subscription={"RawMessageDelivery": "true"})
    red, _ = listen(topic, subscription={"FilterPolicy": json.dumps({"colour": ["red", {"prefix": "dark"}]}), "RawMessageDelivery": "true"})
    body, _ = listen(topic, subscription={"FilterPolicy": json.dumps({"n": [{"numeric": [">", 1]}]}), "FilterPolicyScope": "MessageBody", "RawMessageDelivery": "true"})
    colour = lambda value: {"colour": {"DataType": "String", "StringValue": value}}
    sns.publish(TopicArn=topic, Message='{"n": 1}', MessageAttributes=colour("blue"))
    sns.publish(TopicArn=topic, Message='{"n": 2}', MessageAttributes=colour("dark red"))
    assert hear(raw, 2, raw=True) == ['{"n": 1}', '{"n": 2}']
    assert hear(red, 1, raw=True) == hear(body, 1, raw=True) == ['{"n": 2}']
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "d", "sqs": "q"}), MessageStructure="json", MessageAttributes=colour("red"))
    assert hear(raw, 1, raw=True) == hear(red, 1, raw=True) == ["q"]
    batch = [{"Id": str(n), "Message": str(n)} for n in range(3)]
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[*batch, {"Id": "x", "Message": ""}])["Failed"]) == 1
    assert hear(raw, 3, raw=True) == ["0", "1", "2"]


def test_who_may_not_is_not_told(sns, topic, listen, hear, sqs, name):
    """A queue that does not let the topic in gets nothing; the message goes to the dead-letter queue."""
    dead, _ = listen(topic, subscription={"FilterPolicy": '{"never": ["x"]}'})
    target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    shut, _ = listen(topic, allowed=False, subscription={"RedrivePolicy": json.dumps({"deadLetterTargetArn": target})})
    sns.publish(TopicArn=topic, Message="lost")
    assert hear(dead)[0]["Message"] == "lost"
    hear(shut, 0)


def test_fifo(sns, listen, hear, name):
    topic = sns.create_topic(Name=f"{name}.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"})["TopicArn"]
    url, _ = listen(topic, ".fifo", {"FifoQueue": "true"}, {"RawMessageDelivery": "true"})
    for text in ("a", "b", "a", "c"):
        sns.publish(TopicArn=topic, Message=text, MessageGroupId="g")
    assert hear(url, 3, raw=True) == ["a", "b", "c"]


def test_people_and_functions(cloud, sns, topic):
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+819012345678")
    assert sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")["SubscriptionArn"] == "pending confirmation"

    def mail(to):
        return [message for message in json.load(cloud.get("/_kogumo/mail")) if message["to"] == to]

    asked = eventually(lambda: mail("a@example.com"))[0]
    sns.publish(TopicArn=topic, Message="not yet")
    link = urllib.parse.urlparse(re.search(r"http\S+ConfirmSubscription\S+", asked["text"])[0])
    assert b"SubscriptionArn" in cloud.get(f"{link.path}?{link.query}").read()
    functions = functions_of(cloud)
    arn = functions.make("sns-hears", "def handler(event, context):\n    print('GOT', event['Records'][0]['Sns']['Message'])\n")["FunctionArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    functions.client.add_permission(FunctionName="sns-hears", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic)
    sns.publish(TopicArn=topic, Message="news", Subject="The news")
    eventually(lambda: [message for message in mail("a@example.com") if message["subject"] == "The news" and message["text"].startswith("news")])
    assert not [message for message in mail("a@example.com") if message["text"].startswith("not yet")]
    eventually(lambda: [message for message in mail("+819012345678") if message["text"] == "news"])
    eventually(lambda: any("GOT news" in message for message in functions.messages("sns-hears")))
    sns.publish(PhoneNumber="+819000000000", Message="direct")
    assert mail("+819000000000")[0]["text"] == "direct"
    functions.remove_all()


def test_a_server_confirms_and_hears(cloud, sns, topic):
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append((self.headers["x-amz-sns-message-type"], json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/")
        kind, message = eventually(lambda: heard and heard[0])
        assert kind == message["Type"] == "SubscriptionConfirmation"
        verify(cloud, message)
        sns.confirm_subscription(TopicArn=topic, Token=message["Token"])
        sns.publish(TopicArn=topic, Message="hello")
        kind, message = eventually(lambda: len(heard) > 1 and heard[1])
        assert kind == "Notification" and message["Message"] == "hello"
        verify(cloud, message)
    finally:
        server.shutdown()


def test_as_whom_text_messages_come(own_cloud):
    cloud = own_cloud().wait_until_ready()
    sns = cloud.client("sns")
    assert sns.get_sms_attributes()["attributes"] == {}
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+819012345678")

    def senders(**more):
        before = len(json.load(cloud.get("/_kogumo/mail")))
        sns.publish(PhoneNumber="+819012345678", Message="direct", **more)
        sns.publish(TopicArn=topic, Message="by topic", **more)
        sent = eventually(lambda: (told := json.load(cloud.get("/_kogumo/mail"))[before:]) if len(json.load(cloud.get("/_kogumo/mail"))) == before + 2 else None)
        return [message["from"] for message in sent]

    assert senders() == ["SNS", "SNS"]
    sns.set_sms_attributes(attributes={"DefaultSenderID": "Kogumo", "DefaultSMSType": "Transactional"})
    assert sns.get_sms_attributes(attributes=["DefaultSenderID"])["attributes"] == {"DefaultSenderID": "Kogumo"}
    assert senders() == ["Kogumo", "Kogumo"]
    own = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Cloud9"}}
    assert senders(MessageAttributes=own) == ["Cloud9", "Cloud9"]
    for wrong in ({"DefaultSenderID": "1"}, {"DefaultSMSType": "Loud"}, {"Unknown": "x"}):
        with pytest.raises(sns.exceptions.InvalidParameterException):
            sns.set_sms_attributes(attributes=wrong)


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  News: {Type: AWS::SNS::Topic, Properties: {DisplayName: News}}
  Box: {Type: AWS::SQS::Queue}
  Open:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Box]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: sqs:SendMessage, Resource: !GetAtt Box.Arn}]
  Listens:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref News, Protocol: sqs, Endpoint: !GetAtt Box.Arn, RawMessageDelivery: true}
  Hears:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: "def handler(event, context):\\n    print('HEARD', event['Records'][0]['Sns']['Message'])\\n"
      Events: {News: {Type: SNS, Properties: {Topic: !Ref News}}}
Outputs:
  Topic: {Value: !Ref News}
  Box: {Value: !Ref Box}
  Hears: {Value: !Ref Hears}
"""


def test_templates(cloud, sns, hear, name):
    stacks = Stacks(cloud)
    made = outputs(stacks.create(name, TEMPLATE))
    sns.publish(TopicArn=made["Topic"], Message="from a template")
    assert hear(made["Box"], raw=True) == ["from a template"]
    messages = functions_of(cloud).messages
    eventually(lambda: any("HEARD from a template" in message for message in messages(made["Hears"])))
    stacks.delete(name)
    assert made["Topic"] not in [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
