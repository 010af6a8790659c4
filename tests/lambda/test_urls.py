"""Function URLs: plain HTTP in, an event of format 2.0, a response out."""

import base64
import json

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from clouds import document
from lambda_calls import REGION


ECHO = "def handler(e, c):\n    return {'statusCode': 201, 'headers': {'x-mine': 'yes'}, 'cookies': ['a=1'], 'body': __import__('json').dumps(e)}"


def open_url(client, function):
    """Lets everybody call a function's URL, as the console and SAM do."""
    client.add_permission(
        FunctionName=function, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE"
    )


def at(cloud, url):
    """The address and the host header: resolvers need not know names below localhost."""
    host = url.split("/")[2]
    return cloud.url + "/", {"host": host}


def test_events_and_responses(functions, cloud, name):
    functions.make(name, ECHO)
    open_url(functions.client, name)
    made = functions.client.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert ".lambda-url." + REGION in made["FunctionUrl"] and made["AuthType"] == "NONE"
    address, headers = at(cloud, made["FunctionUrl"])
    answer = requests.post(address + "a/b?x=1&x=2", data="{}", headers={**headers, "content-type": "application/json", "cookie": "k=v"})
    assert (answer.status_code, answer.headers["x-mine"], answer.cookies["a"]) == (201, "yes", "1")
    event = answer.json()
    assert (event["version"], event["rawPath"], event["rawQueryString"], event["body"]) == ("2.0", "/a/b", "x=1&x=2", "{}")
    assert event["queryStringParameters"] == {"x": "1,2"} and event["cookies"] == ["k=v"] and not event["isBase64Encoded"]
    assert event["requestContext"]["http"]["method"] == "POST" and event["requestContext"]["accountId"] == "anonymous"
    event = requests.put(address, data=b"\xff", headers=headers).json()
    assert event["isBase64Encoded"] and base64.b64decode(event["body"]) == b"\xff"


def test_other_answers(functions, cloud, name):
    functions.make(name, "def handler(e, c):\n    return 1 / 0 if 'fail' in e['rawPath'] else {'a': 1}")
    open_url(functions.client, name)
    address, headers = at(cloud, functions.client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"])
    answer = requests.get(address, headers=headers)
    assert (answer.status_code, answer.json(), answer.headers["content-type"]) == (200, {"a": 1}, "application/json")
    assert requests.get(address + "fail", headers=headers).status_code == 502
    assert requests.get(address, headers={"host": f"none.lambda-url.{REGION}.localhost"}).status_code == 403


def test_a_url_is_closed_until_the_policy_opens_it(functions, cloud, name):
    functions.make(name, ECHO)
    address, headers = at(cloud, functions.client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"])
    answer = requests.get(address, headers=headers)
    assert answer.status_code == 403 and answer.json()["Message"].startswith("Forbidden")
    open_url(functions.client, name)
    assert requests.get(address, headers=headers).status_code == 201
    functions.client.remove_permission(FunctionName=name, StatementId="url")
    assert requests.get(address, headers=headers).status_code == 403


def test_signed(functions, cloud, name):
    functions.make(name, ECHO)
    url = functions.client.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    address, headers = at(cloud, url)
    assert requests.get(address, headers=headers).status_code == 403
    request = AWSRequest("GET", url, headers=headers)
    SigV4Auth(Credentials("000000000000", "any"), "lambda", REGION).add_auth(request)
    answer = requests.get(address, headers=dict(request.headers))
    assert answer.status_code == 201
    assert answer.json()["requestContext"]["authorizer"]["iam"]["accountId"] == "000000000000"
    user = cloud.client("iam")
    user.create_user(UserName=name)
    key = user.create_access_key(UserName=name)["AccessKey"]
    request = AWSRequest("GET", url, headers=headers)
    SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "lambda", REGION).add_auth(request)
    assert requests.get(address, headers=dict(request.headers)).status_code == 403
    policy = document({"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"})
    user.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    for secret, status in [(key["SecretAccessKey"], 201), ("wrong" * 8, 403)]:
        request = AWSRequest("GET", url, headers=headers)
        SigV4Auth(Credentials(key["AccessKeyId"], secret), "lambda", REGION).add_auth(request)
        assert requests.get(address, headers=dict(request.headers)).status_code == status


def test_pages_of_other_origins(functions, cloud, name):
    functions.make(name, ECHO)
    open_url(functions.client, name)
    cors = {"AllowOrigins": ["https://page.example"], "AllowMethods": ["GET"], "MaxAge": 60}
    url = functions.client.create_function_url_config(FunctionName=name, AuthType="NONE", Cors=cors)["FunctionUrl"]
    address, headers = at(cloud, url)
    preflight = requests.options(address, headers={**headers, "origin": "https://page.example", "access-control-request-method": "GET"})
    assert preflight.status_code == 200 and preflight.headers["access-control-allow-origin"] == "https://page.example"
    assert preflight.headers["access-control-max-age"] == "60"
    answer = requests.get(address, headers={**headers, "origin": "https://page.example"})
    assert answer.status_code == 201 and answer.headers["access-control-allow-origin"] == "https://page.example"
    assert "access-control-allow-origin" not in requests.get(address, headers={**headers, "origin": "https://evil.example"}).headers


def test_as_resources(functions, name):
    client = functions.client
    functions.make(name, ECHO)
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    plain = client.create_function_url_config(FunctionName=name, AuthType="NONE")
    alias = client.create_function_url_config(FunctionName=name, AuthType="NONE", Qualifier="live")
    assert alias["FunctionArn"].endswith(":live") and alias["FunctionUrl"] != plain["FunctionUrl"]
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_function_url_config(FunctionName=name, AuthType="NONE")
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        client.create_function_url_config(FunctionName=name, AuthType="NONE", Qualifier="1")
    assert client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")["AuthType"] == "AWS_IAM"
    assert client.get_function_url_config(FunctionName=name)["AuthType"] == "AWS_IAM"
    assert len(client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]) == 2
    client.delete_function_url_config(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_url_config(FunctionName=name)
    assert json.dumps(plain["FunctionUrl"])
