"""HTTP APIs as boto3 makes them."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def http(cloud):
    return cloud.client("apigatewayv2")


def code(error):
    return error.value.response["Error"]["Code"]


def test_an_api_is_made_changed_and_deleted(http, name):
    made = http.create_api(Name=name, ProtocolType="HTTP", CorsConfiguration={"AllowOrigins": ["*"]}, Tags={"a": "b"})
    assert made["RouteSelectionExpression"] == "$request.method $request.path"
    api = made["ApiId"]
    assert http.update_api(ApiId=api, Name="other", Description="d")["Name"] == "other"
    assert http.get_api(ApiId=api)["CorsConfiguration"] == {"AllowOrigins": ["*"], "AllowCredentials": False}
    http.delete_cors_configuration(ApiId=api)
    assert "CorsConfiguration" not in http.get_api(ApiId=api)
    http.delete_api(ApiId=api)
    with pytest.raises(ClientError) as gone:
        http.get_api(ApiId=api)
    assert code(gone) == "NotFoundException"


def test_routes_lead_to_integrations(http, name):
    api = http.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = http.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri="http://127.0.0.1:9/", PayloadFormatVersion="1.0"
    )["IntegrationId"]
    target = f"integrations/{integration}"
    route = http.create_route(ApiId=api, RouteKey="GET /pets/{id}", Target=target)["RouteId"]
    for key, wanted in [("GET /pets/{id}", "ConflictException"), ("pets", "BadRequestException")]:
        with pytest.raises(ClientError) as refused:
            http.create_route(ApiId=api, RouteKey=key, Target=target)
        assert code(refused) == wanted
    assert http.update_route(ApiId=api, RouteId=route, RouteKey="GET /cats")["RouteKey"] == "GET /cats"
    with pytest.raises(ClientError) as used:
        http.delete_integration(ApiId=api, IntegrationId=integration)
    assert code(used) == "ConflictException"
    http.delete_route(ApiId=api, RouteId=route)
    http.delete_integration(ApiId=api, IntegrationId=integration)
    with pytest.raises(ClientError) as websocket:
        http.create_api(Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    assert "not implemented" in str(websocket.value)


def test_routes_stages_and_cors(cloud, http, call_http, backend, name):
    api = http.create_api(
        Name=name, ProtocolType="HTTP", CorsConfiguration={"AllowOrigins": ["http://a.example"], "AllowMethods": ["GET"], "MaxAge": 5}
    )["ApiId"]
    for key, path in [("GET /pets/{id}", "/one/{id}"), ("ANY /{proxy+}", "/all/{proxy}")]:
        integration = http.create_integration(
            ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri=backend + path, PayloadFormatVersion="1.0"
        )["IntegrationId"]
        http.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}")
    http.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    host = {"Host": f"{api}.execute-api.localhost"}

    def call(path, method="GET", **headers):
        status, answered, text = call_http(cloud.url + path, method, headers={**host, **headers})
        return status, answered, json.loads(text or "null")

    assert call("/pets/7?q=1")[2]["path"] == "/one/7?q=1"
    assert call("/pets/7", "POST")[2]["path"] == "/all/pets/7"
    assert call("/")[::2] == (404, {"message": "Not Found"})
    status, answered, _ = call("/pets/7", "OPTIONS", **{"Origin": "http://a.example", "Access-Control-Request-Method": "GET"})
    assert (status, answered["Access-Control-Allow-Origin"], answered["Access-Control-Max-Age"]) == (204, "http://a.example", "5")
    assert call("/pets/7", Origin="http://a.example")[1]["Access-Control-Allow-Origin"] == "http://a.example"
    assert call("/pets/7", Origin="http://b.example")[1]["Access-Control-Allow-Origin"] is None
    frozen = http.create_deployment(ApiId=api)["DeploymentId"]
    http.create_stage(ApiId=api, StageName="dev", DeploymentId=frozen)
    http.delete_route(ApiId=api, RouteId=[r for r in http.get_routes(ApiId=api)["Items"] if r["RouteKey"] == "GET /pets/{id}"][0]["RouteId"])
    assert call("/pets/7")[2]["path"] == "/all/pets/7"
    assert call("/dev/pets/7")[2]["path"] == "/one/7"


def test_a_document_becomes_an_api(http, name):
    document = {
        "openapi": "3.0.1", "info": {"title": name},
        "paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "http://127.0.0.1:9"}}}},
    }
    api = http.import_api(Body=json.dumps(document))["ApiId"]
    assert [route["RouteKey"] for route in http.get_routes(ApiId=api)["Items"]] == ["GET /x"]
    document["paths"] = {"/y": document["paths"]["/x"]}
    http.reimport_api(ApiId=api, Body=json.dumps(document))
    assert [route["RouteKey"] for route in http.get_routes(ApiId=api)["Items"]] == ["GET /y"]
