"""Tokens that say to the world who somebody of this cloud is, verified by a stock JWT library."""

import json
import urllib.request

import jwt
import pytest
from iam_calls import refused
from test_sts import ACCOUNT, of, trust

NAMESPACE = "https://sts.amazonaws.com/"


def fetch(cloud, issuer, document):
    """A document under the issuer's name, as the listen port serves it."""
    request = urllib.request.Request(f"{cloud.url}/.well-known/{document}", headers={"Host": issuer.removeprefix("https://")})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def verified(cloud, issuer, token, audience):
    discovery = fetch(cloud, issuer, "openid-configuration")
    assert discovery["issuer"] == issuer and discovery["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    header = jwt.get_unverified_header(token)
    keys = jwt.PyJWKSet.from_dict(fetch(cloud, issuer, "jwks.json"))
    assert header["alg"] in discovery["id_token_signing_alg_values_supported"]
    return jwt.decode(token, keys[header["kid"]].key, algorithms=[header["alg"]], audience=audience, issuer=issuer)


@pytest.fixture
def account(name):
    """An account of the test's own: the switch is the account's."""
    return f"{abs(hash(name)) % 10**12:012}"


def test_the_world_believes_who_somebody_is(cloud, name, account):
    iam, sts = cloud.client("iam", key=account), cloud.client("sts", key=account)
    wanted = {"Audience": ["https://api.example.com"], "SigningAlgorithm": "RS256"}
    refused("OutboundWebIdentityFederationDisabledException", sts.get_web_identity_token, **wanted)
    refused("FeatureDisabled", iam.get_outbound_web_identity_federation_info)
    refused("FeatureDisabled", iam.disable_outbound_web_identity_federation)
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    refused("FeatureEnabled", iam.enable_outbound_web_identity_federation)
    info = iam.get_outbound_web_identity_federation_info()
    assert info["IssuerIdentifier"] == issuer and info["JwtVendingEnabled"] is True

    iam.create_role(RoleName=name, Path="/in/", AssumeRolePolicyDocument=trust({"AWS": account}, ["sts:AssumeRole", "sts:TagSession"]))
    role = iam.get_role(RoleName=name)["Role"]["Arn"]
    session = sts.assume_role(RoleArn=role, RoleSessionName="session", Tags=[{"Key": "team", "Value": "blue"}])["Credentials"]
    own = of(cloud, session)
    refused("AccessDenied", own.get_web_identity_token, **wanted)
    may = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": may}))
    for algorithm in ("RS256", "ES384"):
        answer = own.get_web_identity_token(**(wanted | {"SigningAlgorithm": algorithm}), Tags=[{"Key": "job", "Value": "7"}], DurationSeconds=60)
        claims = verified(cloud, issuer, answer["WebIdentityToken"], "https://api.example.com")
        assert claims["sub"] == role and claims["exp"] - claims["iat"] == 60
        assert answer["Expiration"].timestamp() == claims["exp"]
        said = claims[NAMESPACE]
        assert said["aws_account"] == account and said["source_region"] == "ap-northeast-1"
        assert said["principal_tags"] == {"team": "blue"} and said["request_tags"] == {"job": "7"}
    many = sts.get_web_identity_token(Audience=["one", "two"], SigningAlgorithm="ES384")["WebIdentityToken"]
    assert verified(cloud, issuer, many, "two")["sub"] == f"arn:aws:iam::{account}:root"
    refused("ValidationError", sts.get_web_identity_token, Audience=["one"], SigningAlgorithm="HS256")
    short = of(cloud, sts.assume_role(RoleArn=role, RoleSessionName="session", DurationSeconds=900)["Credentials"])
    refused("SessionDurationEscalationException", short.get_web_identity_token, **wanted, DurationSeconds=1800)

    iam.disable_outbound_web_identity_federation()
    refused("OutboundWebIdentityFederationDisabledException", sts.get_web_identity_token, **wanted)
    # What was vouched for is still believed, and the account's issuer stays its own.
    assert verified(cloud, issuer, many, "one")
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer


def test_this_cloud_believes_its_own_tokens(cloud, name, account):
    """Another account of the cloud takes the issuer for a provider like any other."""
    issuer = cloud.client("iam", key=account).enable_outbound_web_identity_federation()["IssuerIdentifier"]
    iam, bare = cloud.client("iam"), issuer.removeprefix("https://")
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["here"], ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
    document = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringEquals={f"{bare}:sub": f"arn:aws:iam::{account}:root"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    sts = cloud.client("sts", key=account)
    token = sts.get_web_identity_token(Audience=["here"], SigningAlgorithm="RS256")["WebIdentityToken"]
    session = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="guest", WebIdentityToken=token)
    assert of(cloud, session["Credentials"]).get_caller_identity()["Account"] == ACCOUNT
    other = sts.get_web_identity_token(Audience=["there"], SigningAlgorithm="RS256")["WebIdentityToken"]
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, RoleArn=role, RoleSessionName="guest", WebIdentityToken=other)


def test_nobody_elses_issuer_is_served(cloud):
    request = urllib.request.Request(f"{cloud.url}/.well-known/jwks.json", headers={"Host": "nobody.tokens.sts.global.api.aws"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code == 404
