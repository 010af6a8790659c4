"""What stages tell CloudWatch: metrics and execution logs; and other settings that act on requests."""

import datetime
import http.server
import json
import ssl
import threading

import pytest
from api_functions import proxy, uri
from botocore.exceptions import ClientError
from clouds import eventually

LEVEL = "/*/*/logging/loglevel"


def patch(path, value):
    return {"op": "replace", "path": path, "value": value}


def log_role(apigateway):
    role = "arn:aws:iam::000000000000:role/logs"
    apigateway.update_account(patchOperations=[patch("/cloudwatchRoleArn", role)])
    assert apigateway.get_account()["cloudwatchRoleArn"] == role


def total(cloud, name, statistic="Sum", **dimensions):
    now = datetime.datetime.now(datetime.UTC)
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1),
        Period=86400,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in found)


def test_requests_are_counted(api, cloud, apigateway, name):
    apigateway.update_rest_api(restApiId=api.id, patchOperations=[patch("/name", name)])
    api.mock(api.resource("well"))
    api.mock(api.resource("ill"), status="500")
    api.deploy()
    for path in ["/well", "/well", "/ill", "/nowhere"]:
        api.call(path)
    whole = dict(ApiName=name, Stage="dev")
    eventually(lambda: total(cloud, "Count", **whole) == 4)
    assert total(cloud, "4XXError", **whole) == 1 and total(cloud, "5XXError", ApiName=name) == 1
    assert total(cloud, "Latency", "SampleCount", **whole) == 4
    assert total(cloud, "IntegrationLatency", "SampleCount", **whole) == 3
    detailed = dict(**whole, Method="GET", Resource="/well")
    assert total(cloud, "Count", **detailed) == 0
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=[patch("/*/*/metrics/enabled", "true")])
    api.call("/well")
    eventually(lambda: total(cloud, "Count", **detailed) == 1)


def test_requests_of_http_apis_are_counted(call_http, cloud, name, function):
    client = cloud.client("apigatewayv2")
    api = client.create_api(Name=name, ProtocolType="HTTP", Target=function("echo"), RouteKey="GET /pets/{id}")["ApiId"]
    client.update_stage(ApiId=api, StageName="$default", DefaultRouteSettings={"DetailedMetricsEnabled": True})
    for path in ["/pets/1", "/pets/2", "/nowhere"]:
        call_http(cloud.url + path, headers={"Host": f"{api}.execute-api.localhost"})
    eventually(lambda: total(cloud, "Count", ApiId=api) == 3)
    assert total(cloud, "4xx", ApiId=api, Stage="$default") == 1
    assert total(cloud, "Count", ApiId=api, Stage="$default", Method="GET", Resource="/pets/{id}") == 2
    with pytest.raises(ClientError, match="Execution logs are not supported on protocolType HTTP"):
        client.update_stage(ApiId=api, StageName="$default", DefaultRouteSettings={"LoggingLevel": "INFO"})


def test_a_role_calls_the_authorizer(call_http, cloud, name, function):
    """The function has no permission for API Gateway: the role of the authorizer invokes it."""
    client = cloud.client("apigatewayv2")
    api = client.create_api(Name=name, ProtocolType="HTTP", Target=function("echo"), RouteKey="GET /")["ApiId"]
    route = client.get_routes(ApiId=api)["Items"][0]["RouteId"]
    made = client.create_authorizer(
        ApiId=api, Name="a", AuthorizerType="REQUEST", AuthorizerUri=uri(function("simple", permitted=False)),
        IdentitySource=[], AuthorizerPayloadFormatVersion="2.0", EnableSimpleResponses=True,
    )  # fmt: skip
    client.update_route(ApiId=api, RouteId=route, AuthorizationType="CUSTOM", AuthorizerId=made["AuthorizerId"])
    host = {"Host": f"{api}.execute-api.localhost"}
    assert call_http(cloud.url + "/", headers=host)[0] == 500
    role = cloud.role(f"{name}-api", "lambda:InvokeFunction", service="apigateway.amazonaws.com")
    client.update_authorizer(ApiId=api, AuthorizerId=made["AuthorizerId"], AuthorizerCredentialsArn=role)
    assert call_http(cloud.url + "/", headers=host)[0] == 200


def lines(cloud, api):
    logs = cloud.client("logs")
    group = f"API-Gateway-Execution-Logs_{api.id}/dev"
    try:
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def test_executions_are_logged(own_cloud, rest_api):
    cloud = own_cloud().wait_until_ready()
    api = rest_api(cloud)
    apigateway = api.client
    api.mock(api.resource("well"), template="fine")
    api.deploy()

    def settings(*patches):
        apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=[patch(*one) for one in patches])

    with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set in account settings to enable logging"):
        settings((LEVEL, "INFO"))
    log_role(apigateway)
    with pytest.raises(ClientError):
        settings((LEVEL, "LOUD"))
    settings((LEVEL, "ERROR"))
    api.call("/well")
    api.call("/nowhere")
    found = eventually(lambda: lines(cloud, api))
    assert any("MISSING_AUTHENTICATION_TOKEN with status code: 403" in line for line in found)
    assert not any("Starting execution" in line for line in found)
    settings((LEVEL, "INFO"))
    api.call("/well")
    found = eventually(lambda: [line for line in lines(cloud, api) if "Successfully completed" in line])
    found = lines(cloud, api)
    request = found[-1].split(")")[0] + ")"
    assert f"{request} HTTP Method: GET, Resource Path: /well" in found and f"{request} Method completed with status: 200" in found
    assert not any("Method request headers" in line for line in found)
    settings(("/*/*/logging/dataTrace", "true"))
    api.call("/well", headers={"x-api-key": "secret-secret"})
    eventually(lambda: any("Method response body after transformations: fine" in line for line in lines(cloud, api)))
    assert any("Method request headers" in line for line in lines(cloud, api))
    assert not any("secret-secret" in line for line in lines(cloud, api))


def test_tracing_is_told_to_the_function(api, apigateway, function):
    proxy(api, api.resource("traced"), "GET", function("echo"))
    api.deploy()

    def trace():
        return json.loads(api.call("/traced")[2])["headers"]["X-Amzn-Trace-Id"]

    assert "Sampled" not in trace()
    apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=[patch("/tracingEnabled", "true")])
    assert trace().endswith(";Sampled=1")


def test_a_quota_begins_on_the_day_of_its_offset(own_cloud, rest_api):
    cloud = own_cloud().wait_until_ready()
    api = rest_api(cloud)
    client = api.client
    api.mock(api.root, apiKeyRequired=True)
    api.deploy()
    # Periods begin three days from now, whatever day it is: the third day refills the quota.
    weekday = (datetime.datetime.now(datetime.UTC).isoweekday() + 3) % 7
    plan = client.create_usage_plan(
        name="p", apiStages=[{"apiId": api.id, "stage": "dev"}], quota={"limit": 1, "period": "WEEK", "offset": weekday}
    )["id"]
    key = client.create_api_key(name="k", enabled=True)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    headers = {"x-api-key": key["value"]}
    assert [api.call("/", headers=headers)[0] for _ in range(2)] == [200, 429]
    cloud.advance("2d")
    assert api.call("/", headers=headers)[0] == 429
    cloud.advance("1d")
    assert api.call("/", headers=headers)[0] == 200
    with pytest.raises(ClientError):
        client.create_usage_plan(name="q", quota={"limit": 1, "period": "DAY", "offset": 1})


@pytest.fixture
def https_backend(cloud, tmp_path):
    """A backend over TLS, with a certificate of its own making for `localhost`; answers its address."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cloud.run(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
    )  # fmt: skip

    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "14")
            self.end_headers()
            self.wfile.write(b"hello over TLS")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()


def test_certificates_of_backends_are_verified(api, apigateway, https_backend):
    at = dict(restApiId=api.id, resourceId=api.resource("tls"), httpMethod="GET")
    apigateway.put_method(**at, authorizationType="NONE")
    whole = dict(**at, type="HTTP_PROXY", integrationHttpMethod="GET")
    apigateway.put_integration(**whole, uri=https_backend)
    api.deploy()
    assert api.call("/tls")[0] == 504
    apigateway.put_integration(**whole, uri=https_backend, tlsConfig={"insecureSkipVerification": True})
    api.deploy()
    assert api.call("/tls")[::2] == (200, "hello over TLS")
    # The name is looked at all the same.
    apigateway.put_integration(
        **whole, uri=https_backend.replace("localhost", "127.0.0.1"), tlsConfig={"insecureSkipVerification": True}
    )
    api.deploy()
    assert api.call("/tls")[0] == 504


def test_the_clouds_own_certificates_are_trusted(api, apigateway, cloud):
    at = dict(restApiId=api.id, resourceId=api.resource("own"), httpMethod="GET")
    apigateway.put_method(**at, authorizationType="NONE")
    uri = cloud.url.replace("http://127.0.0.1", "https://localhost") + "/_kogumo/health"
    apigateway.put_integration(**at, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    api.deploy()
    status, _, body = api.call("/own")
    assert status == 200 and json.loads(body)
