"""Words that the tests of Cognito are written in: pools, users, SRP, mail, triggers."""

import base64
import hashlib
import hmac
import json
import re
import struct
import time
import urllib.request

import jwt
from botocore import UNSIGNED
from botocore.config import Config
from clouds import REGION
from lambda_calls import functions_of
from pycognito.aws_srp import AWSSRP

PASSWORD = "Passw0rd!"
FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_AUTH",
]


class Pool:
    """A user pool with one app client, and how a program and an administrator use it."""

    def __init__(self, cloud, name, client=None, **settings):
        self.cloud = cloud
        self.api = cloud.client("cognito-idp")
        self.open = cloud.client("cognito-idp", config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
        self.id = self.api.create_user_pool(PoolName=name, **settings)["UserPool"]["Id"]
        self.client = self.add_client(**(client or {}))
        self.client_id = self.client["ClientId"]
        self.errors = self.api.exceptions

    def add_client(self, **settings):
        settings = {"ClientName": "app", "ExplicitAuthFlows": FLOWS, **settings}
        return self.api.create_user_pool_client(UserPoolId=self.id, **settings)["UserPoolClient"]

    def user(self, username, password=PASSWORD, **attributes):
        """A confirmed user."""
        listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
        made = self.api.admin_create_user(UserPoolId=self.id, Username=username, UserAttributes=listed, MessageAction="SUPPRESS")["User"]
        self.api.admin_set_user_password(UserPoolId=self.id, Username=username, Password=password, Permanent=True)
        return made["Username"]

    def sign_in(self, username, password=PASSWORD, **more):
        """USER_PASSWORD_AUTH, whatever it answers."""
        parameters = {"USERNAME": username, "PASSWORD": password, **more.pop("parameters", {})}
        return self.open.initiate_auth(ClientId=self.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters, **more)

    def tokens(self, username, password=PASSWORD, **more):
        return self.sign_in(username, password, **more)["AuthenticationResult"]

    def respond(self, name, answer, **responses):
        return self.open.respond_to_auth_challenge(
            ClientId=self.client_id, ChallengeName=name, Session=answer["Session"], ChallengeResponses=responses
        )

    def srp(self, username, password=PASSWORD, **more):
        """The client of an SRP exchange, as real programs have it."""
        return AWSSRP(username, password, self.id, self.client_id, client=self.open, **more)

    def messages(self, to):
        with urllib.request.urlopen(self.cloud.url + "/_kogumo/mail", timeout=30) as response:
            return [message for message in json.load(response) if message["to"] == to]

    def code(self, to):
        """The code in the last message that somebody got."""
        return re.findall(r"\b\d{6}\b", self.messages(to)[-1]["text"])[-1]

    def keys(self):
        with urllib.request.urlopen(f"{self.cloud.url}/{self.id}/.well-known/jwks.json", timeout=30) as response:
            return json.load(response)

    def verified(self, token, **more):
        """A token's claims, once a stock JWT library believes it."""
        key = jwt.PyJWKSet.from_dict(self.keys())[jwt.get_unverified_header(token)["kid"]]
        issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"
        return jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, options={"verify_aud": "audience" in more}, **more)

    def trigger(self, name, code, **settings):
        """A function that the pool may call, set as its trigger."""
        functions = functions_of(self.cloud)
        function = functions.make(f"{name}-{self.id.split('_')[1]}", code)
        functions.client.add_permission(
            FunctionName=function["FunctionName"], StatementId="pool", Action="lambda:InvokeFunction",
            Principal="cognito-idp.amazonaws.com", SourceArn=self.arn(),
        )
        config = self.api.describe_user_pool(UserPoolId=self.id)["UserPool"].get("LambdaConfig", {})
        self.api.update_user_pool(UserPoolId=self.id, LambdaConfig={**config, name: function["FunctionArn"]}, **settings)
        return functions, function["FunctionName"]

    def arn(self):
        return self.api.describe_user_pool(UserPoolId=self.id)["UserPool"]["Arn"]


def secret_hash(client, username):
    mac = hmac.new(client["ClientSecret"].encode(), (username + client["ClientId"]).encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def totp(secret, steps=0):
    """The code that an authenticator app shows."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def message(raised):
    return raised.value.response["Error"]["Message"]


def attributes(listed):
    return {one["Name"]: one["Value"] for one in listed}
