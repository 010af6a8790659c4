"""Stacks of real resources: made, changed, undone, deleted."""

import json
import threading
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError
from clouds import eventually
from stacks import Stacks, outputs

PARAMETERS = json.dumps({"Resources": {f"P{n}": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": f"v{n}"}} for n in range(100)}})

MANY_KINDS = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
      LifecycleConfiguration: {Rules: [{Id: x, Status: Enabled, ExpirationInDays: 3}]}
      CorsConfiguration: {CorsRules: [{AllowedMethods: [GET], AllowedOrigins: ['*'], MaxAge: 5}]}
      PublicAccessBlockConfiguration: {BlockPublicAcls: true}
      Tags: [{Key: a, Value: b}]
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${Bucket.Arn}/*', Condition: {Bool: {'aws:SecureTransport': 'false'}}}]}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: g, AttributeType: N}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      GlobalSecondaryIndexes: [{IndexName: gsi, KeySchema: [{AttributeName: g, KeyType: HASH}], Projection: {ProjectionType: ALL}}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: 7}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
      Policies: [{PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Table.Arn}]}}]
  Inline: {Type: AWS::IAM::Policy, Properties: {PolicyName: q, Roles: [!Ref Role], PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}}}
  Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {Roles: [!Ref Role], PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}}}
  Friends: {Type: AWS::IAM::Group}
  User: {Type: AWS::IAM::User, Properties: {Groups: [!Ref Friends]}}
  Key: {Type: AWS::IAM::AccessKey, Properties: {UserName: !Ref User}}
Outputs:
  Bucket: {Value: !Ref Bucket}
  Table: {Value: !Ref Table}
  Role: {Value: !Ref Role}
  Secret: {Value: !GetAtt Key.SecretAccessKey}
"""

WEB = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          import cfnresponse
          def handler(event, context):
              if 'ResponseURL' in event:
                  good = event['ResourceProperties'].get('Ask') != 'fail'
                  cfnresponse.send(event, context, cfnresponse.SUCCESS if good else cfnresponse.FAILED,
                                   {'Answer': event['ResourceProperties'].get('Ask', '') + '!', 'Deep': {'X': 'y'}}, 'phys-1')
              return {'statusCode': 200, 'body': 'hello'}
  Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}
  Alias: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, FunctionVersion: !GetAtt Version.Version, Name: live}}
  Permission: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: lambda:InvokeFunction, Principal: apigateway.amazonaws.com}}
  Custom: {Type: Custom::Thing, Properties: {ServiceToken: !GetAtt Fn.Arn, Ask: ASK}}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Path: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: hello}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Path
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'}
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Api}}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: dev}}
Outputs:
  Answer: {Value: !GetAtt Custom.Answer}
  Deep: {Value: !GetAtt Custom.Deep.X}
  Custom: {Value: !Ref Custom}
  Api: {Value: !Ref Api}
"""


@pytest.fixture
def stacks(cloud):
    return Stacks(cloud)


def refused(call, *words, **more):
    with pytest.raises(ClientError) as error:
        call(*words, **more)
    return error.value.response["Error"]["Message"]


def test_a_hundred_parameters(stacks, name):
    stacks.create(name, PARAMETERS)
    made = stacks.api.get_paginator("list_stack_resources").paginate(StackName=name).build_full_result()["StackResourceSummaries"]
    assert len(made) == 100 and {one["ResourceStatus"] for one in made} == {"CREATE_COMPLETE"}
    # Many pages of history, each event once.
    events = stacks.api.get_paginator("describe_stack_events").paginate(StackName=name).build_full_result()["StackEvents"]
    assert (events[0]["ResourceStatus"], events[-1]["ResourceStatus"]) == ("CREATE_COMPLETE", "CREATE_IN_PROGRESS")
    assert events[0]["LogicalResourceId"] == events[-1]["LogicalResourceId"] == name
    complete = [one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "CREATE_COMPLETE"]
    assert len(complete) == len(set(complete)) == 101
    stacks.delete(name)
    left = stacks.cloud.client("ssm").get_parameters(Names=[made[0]["PhysicalResourceId"]])
    assert left["InvalidParameters"] == [made[0]["PhysicalResourceId"]]


def test_many_kinds_and_nothing_is_left(stacks, name):
    made = outputs(stacks.create(name, MANY_KINDS, Tags=[{"Key": "team", "Value": "t"}]))
    cloud = stacks.cloud
    tags = {tag["Key"]: tag["Value"] for tag in cloud.client("s3").get_bucket_tagging(Bucket=made["Bucket"])["TagSet"]}
    assert (tags["a"], tags["team"]) == ("b", "t")
    assert len(cloud.client("iam").list_attached_role_policies(RoleName=made["Role"])["AttachedPolicies"]) == 2
    assert len(made["Secret"]) == 40
    stacks.delete(name)
    assert made["Table"] not in cloud.client("dynamodb").list_tables()["TableNames"]
    assert made["Bucket"] not in [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    assert made["Role"] not in [role["RoleName"] for role in cloud.client("iam").list_roles()["Roles"]]


def test_a_function_an_api_and_a_custom_resource(stacks, name):
    made = outputs(stacks.create(name, WEB.replace("ASK", "why")))
    assert (made["Answer"], made["Deep"], made["Custom"]) == ("why!", "y", "phys-1")
    with urllib.request.urlopen(f"{stacks.cloud.url}/restapis/{made['Api']}/dev/_user_request_/hello", timeout=30) as answer:
        assert answer.read() == b"hello"
    stacks.update(name, WEB.replace("ASK", "fail"), "UPDATE_ROLLBACK_COMPLETE")
    assert any("Received response status [FAILED] from custom resource." in line for line in stacks.reasons(name))
    assert outputs(stacks.settled(name))["Answer"] == "why!"
    stacks.delete(name)


def test_replacement_and_rollback(stacks, name):
    def template(key, more=""):
        return f"""
Resources:
  P: {{Type: 'AWS::SSM::Parameter', Properties: {{Name: /{name}/{key}, Type: String, Value: {key}}}}}
  T:
    Type: AWS::DynamoDB::Table
    Properties: {{AttributeDefinitions: [{{AttributeName: {key}, AttributeType: S}}], KeySchema: [{{AttributeName: {key}, KeyType: HASH}}], BillingMode: PAY_PER_REQUEST}}
{more}
Outputs: {{T: {{Value: !Ref T}}}}
"""

    def parameters():
        return [one["Name"] for one in stacks.cloud.client("ssm").get_parameters_by_path(Path=f"/{name}")["Parameters"]]

    first = outputs(stacks.create(name, template("a")))["T"]
    second = outputs(stacks.update(name, template("b")))["T"]
    assert first != second and parameters() == [f"/{name}/b"]
    bad = "  Bad: {Type: 'AWS::SSM::Parameter', DependsOn: [P, T], Properties: {Name: 'not a name', Type: String, Value: x}}"
    stacks.update(name, template("c", bad), "UPDATE_ROLLBACK_COMPLETE")
    assert outputs(stacks.settled(name))["T"] == second and parameters() == [f"/{name}/b"]
    tables = stacks.cloud.client("dynamodb").list_tables()["TableNames"]
    assert [table for table in tables if table.startswith(name)] == [second]
    assert refused(stacks.api.update_stack, StackName=name, TemplateBody=template("b")) == "No updates are to be performed."
    stacks.delete(name)


def test_nested_stacks(stacks, name):
    child = f"""
Parameters: {{V: {{Type: String}}, L: {{Type: CommaDelimitedList}}}}
Resources: {{P: {{Type: 'AWS::SSM::Parameter', Properties: {{Name: /{name}, Type: String, Value: !Ref V}}}}}}
Outputs: {{V: {{Value: !GetAtt P.Value}}, L: {{Value: !Join ['+', !Ref L]}}}}
"""
    s3 = stacks.cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket=name, Key="child.yml", Body=child)

    def parent(value):
        url = f"https://s3.ap-northeast-1.amazonaws.com/{name}/child.yml"
        return f"Resources: {{C: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: '{url}', Parameters: {{V: {value}, L: [a, b]}}}}}}}}\nOutputs: {{V: {{Value: !GetAtt C.Outputs.V}}, L: {{Value: !GetAtt C.Outputs.L}}}}"

    made = stacks.create(name, parent("one"))
    assert outputs(made) == {"V": "one", "L": "a+b"}
    nested = stacks.api.describe_stack_resource(StackName=name, LogicalResourceId="C")["StackResourceDetail"]["PhysicalResourceId"]
    assert stacks.settled(nested)["ParentId"] == made["StackId"]
    assert outputs(stacks.update(name, parent("two")))["V"] == "two"
    stacks.delete(name)
    assert stacks.settled(nested)["StackStatus"] == "DELETE_COMPLETE"


def test_imports_hold_exports(stacks, name):
    stacks.create(name, f"Resources: {{P: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: x}}}}}}\nOutputs: {{O: {{Value: !GetAtt P.Value, Export: {{Name: {name}}}}}}}")
    user = f"Resources: {{P: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: !ImportValue {name}}}}}}}"
    stacks.create(f"{name}-user", user)
    assert refused(stacks.api.delete_stack, StackName=name) == f"Cannot delete export {name} as it is in use by {name}-user."
    assert stacks.api.list_imports(ExportName=name)["Imports"] == [f"{name}-user"]
    stacks.delete(f"{name}-user")
    stacks.delete(name)


def test_a_wait_condition_waits(stacks, name):
    stacks.api.create_stack(StackName=name, TemplateBody="Resources: {H: {Type: 'AWS::CloudFormation::WaitConditionHandle'}, W: {Type: 'AWS::CloudFormation::WaitCondition', Properties: {Handle: !Ref H, Timeout: 30}}}\nOutputs: {D: {Value: !GetAtt W.Data}}")

    def handle():
        found = stacks.api.describe_stack_resources(StackName=name)["StackResources"]
        return [one["PhysicalResourceId"] for one in found if one["LogicalResourceId"] == "H" and "PhysicalResourceId" in one]

    url = eventually(handle)[0]
    body = json.dumps({"Status": "SUCCESS", "UniqueId": "1", "Reason": "r", "Data": "d"}).encode()
    urllib.request.urlopen(urllib.request.Request(url, data=body, method="PUT"), timeout=10).read()
    assert outputs(stacks.expect(name, "CREATE_COMPLETE")) == {"D": '{"1":"d"}'}
    stacks.delete(name)


def test_what_cannot_be_deleted_can_be_kept(stacks, name):
    bucket = outputs(stacks.create(name, "Resources: {B: {Type: 'AWS::S3::Bucket'}}\nOutputs: {B: {Value: !Ref B}}"))["B"]
    stacks.cloud.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    stacks.delete(name, "DELETE_FAILED")
    stacks.delete(name, RetainResources=["B"])
    assert bucket in [one["Name"] for one in stacks.cloud.client("s3").list_buckets()["Buckets"]]


def test_bad_templates_are_refused(stacks, name):
    laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    laughs += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    for template, message in [
        ("a:\n  b: 1\n c: 2\n", "Template format error: YAML not well-formed. (line 3, column "),
        ('{"a": ,}', "Template format error: JSON not well-formed. (line 1, column "),
        (laughs, "Template format error: YAML not well-formed."),
        ("[" * 50_000, "Template format error: YAML not well-formed."),
        ("Resources: {A: {Type: 'AWS::Foo::Bar'}}", "Template format error: Unrecognized resource types: [AWS::Foo::Bar]"),
        ("Resources: {A: {Type: 'AWS::S3::Bucket', DependsOn: B}, B: {Type: 'AWS::S3::Bucket', DependsOn: A}}", "Circular dependency between resources: [A, B]"),
    ]:
        assert refused(stacks.api.create_stack, StackName=name, TemplateBody=template).startswith(message), template[:80]
    stacks.create(name, "Resources: {A: {Type: 'AWS::SSM::Parameter', Properties: {Type: String}}}", "ROLLBACK_COMPLETE")
    assert "A CREATE_FAILED Properties validation failed for resource A with message: #: required key [Value] not found" in stacks.reasons(name)


def test_a_stack_goes_on_after_kill_9(own_cloud, tmp_path):
    """The server is killed while stacks are being made; the next one finishes them."""
    for wait in (0.0, 0.05, 0.15):
        data = tmp_path / f"data-{wait}"
        cloud = own_cloud("--data", data).wait_until_ready()
        stacks = Stacks(cloud)
        accepted = []

        def create():
            for number in range(4):
                try:
                    stacks.api.create_stack(StackName=f"s{number}", TemplateBody=PARAMETERS)
                except Exception:
                    return
                accepted.append(f"s{number}")

        maker = threading.Thread(target=create)
        maker.start()
        eventually(lambda: accepted)
        time.sleep(wait)
        cloud.kill()
        maker.join()
        again = Stacks(own_cloud("--data", data).wait_until_ready())
        # A stack whose answer was lost with the connection may be there as well.
        known = {stack["StackName"] for stack in again.api.describe_stacks()["Stacks"]}
        assert known.issuperset(accepted)
        for name in known:
            again.expect(name, "CREATE_COMPLETE")
            again.delete(name)
        assert again.cloud.client("ssm").describe_parameters()["Parameters"] == []
        again.cloud.kill()
