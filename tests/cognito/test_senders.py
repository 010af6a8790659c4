"""Functions that send codes in Cognito's stead, and the AWS Encryption SDK that opens the codes for them."""

import base64
import json
import time

import aws_encryption_sdk
import pytest
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient, StrictAwsKmsMasterKeyProvider
from clouds import REGION
from cognito_calls import PASSWORD, message
from lambda_calls import functions_of
from people import Person, allow

TELL = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
"""


class Senders:
    """A pool whose mail and text messages a function sends."""

    def __init__(self, pools, monkeypatch, **settings):
        self.pool = pool = pools(AutoVerifiedAttributes=["email"])
        self.functions = functions_of(pool.cloud)
        function = self.functions.make(f"sender-{pool.id.split('_')[1]}", TELL)
        self.name, self.arn = function["FunctionName"], function["FunctionArn"]
        self.functions.client.add_permission(
            FunctionName=self.name, StatementId="pool", Action="lambda:InvokeFunction",
            Principal="cognito-idp.amazonaws.com", SourceArn=pool.arn())
        self.kms = pool.cloud.client("kms")
        self.key = self.kms.create_key()["KeyMetadata"]["Arn"]
        both = {name: {"LambdaVersion": "V1_0", "LambdaArn": self.arn} for name in ("CustomEmailSender", "CustomSMSSender")}
        self.set = lambda: pool.api.update_user_pool(
            UserPoolId=pool.id, LambdaConfig={**both, "KMSKeyID": self.key}, AutoVerifiedAttributes=["email"],
            SmsConfiguration={"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}, **settings)
        self.set()
        self.set()
        for name, value in {"AWS_ENDPOINT_URL": pool.cloud.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                            "AWS_DEFAULT_REGION": REGION}.items():
            monkeypatch.setenv(name, value)

    def told(self, source):
        """The latest event of that source that the function got."""
        for _ in range(100):
            lines = [line.split("EVENT ", 1)[1] for line in self.functions.messages(self.name) if "EVENT " in line]
            found = [event for event in map(json.loads, lines) if event["triggerSource"] == source]
            if found:
                return found[-1]
            time.sleep(0.1)
        raise AssertionError(f"the function was not told of {source}")

    def opened(self, event, policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT):
        """The code, as AWS's own library decrypts it."""
        client = EncryptionSDKClient(commitment_policy=policy)
        code, header = client.decrypt(
            source=base64.b64decode(event["request"]["code"]), key_provider=StrictAwsKmsMasterKeyProvider(key_ids=[self.key]))
        assert header.encryption_context["userpool-id"] == self.pool.id
        return code.decode()


@pytest.fixture
def senders(pools, monkeypatch):
    return Senders(pools, monkeypatch)


def test_from_sign_up_to_another_address(senders, node):
    pool = senders.pool
    to = f"{pool.id[-9:]}@example.com".lower()
    sent = pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD, ClientMetadata={"from": "test"},
                             UserAttributes=[{"Name": "email", "Value": to}])
    assert sent["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    event = senders.told("CustomEmailSender_SignUp")
    assert event["version"] == "1" and event["userPoolId"] == pool.id and event["userName"] == "jane" and event["region"] == REGION
    assert event["callerContext"]["clientId"] == pool.client_id
    request = event["request"]
    assert request["type"] == "customEmailSenderRequestV1" and request["clientMetadata"] == {"from": "test"}
    assert request["userAttributes"]["email"] == to and request["userAttributes"]["cognito:user_status"] == "UNCONFIRMED"
    told = node(pool.cloud, "decrypt.mjs", senders.key, request["code"])
    assert told == {"code": senders.opened(event), "pool": pool.id}
    with pytest.raises(aws_encryption_sdk.exceptions.ActionNotAllowedError):
        senders.opened(event, CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    pool.open.resend_confirmation_code(ClientId=pool.client_id, Username="jane")
    event = senders.told("CustomEmailSender_ResendCode")
    assert event["request"]["clientMetadata"] is None
    pool.open.confirm_sign_up(ClientId=pool.client_id, Username="jane", ConfirmationCode=senders.opened(event))
    assert pool.messages(to) == [], "the cloud itself sends nothing"

    token = pool.tokens("jane")["AccessToken"]
    pool.open.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email", "Value": "n" + to}])
    code = senders.opened(senders.told("CustomEmailSender_UpdateUserAttribute"))
    pool.open.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    pool.open.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")
    assert senders.opened(senders.told("CustomEmailSender_VerifyUserAttribute")).isdigit()
    pool.open.forgot_password(ClientId=pool.client_id, Username="jane")
    code = senders.opened(senders.told("CustomEmailSender_ForgotPassword"))
    pool.open.confirm_forgot_password(ClientId=pool.client_id, Username="jane", ConfirmationCode=code, Password="New" + PASSWORD)
    assert pool.tokens("jane", "New" + PASSWORD)
    assert pool.messages(to) == pool.messages("n" + to) == []


def test_text_messages_and_invitations(senders):
    pool = senders.pool
    phone = "+8190" + str(time.time_ns())[-8:]
    pool.api.admin_create_user(UserPoolId=pool.id, Username="joe", UserAttributes=[{"Name": "phone_number", "Value": phone}])
    event = senders.told("CustomSMSSender_AdminCreateUser")
    assert event["request"]["type"] == "customSMSSenderRequestV1"
    new = pool.sign_in("joe", senders.opened(event))
    assert new["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    pool.api.admin_set_user_password(UserPoolId=pool.id, Username="joe", Password=PASSWORD, Permanent=True)
    pool.api.set_user_pool_mfa_config(
        UserPoolId=pool.id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration={"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}})
    pool.api.admin_set_user_mfa_preference(UserPoolId=pool.id, Username="joe", SMSMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = pool.sign_in("joe")
    code = senders.opened(senders.told("CustomSMSSender_Authentication"))
    assert pool.respond("SMS_MFA", asked, USERNAME="joe", SMS_MFA_CODE=code)["AuthenticationResult"]
    assert pool.messages(phone) == []


def test_what_cannot_be_used(senders, name):
    pool = senders.pool
    grant = senders.kms.list_grants(KeyId=senders.key)["Grants"]
    assert [one["GranteeServicePrincipal"] for one in grant] == ["cognito-idp.amazonaws.com"], "one for the pool, however often it is set"
    person = Person(pool.cloud, name, allow("cognito-idp:*"))
    config = pool.api.describe_user_pool(UserPoolId=pool.id)["UserPool"]["LambdaConfig"]
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        person.client("cognito-idp").update_user_pool(UserPoolId=pool.id, LambdaConfig={**config, "KMSKeyID": senders.kms.create_key()["KeyMetadata"]["Arn"]})
    assert "kms:CreateGrant" in message(refused)
    pool.user("jane", email="jane@example.com", email_verified="true")
    forgot = lambda: pool.open.forgot_password(ClientId=pool.client_id, Username="jane")
    senders.functions.client.remove_permission(FunctionName=senders.name, StatementId="pool")
    with pytest.raises(pool.errors.UnexpectedLambdaException) as refused:
        forgot()
    assert "AccessDeniedException" in message(refused)
    senders.kms.revoke_grant(KeyId=senders.key, GrantId=grant[0]["GrantId"])
    with pytest.raises(pool.errors.CodeDeliveryFailureException):
        forgot()
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.api.update_user_pool(UserPoolId=pool.id, LambdaConfig={"CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": senders.arn}})
    assert "KMSKeyID" in message(refused)
