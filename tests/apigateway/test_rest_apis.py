"""REST APIs as boto3 makes them."""

import json

import pytest
from botocore.exceptions import ClientError


def code(error):
    return error.value.response["Error"]["Code"]


def test_an_api_is_made_read_changed_and_deleted(apigateway):
    made = apigateway.create_rest_api(name="pets", description="d", binaryMediaTypes=["image/png"], tags={"a": "b"})
    assert made["endpointConfiguration"]["types"] == ["EDGE"] and made["apiKeySource"] == "HEADER"
    changed = apigateway.update_rest_api(
        restApiId=made["id"],
        patchOperations=[
            {"op": "replace", "path": "/name", "value": "cats"},
            {"op": "add", "path": "/binaryMediaTypes/image~1jpeg"},
            {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
            {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
        ],
    )
    assert (changed["name"], changed["binaryMediaTypes"]) == ("cats", ["image/jpeg"])
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert made["id"] in [item["id"] for item in apigateway.get_rest_apis(limit=500)["items"]]
    with pytest.raises(ClientError) as refused:
        apigateway.update_rest_api(restApiId=made["id"], patchOperations=[{"op": "replace", "path": "/nope", "value": "x"}])
    assert code(refused) == "BadRequestException"
    apigateway.delete_rest_api(restApiId=made["id"])
    with pytest.raises(ClientError) as gone:
        apigateway.get_rest_api(restApiId=made["id"])
    assert code(gone) == "NotFoundException"
    assert gone.value.response["Error"]["Message"] == f"Invalid API identifier specified 000000000000:{made['id']}"


def test_resources_are_a_tree(api, apigateway):
    one = api.resource("pets", "{id}")
    paths = {item["path"] for item in apigateway.get_resources(restApiId=api.id)["items"]}
    assert paths == {"/", "/pets", "/pets/{id}"}
    for part, wanted in [("{id}", "ConflictException"), ("{other}", "BadRequestException"), ("a b", "BadRequestException")]:
        with pytest.raises(ClientError) as refused:
            apigateway.create_resource(restApiId=api.id, parentId=api.resource("pets"), pathPart=part)
        assert code(refused) == wanted, part
    apigateway.update_resource(
        restApiId=api.id, resourceId=api.resource("pets"), patchOperations=[{"op": "replace", "path": "/pathPart", "value": "cats"}]
    )
    assert apigateway.get_resource(restApiId=api.id, resourceId=one)["path"] == "/cats/{id}"
    apigateway.delete_resource(restApiId=api.id, resourceId=api.resource("cats"))
    assert [item["path"] for item in apigateway.get_resources(restApiId=api.id)["items"]] == ["/"]


def test_lists_come_in_pages(api, apigateway):
    for number in range(7):
        api.resource(f"r{number}")
    pages = apigateway.get_paginator("get_resources").paginate(restApiId=api.id, PaginationConfig={"PageSize": 3})
    found = [item["path"] for page in pages for item in page["items"]]
    assert sorted(found) == ["/"] + [f"/r{number}" for number in range(7)]


def test_methods_and_integrations_are_checked(api, apigateway):
    at = dict(restApiId=api.id, resourceId=api.root, httpMethod="GET")
    with pytest.raises(ClientError) as refused:
        apigateway.put_method(**at, authorizationType="CUSTOM")
    assert code(refused) == "BadRequestException"
    apigateway.put_method(**at, authorizationType="NONE")
    with pytest.raises(ClientError) as twice:
        apigateway.put_method(**at, authorizationType="NONE")
    assert code(twice) == "ConflictException"
    for more in [
        dict(type="HTTP", integrationHttpMethod="GET", uri="nowhere"),
        dict(type="AWS_PROXY", integrationHttpMethod="POST", uri="arn:aws:apigateway:us-east-1:sqs:path/x"),
        dict(type="AWS", uri="arn:aws:apigateway:us-east-1:lambda:path/x"),
        dict(type="MOCK", timeoutInMillis=1),
    ]:
        with pytest.raises(ClientError) as wrong:
            apigateway.put_integration(**at, **more)
        assert code(wrong) == "BadRequestException", more
    with pytest.raises(ClientError) as empty:
        apigateway.create_deployment(restApiId=api.id)
    assert empty.value.response["Error"]["Message"] == "No integration defined for method"


def test_a_deployment_is_frozen_and_a_stage_points_to_it(api, apigateway):
    api.mock(api.root, template="one")
    first = api.deploy()
    assert api.call("/")[2] == "one"
    apigateway.update_integration_response(
        restApiId=api.id, resourceId=api.root, httpMethod="GET", statusCode="200",
        patchOperations=[{"op": "replace", "path": "/responseTemplates/application~1json", "value": "two"}],
    )
    assert api.call("/")[2] == "one"
    second = api.deploy()
    assert api.call("/")[2] == "two"
    apigateway.update_stage(
        restApiId=api.id, stageName="dev", patchOperations=[{"op": "replace", "path": "/deploymentId", "value": first}]
    )
    assert api.call("/")[2] == "one"
    with pytest.raises(ClientError) as used:
        apigateway.delete_deployment(restApiId=api.id, deploymentId=first)
    assert used.value.response["Error"]["Message"].startswith("Active stages pointing to this deployment")
    apigateway.delete_deployment(restApiId=api.id, deploymentId=second)
    assert apigateway.get_deployment(restApiId=api.id, deploymentId=first, embed=["apisummary"])["apiSummary"]["/"]["GET"]


def test_an_openapi_document_becomes_an_api_and_comes_back(cloud, apigateway):
    document = {
        "swagger": "2.0", "info": {"title": "from a document", "version": "1"},
        "paths": {"/hello": {"get": {
            "responses": {"200": {"description": "ok"}},
            "x-amazon-apigateway-integration": {
                "type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
                "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"hello": "$input.params(\'who\')"}'}}},
            },
        }}},
    }
    api = apigateway.import_rest_api(body=json.dumps(document))
    assert api["name"] == "from a document"
    apigateway.create_deployment(restApiId=api["id"], stageName="dev")
    answer = cloud.get(f"/_aws/execute-api/{api['id']}/dev/hello?who=x").read()
    assert json.loads(answer) == {"hello": "x"}
    export = apigateway.get_export(restApiId=api["id"], stageName="dev", exportType="oas30", parameters={"extensions": "integrations"})
    read = json.loads(export["body"].read())
    assert read["paths"]["/hello"]["get"]["x-amazon-apigateway-integration"]["type"] == "mock"
    yaml = "swagger: '2.0'\ninfo: {title: in yaml}\npaths: {}\n"
    assert apigateway.put_rest_api(restApiId=api["id"], mode="overwrite", body=yaml)["name"] == "in yaml"
    assert len(apigateway.get_resources(restApiId=api["id"])["items"]) == 1
    with pytest.raises(ClientError) as refused:
        apigateway.import_rest_api(body=b"{}")
    assert code(refused) == "BadRequestException"


def test_tags(apigateway):
    made = apigateway.create_rest_api(name="tagged", tags={"a": "1"})
    arn = f"arn:aws:apigateway:{apigateway.meta.region_name}::/restapis/{made['id']}"
    apigateway.tag_resource(resourceArn=arn, tags={"b": "2"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}


def test_what_is_not_built_says_so(apigateway):
    with pytest.raises(ClientError) as refused:
        apigateway.create_vpc_link(name="x", targetArns=["arn:x"])
    assert "CreateVpcLink" in refused.value.response["Error"]["Message"]
