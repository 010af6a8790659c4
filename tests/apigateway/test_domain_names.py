"""Custom domain names of REST and HTTP APIs: requests by Host reach the API that their path is mapped to."""

import http.client
import json
import socket
import ssl
import urllib.request

import pytest
from botocore.exceptions import ClientError

CERTIFICATE = "arn:aws:acm:ap-northeast-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


@pytest.fixture
def domain(name):
    return f"{name.replace('_', '-')}.example.com".lower()


def by_host(cloud, call_http, domain):
    return lambda path: call_http(f"{cloud.url}{path}", headers={"Host": domain})


def test_base_paths(cloud, api, apigateway, call_http, domain):
    api.mock(api.resource("items"), template='{"stage": "$context.stage", "domain": "$context.domainName", "path": "$context.path"}')
    api.deploy("dev")
    api.deploy("prod")
    ask = by_host(cloud, call_http, domain)
    assert ask("/v1/items")[0] == 403, "a name that nobody has made is a stranger's"
    where = dict(domainName=domain)
    refused("BadRequestException", apigateway.create_domain_name, **where)
    made = apigateway.create_domain_name(**where, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]}, tags={"a": "1"})
    assert made["domainNameStatus"] == "AVAILABLE" and made["regionalDomainName"].startswith("d-") and made["securityPolicy"] == "TLS_1_2"
    refused("ConflictException", apigateway.create_domain_name, **where, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]})
    assert ask("/v1/items")[0] == 403 and json.loads(ask("/v1/items")[2]) == {"message": "Forbidden"}

    mapping = apigateway.create_base_path_mapping(**where, basePath="v1", restApiId=api.id, stage="dev")
    assert mapping == {**mapping, "basePath": "v1", "restApiId": api.id, "stage": "dev"}
    assert json.loads(ask("/v1/items")[2]) == {"stage": "dev", "domain": domain, "path": "/v1/items"}
    assert ask("/v2/items")[0] == 403 and ask("/v1items")[0] == 403
    refused("ConflictException", apigateway.create_base_path_mapping, **where, basePath="v1", restApiId=api.id)
    refused("BadRequestException", apigateway.create_base_path_mapping, **where, basePath="a/b", restApiId=api.id)
    refused("BadRequestException", apigateway.create_base_path_mapping, **where, basePath="v3", restApiId=api.id, stage="none")
    refused("NotFoundException", apigateway.create_base_path_mapping, **where, basePath="v3", restApiId="nothing")

    apigateway.create_base_path_mapping(**where, restApiId=api.id)
    assert json.loads(ask("/prod/items")[2])["stage"] == "prod", "without a stage the path names it"
    assert [item["basePath"] for item in apigateway.get_base_path_mappings(**where)["items"]] == ["(none)", "v1"]
    assert "stage" not in apigateway.get_base_path_mapping(**where, basePath="(none)")
    patches = [{"op": "replace", "path": "/basePath", "value": "v2"}, {"op": "replace", "path": "/stage", "value": "prod"}]
    apigateway.update_base_path_mapping(**where, basePath="v1", patchOperations=patches)
    assert json.loads(ask("/v2/items")[2])["stage"] == "prod"
    apigateway.update_rest_api(restApiId=api.id, patchOperations=[{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}])
    api.deploy("prod")
    assert api.call("/items", stage="prod")[0] == 403 and ask("/v2/items")[0] == 200, "only the API's own name is switched off"
    apigateway.delete_base_path_mapping(**where, basePath="v2")
    refused("NotFoundException", apigateway.get_base_path_mapping, **where, basePath="v2")

    arn = apigateway.get_domain_name(**where)["domainNameArn"]
    apigateway.tag_resource(resourceArn=arn, tags={"b": "2"})
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"a": "1", "b": "2"}
    apigateway.update_domain_name(**where, patchOperations=[{"op": "replace", "path": "/securityPolicy", "value": "TLS_1_0"}])
    assert [item["securityPolicy"] for item in apigateway.get_domain_names()["items"] if item["domainName"] == domain] == ["TLS_1_0"]
    apigateway.delete_domain_name(**where)
    assert ask("/prod/items")[0] == 403
    refused("NotFoundException", apigateway.get_domain_name, **where)


def test_https_by_name(cloud, api, apigateway, domain, tmp_path):
    """The certificate is the cloud's own, made out to the customer's name."""
    api.mock(api.resource("items"), template='{"ok": true}')
    api.deploy("dev")
    apigateway.create_domain_name(domainName=domain, certificateArn=CERTIFICATE)
    apigateway.create_base_path_mapping(domainName=domain, restApiId=api.id, stage="dev")
    authority = tmp_path / "ca.pem"
    authority.write_bytes(urllib.request.urlopen(f"{cloud.url}/_kogumo/ca.pem").read())
    host, port = cloud.url.removeprefix("http://").split(":")
    context = ssl.create_default_context(cafile=str(authority))
    secure = context.wrap_socket(socket.create_connection((host, int(port)), timeout=10), server_hostname=domain)
    connection = http.client.HTTPSConnection(domain)
    connection.sock = secure
    connection.request("GET", "/items")
    assert json.loads(connection.getresponse().read()) == {"ok": True}
    secure.close()
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(socket.create_connection((host, int(port)), timeout=10), server_hostname="stranger.example.com")


def test_api_mappings(cloud, api, call_http, domain, function, name):
    http = cloud.client("apigatewayv2")
    configuration = [{"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL"}]
    refused("BadRequestException", http.create_domain_name, DomainName=domain, DomainNameConfigurations=[{"EndpointType": "EDGE"}])
    made = http.create_domain_name(DomainName=domain, DomainNameConfigurations=configuration, Tags={"a": "1"})
    assert made["DomainNameConfigurations"][0]["ApiGatewayDomainName"].endswith(".execute-api.ap-northeast-1.amazonaws.com")
    of_http = http.create_api(Name=name, ProtocolType="HTTP", Target=function("echo"))["ApiId"]
    where = dict(DomainName=domain)
    api.mock(api.resource("items"), template='{"rest": true}')
    api.deploy("dev")
    refused("NotFoundException", http.create_api_mapping, **where, ApiId=of_http, Stage="none")
    one = http.create_api_mapping(**where, ApiId=of_http, Stage="$default", ApiMappingKey="shop/v1")["ApiMappingId"]
    rest = http.create_api_mapping(**where, ApiId=api.id, Stage="dev", ApiMappingKey="old")["ApiMappingId"]
    ask = by_host(cloud, call_http, domain)
    event = json.loads(ask("/shop/v1/orders?x=1")[2])
    assert event["rawPath"] == "/shop/v1/orders" and event["requestContext"]["domainName"] == domain
    assert json.loads(ask("/old/items")[2]) == {"rest": True}
    http.update_api_mapping(**where, ApiMappingId=one, ApiId=of_http, ApiMappingKey="shop")
    assert http.get_api_mapping(**where, ApiMappingId=one)["ApiMappingKey"] == "shop"
    assert json.loads(ask("/shop/orders")[2])["rawPath"] == "/shop/orders"
    assert {item["ApiMappingId"] for item in http.get_api_mappings(**where)["Items"]} == {one, rest}
    assert cloud.client("apigateway").get_base_path_mapping(domainName=domain, basePath="old")["restApiId"] == api.id
    http.delete_api_mapping(**where, ApiMappingId=one)
    assert ask("/shop/orders")[0] == 403
    arn = http.get_domain_name(**where)["DomainNameArn"]
    http.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert http.get_tags(ResourceArn=arn)["Tags"] == {}
    http.update_domain_name(**where, DomainNameConfigurations=[{**configuration[0], "SecurityPolicy": "TLS_1_2"}])
    assert domain in [item["DomainName"] for item in http.get_domain_names()["Items"]]
    http.delete_domain_name(**where)
    refused("NotFoundException", http.get_domain_name, **where)


def test_documentation(api, apigateway):
    at = dict(restApiId=api.id)
    api.mock(api.root)
    api.deploy("dev")
    properties = json.dumps({"description": "All of it"})
    part = apigateway.create_documentation_part(**at, location={"type": "API"}, properties=properties)["id"]
    refused("ConflictException", apigateway.create_documentation_part, **at, location={"type": "API"}, properties=properties)
    refused("BadRequestException", apigateway.create_documentation_part, **at, location={"type": "API", "path": "/"}, properties=properties)
    refused("BadRequestException", apigateway.create_documentation_part, **at, location={"type": "METHOD"}, properties="no JSON")
    method = apigateway.create_documentation_part(**at, location={"type": "METHOD", "method": "GET"}, properties=properties)
    assert method["location"] == {"type": "METHOD", "path": "/", "method": "GET"}
    apigateway.update_documentation_part(**at, documentationPartId=part, patchOperations=[{"op": "replace", "path": "/properties", "value": '{"description": "New"}'}])
    assert json.loads(apigateway.get_documentation_part(**at, documentationPartId=part)["properties"]) == {"description": "New"}
    assert [item["id"] for item in apigateway.get_documentation_parts(**at, type="METHOD")["items"]] == [method["id"]]
    apigateway.create_documentation_version(**at, documentationVersion="1.0", stageName="dev", description="first")
    apigateway.delete_documentation_part(**at, documentationPartId=part)
    apigateway.update_documentation_version(**at, documentationVersion="1.0", patchOperations=[{"op": "replace", "path": "/description", "value": "one"}])
    assert apigateway.get_documentation_version(**at, documentationVersion="1.0")["description"] == "one"
    assert [item["version"] for item in apigateway.get_documentation_versions(**at)["items"]] == ["1.0"]
    export = apigateway.get_export(**at, stageName="dev", exportType="oas30", parameters={"extensions": "documentation"})["body"].read()
    shown = json.loads(export)["x-amazon-apigateway-documentation"]
    assert shown["version"] == "1.0" and {"location": {"type": "API"}, "properties": {"description": "New"}} in shown["documentationParts"]
    apigateway.delete_documentation_version(**at, documentationVersion="1.0")
    refused("NotFoundException", apigateway.get_documentation_version, **at, documentationVersion="1.0")
