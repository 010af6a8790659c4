"""APIs as SAM's templates make them."""

import json

import pytest

TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Cors: "'*'"
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["*"]
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        import json
        def handler(event, context):
            return {"statusCode": 200, "body": json.dumps({"version": event.get("version"), "id": (event.get("pathParameters") or {}).get("id")})}
      Events:
        Rest:
          Type: Api
          Properties: {Path: "/rest/{id}", Method: get, RestApiId: !Ref Rest}
        Http:
          Type: HttpApi
          Properties: {Path: "/http/{id}", Method: get, ApiId: !Ref Http}
Outputs:
  Rest: {Value: !Ref Rest}
  Http: {Value: !Ref Http}
  Endpoint: {Value: !GetAtt Http.ApiEndpoint}
"""


@pytest.fixture
def stack(cloud, name):
    stacks = cloud.client("cloudformation")
    stacks.create_change_set(
        StackName=name, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=TEMPLATE,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stacks.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName="c", WaiterConfig={"Delay": 1})
    stacks.execute_change_set(StackName=name, ChangeSetName="c")
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    yield stacks.describe_stacks(StackName=name)["Stacks"][0]
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def test_sam_makes_both_kinds_of_api(cloud, stack, call_http, apigateway):
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert outputs["Endpoint"] == f"https://{outputs['Http']}.execute-api.ap-northeast-1.amazonaws.com"
    status, _, text = call_http(f"{cloud.url}/restapis/{outputs['Rest']}/dev/_user_request_/rest/7")
    assert (status, json.loads(text)) == (200, {"version": None, "id": "7"})
    status, headers, _ = call_http(f"{cloud.url}/_aws/execute-api/{outputs['Rest']}/dev/rest/7", "OPTIONS")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    host = {"Host": f"{outputs['Http']}.execute-api.localhost", "Origin": "http://a.example"}
    status, headers, text = call_http(f"{cloud.url}/http/7", headers=host)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert json.loads(text) == {"version": "2.0", "id": "7"}
