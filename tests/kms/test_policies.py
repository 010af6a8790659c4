"""Key policies decide: identity policies count only where the key's policy lets the account speak."""

import json

import pytest
from people import Person, allow, deny, document, refused, role, session

ACCOUNT = "arn:aws:iam::000000000000:root"


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


def statement(principal, *actions, **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions), "Resource": "*", **more}


ROOT = statement(ACCOUNT, "kms:*")
ADMIN = statement(ACCOUNT, "kms:Put*", "kms:Get*", "kms:Describe*", "kms:CreateGrant", "kms:List*", "kms:RevokeGrant")


def test_by_default_the_account_decides(cloud, kms, name):
    key = kms.create_key()["KeyMetadata"]
    policy = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": ACCOUNT}
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    person = Person(cloud, name)
    own = person.client("kms")
    says = f"User: {person.arn} is not authorized to perform: kms:Encrypt on resource: {key['Arn']} because no identity-based policy allows the kms:Encrypt action"
    refused(own.encrypt, KeyId=key["KeyId"], Plaintext=b"x", says=says, code="AccessDeniedException")
    person.may(allow("kms:Encrypt", key["Arn"]))
    blob = own.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    refused(own.decrypt, CiphertextBlob=blob, says="kms:Decrypt")
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_identity_policies_do_not_count_where_the_account_is_not_named(cloud, kms, name):
    person = Person(cloud, name, allow("kms:*"))
    own = person.client("kms")
    key = kms.create_key(Policy=document(ADMIN))["KeyMetadata"]
    says = "because no resource-based policy allows the kms:Encrypt action"
    refused(own.encrypt, KeyId=key["KeyId"], Plaintext=b"x", says=says)
    # Not even root is let past the key's policy.
    refused(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", says=says)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(ADMIN, statement(person.arn, "kms:Encrypt")))
    person.may(allow("s3:*"))
    own.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    person.may(deny("kms:Encrypt"))
    refused(own.encrypt, KeyId=key["KeyId"], Plaintext=b"x", says="with an explicit deny in an identity-based policy")


def test_aliases_in_requests_are_the_keys_they_lead_to(cloud, kms, name):
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
    person = Person(cloud, name, allow("kms:Encrypt", key["Arn"]))
    person.client("kms").encrypt(KeyId=f"alias/{name}", Plaintext=b"x")
    person.may(allow("kms:Encrypt", key["Arn"], Condition={"StringEquals": {"kms:RequestAlias": f"alias/{name}"}}))
    person.client("kms").encrypt(KeyId=f"alias/{name}", Plaintext=b"x")
    refused(person.client("kms").encrypt, KeyId=key["Arn"], Plaintext=b"x")
    person.may(allow("kms:Encrypt", Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": f"alias/{name[:-3]}*"}}))
    person.client("kms").encrypt(KeyId=key["Arn"], Plaintext=b"x")


def test_encryption_contexts_are_conditions(cloud, kms, name):
    reader = Person(cloud, name)
    condition = {"StringEquals": {"kms:EncryptionContext:Department": "Finance"}, "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["Department"]}}
    key = kms.create_key(Policy=document(ROOT, statement(reader.arn, "kms:Decrypt", Condition=condition)))["KeyMetadata"]["KeyId"]

    def open_as_reader(**context):
        blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        return lambda: reader.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=context)

    assert open_as_reader(Department="Finance")()["Plaintext"] == b"x"
    refused(open_as_reader(Department="Sales"))
    refused(open_as_reader(Department="Finance", More="x"))
    refused(open_as_reader())


def test_re_encryption_needs_both_keys(cloud, kms, name):
    source, goal = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    blob = kms.encrypt(KeyId=source, Plaintext=b"x")["CiphertextBlob"]
    person = Person(cloud, name, allow("kms:ReEncryptTo", goal))
    refused(person.client("kms").re_encrypt, CiphertextBlob=blob, DestinationKeyId=goal, says="kms:ReEncryptFrom")
    person.may(allow("kms:ReEncryptFrom", source))
    refused(person.client("kms").re_encrypt, CiphertextBlob=blob, DestinationKeyId=goal, says="kms:ReEncryptTo")
    person.may(allow("kms:ReEncrypt*"))
    person.client("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=goal)


def test_another_account_needs_both_policies(cloud, kms, name):
    other = cloud.client("kms", key="111122223333")
    key = kms.create_key()["KeyMetadata"]
    refused(other.encrypt, KeyId=key["Arn"], Plaintext=b"x", says="no resource-based policy allows")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(ROOT, statement("arn:aws:iam::111122223333:root", "kms:Encrypt", "kms:Decrypt")))
    blob = other.encrypt(KeyId=key["Arn"], Plaintext=b"x")["CiphertextBlob"]
    assert other.decrypt(CiphertextBlob=blob)["KeyId"] == key["Arn"]


def test_roles_named_by_a_key(cloud, kms, name):
    arn = role(cloud, name, {"AWS": ACCOUNT})
    key = kms.create_key(Policy=document(ADMIN, statement(arn, "kms:GenerateDataKey")))["KeyMetadata"]["KeyId"]
    own = session(cloud, cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="session"))("kms")
    assert len(own.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]) == 32
    refused(own.encrypt, KeyId=key, Plaintext=b"x")


def test_nobody_locks_himself_out(cloud, kms, name):
    only_reads = document(statement(ACCOUNT, "kms:Get*"))
    says = "The new key policy will not allow you to update the key policy in the future."
    refused(kms.create_key, Policy=only_reads, code="MalformedPolicyDocumentException", says=says)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    refused(kms.put_key_policy, KeyId=key, Policy=only_reads, code="MalformedPolicyDocumentException", says=says)
    kms.put_key_policy(KeyId=key, Policy=only_reads, BypassPolicyLockoutSafetyCheck=True)
    refused(kms.put_key_policy, KeyId=key, Policy=document(ROOT), says="kms:PutKeyPolicy")
    refused(kms.create_key, Policy="{", code="MalformedPolicyDocumentException")
    # Who makes a key need not be named himself where the account is.
    person = Person(cloud, name, allow("kms:CreateKey"))
    person.client("kms").create_key(Policy=document(ROOT))
    tags = [{"TagKey": "a", "TagValue": "1"}]
    refused(person.client("kms").create_key, Tags=tags, says="kms:TagResource")
    person.may(allow(["kms:CreateKey", "kms:TagResource"]))
    person.client("kms").create_key(Tags=tags)
