"""Functions that tests put behind APIs."""

CODE = """
import json, base64

def echo(event, context):
    return {"statusCode": 200, "headers": {"X-From": "function"}, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "body": json.dumps(event)}

def plain(event, context):
    if event.get("fail"):
        raise Exception("Oops: no such pet")
    return {"got": event}

def broken(event, context):
    return "not a proxy answer"

def image(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": base64.b64encode(b"\\x89PNG\\x00").decode(), "isBase64Encoded": True}

def simple(event, context):
    return {"isAuthorized": True}

def token(event, context):
    word = event["authorizationToken"]
    if word == "nobody":
        raise Exception("Unauthorized")
    if word == "nonsense":
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}}
    return {"principalId": "me", "context": {"level": 3}, "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": "Allow" if word == "good" else "Deny", "Resource": event["methodArn"]}]}}
"""


def uri(arn):
    return f"arn:aws:apigateway:ap-northeast-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def proxy(api, resource, method, arn, **more):
    at = dict(restApiId=api.id, resourceId=resource, httpMethod=method)
    api.client.put_method(**at, authorizationType=more.pop("authorizationType", "NONE"), **more)
    api.client.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri(arn))
