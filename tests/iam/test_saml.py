"""SAML: providers, and sessions of roles for whom a company's sign-in vouches."""

import base64
import hashlib
import time

import pytest
from iam_calls import refused
from saml_issuer import ENTITY, SIGN_IN, SamlIssuer, encoded, instant
from test_sts import ACCOUNT, of, trust

ACTION = "sts:AssumeRoleWithSAML"


class SignIn:
    """A provider, a role that trusts it, and calls with what it signs."""

    def __init__(self, cloud, name):
        self.iam, self.sts, self.issuer = cloud.client("iam"), cloud.client("sts"), SamlIssuer()
        self.provider = self.iam.create_saml_provider(Name=name, SAMLMetadataDocument=self.issuer.metadata())["SAMLProviderArn"]
        document = self.trust(StringEquals={"saml:aud": SIGN_IN, "saml:sub_type": "persistent"})
        self.role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, MaxSessionDuration=7200)["Role"]["Arn"]
        self.attributes = {"Role": [f"{self.role},{self.provider}"], "RoleSessionName": ["alice@example.com"]}

    def trust(self, **condition):
        return trust({"Federated": self.provider}, [ACTION, "sts:TagSession", "sts:SetSourceIdentity"], **condition)

    def assertion(self, **more):
        return self.issuer.assertion(self.attributes | more.pop("attributes", {}), **more)

    def call(self, response, **more):
        return self.sts.assume_role_with_saml(RoleArn=self.role, PrincipalArn=self.provider, SAMLAssertion=encoded(response), **more)

    def refused(self, code, response, says=""):
        assert says in refused(code, self.call, response=response)


@pytest.fixture
def sign_in(cloud, name):
    return SignIn(cloud, name)


def test_providers(cloud, name):
    iam, issuer = cloud.client("iam"), SamlIssuer()
    metadata = issuer.metadata()
    made = iam.create_saml_provider(Name=name, SAMLMetadataDocument=metadata, Tags=[{"Key": "a", "Value": "b"}])
    arn = made["SAMLProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:saml-provider/{name}" and made["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("EntityAlreadyExists", iam.create_saml_provider, Name=name, SAMLMetadataDocument=metadata)
    found = iam.get_saml_provider(SAMLProviderArn=arn)
    assert found["SAMLMetadataDocument"] == metadata and found["ValidUntil"].year > found["CreateDate"].year + 50
    assert arn in [one["Arn"] for one in iam.list_saml_providers()["SAMLProviderList"]]
    iam.update_saml_provider(SAMLProviderArn=arn, SAMLMetadataDocument=issuer.metadata(' validUntil="2999-01-01T00:00:00Z"'))
    assert iam.get_saml_provider(SAMLProviderArn=arn)["ValidUntil"].year == 2999
    iam.tag_saml_provider(SAMLProviderArn=arn, Tags=[{"Key": "c", "Value": "d"}])
    iam.untag_saml_provider(SAMLProviderArn=arn, TagKeys=["a"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    wrong = [metadata.replace("EntityDescriptor", "Something"), metadata.replace(issuer.certificate[:70], "x" * 70), metadata.replace("</md:IDPSSODescriptor>", "")]
    for document in [*wrong, issuer.metadata(' validUntil="2001-01-01T00:00:00Z"'), "<!DOCTYPE a>" + metadata.split("?>")[1]]:
        refused("InvalidInput", iam.update_saml_provider, SAMLProviderArn=arn, SAMLMetadataDocument=document)
    iam.delete_saml_provider(SAMLProviderArn=arn)
    for call in (iam.delete_saml_provider, iam.get_saml_provider, iam.list_saml_provider_tags):
        refused("NoSuchEntity", call, SAMLProviderArn=arn)


def test_whom_the_provider_vouches_for(cloud, sign_in, name):
    more = {"PrincipalTag:team": ["blue"], "TransitiveTagKeys": ["team"], "SourceIdentity": ["alice"], "SessionDuration": ["1800"]}
    answer = sign_in.call(sign_in.issuer.response(sign_in.issuer.sign(sign_in.assertion(attributes=more))))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/alice@example.com"
    assert (answer["Subject"], answer["SubjectType"], answer["Issuer"], answer["Audience"]) == ("alice", "persistent", ENTITY, SIGN_IN)
    qualifier = hashlib.sha1(f"{ENTITY}{ACCOUNT}/{name}".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(qualifier).decode() and answer["SourceIdentity"] == "alice"
    assert of(cloud, answer["Credentials"]).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    seconds = answer["Credentials"]["Expiration"].timestamp() - time.time()
    assert 1700 < seconds <= 1801
    # The whole response may be signed in the assertion's stead.
    plain = sign_in.assertion(ends=f' SessionNotOnOrAfter="{instant(1000)}"').replace("<!-- SIGNATURE -->", "")
    whole = sign_in.issuer.response(plain, mark="<!-- SIGNATURE -->")
    answer = sign_in.call(sign_in.issuer.sign(whole, "_r1"), DurationSeconds=3600)
    assert answer["Credentials"]["Expiration"].timestamp() - time.time() < 1001


def test_the_trust_policy_decides(cloud, sign_in, name):
    response = sign_in.issuer.response(sign_in.issuer.sign(sign_in.assertion()))
    conditions = {"saml:sub": "alice", "saml:iss": ENTITY, "saml:doc": f"{ACCOUNT}/{name}"}
    sign_in.iam.update_assume_role_policy(RoleName=name, PolicyDocument=sign_in.trust(StringEquals=conditions))
    sign_in.call(response)
    for key in conditions:
        sign_in.iam.update_assume_role_policy(RoleName=name, PolicyDocument=sign_in.trust(StringEquals={key: "other"}))
        sign_in.refused("AccessDenied", response, "Not authorized to perform sts:AssumeRoleWithSAML")
    # The session knows the keys, too.
    sign_in.iam.update_assume_role_policy(RoleName=name, PolicyDocument=sign_in.trust())
    other = sign_in.issuer.sign(sign_in.assertion(attributes={"Role": [f"{sign_in.role}-2,{sign_in.provider}"]}))
    sign_in.refused("AccessDenied", sign_in.issuer.response(other))


def test_what_is_not_believed(sign_in):
    issuer, invalid = sign_in.issuer, "InvalidIdentityToken"
    signed = issuer.sign(sign_in.assertion())
    sign_in.call(issuer.response(signed))
    sign_in.refused(invalid, issuer.response(sign_in.assertion().replace("<!-- SIGNATURE -->", "")), "signature invalid")
    sign_in.refused(invalid, issuer.response(signed.replace("alice@", "admin@")), "signature invalid")
    sign_in.refused(invalid, issuer.response(SamlIssuer().sign(sign_in.assertion())), "signature invalid")
    sign_in.refused(invalid, issuer.response(issuer.sign(sign_in.assertion(), hash_="sha1")), "signature invalid")
    sign_in.refused(invalid, issuer.response(issuer.sign(sign_in.assertion(), "_other")), "signature invalid")
    sign_in.refused("IDPRejectedClaim", issuer.response(signed, status="Requester"))
    sign_in.refused(invalid, "<!DOCTYPE a [<!ENTITY b 'c'>]>" + issuer.response(signed))
    sign_in.refused(invalid, "no XML", "invalid SAML response")
    # A forged assertion beside the signed one, around it, or with its signature.
    forged = sign_in.assertion(subject="admin", identifier="_evil").replace("<!-- SIGNATURE -->", "")
    sign_in.refused(invalid, issuer.response(forged + signed))
    sign_in.refused(invalid, issuer.response(f"<samlp:Extensions>{signed}</samlp:Extensions>{forged}"), "signature invalid")
    signature = signed[signed.index("<ds:Signature ") : signed.index("</ds:Signature>") + 15]
    stolen = signature.replace("</ds:Signature>", f"<ds:Object>{sign_in.assertion()}</ds:Object></ds:Signature>")
    wrapped = sign_in.assertion(subject="admin").replace("<!-- SIGNATURE -->", stolen)
    sign_in.refused(invalid, issuer.response(wrapped), "signature invalid")
    # A comment within what was signed hides nothing.
    hidden = issuer.sign(sign_in.assertion(subject="alice.example")).replace("alice.example<", "alice<!-- -->.example<")
    assert sign_in.call(issuer.response(hidden))["Subject"] == "alice.example"


def test_for_whom_and_when(cloud, sign_in):
    def response(**more):
        return sign_in.issuer.response(sign_in.issuer.sign(sign_in.assertion(**more)))

    sign_in.refused("ExpiredTokenException", response(issued=-400, expires=300))
    sign_in.refused("ExpiredTokenException", response(issued=-100, expires=-1))
    sign_in.refused("InvalidIdentityToken", response(issued=700, expires=900))
    sign_in.refused("InvalidIdentityToken", response(audience="https://other.example.com"), "required audience")
    sign_in.refused("InvalidIdentityToken", response(recipient="https://other.example.com/saml"), "required audience")
    sign_in.refused("InvalidIdentityToken", response(attributes={"RoleSessionName": ["a b"]}), "must match")
    sign_in.refused("InvalidIdentityToken", response(attributes={"RoleSessionName": []}), "is required")
    other = SamlIssuer("https://other.example.com")
    other.key = sign_in.issuer.key
    foreign = other.response(other.sign(other.assertion(sign_in.attributes)))
    sign_in.refused("InvalidIdentityToken", foreign, "Issuer not present in specified provider")
    wanted = {"RoleArn": sign_in.role, "SAMLAssertion": encoded(response())}
    message = refused("InvalidIdentityToken", sign_in.sts.assume_role_with_saml, **wanted, PrincipalArn=f"{sign_in.provider}-none")
    assert message == "Specified provider doesn't exist"
