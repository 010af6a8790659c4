"""Functions behind APIs: proxy and custom integrations, permissions, authorizers, HTTP APIs."""

import json

from api_functions import proxy, uri


def test_a_proxy_integration(api, function):
    proxy(api, api.resource("pets", "{id}"), "ANY", function("echo"))
    api.deploy(variables={"v": "1"})
    status, headers, text = api.call("/pets/7?q=%E3%81%93&q=x", "POST", body="hi", headers={"Content-Type": "text/plain", "X-Api": "y"})
    assert (status, headers["X-From"], headers.get_all("Set-Cookie")) == (200, "function", ["a=1", "b=2"])
    event = json.loads(text)
    assert event["resource"] == "/pets/{id}" and event["path"] == "/pets/7" and event["httpMethod"] == "POST"
    assert event["pathParameters"] == {"id": "7"} and event["stageVariables"] == {"v": "1"}
    assert event["queryStringParameters"] == {"q": "x"} and event["multiValueQueryStringParameters"] == {"q": ["こ", "x"]}
    assert event["headers"]["X-Api"] == "y" and event["body"] == "hi" and event["isBase64Encoded"] is False
    assert event["requestContext"]["stage"] == "dev" and event["requestContext"]["apiId"] == api.id


def test_a_function_that_does_not_answer_as_a_proxy(api, function):
    proxy(api, api.root, "GET", function("broken"))
    api.deploy()
    status, _, text = api.call("/")
    assert (status, json.loads(text)) == (502, {"message": "Internal server error"})


def test_a_function_without_a_permission(api, function):
    proxy(api, api.root, "GET", function("echo", permitted=False))
    api.deploy()
    status, _, text = api.call("/")
    assert (status, json.loads(text)) == (500, {"message": "Internal server error"})


def test_binary_answers(cloud, api, function, apigateway):
    apigateway.update_rest_api(restApiId=api.id, patchOperations=[{"op": "add", "path": "/binaryMediaTypes/image~1png"}])
    proxy(api, api.root, "GET", function("image"))
    api.deploy()
    assert cloud.get(f"/_aws/execute-api/{api.id}/dev/", Accept="image/png").read() == b"\x89PNG\x00"


def test_a_custom_integration(api, function, apigateway):
    at = dict(restApiId=api.id, resourceId=api.root, httpMethod="POST")
    apigateway.put_method(**at, authorizationType="NONE")
    apigateway.put_integration(
        **at, type="AWS", integrationHttpMethod="POST", uri=uri(function("plain")),
        requestTemplates={"application/json": '{"fail": $input.json("$.fail"), "who": "$input.params(\'who\')"}'},
    )
    for status, pattern, template in [("200", "", "$input.json('$.got.who')"), ("404", "Oops.*", "$input.path('$.errorMessage')")]:
        apigateway.put_method_response(**at, statusCode=status)
        apigateway.put_integration_response(
            **at, statusCode=status, selectionPattern=pattern, responseTemplates={"application/json": template}
        )
    api.deploy()
    kind = {"Content-Type": "application/json"}
    assert api.call("/?who=me", "POST", body='{"fail": false}', headers=kind)[::2] == (200, '"me"')
    assert api.call("/", "POST", body='{"fail": true}', headers=kind)[::2] == (404, "Oops: no such pet")


def test_a_token_authorizer(api, function, apigateway):
    authorizer = apigateway.create_authorizer(
        restApiId=api.id, name="a", type="TOKEN", authorizerUri=uri(function("token")), identitySource="method.request.header.Authorization"
    )["id"]
    proxy(api, api.root, "GET", function("echo"), authorizationType="CUSTOM", authorizerId=authorizer)
    api.deploy()
    status, _, text = api.call("/", headers={"Authorization": "good"})
    assert (status, json.loads(text)["requestContext"]["authorizer"]) == (200, {"level": "3", "principalId": "me"})
    assert api.call("/", headers={"Authorization": "bad"})[0] == 403
    assert api.call("/", headers={"Authorization": "nobody"})[::2] == (401, '{"message":"Unauthorized"}')
    assert api.call("/")[0] == 401
    assert api.call("/", headers={"Authorization": "nonsense"})[::2] == (500, '{"message":null}')


def test_an_http_api(cloud, function, call_http, name):
    http = cloud.client("apigatewayv2")
    arn = function("echo")
    made = http.create_api(Name=name, ProtocolType="HTTP", Target=arn)
    api = made["ApiId"]
    assert made["ApiEndpoint"] == f"https://{api}.execute-api.ap-northeast-1.amazonaws.com"
    status, headers, text = call_http(f"{cloud.url}/a/b?x=1&x=2", headers={"Host": f"{api}.execute-api.localhost", "X-Mine": "m", "Cookie": "c=1; d=2"})
    event = json.loads(text)
    assert (status, headers["X-From"]) == (200, "function")
    assert (event["version"], event["routeKey"], event["rawPath"], event["rawQueryString"]) == ("2.0", "$default", "/a/b", "x=1&x=2")
    assert event["queryStringParameters"] == {"x": "1,2"} and event["cookies"] == ["c=1", "d=2"]
    assert event["headers"]["x-mine"] == "m" and event["requestContext"]["http"]["method"] == "GET"
    assert "body" not in event and event["isBase64Encoded"] is False
    assert call_http(f"{cloud.url}/_aws/execute-api/{api}/$default/z")[0] == 200
