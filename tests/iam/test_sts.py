"""STS with boto3: whom a role's trust lets in, what a session carries, and when it ends."""

import json
import time

import pytest
from iam_calls import POLICY, TRUST, one_time_password, refused, with_mfa
from issuer import Issuer

ACCOUNT = "000000000000"


@pytest.fixture
def iam(cloud):
    return cloud.client("iam")


@pytest.fixture
def issuer():
    running = Issuer()
    yield running
    running.stop()


def trust(principal, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **({"Condition": condition} if condition else {})}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def a_user(cloud, iam, name, service="sts"):
    """A user who may assume roles, and a client with the user's keys."""
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    may = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:GetFederationToken"], "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, cloud.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def of(cloud, credentials, service="sts"):
    return cloud.client(service, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"], token=credentials["SessionToken"])


def test_who_is_trusted(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    _, other = a_user(cloud, iam, f"{name}-2")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": arn}))["Role"]["Arn"]
    session = sts.assume_role(RoleArn=role, RoleSessionName="session")
    assert session["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session"
    own = of(cloud, session["Credentials"])
    assert own.get_caller_identity()["Arn"] == session["AssumedRoleUser"]["Arn"]
    message = refused("AccessDenied", other.assume_role, RoleArn=role, RoleSessionName="session")
    assert message == f"User: {arn}-2 is not authorized to perform: sts:AssumeRole on resource: {role}"
    refused("AccessDenied", sts.assume_role, RoleArn=f"{role}-none", RoleSessionName="session")
    for nobody in ({"Service": "ec2.amazonaws.com"}, {"AWS": "111111111111"}):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(nobody))
        refused("AccessDenied", sts.assume_role, RoleArn=role, RoleSessionName="session")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust({"AWS": ACCOUNT}))
    sts.assume_role(RoleArn=role, RoleSessionName="session")
    cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="session")
    assert iam.get_role(RoleName=name)["Role"]["RoleLastUsed"]["Region"] == "ap-northeast-1"


def test_another_accounts_role_and_its_external_id(cloud, iam, name):
    there = cloud.client("iam", key="777777777777", secret="any")
    arn, sts = a_user(cloud, iam, name)
    document = trust({"AWS": ACCOUNT}, StringEquals={"sts:ExternalId": "secret"})
    role = there.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    refused("AccessDenied", sts.assume_role, RoleArn=role, RoleSessionName="session")
    refused("AccessDenied", sts.assume_role, RoleArn=role, RoleSessionName="session", ExternalId="guess")
    session = sts.assume_role(RoleArn=role, RoleSessionName="session", ExternalId="secret")
    assert of(cloud, session["Credentials"]).get_caller_identity()["Account"] == "777777777777"


def test_multi_factor(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    serial, seed = with_mfa(iam, name)
    document = trust({"AWS": arn}, Bool={"aws:MultiFactorAuthPresent": "true"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    wanted = {"RoleArn": role, "RoleSessionName": "session"}
    refused("AccessDenied", sts.assume_role, **wanted)
    wrong = f"{(int(one_time_password(seed)) + 1) % 1000000:06}"
    assert "invalid MFA one time pass code" in refused("AccessDenied", sts.assume_role, **wanted, SerialNumber=serial, TokenCode=wrong)
    assert "must provide both" in refused("AccessDenied", sts.assume_role, **wanted, SerialNumber=serial)
    code = one_time_password(seed)
    sts.assume_role(**wanted, SerialNumber=serial, TokenCode=code)
    refused("AccessDenied", sts.assume_role, **wanted, SerialNumber=serial, TokenCode=code)
    session = sts.get_session_token(SerialNumber=serial, TokenCode=one_time_password(seed, 1))["Credentials"]
    of(cloud, session).assume_role(**wanted)
    refused("AccessDenied", of(cloud, sts.get_session_token()["Credentials"]).assume_role, **wanted)


def test_durations_and_chains(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    roles = []
    for number in (1, 2):
        role = f"{name}-{number}"
        may = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
        roles.append(iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}, action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]), MaxSessionDuration=7200)["Role"]["Arn"])
        iam.put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}))
    first, second = roles
    assert "MaxSessionDuration" in refused("ValidationError", sts.assume_role, RoleArn=first, RoleSessionName="one", DurationSeconds=7201)
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "desk", "Value": "4"}]
    session = sts.assume_role(RoleArn=first, RoleSessionName="one", DurationSeconds=7200, Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="alice")
    assert session["PackedPolicySize"] > 0 and session["SourceIdentity"] == "alice"
    chained = of(cloud, session["Credentials"])
    assert "role chaining" in refused("ValidationError", chained.assume_role, RoleArn=second, RoleSessionName="two", DurationSeconds=3601)
    refused("AccessDenied", chained.assume_role, RoleArn=second, RoleSessionName="two", SourceIdentity="bob")
    again = {"RoleArn": second, "RoleSessionName": "two"}
    refused("InvalidParameterValue", chained.assume_role, **again, Tags=[{"Key": "Team", "Value": "red"}])
    assert chained.assume_role(**again)["SourceIdentity"] == "alice"
    # Only the tag that is handed on is there in the second role.
    for key, fits in (("team", True), ("desk", False)):
        document = json.loads(trust({"AWS": ACCOUNT}, action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], Null={f"aws:RequestTag/{key}": "false"}))
        iam.update_assume_role_policy(RoleName=f"{name}-2", PolicyDocument=json.dumps(document))
        if fits:
            chained.assume_role(**again)
        else:
            refused("AccessDenied", chained.assume_role, **again)


def test_session_policies_are_checked(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": arn}))["Role"]["Arn"]
    wanted = {"RoleArn": role, "RoleSessionName": "session"}
    refused("MalformedPolicyDocument", sts.assume_role, **wanted, Policy="{")
    refused("AccessDenied", sts.assume_role, **wanted, Tags=[{"Key": "a", "Value": "b"}])
    narrowed = sts.assume_role(**wanted, Policy=POLICY, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])
    assert narrowed["PackedPolicySize"] > 0
    too_much = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::" + "b" * 2000}]})
    refused("PackedPolicyTooLarge", sts.assume_role, **wanted, Policy=too_much)


def test_managed_session_policies_must_be_there(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": arn}))["Role"]["Arn"]
    own = iam.create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]["Arn"]
    elsewhere = cloud.client("iam", key="777777777777").create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]["Arn"]
    calls = ((sts.assume_role, {"RoleArn": role, "RoleSessionName": "session"}), (sts.get_federation_token, {"Name": "guest"}))
    for call, arguments in calls:
        call(**arguments, PolicyArns=[{"arn": own}])
        for missing in (f"{own}-none", elsewhere, "arn:aws:iam::aws:policy/NoSuchPolicyAtAll"):
            said = refused("ValidationError", call, **arguments, PolicyArns=[{"arn": own}, {"arn": missing}])
            assert said == f"Policy {missing} does not exist or is not attachable."


def test_what_a_session_carries_has_limits(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    document = trust({"AWS": arn}, action=["sts:AssumeRole", "sts:TagSession"])
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    wanted = {"RoleArn": role, "RoleSessionName": "session"}

    def tags(count, length):
        return [{"Key": f"key-{number}", "Value": "v" * length} for number in range(count)]

    assert 0 < sts.assume_role(**wanted, Tags=tags(5, 100))["PackedPolicySize"] < 100
    said = refused("PackedPolicyTooLarge", sts.assume_role, **wanted, Tags=tags(50, 200))
    assert said.startswith("Packed size of session tags consumes ") and said.endswith("% of allotted space.")
    refused("ValidationError", sts.assume_role, **wanted, Tags=tags(51, 1))
    refused("ValidationError", sts.assume_role, **wanted, Tags=tags(1, 257))
    refused("ValidationError", sts.assume_role, **wanted, Tags=[{"Key": "k" * 129, "Value": "v"}])
    for session in ("s" * 65, "a b"):
        refused("ValidationError", sts.assume_role, RoleArn=role, RoleSessionName=session)
    refused("ValidationError", sts.get_federation_token, Name="g" * 33)


def test_preferences_of_the_global_endpoint(cloud):
    own = cloud.client("iam", key="888888888888")
    for version, number in (("v1Token", 1), ("v2Token", 2)):
        own.set_security_token_service_preferences(GlobalEndpointTokenVersion=version)
        assert own.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == number
    refused("ValidationError", own.set_security_token_service_preferences, GlobalEndpointTokenVersion="v3Token")


def test_sessions_of_users_and_guests(cloud, iam, name):
    arn, sts = a_user(cloud, iam, name)
    own = sts.get_session_token()["Credentials"]
    guest = sts.get_federation_token(Name="guest", Policy=POLICY)
    assert guest["FederatedUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    for credentials in (own, guest["Credentials"]):
        assert cloud.client("sts").get_access_key_info(AccessKeyId=credentials["AccessKeyId"])["Account"] == ACCOUNT
        refused("AccessDenied", of(cloud, credentials).get_session_token)
        refused("AccessDenied", of(cloud, credentials).get_federation_token, Name="other")
    assert of(cloud, own).get_caller_identity()["Arn"] == arn
    # Who wants to see whether his own software takes long tokens asks for one.
    long = sts.get_session_token(MinimumSessionTokenSize=4096)["Credentials"]
    assert len(long["SessionToken"]) == 4096 > len(own["SessionToken"])
    assert of(cloud, long).get_caller_identity()["Arn"] == arn
    refused("InvalidClientTokenId", cloud.client("sts", key=own["AccessKeyId"], secret=own["SecretAccessKey"], token="forged").get_caller_identity)


def test_credentials_end_by_the_clouds_clock(own_cloud):
    cloud = own_cloud().wait_until_ready()
    credentials = cloud.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    own = of(cloud, credentials)
    assert own.get_caller_identity()["Account"] == ACCOUNT
    cloud.advance("16m")
    refused("ExpiredToken", own.get_caller_identity)


def test_tokens_of_another_issuer(cloud, iam, name, issuer):
    sts = cloud.client("sts")
    document = trust({"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.name}"}, "sts:AssumeRoleWithWebIdentity", StringEquals={f"{issuer.name}:sub": "somebody"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def assume(token):
        return {"RoleArn": role, "RoleSessionName": "web", "WebIdentityToken": token}

    assert "No OpenIDConnect provider found" in refused("InvalidIdentityToken", sts.assume_role_with_web_identity, **assume(issuer.token()))
    provider = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    session = sts.assume_role_with_web_identity(**assume(issuer.token()))
    assert (session["Provider"], session["Audience"], session["SubjectFromWebIdentityToken"]) == (provider, "app", "somebody")
    assert of(cloud, session["Credentials"]).get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/web")

    message = refused("AccessDenied", sts.assume_role_with_web_identity, **assume(issuer.token(sub="somebody else")))
    assert message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert refused("InvalidIdentityToken", sts.assume_role_with_web_identity, **assume(issuer.token(aud="other"))) == "Incorrect token audience"
    refused("ExpiredTokenException", sts.assume_role_with_web_identity, **assume(issuer.token(exp=int(time.time()) - 1)))
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, **assume(issuer.token("none")))
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, **assume("nonsense"))
    header, _, signature = issuer.token().split(".")
    forged = ".".join((header, issuer.token(sub="somebody else").split(".")[1], signature))
    refused("InvalidIdentityToken", sts.assume_role_with_web_identity, **assume(forged))
    asked = issuer.fetched
    sts.assume_role_with_web_identity(**assume(issuer.token()))
    assert issuer.fetched == asked, "the issuer's keys are kept"


def test_services_are_trusted_by_name(iam, cloud, name):
    """A role for EC2 lets nobody else in, not even the account's root."""
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    refused("AccessDenied", cloud.client("sts").assume_role, RoleArn=role, RoleSessionName="session")
