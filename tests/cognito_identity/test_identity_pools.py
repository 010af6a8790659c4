"""Cognito identity pools with boto3: pools and what they hold, guests, users of an issuer, developers' users, roles."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from iam_calls import refused
from issuer import Issuer


@pytest.fixture
def cognito(cloud):
    return cloud.client("cognito-identity")


@pytest.fixture
def issuer():
    running = Issuer()
    yield running
    running.stop()


def trust(*audiences, kind="authenticated", actions=("sts:AssumeRoleWithWebIdentity", "sts:TagSession"), **condition):
    equals = {"cognito-identity.amazonaws.com:aud": list(audiences), **condition}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": list(actions),
        "Condition": {"StringEquals": equals, "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": kind}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role_for(cloud, name, document):
    return cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]


def who(cloud, keys):
    secret = keys.get("SecretKey") or keys["SecretAccessKey"]
    return cloud.client("sts", key=keys["AccessKeyId"], secret=secret, token=keys["SessionToken"]).get_caller_identity()["Arn"]


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def pool_of(cloud, cognito, issuer, name, **more):
    """A pool whose users come from that issuer."""
    arn = cloud.client("iam").create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    pool = cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=False, OpenIdConnectProviderARNs=[arn], **more)
    return pool["IdentityPoolId"]


def test_pools(cognito, name):
    made = cognito.create_identity_pool(
        IdentityPoolName=name,
        AllowUnauthenticatedIdentities=True,
        SupportedLoginProviders={"accounts.google.com": "app"},
        DeveloperProviderName="login.example",
        CognitoIdentityProviders=[{"ProviderName": "cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_abc", "ClientId": "client"}],
        IdentityPoolTags={"team": "blue"},
    )
    pool = made["IdentityPoolId"]
    assert pool.startswith("ap-northeast-1:")
    found = cognito.describe_identity_pool(IdentityPoolId=pool)
    assert found["CognitoIdentityProviders"][0]["ServerSideTokenCheck"] is False and found["IdentityPoolTags"] == {"team": "blue"}
    cognito.update_identity_pool(IdentityPoolId=pool, IdentityPoolName=f"{name}-2", AllowUnauthenticatedIdentities=False, AllowClassicFlow=True)
    found = cognito.describe_identity_pool(IdentityPoolId=pool)
    assert (found["IdentityPoolName"], found["AllowUnauthenticatedIdentities"], found["AllowClassicFlow"]) == (f"{name}-2", False, True)
    assert "SupportedLoginProviders" not in found and found["DeveloperProviderName"] == "login.example"
    pages = cognito.get_paginator("list_identity_pools").paginate(PaginationConfig={"PageSize": 1})
    assert pool in [one["IdentityPoolId"] for page in pages for one in page["IdentityPools"]]

    arn = f"arn:aws:cognito-identity:ap-northeast-1:000000000000:identitypool/{pool}"
    cognito.tag_resource(ResourceArn=arn, Tags={"a": "1"})
    cognito.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert cognito.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"a": "1"}
    refused("InvalidParameterException", cognito.set_identity_pool_roles, IdentityPoolId=pool, Roles={"authenticated": "arn:aws:iam::000000000000:user/nobody"})
    cognito.delete_identity_pool(IdentityPoolId=pool)
    assert refused("ResourceNotFoundException", cognito.describe_identity_pool, IdentityPoolId=pool) == f"IdentityPool '{pool}' not found."


def test_guests(cloud, cognito, name):
    pool = cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    identity = cognito.get_id(IdentityPoolId=pool)["IdentityId"]
    assert identity.startswith("ap-northeast-1:") and cognito.get_id(IdentityPoolId=pool)["IdentityId"] != identity
    assert "classic" in refused("InvalidParameterException", cognito.get_open_id_token, IdentityId=identity)
    refused("InvalidIdentityPoolConfigurationException", cognito.get_credentials_for_identity, IdentityId=identity)
    assert len(cognito.list_identities(IdentityPoolId=pool, MaxResults=10)["Identities"]) == 2
    cognito.update_identity_pool(IdentityPoolId=pool, IdentityPoolName=name, AllowUnauthenticatedIdentities=False)
    message = "Unauthenticated access is not supported for this identity pool."
    assert refused("NotAuthorizedException", cognito.get_id, IdentityPoolId=pool) == message
    assert refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity) == message
    unknown = "ap-northeast-1:00000000-0000-0000-0000-000000000000"
    left = cognito.delete_identities(IdentityIdsToDelete=[identity, unknown])["UnprocessedIdentityIds"]
    assert left == [{"IdentityId": unknown, "ErrorCode": "AccessDenied"}]
    assert refused("ResourceNotFoundException", cognito.describe_identity, IdentityId=identity) == f"Identity '{identity}' not found."


def test_guests_reach_only_what_guests_may(cloud, cognito, name):
    """A guest's credentials of the enhanced flow are held to AWS's list of services, whatever the role allows."""
    pool = cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    role = role_for(cloud, name, trust(pool, kind="unauthenticated"))
    cloud.client("iam").attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"unauthenticated": role})
    keys = cognito.get_credentials_for_identity(IdentityId=cognito.get_id(IdentityPoolId=pool)["IdentityId"])["Credentials"]
    mine = dict(key=keys["AccessKeyId"], secret=keys["SecretKey"], token=keys["SessionToken"])
    assert "Buckets" in cloud.client("s3", **mine).list_buckets()
    assert cloud.client("translate", **mine).list_languages()["Languages"]
    message = refused("AccessDenied", cloud.client("iam", **mine).list_users)
    assert message.endswith("because no session policy allows the iam:ListUsers action")
    refused("AccessDeniedException", cloud.client("ssm", **mine).describe_parameters)


def test_the_basic_flow(cloud, cognito, name):
    """A guest takes the pool's token to STS; anybody can verify it by the keys that the issuer publishes."""
    pool = cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=True, AllowClassicFlow=True)["IdentityPoolId"]
    identity = cognito.get_id(IdentityPoolId=pool)["IdentityId"]
    token = cognito.get_open_id_token(IdentityId=identity)["Token"]
    claims = claims_of(token)
    assert (claims["iss"], claims["aud"], claims["sub"], claims["amr"]) == ("https://cognito-identity.amazonaws.com", pool, identity, ["unauthenticated"])
    keys = json.load(cloud.get("/.well-known/jwks_uri", Host="cognito-identity.amazonaws.com"))["keys"]
    number = lambda text: int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    key = rsa.RSAPublicNumbers(number(keys[0]["e"]), number(keys[0]["n"])).public_key()
    signed, _, signature = token.rpartition(".")
    key.verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    discovery = json.load(cloud.get("/.well-known/openid-configuration", Host="cognito-identity.amazonaws.com"))
    assert discovery["jwks_uri"] == "https://cognito-identity.amazonaws.com/.well-known/jwks_uri"

    role = role_for(cloud, name, trust(pool, kind="unauthenticated"))
    sts = cloud.client("sts")
    session = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="guest", WebIdentityToken=token)
    assert session["Provider"] == "cognito-identity.amazonaws.com" and session["SubjectFromWebIdentityToken"] == identity
    assert who(cloud, session["Credentials"]).endswith(f"/{name}/guest")
    cloud.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=trust("ap-northeast-1:other", kind="unauthenticated"))
    refused("AccessDenied", sts.assume_role_with_web_identity, RoleArn=role, RoleSessionName="guest", WebIdentityToken=token)


def test_users_of_an_issuer(cloud, cognito, name, issuer):
    pool = pool_of(cloud, cognito, issuer, name, AllowClassicFlow=True)
    logins = {issuer.name: issuer.token()}
    identity = cognito.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
    assert cognito.get_id(IdentityPoolId=pool, Logins={issuer.name: issuer.token()})["IdentityId"] == identity
    other = cognito.get_id(IdentityPoolId=pool, Logins={issuer.name: issuer.token(sub="other")})["IdentityId"]
    assert other != identity and cognito.describe_identity(IdentityId=identity)["Logins"] == [issuer.name]
    role = role_for(cloud, name, trust(pool))
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": role})
    keys = cognito.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    assert who(cloud, keys).endswith(f"/{name}/CognitoIdentityCredentials")
    claims = claims_of(cognito.get_open_id_token(IdentityId=identity, Logins=logins)["Token"])
    assert claims["amr"] == ["authenticated", issuer.name, f"{issuer.name}:OIDC:somebody"]

    assert refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity) == f"Access to Identity '{identity}' is forbidden."
    assert "Logins don't match" in refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=other, Logins=logins)
    for token, words in [
        (issuer.token(aud="other"), "audience"),
        (issuer.token(exp=int(time.time()) - 5), "Token expired"),
        (issuer.token("none"), "Not a valid"),
        (issuer.token(iss="https://example.com"), "Issuer doesn't match"),
        ("nonsense", "Not a valid OpenId Connect identity token"),
    ]:
        message = refused("NotAuthorizedException", cognito.get_id, IdentityPoolId=pool, Logins={issuer.name: token})
        assert message.startswith("Invalid login token.") and words in message
    assert "supported provider" in refused("NotAuthorizedException", cognito.get_id, IdentityPoolId=pool, Logins={"example.com": issuer.token()})

    cognito.unlink_identity(IdentityId=other, Logins={issuer.name: issuer.token(sub="other")}, LoginsToRemove=[issuer.name])
    assert cognito.get_id(IdentityPoolId=pool, Logins={issuer.name: issuer.token(sub="other")})["IdentityId"] != other
    visible = [one["IdentityId"] for one in cognito.list_identities(IdentityPoolId=pool, MaxResults=10, HideDisabled=True)["Identities"]]
    assert identity in visible and other not in visible


def test_a_guest_who_signs_in_stays_the_same(cloud, cognito, name, issuer):
    pool = pool_of(cloud, cognito, issuer, name)
    found = cognito.describe_identity_pool(IdentityPoolId=pool)
    found.pop("ResponseMetadata")
    cognito.update_identity_pool(**{**found, "AllowUnauthenticatedIdentities": True})
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": role_for(cloud, name, trust(pool))})
    identity = cognito.get_id(IdentityPoolId=pool)["IdentityId"]
    cognito.get_credentials_for_identity(IdentityId=identity, Logins={issuer.name: issuer.token()})
    assert cognito.get_id(IdentityPoolId=pool, Logins={issuer.name: issuer.token()})["IdentityId"] == identity
    login = {issuer.name: issuer.token()}
    cognito.unlink_identity(IdentityId=identity, Logins=login, LoginsToRemove=[issuer.name])
    refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity, Logins=login)
    assert cognito.get_id(IdentityPoolId=pool, Logins=login)["IdentityId"] != identity


def test_guests_ask_for_no_role(cloud, cognito, name):
    pool = cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    role = role_for(cloud, name, trust(pool, kind="unauthenticated"))
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"unauthenticated": role})
    guest = cognito.get_id(IdentityPoolId=pool)["IdentityId"]
    assert cognito.get_credentials_for_identity(IdentityId=guest)["Credentials"]
    refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=guest, CustomRoleArn=role)


def test_roles_by_rules_and_by_token(cloud, cognito, name, issuer):
    pool = pool_of(cloud, cognito, issuer, name)
    roles = {kind: role_for(cloud, f"{name}-{kind}", trust(pool)) for kind in ("default", "boss", "dev")}
    identity = cognito.get_id(IdentityPoolId=pool, Logins={issuer.name: issuer.token()})["IdentityId"]

    def role(custom=None, **claims):
        more = {"CustomRoleArn": roles[custom]} if custom else {}
        keys = cognito.get_credentials_for_identity(IdentityId=identity, Logins={issuer.name: issuer.token(**claims)}, **more)["Credentials"]
        return who(cloud, keys).split("/")[1].removeprefix(f"{name}-")

    def denied(**arguments):
        with pytest.raises(cognito.exceptions.NotAuthorizedException):
            role(**arguments)

    rules = [
        {"Claim": "email", "MatchType": "StartsWith", "Value": "boss@", "RoleARN": roles["boss"]},
        {"Claim": "groups", "MatchType": "Contains", "Value": "dev", "RoleARN": roles["dev"]},
    ]
    mapping = {"Type": "Rules", "AmbiguousRoleResolution": "AuthenticatedRole", "RulesConfiguration": {"Rules": rules}}
    given = {"IdentityPoolId": pool, "Roles": {"authenticated": roles["default"]}}
    cognito.set_identity_pool_roles(**given, RoleMappings={issuer.name: mapping})
    assert cognito.get_identity_pool_roles(IdentityPoolId=pool)["RoleMappings"] == {issuer.name: mapping}
    assert (role(), role(email="boss@example.com"), role(groups=["ops", "dev"])) == ("default", "boss", "dev")
    assert role(custom="dev", email="boss@example.com", groups=["dev"]) == "dev"
    denied(custom="default", groups=["dev"])
    cognito.set_identity_pool_roles(**given, RoleMappings={issuer.name: {**mapping, "AmbiguousRoleResolution": "Deny"}})
    denied()

    by_token = {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
    cognito.set_identity_pool_roles(**given, RoleMappings={issuer.name: by_token})
    both = {"cognito:roles": [roles["boss"], roles["dev"]]}
    assert role(**both, **{"cognito:preferred_role": roles["dev"]}) == "dev"
    assert role(custom="boss", **both) == "boss"
    assert role(**{"cognito:roles": [roles["boss"]]}) == "boss"
    denied(**both)
    denied()


def test_claims_become_tags(cloud, cognito, name, issuer):
    """Attributes for access control: the trust may ask for a tag that the issuer's claim fills."""
    pool = pool_of(cloud, cognito, issuer, name)
    refused("ResourceNotFoundException", cognito.set_principal_tag_attribute_map, IdentityPoolId=pool, IdentityProviderName="example.com")
    cognito.set_principal_tag_attribute_map(IdentityPoolId=pool, IdentityProviderName=issuer.name, PrincipalTags={"department": "dep"})
    assert cognito.get_principal_tag_attribute_map(IdentityPoolId=pool, IdentityProviderName=issuer.name)["PrincipalTags"] == {"department": "dep"}
    role = role_for(cloud, name, trust(pool, **{"aws:RequestTag/department": "sales"}))
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": role})
    identity = cognito.get_id(IdentityPoolId=pool, Logins={issuer.name: issuer.token()})["IdentityId"]
    cognito.get_credentials_for_identity(IdentityId=identity, Logins={issuer.name: issuer.token(dep="sales")})
    refused("InvalidIdentityPoolConfigurationException", cognito.get_credentials_for_identity, IdentityId=identity, Logins={issuer.name: issuer.token(dep="legal")})


def test_developers_users(cloud, cognito, name):
    pool = cognito.create_identity_pool(IdentityPoolName=name, AllowUnauthenticatedIdentities=False, DeveloperProviderName="login.example")["IdentityPoolId"]

    def token_for(user, **more):
        return cognito.get_open_id_token_for_developer_identity(IdentityPoolId=pool, Logins={"login.example": user}, **more)

    alice = token_for("alice", TokenDuration=60, PrincipalTags={"team": "blue"})
    claims = claims_of(alice["Token"])
    assert claims["exp"] - claims["iat"] == 60 and claims["https://aws.amazon.com/tags"] == {"principal_tags": {"team": ["blue"]}}
    assert claims["amr"] == ["authenticated", "login.example", f"login.example:{pool}:alice"]
    identity = alice["IdentityId"]
    assert token_for("alice")["IdentityId"] == identity
    role = role_for(cloud, name, trust(pool))
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": role})
    keys = cognito.get_credentials_for_identity(IdentityId=identity, Logins={"cognito-identity.amazonaws.com": alice["Token"]})["Credentials"]
    assert who(cloud, keys).endswith("/CognitoIdentityCredentials")

    assert token_for("alice-2", IdentityId=identity)["IdentityId"] == identity
    found = cognito.lookup_developer_identity(IdentityPoolId=pool, IdentityId=identity)
    assert found["DeveloperUserIdentifierList"] == ["alice", "alice-2"]
    assert cognito.lookup_developer_identity(IdentityPoolId=pool, DeveloperUserIdentifier="alice-2")["IdentityId"] == identity
    bob = token_for("bob")["IdentityId"]
    refused("DeveloperUserAlreadyRegisteredException", cognito.get_open_id_token_for_developer_identity, IdentityPoolId=pool, IdentityId=bob, Logins={"login.example": "alice"})
    merge = {"IdentityPoolId": pool, "DeveloperProviderName": "login.example"}
    assert cognito.merge_developer_identities(SourceUserIdentifier="alice", DestinationUserIdentifier="bob", **merge)["IdentityId"] == bob
    assert token_for("alice-2")["IdentityId"] == bob
    cognito.unlink_developer_identity(IdentityId=bob, DeveloperUserIdentifier="alice-2", **merge)
    refused("ResourceNotFoundException", cognito.lookup_developer_identity, IdentityPoolId=pool, DeveloperUserIdentifier="alice-2")
    refused("InvalidParameterException", cognito.get_id, IdentityPoolId=pool, Logins={"login.example": "alice"})
    # The identity whose logins have gone elsewhere is nobody any more, whatever token of it is still good.
    refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity, Logins={"cognito-identity.amazonaws.com": alice["Token"]})
    with_id = {"IdentityPoolId": pool, "Logins": {"login.example": "carol"}, "IdentityId": identity}
    refused("NotAuthorizedException", cognito.get_open_id_token_for_developer_identity, **with_id)


def test_users_of_a_user_pool(cloud, cognito, name):
    """A user pool's user gets the group's role; a user who is disabled gets nothing more, where the pool checks."""
    idp = cloud.client("cognito-idp")
    users = idp.create_user_pool(PoolName=name)["UserPool"]["Id"]
    client = idp.create_user_pool_client(UserPoolId=users, ClientName=name, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]
    provider = f"cognito-idp.ap-northeast-1.amazonaws.com/{users}"
    pool = cognito.create_identity_pool(
        IdentityPoolName=name, AllowUnauthenticatedIdentities=False, CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client, "ServerSideTokenCheck": True}]
    )["IdentityPoolId"]
    roles = {kind: role_for(cloud, f"{name}-{kind}", trust(pool)) for kind in ("default", "team")}
    mapping = {"Type": "Token", "AmbiguousRoleResolution": "AuthenticatedRole"}
    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": roles["default"]}, RoleMappings={f"{provider}:{client}": mapping})
    idp.create_group(UserPoolId=users, GroupName="team", RoleArn=roles["team"])
    idp.admin_create_user(UserPoolId=users, Username="alice", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=users, Username="alice", Password="Passw0rd!", Permanent=True)

    def login():
        signed_in = idp.admin_initiate_auth(UserPoolId=users, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "alice", "PASSWORD": "Passw0rd!"})
        return {provider: signed_in["AuthenticationResult"]["IdToken"]}, signed_in["AuthenticationResult"]["AccessToken"]

    logins, access = login()
    identity = cognito.get_id(IdentityPoolId=pool, Logins=logins)["IdentityId"]
    keys = cognito.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    assert who(cloud, keys).split("/")[1] == f"{name}-default"
    idp.admin_add_user_to_group(UserPoolId=users, Username="alice", GroupName="team")
    logins, access = login()
    keys = cognito.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    assert who(cloud, keys).split("/")[1] == f"{name}-team"
    refused("NotAuthorizedException", cognito.get_id, IdentityPoolId=pool, Logins={provider: access})
    idp.admin_user_global_sign_out(UserPoolId=users, Username="alice")
    refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity, Logins=logins)
    logins, access = login()
    cognito.get_credentials_for_identity(IdentityId=identity, Logins=logins)
    idp.admin_disable_user(UserPoolId=users, Username="alice")
    refused("NotAuthorizedException", cognito.get_credentials_for_identity, IdentityId=identity, Logins=logins)
