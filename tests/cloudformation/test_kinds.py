"""Kinds of resources one by one: what a stack makes acts, changes and goes."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from clouds import eventually
from stacks import Stacks, outputs


@pytest.fixture
def stacks(cloud):
    return Stacks(cloud)


def test_filters_of_log_groups(stacks, name):
    code = "import boto3, json, gzip, base64\ndef handler(event, context):\n    data = json.loads(gzip.decompress(base64.b64decode(event['awslogs']['data'])))\n    boto3.client('ssm').put_parameter(Name='%s', Type='String', Value=data['logEvents'][0]['message'])" % name

    def template(pattern):
        return f"""
Resources:
  Group: {{Type: 'AWS::Logs::LogGroup'}}
  Metric:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: {pattern}
      MetricTransformations: [{{MetricNamespace: {name}, MetricName: M, MetricValue: '1'}}]
  Role:
    Type: AWS::IAM::Role
    Properties: {{AssumeRolePolicyDocument: {{Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: 'sts:AssumeRole'}}]}}, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']}}
  Function: {{Type: 'AWS::Lambda::Function', Properties: {{Runtime: python3.12, Handler: index.handler, Timeout: 20, Role: !GetAtt Role.Arn, Code: {{ZipFile: {json.dumps(code)}}}}}}}
  Permission: {{Type: 'AWS::Lambda::Permission', Properties: {{FunctionName: !Ref Function, Action: 'lambda:InvokeFunction', Principal: logs.amazonaws.com}}}}
  Subscription:
    Type: AWS::Logs::SubscriptionFilter
    DependsOn: Permission
    Properties: {{LogGroupName: !Ref Group, FilterPattern: {pattern}, DestinationArn: !GetAtt Function.Arn}}
Outputs: {{Group: {{Value: !Ref Group}}, Metric: {{Value: !Ref Metric}}}}
"""

    made = outputs(stacks.create(name, template("good")))
    logs = stacks.cloud.client("logs")
    group = dict(logGroupName=made["Group"])
    assert [one["filterName"] for one in logs.describe_metric_filters(**group)["metricFilters"]] == [made["Metric"]]
    logs.create_log_stream(**group, logStreamName="s")
    now = int(time.time() * 1000)
    logs.put_log_events(**group, logStreamName="s", logEvents=[{"timestamp": now, "message": "good 1"}, {"timestamp": now, "message": "bad"}])
    ssm, cloudwatch = stacks.cloud.client("ssm"), stacks.cloud.client("cloudwatch")
    assert eventually(lambda: ssm.get_parameters(Names=[name])["Parameters"])[0]["Value"] == "good 1"
    assert eventually(lambda: cloudwatch.list_metrics(Namespace=name)["Metrics"])[0]["MetricName"] == "M"
    stacks.update(name, template("other"))
    assert logs.describe_metric_filters(**group)["metricFilters"][0]["filterPattern"] == "other"
    assert logs.describe_subscription_filters(**group)["subscriptionFilters"][0]["filterPattern"] == "other"
    stacks.delete(name)


def test_a_global_table_of_one_region(stacks, name):
    def template(more=""):
        return f"""
Resources:
  T:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {{StreamViewType: NEW_IMAGE}}
      Replicas: [{{Region: !Ref 'AWS::Region', Tags: [{{Key: a, Value: '1'}}]{more}}}]
Outputs: {{T: {{Value: !Ref T}}, Arn: {{Value: !GetAtt T.Arn}}, Stream: {{Value: !GetAtt T.StreamArn}}, Id: {{Value: !GetAtt T.TableId}}}}
"""

    made = outputs(stacks.create(name, template()))
    dynamodb = stacks.cloud.client("dynamodb")
    dynamodb.put_item(TableName=made["T"], Item={"id": {"S": "x"}})
    table = dynamodb.describe_table(TableName=made["T"])["Table"]
    assert (table["TableArn"], table["LatestStreamArn"], table["TableId"]) == (made["Arn"], made["Stream"], made["Id"])
    assert dynamodb.list_tags_of_resource(ResourceArn=made["Arn"])["Tags"][0] == {"Key": "a", "Value": "1"}
    stacks.update(name, template(", DeletionProtectionEnabled: true"))
    with pytest.raises(ClientError, match="deletion protection"):
        dynamodb.delete_table(TableName=made["T"])
    stacks.update(name, template())
    stacks.delete(name)
    stacks.create(name, template().replace("Region: !Ref 'AWS::Region'", "Region: eu-west-1"), "ROLLBACK_COMPLETE")


def test_who_iam_trusts(stacks, name):
    def template(client):
        return f"""
Resources:
  Provider: {{Type: 'AWS::IAM::OIDCProvider', Properties: {{Url: 'https://{name}.example/', ClientIdList: [{client}], ThumbprintList: ['{"0" * 40}']}}}}
  Linked: {{Type: 'AWS::IAM::ServiceLinkedRole', Properties: {{AWSServiceName: autoscaling.amazonaws.com, CustomSuffix: {name[-12:]}, Description: {client}}}}}
Outputs: {{Provider: {{Value: !Ref Provider}}, Linked: {{Value: !Ref Linked}}}}
"""

    made = outputs(stacks.create(name, template("one")))
    iam = stacks.cloud.client("iam")
    assert made["Provider"] == f"arn:aws:iam::000000000000:oidc-provider/{name}.example"
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["Provider"])["ClientIDList"] == ["one"]
    assert iam.get_role(RoleName=made["Linked"])["Role"]["Path"] == "/aws-service-role/autoscaling.amazonaws.com/"
    stacks.update(name, template("two"))
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["Provider"])["ClientIDList"] == ["two"]
    assert iam.get_role(RoleName=made["Linked"])["Role"]["Description"] == "two"
    stacks.delete(name)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["Provider"])
