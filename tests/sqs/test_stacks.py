"""Queues out of templates: CloudFormation's and SAM's."""

import json

from clouds import eventually
from sqs_calls import arn, bodies, counts, receive
from stacks import Stacks, outputs

QUEUES = """
Parameters:
  Timeout: {Type: Number, Default: 40}
Resources:
  Dead:
    Type: AWS::SQS::Queue
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref Timeout
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
      Tags: [{Key: a, Value: b}]
  Ordered:
    Type: AWS::SQS::Queue
    Properties: {FifoQueue: true, ContentBasedDeduplication: true}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: "111122223333"}, Action: sqs:SendMessage, Resource: !GetAtt Jobs.Arn}]
Outputs:
  Url: {Value: !Ref Jobs}
  Arn: {Value: !GetAtt Jobs.Arn}
  Name: {Value: !GetAtt Jobs.QueueName}
  Ordered: {Value: !GetAtt Ordered.QueueName}
"""


def test_a_stack_of_queues(cloud, sqs, name):
    stacks = Stacks(cloud)
    made = outputs(stacks.create(name, QUEUES))
    url = made["Url"]
    assert url.endswith(f"/000000000000/{made['Name']}") and arn(sqs, url) == made["Arn"] and made["Ordered"].endswith(".fifo")
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert told["VisibilityTimeout"] == "40" and json.loads(told["RedrivePolicy"])["maxReceiveCount"] == 3
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"]["a"] == "b"
    other = cloud.client("sqs", "111122223333")
    other.send_message(QueueUrl=url, MessageBody="x")
    assert bodies(receive(sqs, url)) == ["x"]
    stacks.update(name, QUEUES, Parameters=[{"ParameterKey": "Timeout", "ParameterValue": "50"}])
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]["VisibilityTimeout"] == "50"
    stacks.delete(name)
    assert url not in sqs.list_queues().get("QueueUrls", [])


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  Done: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Timeout: 10
      Environment: {Variables: {DONE: !Ref Done}}
      Policies: [{SQSSendMessagePolicy: {QueueName: !GetAtt Done.QueueName}}]
      InlineCode: |
        import boto3, os
        def handler(event, context):
            for record in event["Records"]:
                boto3.client("sqs").send_message(QueueUrl=os.environ["DONE"], MessageBody=record["body"].upper())
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 5}}
Outputs:
  Jobs: {Value: !Ref Jobs}
  Done: {Value: !Ref Done}
"""


def test_sams_event(cloud, sqs, name):
    stacks = Stacks(cloud)
    made = outputs(stacks.create(name, SAM))
    sqs.send_message(QueueUrl=made["Jobs"], MessageBody="work")
    assert bodies(eventually(lambda: receive(sqs, made["Done"], WaitTimeSeconds=5))) == ["WORK"]
    eventually(lambda: counts(sqs, made["Jobs"]) == (0, 0, 0))
    stacks.delete(name)
