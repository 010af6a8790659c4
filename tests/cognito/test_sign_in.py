"""Flows of signing in, and tokens: SRP, passwords, refresh and rotation, revocation, lockout."""

import base64
import datetime

import boto3
import jwt
import pytest
from botocore.exceptions import ClientError
from cognito_calls import FLOWS, PASSWORD, message, secret_hash
from pycognito import Cognito

WRONG = "Incorrect username or password."


def test_srp_and_the_tokens_claims(pool):
    pool.user("jane", email="jane@example.com", email_verified="true")
    tokens = pool.srp("jane").authenticate_user()["AuthenticationResult"]
    identity = pool.verified(tokens["IdToken"], audience=pool.client_id)
    access = pool.verified(tokens["AccessToken"])
    assert identity["token_use"] == "id" and identity["cognito:username"] == "jane" and identity["email_verified"] is True
    assert access["token_use"] == "access" and access["client_id"] == pool.client_id and access["username"] == "jane"
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert identity["sub"] == access["sub"] and identity["origin_jti"] == access["origin_jti"] and identity["event_id"] == access["event_id"]
    assert identity["exp"] - identity["iat"] == 3600 and identity["auth_time"] == identity["iat"]
    assert tokens["TokenType"] == "Bearer" and tokens["ExpiresIn"] == 3600
    headers = [jwt.get_unverified_header(tokens[which]) for which in ("IdToken", "AccessToken")]
    assert [header["alg"] for header in headers] == ["RS256", "RS256"] and headers[0]["kid"] != headers[1]["kid"]


def test_wrong_replayed_and_altered_proofs(pool):
    pool.user("jane")
    with pytest.raises(pool.errors.NotAuthorizedException) as wrong:
        pool.srp("jane", "Wr0ng-password").authenticate_user()
    assert message(wrong) == WRONG
    client = pool.srp("jane")
    challenge = pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=client.get_auth_params())
    good = client.process_challenge(challenge["ChallengeParameters"], client.get_auth_params())

    def answer(**changed):
        return pool.open.respond_to_auth_challenge(ClientId=pool.client_id, ChallengeName="PASSWORD_VERIFIER",
                                                   ChallengeResponses={**good, **changed})

    block = bytearray(base64.b64decode(good["PASSWORD_CLAIM_SECRET_BLOCK"]))
    block[20] ^= 1
    an_hour_ago = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)).strftime("%a %b %-d %H:%M:%S UTC %Y")
    for changed in (
        {"PASSWORD_CLAIM_SECRET_BLOCK": base64.b64encode(block).decode()},
        {"TIMESTAMP": an_hour_ago},
        {"PASSWORD_CLAIM_SECRET_BLOCK": "AAAA"},
    ):
        with pytest.raises(pool.errors.NotAuthorizedException):
            answer(**changed)
    with pytest.raises(pool.errors.InvalidParameterException):
        answer(TIMESTAMP="yesterday")
    assert answer()["AuthenticationResult"]
    with pytest.raises(pool.errors.NotAuthorizedException) as replayed:
        answer()
    assert message(replayed) == "Invalid session for the user, session can only be used once."
    for public in ("0", "00", "zz"):
        with pytest.raises(pool.errors.InvalidParameterException):
            pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "jane", "SRP_A": public})


def test_flows_are_enforced(pools):
    pool = pools(client={"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]})
    pool.user("jane")
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.sign_in("jane")
    assert message(refused) == "USER_PASSWORD_AUTH flow not enabled for this client"
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.api.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                     AuthParameters={"USERNAME": "jane", "PASSWORD": PASSWORD})
    assert message(refused) == "Auth flow not enabled for this client"
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "jane"})
    assert message(refused) == "Missing required parameter SRP_A"


def test_administrators_sign_users_in(pool):
    pool.user("jane")
    for flow in ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"):
        answer = pool.api.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow=flow,
                                              AuthParameters={"USERNAME": "jane", "PASSWORD": PASSWORD})
        assert pool.verified(answer["AuthenticationResult"]["IdToken"])["cognito:username"] == "jane"
    pool.api.admin_set_user_password(UserPoolId=pool.id, Username="jane", Password="Temp0rary!", Permanent=False)
    challenged = pool.api.admin_initiate_auth(UserPoolId=pool.id, ClientId=pool.client_id, AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                                              AuthParameters={"USERNAME": "jane", "PASSWORD": "Temp0rary!"})
    done = pool.api.admin_respond_to_auth_challenge(
        UserPoolId=pool.id, ClientId=pool.client_id, ChallengeName=challenged["ChallengeName"], Session=challenged["Session"],
        ChallengeResponses={"USERNAME": "jane", "NEW_PASSWORD": PASSWORD})
    assert done["AuthenticationResult"]["RefreshToken"]


def test_who_exists_can_be_hidden(pools):
    pool = pools(client={"PreventUserExistenceErrors": "ENABLED"})
    pool.user("jane")
    with pytest.raises(pool.errors.NotAuthorizedException) as nobody:
        pool.sign_in("nobody")
    assert message(nobody) == WRONG
    begin = lambda name: pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH",
                                                 AuthParameters=pool.srp(name).get_auth_params())["ChallengeParameters"]
    first, second, real = begin("nobody"), begin("nobody"), begin("jane")
    assert first["SALT"] == second["SALT"] and first["SRP_B"] != second["SRP_B"] and first.keys() == real.keys()
    with pytest.raises(pool.errors.NotAuthorizedException) as nobody:
        pool.srp("nobody").authenticate_user()
    assert message(nobody) == WRONG
    assert "***@" in pool.open.forgot_password(ClientId=pool.client_id, Username="nobody")["CodeDeliveryDetails"]["Destination"]
    with pytest.raises(pool.errors.ExpiredCodeException):
        pool.open.confirm_sign_up(ClientId=pool.client_id, Username="nobody", ConfirmationCode="123456")


def test_guessing_passwords_is_slowed_down(pool):
    pool.user("jane")
    for _ in range(6):
        with pytest.raises(pool.errors.NotAuthorizedException) as refused:
            pool.sign_in("jane", "Wr0ng-password")
    with pytest.raises(pool.errors.NotAuthorizedException) as refused:
        pool.sign_in("jane")
    assert message(refused) == "Password attempts exceeded"


def test_clients_with_a_secret(pools):
    pool = pools(client={"GenerateSecret": True})
    pool.user("jane")
    right = {"SECRET_HASH": secret_hash(pool.client, "jane")}
    tokens = pool.tokens("jane", parameters=right)
    for parameters, words in (
        ({}, f"Client {pool.client_id} is configured with secret but SECRET_HASH was not received"),
        ({"SECRET_HASH": "eA=="}, f"Unable to verify secret hash for client {pool.client_id}"),
    ):
        with pytest.raises(pool.errors.NotAuthorizedException) as refused:
            pool.sign_in("jane", parameters=parameters)
        assert message(refused) == words
    assert pool.srp("jane", client_secret=pool.client["ClientSecret"]).authenticate_user()["AuthenticationResult"]
    fresh = pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="REFRESH_TOKEN_AUTH",
                                    AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"], **right})
    assert "RefreshToken" not in fresh["AuthenticationResult"]
    with pytest.raises(ClientError):
        pool.open.revoke_token(ClientId=pool.client_id, ClientSecret="x" * 51, Token=tokens["RefreshToken"])
    pool.open.revoke_token(ClientId=pool.client_id, ClientSecret=pool.client["ClientSecret"], Token=tokens["RefreshToken"])


def test_secrets_are_changed_over(pools):
    """Two are good at a time; then the old one goes."""
    pool = pools(client={"GenerateSecret": True})
    pool.user("jane")
    here = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    enter = lambda secret: pool.tokens("jane", parameters={"SECRET_HASH": secret_hash({**pool.client, "ClientSecret": secret}, "jane")})
    old = pool.client["ClientSecret"]
    made = pool.api.add_user_pool_client_secret(**here)["ClientSecretDescriptor"]
    new = made["ClientSecretValue"]
    assert enter(old) and enter(new)
    with pytest.raises(pool.errors.LimitExceededException):
        pool.api.add_user_pool_client_secret(**here)
    listed = pool.api.list_user_pool_client_secrets(**here)["ClientSecrets"]
    assert [one["ClientSecretId"] for one in listed][1] == made["ClientSecretId"] and "ClientSecretValue" not in listed[0]
    pool.api.delete_user_pool_client_secret(**here, ClientSecretId=listed[0]["ClientSecretId"])
    with pytest.raises(pool.errors.NotAuthorizedException):
        enter(old)
    assert enter(new)
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.delete_user_pool_client_secret(**here, ClientSecretId=made["ClientSecretId"])
    with pytest.raises(pools().errors.InvalidParameterException):
        pool.api.add_user_pool_client_secret(UserPoolId=pool.id, ClientId=pool.add_client()["ClientId"])


def test_refreshing_and_revoking(pool):
    pool.user("jane")
    tokens = pool.tokens("jane")
    refresh = lambda token: pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="REFRESH_TOKEN", AuthParameters={"REFRESH_TOKEN": token})
    fresh = refresh(tokens["RefreshToken"])["AuthenticationResult"]
    assert pool.verified(fresh["AccessToken"])["origin_jti"] == pool.verified(tokens["AccessToken"])["origin_jti"]
    pool.open.get_user(AccessToken=fresh["AccessToken"])
    with pytest.raises(pool.errors.NotAuthorizedException):
        refresh("nonsense")
    pool.open.revoke_token(ClientId=pool.client_id, Token=tokens["RefreshToken"])
    for call in (lambda: refresh(tokens["RefreshToken"]), lambda: pool.open.get_user(AccessToken=fresh["AccessToken"])):
        with pytest.raises(pool.errors.NotAuthorizedException) as revoked:
            call()
        assert message(revoked).endswith("Token has been revoked")
    other = pool.add_client(ClientName="other")["ClientId"]
    foreign = pool.tokens("jane")["RefreshToken"]
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.open.initiate_auth(ClientId=other, AuthFlow="REFRESH_TOKEN", AuthParameters={"REFRESH_TOKEN": foreign})


def test_signing_out_of_clients_that_do_not_revoke(pools):
    pool = pools(client={"EnableTokenRevocation": False})
    pool.user("jane")
    token = pool.tokens("jane")["AccessToken"]
    assert "origin_jti" not in pool.verified(token)
    pool.open.global_sign_out(AccessToken=token)
    with pytest.raises(pool.errors.NotAuthorizedException) as gone:
        pool.open.get_user(AccessToken=token)
    assert message(gone) == "Access Token has been revoked"
    assert pool.open.get_user(AccessToken=pool.tokens("jane")["AccessToken"])


def test_rotation(pools):
    flows = [flow for flow in FLOWS if "REFRESH" not in flow]
    pool = pools(client={"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}, "ExplicitAuthFlows": flows})
    pool.user("jane")
    first = pool.tokens("jane")["RefreshToken"]
    rotate = lambda token: pool.open.get_tokens_from_refresh_token(ClientId=pool.client_id, RefreshToken=token)["AuthenticationResult"]
    second = rotate(first)["RefreshToken"]
    assert second != first
    with pytest.raises(pool.errors.RefreshTokenReuseException):
        rotate(first)
    assert rotate(second)["AccessToken"]
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": second})


def test_forged_tokens(pool, pools):
    pool.user("jane")
    token = pool.tokens("jane")["AccessToken"]
    claims = jwt.decode(token, options={"verify_signature": False})
    key = jwt.PyJWKSet.from_dict(pool.keys())[jwt.get_unverified_header(token)["kid"]]
    other = pools()
    other.user("jane")
    forged = [
        jwt.encode(claims, None, algorithm="none", headers={"kid": key.key_id}),
        jwt.encode(claims, "secret", algorithm="HS256", headers={"kid": key.key_id}),
        token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        pool.tokens("jane")["IdToken"],
        "a.b.c",
        "x" * 100_000,
    ]
    for wrong in forged:
        with pytest.raises(pool.errors.NotAuthorizedException) as refused:
            pool.open.get_user(AccessToken=wrong)
        assert message(refused) == "Invalid Access Token"


def test_choosing_the_first_factor(pools):
    pool = pools(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    to = f"otp-{pool.id[-9:]}@example.com".lower()
    pool.user("jane", email=to, email_verified="true")
    begin = lambda **more: pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "jane", **more})
    offered = begin()
    assert offered["ChallengeName"] == "SELECT_CHALLENGE" and set(offered["AvailableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}
    done = pool.respond("SELECT_CHALLENGE", offered, USERNAME="jane", ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert done["AuthenticationResult"]["IdToken"]
    coded = begin(PREFERRED_CHALLENGE="EMAIL_OTP")
    assert coded["ChallengeName"] == "EMAIL_OTP"
    with pytest.raises(pool.errors.CodeMismatchException):
        pool.respond("EMAIL_OTP", coded, USERNAME="jane", EMAIL_OTP_CODE="000000" if pool.code(to) != "000000" else "1")
    assert pool.respond("EMAIL_OTP", coded, USERNAME="jane", EMAIL_OTP_CODE=pool.code(to))["AuthenticationResult"]["IdToken"]


def test_the_command_line_and_pycognito(cloud, pool, monkeypatch):
    pool.user("jane", email="jane@example.com")
    answer = cloud.aws("cognito-idp", "initiate-auth", "--client-id", pool.client_id, "--auth-flow", "USER_PASSWORD_AUTH",
                       "--auth-parameters", f"USERNAME=jane,PASSWORD={PASSWORD}")
    assert cloud.aws("cognito-idp", "get-user", "--access-token", answer["AuthenticationResult"]["AccessToken"])["Username"] == "jane"
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="ap-northeast-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    user = Cognito(pool.id, pool.client_id, username="jane", session=session)
    user.pool_jwk = pool.keys()
    user.authenticate(password=PASSWORD)
    assert user.get_user().email == "jane@example.com"
    user.renew_access_token()
    user.logout()
