"""What tests of API Gateway need: APIs of one method, made and deployed, and a way to call them."""

import http.server
import io
import json
import threading
import urllib.error
import urllib.request
import zipfile

import pytest
from api_functions import CODE


class Api:
    """A REST API under test."""

    def __init__(self, cloud, client, name):
        self.cloud = cloud
        self.client = client
        made = client.create_rest_api(name=name)
        self.id = made["id"]
        self.root = made["rootResourceId"]

    def resource(self, *parts):
        """The id of the resource at the path, made where it is not there."""
        at, path = self.root, ""
        for part in parts:
            path += "/" + part
            known = {item["path"]: item["id"] for item in self.client.get_resources(restApiId=self.id, limit=500)["items"]}
            at = known.get(path) or self.client.create_resource(restApiId=self.id, parentId=at, pathPart=part)["id"]
        return at

    def mock(self, resource, method="GET", status="200", template=None, parameters=None, **more):
        """A method that answers out of a mock integration."""
        at = dict(restApiId=self.id, resourceId=resource, httpMethod=method)
        self.client.put_method(**at, authorizationType=more.pop("authorizationType", "NONE"), **more)
        request = {"application/json": json.dumps({"statusCode": int(status)})}
        self.client.put_integration(**at, type="MOCK", requestTemplates=request)
        declared = {name: False for name in parameters or {}}
        self.client.put_method_response(**at, statusCode=status, responseParameters=declared)
        self.client.put_integration_response(
            **at, statusCode=status, responseParameters=parameters or {}, responseTemplates={"application/json": template or ""}
        )

    def deploy(self, stage="dev", **more):
        return self.client.create_deployment(restApiId=self.id, stageName=stage, **more)["id"]

    def call(self, path, method="GET", stage="dev", body=None, headers=None):
        """Calls by path; answers status, headers, text."""
        return call(f"{self.cloud.url}/_aws/execute-api/{self.id}/{stage}{path}", method, body, headers)


def call(url, method="GET", body=None, headers=None):
    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


@pytest.fixture
def call_http():
    return call


@pytest.fixture
def apigateway(cloud):
    return cloud.client("apigateway")


@pytest.fixture
def api(cloud, apigateway, request):
    return Api(cloud, apigateway, request.node.name)


@pytest.fixture
def function(cloud, name):
    """Makes a function of one of the handlers above; API Gateway may invoke it unless told otherwise."""
    functions = cloud.client("lambda")
    role = cloud.role(name, "logs:*")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", CODE)

    def make(handler, permitted=True):
        made = functions.create_function(
            FunctionName=f"{name}-{handler}", Runtime="python3.12", Handler=f"f.{handler}", Role=role,
            Code={"ZipFile": packed.getvalue()}, Timeout=20,
        )
        if permitted:
            functions.add_permission(
                FunctionName=made["FunctionName"], StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
            )
        return made["FunctionArn"]

    return make


@pytest.fixture
def rest_api(name):
    """Makes a REST API in a cloud of the test's own."""
    return lambda cloud: Api(cloud, cloud.client("apigateway"), name)


class Backend(http.server.BaseHTTPRequestHandler):
    """Says what it was asked."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        text = json.dumps({"path": self.path, "method": self.command, "body": body, "x": self.headers.get("X-Mine")}).encode()
        self.send_response(418 if "teapot" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Backend", "yes")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST

    def version_string(self):
        return "mine"

    def log_message(self, *_):
        pass


@pytest.fixture
def backend():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
