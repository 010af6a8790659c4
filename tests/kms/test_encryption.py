"""Encrypting under keys: contexts, aliases, data keys, states, managed keys, with boto3 and the AWS CLI."""

import base64

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key(Description="a test's")["KeyMetadata"]


def fails(code, call, says="", **parameters):
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    assert says in error.get("Message", ""), error


def test_a_key_is_described(kms, key):
    assert kms.describe_key(KeyId=key["Arn"])["KeyMetadata"] == key
    assert key["Arn"] == f"arn:aws:kms:ap-northeast-1:000000000000:key/{key['KeyId']}"
    assert (key["KeyState"], key["Enabled"], key["KeyManager"], key["Origin"]) == ("Enabled", True, "CUSTOMER", "AWS_KMS")
    assert (key["KeySpec"], key["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    assert key["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
    assert key["KeyId"] in [one["KeyId"] for page in pages for one in page["Keys"]]
    kms.update_key_description(KeyId=key["KeyId"], Description="another")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Description"] == "another"


def test_what_was_encrypted_is_decrypted_without_naming_the_key(kms, key):
    context = {"Purpose": "テスト", "b": "2"}
    answer = kms.encrypt(KeyId=key["KeyId"], Plaintext="秘密".encode(), EncryptionContext=context)
    blob = answer["CiphertextBlob"]
    assert answer["KeyId"] == key["Arn"] and "秘密".encode() not in blob
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=dict(reversed(context.items())))
    assert (opened["Plaintext"].decode(), opened["KeyId"]) == ("秘密", key["Arn"])
    fails("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob)
    fails("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, EncryptionContext={"Purpose": "テスト"})
    fails("InvalidCiphertextException", kms.decrypt, CiphertextBlob=b"nonsense")
    broken = blob[:-1] + bytes([blob[-1] ^ 1])
    fails("InvalidCiphertextException", kms.decrypt, CiphertextBlob=broken, EncryptionContext=context)
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    says = "does not identify a CMK that can perform this operation"
    fails("IncorrectKeyException", kms.decrypt, says, CiphertextBlob=blob, EncryptionContext=context, KeyId=other)
    # Two ciphertexts of one text differ.
    assert kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"] != kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]


def test_the_largest_plaintext(kms, key):
    text = bytes(range(256)) * 16
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=text)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == text
    fails("ValidationException", kms.encrypt, KeyId=key["KeyId"], Plaintext=text + b"x")


def test_data_keys(kms, key):
    pair = kms.generate_data_key(KeyId=key["Arn"], KeySpec="AES_256", EncryptionContext={"a": "b"})
    assert len(pair["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=pair["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"] == pair["Plaintext"]
    assert len(kms.generate_data_key(KeyId=key["Arn"], NumberOfBytes=77)["Plaintext"]) == 77
    sealed = kms.generate_data_key_without_plaintext(KeyId=key["Arn"], KeySpec="AES_128")
    assert "Plaintext" not in sealed and len(kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"]) == 16
    fails("ValidationException", kms.generate_data_key, KeyId=key["Arn"])
    fails("ValidationException", kms.generate_data_key, KeyId=key["Arn"], KeySpec="AES_256", NumberOfBytes=32)
    assert len(kms.generate_random(NumberOfBytes=64)["Plaintext"]) == 64


def test_re_encryption(kms, key):
    other = kms.create_key()["KeyMetadata"]
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    answer = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext={"a": "1"},
        DestinationKeyId=other["KeyId"],
        DestinationEncryptionContext={"b": "2"},
    )
    assert (answer["SourceKeyId"], answer["KeyId"]) == (key["Arn"], other["Arn"])
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], EncryptionContext={"b": "2"}, KeyId=other["Arn"])
    assert opened["Plaintext"] == b"x"
    fails("InvalidCiphertextException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=other["KeyId"])


def test_a_disabled_key_does_nothing(kms, key):
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    fails("DisabledException", kms.decrypt, f"{key['Arn']} is disabled.", CiphertextBlob=blob)
    fails("DisabledException", kms.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256")
    kms.enable_key(KeyId=key["Arn"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_aliases(kms, key, name):
    alias = f"alias/{name}"
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    arn = f"arn:aws:kms:ap-northeast-1:000000000000:{alias}"
    for given in (alias, arn):
        blob = kms.encrypt(KeyId=given, Plaintext=b"x")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob, KeyId=given)["KeyId"] == key["Arn"]
        assert kms.describe_key(KeyId=given)["KeyMetadata"]["KeyId"] == key["KeyId"]
    [listed] = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
    assert (listed["AliasName"], listed["AliasArn"], listed["TargetKeyId"]) == (alias, arn, key["KeyId"])
    fails("AlreadyExistsException", kms.create_alias, f"An alias with the name {arn} already exists", AliasName=alias, TargetKeyId=key["KeyId"])
    fails("ValidationException", kms.create_alias, AliasName=name, TargetKeyId=key["KeyId"])
    fails("InvalidAliasNameException", kms.create_alias, AliasName="alias/aws/own", TargetKeyId=key["KeyId"])
    other = kms.create_key()["KeyMetadata"]
    kms.update_alias(AliasName=alias, TargetKeyId=other["KeyId"])
    assert kms.encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == other["Arn"]
    kms.delete_alias(AliasName=alias)
    fails("NotFoundException", kms.encrypt, f"Alias {arn} is not found.", KeyId=alias, Plaintext=b"x")
    fails("NotFoundException", kms.delete_alias, AliasName=alias)


def test_keys_that_are_not_there(kms):
    none = "1234abcd-12ab-34cd-56ef-1234567890ab"
    arn = f"arn:aws:kms:ap-northeast-1:000000000000:key/{none}"
    fails("NotFoundException", kms.describe_key, f"Key '{arn}' does not exist", KeyId=none)
    fails("NotFoundException", kms.describe_key, "Invalid keyId 'nonsense'", KeyId="nonsense")
    fails("NotFoundException", kms.describe_key, KeyId=arn.replace("ap-northeast-1", "us-east-1"))


def test_keys_that_aws_manages(own_cloud):
    cloud = own_cloud().wait_until_ready()
    kms = cloud.client("kms")
    assert kms.list_keys()["Keys"] == []
    aliases = [one for page in kms.get_paginator("list_aliases").paginate() for one in page["Aliases"]]
    assert {"alias/aws/ebs", "alias/aws/s3", "alias/aws/ssm", "alias/aws/lambda"} <= {one["AliasName"] for one in aliases}
    assert not any("TargetKeyId" in one for one in aliases)
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (key["KeyManager"], key["Description"]) == ("AWS", "Default key that protects my S3 objects when no other key is defined")
    assert [one["KeyId"] for one in kms.list_keys()["Keys"]] == [key["KeyId"]]
    assert [one["AliasName"] for one in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]] == ["alias/aws/s3"]
    # Only S3 uses S3's key.
    fails("AccessDeniedException", kms.encrypt, "no resource-based policy allows the kms:Encrypt action", KeyId="alias/aws/s3", Plaintext=b"x")
    fails("AccessDeniedException", kms.disable_key, KeyId=key["KeyId"])


def test_tags(kms):
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "2"}])
    assert {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]} == {"a": "1", "b": "2"}
    kms.untag_resource(KeyId=key, TagKeys=["a"])
    assert [tag["TagKey"] for tag in kms.list_resource_tags(KeyId=key)["Tags"]] == ["b"]
    fails("TagException", kms.tag_resource, KeyId=key, Tags=[{"TagKey": "aws:x", "TagValue": "1"}])


def test_a_dry_run_does_nothing(kms, key):
    says = "The request would have succeeded, but the DryRun option is set."
    fails("DryRunOperationException", kms.encrypt, says, KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)
    kms.disable_key(KeyId=key["KeyId"])
    fails("DisabledException", kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", DryRun=True)


def test_the_command_line(cloud, key, tmp_path):
    (tmp_path / "plain").write_bytes(b"hello")
    words = ("kms", "encrypt", "--key-id", key["KeyId"], "--plaintext", f"fileb://{tmp_path}/plain", "--output", "text")
    blob = cloud.aws(*words, "--query", "CiphertextBlob").strip()
    (tmp_path / "blob").write_bytes(base64.b64decode(blob))
    words = ("kms", "decrypt", "--ciphertext-blob", f"fileb://{tmp_path}/blob", "--output", "text", "--query", "Plaintext")
    assert base64.b64decode(cloud.aws(*words)) == b"hello"


def test_keys_outlive_the_cloud(own_cloud, tmp_path):
    cloud = own_cloud("--data", str(tmp_path / "data")).wait_until_ready()
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    cloud.stop()
    kms = own_cloud("--data", str(tmp_path / "data")).wait_until_ready().client("kms")
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"
