"""Kinds of resources one by one: what a stack makes acts, changes and goes."""

import json
import time
import urllib.error
import urllib.request

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


def test_names_and_documentation_of_apis(stacks, name):
    domain = f"{name}.example.com"
    certificate = "arn:aws:acm:ap-northeast-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"

    def template(key, words):
        return f"""
Resources:
  Api: {{Type: 'AWS::ApiGateway::RestApi', Properties: {{Name: {name}}}}}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: {{application/json: '{{"statusCode": 200}}'}}
        IntegrationResponses: [{{StatusCode: 200, ResponseTemplates: {{application/json: '{{"hello": true}}'}}}}]
      MethodResponses: [{{StatusCode: 200}}]
  Deployment: {{Type: 'AWS::ApiGateway::Deployment', DependsOn: Method, Properties: {{RestApiId: !Ref Api, StageName: dev}}}}
  Part: {{Type: 'AWS::ApiGateway::DocumentationPart', Properties: {{RestApiId: !Ref Api, Location: {{Type: API}}, Properties: '{{"description": "{words}"}}'}}}}
  Version: {{Type: 'AWS::ApiGateway::DocumentationVersion', DependsOn: Part, Properties: {{RestApiId: !Ref Api, DocumentationVersion: '1'}}}}
  Domain:
    Type: AWS::ApiGateway::DomainName
    Properties: {{DomainName: {domain}, RegionalCertificateArn: '{certificate}', EndpointConfiguration: {{Types: [REGIONAL]}}}}
  Mapping:
    Type: AWS::ApiGateway::BasePathMapping
    DependsOn: Deployment
    Properties: {{DomainName: !Ref Domain, BasePath: {key}, RestApiId: !Ref Api, Stage: dev}}
  Http: {{Type: 'AWS::ApiGatewayV2::Api', Properties: {{Name: {name}, ProtocolType: HTTP}}}}
  HttpStage: {{Type: 'AWS::ApiGatewayV2::Stage', Properties: {{ApiId: !Ref Http, StageName: $default, AutoDeploy: true}}}}
  HttpDomain:
    Type: AWS::ApiGatewayV2::DomainName
    Properties: {{DomainName: http-{domain}, DomainNameConfigurations: [{{CertificateArn: '{certificate}', EndpointType: REGIONAL}}]}}
  HttpMapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    DependsOn: HttpStage
    Properties: {{DomainName: !Ref HttpDomain, ApiId: !Ref Http, Stage: $default, ApiMappingKey: {key}}}
  Query: {{Type: 'AWS::Logs::QueryDefinition', Properties: {{Name: {name}, QueryString: 'fields @message | limit {len(words)}'}}}}
  Policy:
    Type: AWS::Logs::ResourcePolicy
    Properties:
      PolicyName: {name}
      PolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow, Principal: {{Service: es.amazonaws.com}}, Action: 'logs:*', Resource: '*'}}]}}
Outputs:
  Regional: {{Value: !GetAtt Domain.RegionalDomainName}}
  HttpRegional: {{Value: !GetAtt HttpDomain.RegionalDomainName}}
"""

    def ask(path):
        request = urllib.request.Request(stacks.cloud.url + path, headers={"Host": domain})
        try:
            return urllib.request.urlopen(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            return error.code

    made = outputs(stacks.create(name, template("v1", "one")))
    assert ".execute-api." in made["Regional"] and ".execute-api." in made["HttpRegional"]
    assert ask("/v1") == b'{"hello": true}' and ask("/v2") == 403
    stacks.update(name, template("v2", "three"))
    assert ask("/v2") == b'{"hello": true}' and ask("/v1") == 403
    http = stacks.cloud.client("apigatewayv2")
    assert [one["ApiMappingKey"] for one in http.get_api_mappings(DomainName=f"http-{domain}")["Items"]] == ["v2"]
    saved = stacks.cloud.client("logs").describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert saved[0]["queryString"] == "fields @message | limit 5"
    stacks.delete(name)
    assert ask("/v2") == 403
    assert stacks.cloud.client("logs").describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"] == []
