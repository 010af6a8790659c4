"""What clients of an API meet: routes, templates, validation, keys, limits, failures."""

import json
import socket
import subprocess

from clouds import document


def test_every_address_leads_to_the_stage(cloud, api, call_http):
    api.mock(api.resource("p"), template="$context.stage $context.path")
    api.deploy()
    for url, host in [
        (f"{cloud.url}/_aws/execute-api/{api.id}/dev/p", None),
        (f"{cloud.url}/restapis/{api.id}/dev/_user_request_/p", None),
        (f"{cloud.url}/dev/p", f"{api.id}.execute-api.localhost:{cloud.port}"),
        (f"{cloud.url}/dev/p", f"{api.id}.execute-api.ap-northeast-1.amazonaws.com"),
    ]:
        status, _, text = call_http(url, headers={"Host": host} if host else {})
        assert (status, text) == (200, "dev /dev/p"), url


def test_curl_reaches_the_api_by_name(cloud, api):
    api.mock(api.root, template="hi")
    api.deploy()
    url = f"http://{api.id}.execute-api.localhost:{cloud.port}/dev/"
    out = subprocess.run(["curl", "-sS", url], capture_output=True, text=True, timeout=30)
    assert out.stdout == "hi", out.stderr


def test_unknown_routes_lack_a_token(api):
    api.mock(api.resource("p"))
    api.deploy()
    for path, method in [("/", "GET"), ("/q", "GET"), ("/p", "POST"), ("/p/q", "GET")]:
        status, headers, text = api.call(path, method)
        assert (status, json.loads(text)) == (403, {"message": "Missing Authentication Token"}), path
        assert headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert api.call("/p", stage="nope")[0] == 403


def test_the_best_route_wins(api):
    for parts in [("pets", "{id}"), ("pets", "mine"), ("{proxy+}",)]:
        api.mock(api.resource(*parts), "ANY", template="$context.resourcePath $input.params('id')$input.params('proxy')")
    api.deploy()
    assert api.call("/pets/7")[2] == "/pets/{id} 7"
    assert api.call("/pets/mine")[2] == "/pets/mine "
    assert api.call("/a/b/c", "DELETE")[2] == "/{proxy+} a/b/c"
    assert api.call("/pets/a%20b")[2] == "/pets/{id} a b"


def test_cors_preflight_as_configured(api):
    origin = "method.response.header.Access-Control-Allow-Origin"
    api.mock(api.root, "OPTIONS", parameters={origin: "'*'"}, template="{}")
    api.deploy()
    status, headers, _ = api.call("/", "OPTIONS", headers={"Origin": "http://example.com"})
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_stage_variables_and_templates(api, apigateway):
    template = "#foreach($k in $input.params().querystring.keySet())$k=$input.params().querystring.get($k);#end$stageVariables.v"
    api.mock(api.root, template=template)
    api.deploy(variables={"v": "blue"})
    assert api.call("/?a=1&b=%E3%81%93")[2] == "a=1;b=こ;blue"


def test_requests_are_validated(api, apigateway):
    validator = apigateway.create_request_validator(
        restApiId=api.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    apigateway.create_model(restApiId=api.id, name="Pet", contentType="application/json", schema=json.dumps(schema))
    api.mock(
        api.root, "POST", template="ok", requestValidatorId=validator, requestModels={"application/json": "Pet"},
        requestParameters={"method.request.querystring.q": True},
    )
    api.deploy()
    good = json.dumps({"name": "Tama"})
    json_type = {"Content-Type": "application/json"}
    assert api.call("/", "POST", body=good, headers=json_type)[2] == '{"message":"Missing required request parameters: [q]"}'
    assert api.call("/?q=1", "POST", body="{}", headers=json_type)[::2] == (400, '{"message":"Invalid request body"}')
    assert api.call("/?q=1", "POST", body=good, headers=json_type)[::2] == (200, "ok")


def test_gateway_responses_are_customised(api, apigateway):
    api.mock(api.resource("p"))
    apigateway.put_gateway_response(
        restApiId=api.id, responseType="DEFAULT_4XX", statusCode="404",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        responseTemplates={"application/json": '{"why":$context.error.messageString}'},
    )
    api.deploy()
    status, headers, text = api.call("/q")
    assert (status, headers["Access-Control-Allow-Origin"]) == (404, "*")
    assert json.loads(text) == {"why": "Missing Authentication Token"}


def test_keys_plans_throttles_and_quotas(api, apigateway):
    api.mock(api.root, template="ok", apiKeyRequired=True)
    api.deploy()
    key = apigateway.create_api_key(name="k", enabled=True)
    with_key = {"x-api-key": key["value"]}
    assert api.call("/")[::2] == (403, '{"message":"Forbidden"}')
    assert api.call("/", headers=with_key)[0] == 403
    plan = apigateway.create_usage_plan(
        name="p", apiStages=[{"apiId": api.id, "stage": "dev"}], quota={"limit": 2, "period": "DAY"}
    )["id"]
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    assert [api.call("/", headers=with_key)[0] for _ in range(3)] == [200, 200, 429]
    assert json.loads(api.call("/", headers=with_key)[2]) == {"message": "Limit Exceeded"}
    apigateway.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[
            {"op": "remove", "path": "/quota"},
            {"op": "replace", "path": "/throttle/burstLimit", "value": "1"},
            {"op": "replace", "path": "/throttle/rateLimit", "value": "0.001"},
        ],
    )
    assert [api.call("/", headers=with_key)[0] for _ in range(2)] == [200, 429]
    apigateway.update_api_key(apiKey=key["id"], patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}])
    assert api.call("/", headers=with_key)[0] == 403


def test_stage_throttling(api, apigateway):
    api.mock(api.root, template="ok")
    api.deploy()
    settings = [("throttling/burstLimit", "1"), ("throttling/rateLimit", "0.001")]
    apigateway.update_stage(
        restApiId=api.id, stageName="dev",
        patchOperations=[{"op": "replace", "path": f"/*/*/{name}", "value": value} for name, value in settings],
    )
    assert [api.call("/")[0] for _ in range(2)] == [200, 429]


def test_iam_methods_want_a_signature(cloud, api, call_http):
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    api.mock(api.root, authorizationType="AWS_IAM", template="$context.identity.userArn")
    api.deploy()
    assert api.call("/")[::2] == (403, '{"message":"Missing Authentication Token"}')
    url = f"{cloud.url}/_aws/execute-api/{api.id}/dev/?b=2&a=1"
    for secret, status in [("test", 200), ("wrong", 403)]:
        request = botocore.awsrequest.AWSRequest("GET", url)
        keys = botocore.credentials.Credentials("test", secret)
        botocore.auth.SigV4Auth(keys, "execute-api", "ap-northeast-1").add_auth(request)
        answer = call_http(url, headers=dict(request.headers))
        assert answer[0] == status, answer
        if status == 200:
            assert answer[2] == "arn:aws:iam::000000000000:root"


def test_http_proxy(api, apigateway, backend):
    resource = api.resource("{proxy+}")
    at = dict(restApiId=api.id, resourceId=resource, httpMethod="ANY")
    apigateway.put_method(**at, authorizationType="NONE", requestParameters={"method.request.path.proxy": True})
    apigateway.put_integration(
        **at, type="HTTP_PROXY", integrationHttpMethod="ANY", uri=backend + "/base/{proxy}",
        requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
    )
    api.deploy()
    status, headers, text = api.call("/a/b?q=1", "POST", body="hi", headers={"X-Mine": "m"})
    assert (status, headers["X-Backend"], headers["x-amzn-remapped-server"]) == (200, "yes", "mine")
    assert json.loads(text) == {"path": "/base/a/b?q=1", "method": "POST", "body": "hi", "x": "m"}
    assert api.call("/teapot")[0] == 418


def test_http_with_mappings(api, apigateway, backend):
    at = dict(restApiId=api.id, resourceId=api.root, httpMethod="POST")
    apigateway.put_method(**at, authorizationType="NONE")
    apigateway.put_integration(
        **at, type="HTTP", integrationHttpMethod="POST", uri=backend + "/x",
        requestParameters={"integration.request.querystring.q": "method.request.querystring.p", "integration.request.header.X-Mine": "'static'"},
        requestTemplates={"application/json": '{"name": $input.json("$.n")}'},
    )
    for status, pattern in [("200", None), ("400", "4\\d{2}")]:
        apigateway.put_method_response(**at, statusCode=status, responseParameters={"method.response.header.X-Out": False})
        more = {"selectionPattern": pattern} if pattern else {}
        apigateway.put_integration_response(
            **at, statusCode=status, **more, responseParameters={"method.response.header.X-Out": "integration.response.header.X-Backend"},
            responseTemplates={"application/json": "$input.path('$.path') $input.path('$.body') $input.path('$.x')"},
        )
    api.deploy()
    status, headers, text = api.call("/?p=1", "POST", body='{"n": [1]}', headers={"Content-Type": "application/json"})
    assert (status, text, headers["X-Out"]) == (200, '/x?q=1 {"name": [1]} static', "yes")
    apigateway.update_integration(**at, patchOperations=[{"op": "replace", "path": "/uri", "value": backend + "/teapot"}])
    api.deploy()
    assert api.call("/", "POST", body="{}", headers={"Content-Type": "application/json"})[0] == 400


def test_a_dead_backend_is_a_gateway_timeout(api, apigateway):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    at = dict(restApiId=api.id, resourceId=api.root, httpMethod="GET")
    apigateway.put_method(**at, authorizationType="NONE")
    apigateway.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"http://127.0.0.1:{port}/")
    api.deploy()
    assert api.call("/")[0] == 504


def test_a_slow_backend_times_out(api, apigateway):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        at = dict(restApiId=api.id, resourceId=api.root, httpMethod="GET")
        apigateway.put_method(**at, authorizationType="NONE")
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        apigateway.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri, timeoutInMillis=100)
        api.deploy()
        assert api.call("/")[::2] == (504, '{"message":"Endpoint request timed out"}')


def test_large_bodies_are_refused(api):
    api.mock(api.root, "POST")
    api.deploy()
    status, _, text = api.call("/", "POST", body=b"x" * (10 * 1024 * 1024 + 1))
    assert (status, json.loads(text)) == (413, {"message": "Request Too Long"})


def test_another_service_is_called_with_the_role(cloud, api, apigateway, name):
    role = cloud.role(name, service="apigateway.amazonaws.com")
    cloud.client("ssm").put_parameter(Name="/apigw/p", Value="v", Type="String")
    at = dict(restApiId=api.id, resourceId=api.root, httpMethod="GET")
    apigateway.put_method(**at, authorizationType="NONE")
    apigateway.put_integration(
        **at, type="AWS", integrationHttpMethod="POST", uri="arn:aws:apigateway:ap-northeast-1:ssm:action/GetParameter",
        credentials=role, requestTemplates={"application/json": '{"Name": "$input.params(\'n\')"}'},
    )
    for status, pattern in [("200", ""), ("400", "4\\d{2}")]:
        apigateway.put_method_response(**at, statusCode=status)
        apigateway.put_integration_response(
            **at, statusCode=status, selectionPattern=pattern,
            responseTemplates={"application/json": "$input.path('$.Parameter.Value')$input.path('$.__type')"},
        )
    api.deploy()
    # The role may nothing yet.
    assert api.call("/?n=/apigw/p")[::2] == (400, "AccessDeniedException")
    policy = document({"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"})
    cloud.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    assert api.call("/?n=/apigw/p")[::2] == (200, "v")
    assert api.call("/?n=/apigw/none")[::2] == (400, "ParameterNotFound")


def test_a_method_can_be_tried_without_a_deployment(api, apigateway):
    resource = api.resource("{id}")
    api.mock(resource, template="$input.params('id') $input.params('q')")
    tried = apigateway.test_invoke_method(
        restApiId=api.id, resourceId=resource, httpMethod="GET", pathWithQueryString="/7?q=x"
    )
    assert (tried["status"], tried["body"]) == (200, "7 x")


def test_large_answers_are_compressed_for_those_who_ask(cloud, api, apigateway):
    import gzip

    apigateway.update_rest_api(
        restApiId=api.id, patchOperations=[{"op": "replace", "path": "/minimumCompressionSize", "value": "100"}]
    )
    api.mock(api.root, template="x" * 200)
    api.deploy()
    answer = cloud.get(f"/_aws/execute-api/{api.id}/dev/", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip" and gzip.decompress(answer.read()) == b"x" * 200


def test_resource_policies_decide_by_address(api, apigateway):
    def policy(address):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
                     "Condition": {"IpAddress": {"aws:SourceIp": address}}}
        value = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        apigateway.update_rest_api(restApiId=api.id, patchOperations=[{"op": "replace", "path": "/policy", "value": value}])
        api.deploy()

    api.mock(api.root, template="ok")
    policy("10.0.0.0/8")
    assert api.call("/")[0] == 403
    policy("127.0.0.0/8")
    assert api.call("/")[::2] == (200, "ok")


def test_access_logs_have_a_line_for_each_request(cloud, api, apigateway, name):
    from time import monotonic, sleep

    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    api.mock(api.root, template="ok")
    api.deploy()
    values = {
        "/accessLogSettings/destinationArn": f"arn:aws:logs:ap-northeast-1:000000000000:log-group:{name}",
        "/accessLogSettings/format": "$context.httpMethod $context.path $context.status",
    }
    apigateway.update_stage(
        restApiId=api.id, stageName="dev", patchOperations=[{"op": "replace", "path": p, "value": v} for p, v in values.items()]
    )
    api.call("/")
    api.call("/nope")
    end, found = monotonic() + 10, []
    while len(found) < 2 and monotonic() < end:
        found = [event["message"] for event in logs.filter_log_events(logGroupName=name)["events"]]
        sleep(0.05)
    assert sorted(found) == ["GET /dev/ 200", "GET /dev/nope 403"]


def test_an_api_whose_own_address_is_switched_off(api, apigateway):
    api.mock(api.root, template="ok")
    api.deploy()
    apigateway.update_rest_api(
        restApiId=api.id, patchOperations=[{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    )
    assert api.call("/")[0] == 200, "it takes a deployment to be felt"
    api.deploy()
    assert api.call("/")[::2] == (403, '{"message":"Forbidden"}')
