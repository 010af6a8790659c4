"""Grants: permissions for one principal, within constraints, until they are retired or revoked."""

import pytest
from people import Person, allow, deny, document, refused, role, session

ACCOUNT = "arn:aws:iam::000000000000:root"


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def test_a_grant_lets_in_whom_no_policy_does(cloud, kms, key, name):
    person = Person(cloud, name)
    own = person.client("kms")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused(own.decrypt, CiphertextBlob=blob)
    made = kms.create_grant(KeyId=key, GranteePrincipal=person.arn, Operations=["Decrypt", "DescribeKey"], Name="first")
    assert own.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert own.decrypt(CiphertextBlob=blob, GrantTokens=[made["GrantToken"]])["Plaintext"] == b"x"
    assert own.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    refused(own.encrypt, KeyId=key, Plaintext=b"x")
    refused(own.decrypt, CiphertextBlob=blob, GrantTokens=["nonsense"], code="InvalidGrantTokenException")
    # The same request again makes no other grant.
    again = kms.create_grant(KeyId=key, GranteePrincipal=person.arn, Operations=["Decrypt", "DescribeKey"], Name="first")
    assert again["GrantId"] == made["GrantId"] and again["GrantToken"] != made["GrantToken"]
    [listed] = kms.list_grants(KeyId=key)["Grants"]
    assert (listed["GrantId"], listed["GranteePrincipal"], listed["Name"]) == (made["GrantId"], person.arn, "first")
    assert (listed["KeyId"], listed["IssuingAccount"], listed["Operations"]) == (key, ACCOUNT, ["Decrypt", "DescribeKey"])
    # A denial outweighs it.
    person.may(deny("kms:Decrypt"))
    refused(own.decrypt, CiphertextBlob=blob, says="explicit deny in an identity-based policy")
    person.may(allow("s3:*"))
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    refused(own.decrypt, CiphertextBlob=blob)
    refused(kms.revoke_grant, KeyId=key, GrantId=made["GrantId"], code="NotFoundException")


def test_constraints_on_the_encryption_context(cloud, kms, key, name):
    people = {kind: Person(cloud, f"{name}-{kind}") for kind in ("Equals", "Subset")}
    for kind, person in people.items():
        constraints = {f"EncryptionContext{kind}": {"a": "1"}}
        kms.create_grant(KeyId=key, GranteePrincipal=person.arn, Operations=["Encrypt", "DescribeKey"], Constraints=constraints)
    for kind, context, works in [
        ("Equals", {"a": "1"}, True),
        ("Equals", {"a": "1", "b": "2"}, False),
        ("Equals", {}, False),
        ("Subset", {"a": "1"}, True),
        ("Subset", {"a": "1", "b": "2"}, True),
        ("Subset", {"a": "2"}, False),
    ]:
        own = people[kind].client("kms")
        own.describe_key(KeyId=key)
        if works:
            own.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
        else:
            refused(own.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)


def test_a_role_is_granted_something(cloud, kms, key, name):
    arn = role(cloud, name, {"AWS": ACCOUNT})
    own = session(cloud, cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="session"))("kms")
    refused(own.generate_data_key, KeyId=key, KeySpec="AES_256")
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["GenerateDataKey"])
    assert own.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]


def test_who_retires_a_grant(cloud, kms, key, name):
    grantee, retiring, other = (Person(cloud, f"{name}-{who}") for who in ("grantee", "retiring", "other"))
    request = {"KeyId": key, "GranteePrincipal": grantee.arn, "RetiringPrincipal": retiring.arn}
    made = kms.create_grant(**request, Operations=["Decrypt"])
    listed = retiring.client("kms")
    retiring.may(allow("kms:ListRetirableGrants"))
    assert [one["GrantId"] for one in listed.list_retirable_grants(RetiringPrincipal=retiring.arn)["Grants"]] == [made["GrantId"]]
    refused(other.client("kms").retire_grant, KeyId=key, GrantId=made["GrantId"])
    refused(grantee.client("kms").retire_grant, GrantToken=made["GrantToken"])
    retiring.client("kms").retire_grant(GrantToken=made["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
    made = kms.create_grant(**request, Operations=["Decrypt", "RetireGrant"])
    grantee.client("kms").retire_grant(KeyId=key, GrantId=made["GrantId"])
    made = kms.create_grant(**request, Operations=["Decrypt"])
    kms.retire_grant(KeyId=key, GrantId=made["GrantId"])
    refused(kms.retire_grant, GrantToken="x" * 20, code="InvalidGrantTokenException")


def test_a_grantee_gives_on_what_he_has(cloud, kms, key, name):
    first, second = Person(cloud, f"{name}-1"), Person(cloud, f"{name}-2")
    kms.create_grant(KeyId=key, GranteePrincipal=first.arn, Operations=["Encrypt", "CreateGrant"])
    own = first.client("kms")
    refused(own.create_grant, KeyId=key, GranteePrincipal=second.arn, Operations=["Decrypt"])
    own.create_grant(KeyId=key, GranteePrincipal=second.arn, Operations=["Encrypt"])
    second.client("kms").encrypt(KeyId=key, Plaintext=b"x")


def test_conditions_on_making_grants(cloud, kms, name):
    person = Person(cloud, name)
    condition = {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt"]}, "StringEquals": {"kms:GranteePrincipal": person.arn}}
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"AWS": person.arn}, "Action": "kms:CreateGrant", "Resource": "*", "Condition": condition},
        {"Effect": "Deny", "Principal": "*", "Action": "kms:RevokeGrant", "Resource": "*", "Condition": {"Bool": {"kms:GrantIsForAWSResource": "false"}}},
    ]
    key = kms.create_key(Policy=document(*statements))["KeyMetadata"]["KeyId"]
    own = person.client("kms")
    refused(own.create_grant, KeyId=key, GranteePrincipal=person.arn, Operations=["Encrypt", "Decrypt"])
    refused(own.create_grant, KeyId=key, GranteePrincipal=ACCOUNT, Operations=["Encrypt"])
    grant = own.create_grant(KeyId=key, GranteePrincipal=person.arn, Operations=["Encrypt"])["GrantId"]
    refused(kms.revoke_grant, KeyId=key, GrantId=grant, says="with an explicit deny in a resource-based policy")


def test_grants_that_make_no_sense(kms, key):
    refused(kms.create_grant, KeyId=key, GranteePrincipal="somebody", Operations=["Encrypt"], code="InvalidArnException")
    refused(kms.create_grant, KeyId=key, GranteePrincipal=ACCOUNT, Operations=["Sign"], code="ValidationException")
    refused(kms.create_grant, KeyId=key, GranteePrincipal=ACCOUNT, Operations=["Encrypt"], DryRun=True, code="DryRunOperationException")
    assert kms.list_grants(KeyId=key)["Grants"] == []
