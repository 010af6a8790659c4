"""The parts of REST and HTTP APIs: each is made, read, listed, changed, deleted, and what it does is seen from outside."""

import json

import pytest
from api_functions import proxy, uri
from botocore.exceptions import ClientError


def patch(path, value, op="replace"):
    return {"op": op, "path": path, "value": value}


def gone(call, **where):
    with pytest.raises(ClientError) as error:
        call(**where)
    assert error.value.response["Error"]["Code"] == "NotFoundException"


JSON = {"Content-Type": "application/json"}
SCHEMA = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}


def test_models_and_validators(api, apigateway):
    at = dict(restApiId=api.id)
    model = dict(**at, modelName="Pet")
    apigateway.create_model(**at, name="Pet", contentType="application/json", schema=json.dumps(SCHEMA))
    validator = apigateway.create_request_validator(**at, name="v", validateRequestBody=True)["id"]
    where = dict(**at, requestValidatorId=validator)
    api.mock(api.root, "POST", requestModels={"application/json": "Pet"}, requestValidatorId=validator)
    api.deploy()
    assert api.call("/", "POST", body="{}", headers=JSON)[0] == 400 and api.call("/", "POST", body='{"kind": "cat"}', headers=JSON)[0] == 200
    assert json.loads(apigateway.get_model(**model)["schema"]) == SCHEMA
    assert "Pet" in [item["name"] for item in apigateway.get_models(**at)["items"]]
    apigateway.update_model(**model, patchOperations=[patch("/schema", json.dumps({"type": "object"}))])
    api.deploy()
    assert api.call("/", "POST", body="{}", headers=JSON)[0] == 200
    apigateway.update_model(**model, patchOperations=[patch("/schema", json.dumps(SCHEMA))])
    apigateway.update_request_validator(**where, patchOperations=[patch("/validateRequestBody", "false")])
    assert apigateway.get_request_validator(**where)["validateRequestBody"] is False
    assert [item["id"] for item in apigateway.get_request_validators(**at)["items"]] == [validator]
    api.deploy()
    assert api.call("/", "POST", body="{}", headers=JSON)[0] == 200
    method = dict(**at, resourceId=api.root, httpMethod="POST")
    apigateway.update_method(
        **method,
        patchOperations=[patch("/requestValidatorId", "", "remove"), patch("/requestModels/application~1json", "", "remove")],
    )
    assert "requestValidatorId" not in apigateway.get_method(**method)
    apigateway.delete_request_validator(**where)
    apigateway.delete_model(**model)
    gone(apigateway.get_request_validator, **where)
    gone(apigateway.get_model, **model)


def test_methods_and_what_hangs_on_them(api, apigateway):
    api.mock(api.root, template="hello", parameters={"method.response.header.X-A": "'1'"})
    method = dict(restApiId=api.id, resourceId=api.root, httpMethod="GET")
    answer = dict(**method, statusCode="200")
    api.deploy()
    assert api.call("/")[1]["X-A"] == "1"
    assert apigateway.get_method(**method)["methodIntegration"]["type"] == "MOCK"
    assert apigateway.get_integration(**method)["requestTemplates"] == {"application/json": '{"statusCode": 200}'}
    assert apigateway.get_method_response(**answer)["responseParameters"] == {"method.response.header.X-A": False}
    assert apigateway.get_integration_response(**answer)["responseTemplates"] == {"application/json": "hello"}
    apigateway.update_method_response(**answer, patchOperations=[patch("/responseParameters/method.response.header.X-B", "true", "add")])
    apigateway.update_integration_response(
        **answer, patchOperations=[patch("/responseParameters/method.response.header.X-B", "'2'", "add")]
    )
    apigateway.update_method(**method, patchOperations=[patch("/apiKeyRequired", "true")])
    api.deploy()
    assert api.call("/")[0] == 403
    apigateway.update_method(**method, patchOperations=[patch("/apiKeyRequired", "false")])
    api.deploy()
    assert api.call("/")[1]["X-B"] == "2"
    apigateway.delete_integration_response(**answer)
    gone(apigateway.get_integration_response, **answer)
    apigateway.delete_method_response(**answer)
    gone(apigateway.get_method_response, **answer)
    api.deploy()
    assert api.call("/")[0] == 500
    apigateway.delete_method(**method)
    gone(apigateway.get_method, **method)
    gone(apigateway.get_integration, **method)


def test_authorizers(api, apigateway, function):
    at = dict(restApiId=api.id)
    source = "method.request.header.Authorization"
    made = apigateway.create_authorizer(**at, name="a", type="TOKEN", authorizerUri=uri(function("token")), identitySource=source)
    where = dict(**at, authorizerId=made["id"])
    proxy(api, api.root, "GET", function("echo"), authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()
    assert api.call("/", headers={"Authorization": "good"})[0] == 200
    assert apigateway.get_authorizer(**where)["identitySource"] == source
    assert [item["name"] for item in apigateway.get_authorizers(**at)["items"]] == ["a"]
    apigateway.update_authorizer(**where, patchOperations=[patch("/identityValidationExpression", "better.*")])
    api.deploy()
    assert api.call("/", headers={"Authorization": "good"})[0] == 401
    with pytest.raises(ClientError):
        apigateway.delete_authorizer(**where)
    method = dict(**at, resourceId=api.root, httpMethod="GET")
    apigateway.update_method(**method, patchOperations=[patch("/authorizationType", "NONE"), patch("/authorizerId", "", "remove")])
    apigateway.delete_authorizer(**where)
    gone(apigateway.get_authorizer, **where)
    api.deploy()
    assert api.call("/")[0] == 200


def test_gateway_responses(api, apigateway):
    api.mock(api.root)
    where = dict(restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN")
    assert apigateway.get_gateway_response(**where)["defaultResponse"] is True
    apigateway.put_gateway_response(**where, statusCode="404", responseTemplates={"application/json": '{"no": "thing"}'})
    assert apigateway.get_gateway_response(**where)["defaultResponse"] is False
    api.deploy()
    assert api.call("/none")[::2] == (404, '{"no": "thing"}')
    apigateway.update_gateway_response(**where, patchOperations=[patch("/statusCode", "410")])
    types = {item["responseType"]: item for item in apigateway.get_gateway_responses(restApiId=api.id, limit=500)["items"]}
    assert types["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "410" and len(types) > 20
    api.deploy()
    assert api.call("/none")[0] == 410
    apigateway.delete_gateway_response(**where)
    api.deploy()
    assert api.call("/none")[0] == 403


def test_deployments_and_stages(api, apigateway):
    api.mock(api.root, template="$stageVariables.who")
    first = api.deploy()
    apigateway.update_deployment(restApiId=api.id, deploymentId=first, patchOperations=[patch("/description", "the first")])
    assert apigateway.get_deployment(restApiId=api.id, deploymentId=first)["description"] == "the first"
    stage = dict(restApiId=api.id, stageName="test")
    apigateway.create_stage(**stage, deploymentId=first, variables={"who": "me"})
    assert api.call("/", stage="test")[2] == "me"
    assert apigateway.get_stage(**stage)["variables"] == {"who": "me"}
    assert sorted(item["stageName"] for item in apigateway.get_stages(restApiId=api.id)["item"]) == ["dev", "test"]
    assert [item["id"] for item in apigateway.get_deployments(restApiId=api.id)["items"]] == [first]
    apigateway.delete_stage(**stage)
    gone(apigateway.get_stage, **stage)
    assert api.call("/", stage="test")[0] == 403


def test_keys_and_plans(api, apigateway, name):
    api.mock(api.root, apiKeyRequired=True)
    api.deploy()
    key = apigateway.create_api_key(name=name, enabled=True)
    headers = {"x-api-key": key["value"]}
    plan = apigateway.create_usage_plan(name=name, apiStages=[{"apiId": api.id, "stage": "dev"}])["id"]
    own = dict(usagePlanId=plan, keyId=key["id"])
    assert api.call("/", headers=headers)[0] == 403
    apigateway.create_usage_plan_key(**own, keyType="API_KEY")
    assert api.call("/", headers=headers)[0] == 200
    assert "value" not in apigateway.get_api_key(apiKey=key["id"])
    assert apigateway.get_api_key(apiKey=key["id"], includeValue=True)["value"] == key["value"]
    assert [item["id"] for item in apigateway.get_api_keys(nameQuery=name)["items"]] == [key["id"]]
    assert apigateway.get_usage_plan(usagePlanId=plan)["name"] == name
    assert [item["id"] for item in apigateway.get_usage_plans(keyId=key["id"])["items"]] == [plan]
    assert apigateway.get_usage_plan_key(**own)["type"] == "API_KEY"
    assert [item["id"] for item in apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [key["id"]]
    apigateway.delete_usage_plan_key(**own)
    gone(apigateway.get_usage_plan_key, **own)
    assert api.call("/", headers=headers)[0] == 403
    with pytest.raises(ClientError):
        apigateway.delete_usage_plan(usagePlanId=plan)
    apigateway.update_usage_plan(usagePlanId=plan, patchOperations=[patch("/apiStages", f"{api.id}:dev", "remove")])
    apigateway.delete_usage_plan(usagePlanId=plan)
    gone(apigateway.get_usage_plan, usagePlanId=plan)
    apigateway.delete_api_key(apiKey=key["id"])
    gone(apigateway.get_api_key, apiKey=key["id"])


def test_parts_of_http_apis(cloud, call_http, backend, name, function):
    http = cloud.client("apigatewayv2")
    api = http.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    at = dict(ApiId=api)
    integration = http.create_integration(
        **at, IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri=backend + "/x", PayloadFormatVersion="1.0"
    )["IntegrationId"]
    route = http.create_route(**at, RouteKey="GET /a", Target=f"integrations/{integration}")["RouteId"]
    authorizer = http.create_authorizer(
        **at, Name="a", AuthorizerType="REQUEST", AuthorizerUri=uri(function("simple")), IdentitySource=["$request.header.Key"],
        AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True,
    )["AuthorizerId"]  # fmt: skip
    http.create_stage(**at, StageName="s", AutoDeploy=True)

    def status(path="/s/a", **headers):
        return call_http(cloud.url + path, headers={"Host": f"{api}.execute-api.localhost", **headers})[0]

    assert status() == 200
    assert api in [item["ApiId"] for page in http.get_paginator("get_apis").paginate() for item in page["Items"]]
    assert api in [item["ApiId"] for item in http.get_apis()["Items"]]
    assert http.get_integration(**at, IntegrationId=integration)["IntegrationUri"] == backend + "/x"
    assert [item["IntegrationId"] for item in http.get_integrations(**at)["Items"]] == [integration]
    assert http.get_route(**at, RouteId=route)["RouteKey"] == "GET /a"
    http.update_route(**at, RouteId=route, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    assert (status(), status(Key="any")) == (401, 200)
    assert http.get_authorizer(**at, AuthorizerId=authorizer)["EnableSimpleResponses"] is True
    assert [item["Name"] for item in http.get_authorizers(**at)["Items"]] == ["a"]
    http.update_route(**at, RouteId=route, AuthorizationType="NONE")
    http.delete_authorizer(**at, AuthorizerId=authorizer)
    gone(http.get_authorizer, **at, AuthorizerId=authorizer)
    deployment = http.create_deployment(**at, Description="d")["DeploymentId"]
    assert deployment in [item["DeploymentId"] for item in http.get_deployments(**at)["Items"]]
    assert http.get_stage(**at, StageName="s")["AutoDeploy"] is True
    assert [item["StageName"] for item in http.get_stages(**at)["Items"]] == ["s"]
    http.delete_stage(**at, StageName="s")
    gone(http.get_stage, **at, StageName="s")
    assert status() == 404
