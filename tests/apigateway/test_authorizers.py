"""Who may call an API: tokens of user pools and of other issuers, and signatures."""

import json

import pytest
from api_functions import proxy
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from issuer import Issuer
from stacks import Stacks

REGION = "ap-northeast-1"


@pytest.fixture
def issuer():
    running = Issuer()
    yield running
    running.stop()


class Users:
    """A user pool with one user, and her tokens."""

    def __init__(self, cloud, name):
        self.idp = cloud.client("cognito-idp")
        self.pool = self.idp.create_user_pool(PoolName=name)["UserPool"]["Id"]
        flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        self.client = self.idp.create_user_pool_client(UserPoolId=self.pool, ClientName=name, ExplicitAuthFlows=flows)["UserPoolClient"]["ClientId"]
        self.idp.admin_create_user(UserPoolId=self.pool, Username="alice", MessageAction="SUPPRESS")
        self.idp.admin_set_user_password(UserPoolId=self.pool, Username="alice", Password="Passw0rd!", Permanent=True)
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool}"
        self.arn = f"arn:aws:cognito-idp:{REGION}:000000000000:userpool/{self.pool}"

    def tokens(self):
        parameters = {"USERNAME": "alice", "PASSWORD": "Passw0rd!"}
        return self.idp.admin_initiate_auth(UserPoolId=self.pool, ClientId=self.client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters)["AuthenticationResult"]


@pytest.fixture
def users(cloud, name):
    return Users(cloud, name)


def test_a_user_pool_authorizes(cloud, api, function, apigateway, users):
    echo = function("echo")
    made = apigateway.create_authorizer(
        restApiId=api.id, name="pool", type="COGNITO_USER_POOLS", providerARNs=[users.arn], identitySource="method.request.header.Authorization"
    )["id"]
    pooled = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": made}
    proxy(api, api.resource("me"), "GET", echo, **pooled)
    proxy(api, api.resource("scoped"), "GET", echo, **pooled, authorizationScopes=["aws.cognito.signin.user.admin"])
    proxy(api, api.resource("other"), "GET", echo, **pooled, authorizationScopes=["photos/read"])
    api.deploy()
    tokens = users.tokens()

    def call(path, token):
        status, headers, text = api.call(path, headers={"Authorization": token} if token else {})
        return status, json.loads(text)

    for token in (tokens["IdToken"], f"Bearer {tokens['IdToken']}", tokens["IdToken"]):
        status, event = call("/me", token)
        assert status == 200, event
        claims = event["requestContext"]["authorizer"]["claims"]
        assert claims["cognito:username"] == "alice" and claims["aud"] == users.client and claims["token_use"] == "id"
        assert claims["exp"].count(" ") == 5 and " UTC " in claims["exp"]
    assert call("/scoped", tokens["AccessToken"])[0] == 200
    header, body, signature = tokens["IdToken"].split(".")
    forged = ".".join((header, body, signature[:-8] + "AAAAAAAA"))
    for path, token in [("/me", None), ("/me", "nonsense"), ("/me", forged), ("/me", tokens["AccessToken"]), ("/scoped", tokens["IdToken"]), ("/other", tokens["AccessToken"])]:
        assert call(path, token) == (401, {"message": "Unauthorized"}), path
    apigateway.put_gateway_response(restApiId=api.id, responseType="UNAUTHORIZED", statusCode="418", responseTemplates={"application/json": '{"no": "tea"}'})
    api.deploy()
    assert call("/me", None) == (418, {"no": "tea"})


def test_another_pools_tokens_and_old_ones(own_cloud, call_http, name):
    cloud = own_cloud().wait_until_ready()
    users, others = Users(cloud, name), Users(cloud, f"{name}-2")
    client = cloud.client("apigateway")
    api = client.create_rest_api(name=name)
    made = client.create_authorizer(restApiId=api["id"], name="pool", type="COGNITO_USER_POOLS", providerARNs=[users.arn], identitySource="method.request.header.Authorization")["id"]
    at = dict(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET")
    client.put_method(**at, authorizationType="COGNITO_USER_POOLS", authorizerId=made)
    client.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_method_response(**at, statusCode="200")
    client.put_integration_response(**at, statusCode="200", responseTemplates={"application/json": '"$context.authorizer.claims.sub"'})
    client.create_deployment(restApiId=api["id"], stageName="dev")
    url = f"{cloud.url}/_aws/execute-api/{api['id']}/dev/"
    tokens = users.tokens()
    status, _, text = call_http(url, headers={"Authorization": tokens["IdToken"]})
    assert (status, json.loads(text)) == (200, users.idp.admin_get_user(UserPoolId=users.pool, Username="alice")["UserAttributes"][0]["Value"])
    assert call_http(url, headers={"Authorization": others.tokens()["IdToken"]})[0] == 401
    cloud.advance("2h")
    assert call_http(url, headers={"Authorization": tokens["IdToken"]})[::2] == (401, '{"message":"The incoming token has expired"}')


def http_api(cloud, echo, name):
    http = cloud.client("apigatewayv2")
    api = http.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    integration = http.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=echo, PayloadFormatVersion="2.0")["IntegrationId"]
    http.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)

    def add(key, **more):
        return http.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}", **more)

    return http, api, add


def test_tokens_authorize_routes_of_http_apis(cloud, function, call_http, name, users, issuer):
    http, api, route = http_api(cloud, function("echo"), name)
    configuration = {"Issuer": users.issuer, "Audience": [users.client]}
    made = http.create_authorizer(ApiId=api, Name="jwt", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"], JwtConfiguration=configuration)
    assert made["JwtConfiguration"] == configuration and made["AuthorizerType"] == "JWT"
    jwt = {"AuthorizationType": "JWT", "AuthorizerId": made["AuthorizerId"]}
    route("GET /me", **jwt)
    route("GET /scoped", **jwt, AuthorizationScopes=["aws.cognito.signin.user.admin"])
    route("GET /other", **jwt, AuthorizationScopes=["photos/read"])
    foreign = http.create_authorizer(
        ApiId=api, Name="foreign", AuthorizerType="JWT", IdentitySource=["$request.querystring.token"], JwtConfiguration={"Issuer": issuer.url, "Audience": ["app"]}
    )["AuthorizerId"]
    route("GET /foreign", AuthorizationType="JWT", AuthorizerId=foreign)
    tokens = users.tokens()

    def call(path, token=None):
        headers = {"Host": f"{api}.execute-api.localhost", **({"Authorization": f"Bearer {token}"} if token else {})}
        status, _, text = call_http(cloud.url + path, headers=headers)
        return status, json.loads(text)

    status, event = call("/me", tokens["IdToken"])
    assert status == 200 and event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:username"] == "alice"
    assert event["requestContext"]["authorizer"]["jwt"]["scopes"] is None
    status, event = call("/scoped", tokens["AccessToken"])
    assert status == 200 and event["requestContext"]["authorizer"]["jwt"]["scopes"] == ["aws.cognito.signin.user.admin"]
    assert call("/other", tokens["AccessToken"]) == (403, {"message": "Forbidden"})
    for token in (None, "nonsense", issuer.token()):
        assert call("/me", token) == (401, {"message": "Unauthorized"})
    why = lambda path, **headers: call_http(cloud.url + path, headers={"Host": f"{api}.execute-api.localhost", **headers})[1]["www-authenticate"]
    assert why("/me") == "Bearer"
    assert 'error="invalid_token"' in why("/me", Authorization="Bearer nonsense")
    assert 'error="insufficient_scope"' in why("/other", Authorization=f"Bearer {tokens['AccessToken']}")
    assert call(f"/foreign?token={issuer.token()}")[0] == 200
    assert call(f"/foreign?token={issuer.token(aud='other')}")[0] == 401
    assert call(f"/foreign?token={issuer.token('none')}")[0] == 401
    found = {one["Name"]: one for one in http.get_authorizers(ApiId=api)["Items"]}
    assert found["foreign"]["IdentitySource"] == ["$request.querystring.token"]
    assert http.get_authorizer(ApiId=api, AuthorizerId=foreign)["JwtConfiguration"]["Audience"] == ["app"]


def signed(url, key, secret, token=None, **headers):
    request = AWSRequest("GET", url, headers=headers)
    SigV4Auth(Credentials(key, secret, token), "execute-api", REGION).add_auth(request)
    return dict(request.headers)


def test_signatures_authorize(cloud, api, function, call_http, name):
    echo = function("echo")
    proxy(api, api.resource("signed"), "GET", echo, authorizationType="AWS_IAM")
    api.deploy()
    http, http_id, route = http_api(cloud, echo, name)
    route("GET /signed", AuthorizationType="AWS_IAM")
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = (key["AccessKeyId"], key["SecretAccessKey"])

    url = f"{cloud.url}/_aws/execute-api/{api.id}/dev/signed"
    status, _, text = call_http(url, headers=signed(url, *keys))
    assert status == 200 and json.loads(text)["requestContext"]["identity"]["userArn"].endswith(f":user/{name}")
    assert call_http(url)[::2] == (403, '{"message":"Missing Authentication Token"}')
    assert call_http(url, headers=signed(url, keys[0], "wrong"))[0] == 403
    iam.create_user(UserName=f"{name}-2")
    other = iam.create_access_key(UserName=f"{name}-2")["AccessKey"]
    others = (other["AccessKeyId"], other["SecretAccessKey"])
    status, _, text = call_http(url, headers=signed(url, *others))
    assert status == 403 and f":user/{name}-2 is not authorized to perform: execute-api:Invoke" in text

    url = f"{cloud.url}/signed"
    host = {"Host": f"{http_id}.execute-api.localhost"}
    status, _, text = call_http(url, headers=signed(url, *keys, **host))
    assert status == 200, text
    found = json.loads(text)["requestContext"]["authorizer"]["iam"]
    assert found["userArn"].endswith(f":user/{name}") and found["accessKey"] == keys[0] and found["cognitoIdentity"] is None
    assert call_http(url, headers=host)[::2] == (403, '{"message":"Forbidden"}')
    assert call_http(url, headers=signed(url, *others, **host))[::2] == (403, '{"message":"Forbidden"}')


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Users: {Type: AWS::Cognito::UserPool}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {UserPoolId: !Ref Users, ExplicitAuthFlows: [ALLOW_ADMIN_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]}
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Auth: {DefaultAuthorizer: Pool, Authorizers: {Pool: {UserPoolArn: !GetAtt Users.Arn}}}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Pool
        Authorizers:
          Pool:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: !Sub "https://cognito-idp.${AWS::Region}.amazonaws.com/${Users}", audience: [!Ref Client]}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        import json
        def handler(event, context):
            return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer"))}
      Events:
        Rest:
          Type: Api
          Properties: {Path: /rest, Method: get, RestApiId: !Ref Rest}
        Open:
          Type: Api
          Properties: {Path: /open, Method: get, RestApiId: !Ref Rest, Auth: {Authorizer: NONE}}
        Http:
          Type: HttpApi
          Properties: {Path: /http, Method: get, ApiId: !Ref Http}
Outputs:
  Users: {Value: !Ref Users}
  Client: {Value: !Ref Client}
  Rest: {Value: !Ref Rest}
  Http: {Value: !Ref Http}
"""


def test_sam_protects_apis(cloud, call_http, name):
    stack = Stacks(cloud).create(name, SAM)
    made = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    idp = cloud.client("cognito-idp")
    idp.admin_create_user(UserPoolId=made["Users"], Username="alice", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=made["Users"], Username="alice", Password="Passw0rd!", Permanent=True)
    signed_in = idp.admin_initiate_auth(
        UserPoolId=made["Users"], ClientId=made["Client"], AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": "Passw0rd!"}
    )
    token = {"Authorization": signed_in["AuthenticationResult"]["IdToken"]}
    rest = f"{cloud.url}/_aws/execute-api/{made['Rest']}/dev"
    status, _, text = call_http(f"{rest}/rest", headers=token)
    assert (status, json.loads(text)["claims"]["cognito:username"]) == (200, "alice")
    assert call_http(f"{rest}/rest")[0] == 401
    assert call_http(f"{rest}/open")[::2] == (200, "null")
    host = {"Host": f"{made['Http']}.execute-api.localhost"}
    status, _, text = call_http(f"{cloud.url}/http", headers={**host, **token})
    assert (status, json.loads(text)["jwt"]["claims"]["cognito:username"]) == (200, "alice")
    assert call_http(f"{cloud.url}/http", headers=host)[::2] == (401, '{"message":"Unauthorized"}')
