"""What becomes of keys: they go, they rotate, their material comes from outside."""

import os

import pytest
from clouds import eventually
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from people import refused


@pytest.fixture
def cloud(own_cloud):
    return own_cloud().wait_until_ready()


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def test_a_key_goes_when_its_time_comes(cloud, kms):
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/going", TargetKeyId=key["KeyId"])
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    refused(kms.schedule_key_deletion, KeyId=key["KeyId"], PendingWindowInDays=6, code="ValidationException")
    answer = kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert (answer["KeyId"], answer["KeyState"], answer["PendingWindowInDays"]) == (key["Arn"], "PendingDeletion", 7)
    assert 6.9 < (answer["DeletionDate"] - key["CreationDate"]).total_seconds() / 86400 < 7.1
    says = f"{key['Arn']} is pending deletion."
    for call, more in [
        (kms.encrypt, {"KeyId": key["KeyId"], "Plaintext": b"x"}),
        (kms.decrypt, {"CiphertextBlob": blob}),
        (kms.enable_key, {"KeyId": key["KeyId"]}),
        (kms.schedule_key_deletion, {"KeyId": key["KeyId"]}),
    ]:
        refused(call, **more, code="KMSInvalidStateException", says=says)
    assert kms.cancel_key_deletion(KeyId=key["KeyId"])["KeyId"] == key["Arn"]
    assert state(kms, key["KeyId"]) == "Disabled"
    refused(kms.cancel_key_deletion, KeyId=key["KeyId"], code="KMSInvalidStateException", says="is not pending deletion")
    kms.enable_key(KeyId=key["KeyId"])
    cloud.advance("8d")
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    kms.schedule_key_deletion(KeyId=key["KeyId"])
    cloud.advance("29d")
    assert state(kms, key["KeyId"]) == "PendingDeletion"
    cloud.advance("2d")
    eventually(lambda: kms.list_keys()["Keys"] == [])
    refused(kms.describe_key, KeyId=key["KeyId"], code="NotFoundException")
    refused(kms.decrypt, CiphertextBlob=blob, says="does not exist in this region")
    assert "alias/going" not in [one["AliasName"] for one in kms.list_aliases()["Aliases"]]


def test_old_material_still_decrypts(cloud, kms):
    key = kms.create_key()["KeyMetadata"]
    blobs = [kms.encrypt(KeyId=key["KeyId"], Plaintext=b"0")["CiphertextBlob"]]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    assert kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"] == []
    cloud.advance("91d")
    rotations = eventually(lambda: kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"])
    assert [one["RotationType"] for one in rotations] == ["AUTOMATIC"]
    current = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"]
    assert rotations[0]["KeyMaterialId"] == current != key["CurrentKeyMaterialId"]
    blobs.append(kms.encrypt(KeyId=key["KeyId"], Plaintext=b"1")["CiphertextBlob"])
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    blobs.append(kms.encrypt(KeyId=key["KeyId"], Plaintext=b"2")["CiphertextBlob"])
    opened = [kms.decrypt(CiphertextBlob=blob) for blob in blobs]
    assert [one["Plaintext"] for one in opened] == [b"0", b"1", b"2"]
    assert len({one["KeyMaterialId"] for one in opened}) == 3
    listed = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [one.get("RotationType") for one in listed] == [None, "AUTOMATIC", "ON_DEMAND"]
    assert [one["KeyMaterialState"] for one in listed] == ["NON_CURRENT", "NON_CURRENT", "CURRENT"]
    # The next one comes when it would have come anyway; a disabled key waits.
    kms.disable_key(KeyId=key["KeyId"])
    cloud.advance("90d")
    assert len(kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]) == 2
    kms.enable_key(KeyId=key["KeyId"])
    assert len(kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]) == 3
    kms.disable_key_rotation(KeyId=key["KeyId"])
    cloud.advance("400d")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is False
    assert len(kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"]) == 3
    mac = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    refused(kms.enable_key_rotation, KeyId=mac, code="UnsupportedOperationException")


def test_material_from_outside(cloud, kms):
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (key["KeyState"], key["Origin"], key["Enabled"]) == ("PendingImport", "EXTERNAL", False)
    refused(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", code="KMSInvalidStateException", says="is pending import")

    def imported(material, **more):
        given = kms.get_parameters_for_import(KeyId=key["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        wrapped = load_der_public_key(given["PublicKey"]).encrypt(material, oaep)
        return kms.import_key_material(KeyId=key["KeyId"], ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, **more)

    forever = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    material = os.urandom(32)
    refused(imported, material=b"short", **forever, code="IncorrectKeyMaterialException")
    imported(material, **forever)
    described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (described["KeyState"], described["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=key["KeyId"])
    assert state(kms, key["KeyId"]) == "PendingImport"
    refused(kms.decrypt, CiphertextBlob=blob, code="KMSInvalidStateException")
    refused(imported, material=os.urandom(32), **forever, code="IncorrectKeyMaterialException")
    until = key["CreationDate"].timestamp() + 3 * 86400
    imported(material, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    cloud.advance("4d")
    eventually(lambda: state(kms, key["KeyId"]) == "PendingImport")
    refused(kms.decrypt, CiphertextBlob=blob, code="KMSInvalidStateException")
    own = kms.create_key()["KeyMetadata"]["KeyId"]
    refused(kms.get_parameters_for_import, KeyId=own, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048", code="UnsupportedOperationException")


def test_a_key_of_several_regions(cloud):
    here, there = (cloud.client("kms", region=region) for region in ("us-east-1", "eu-west-1"))
    key = here.create_key(MultiRegion=True, Description="here")["KeyMetadata"]
    assert key["KeyId"].startswith("mrk-") and key["MultiRegion"] is True
    assert key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    made = here.replicate_key(KeyId=key["KeyId"], ReplicaRegion="eu-west-1", Description="there")
    arn = key["Arn"].replace("us-east-1", "eu-west-1")
    assert made["ReplicaKeyMetadata"]["Arn"] == arn and "key-default-1" in made["ReplicaPolicy"]
    refused(here.replicate_key, KeyId=key["KeyId"], ReplicaRegion="eu-west-1", code="AlreadyExistsException")
    refused(there.replicate_key, KeyId=key["KeyId"], ReplicaRegion="eu-west-2", code="UnsupportedOperationException")
    config = here.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]
    assert config["ReplicaKeys"] == [{"Arn": arn, "Region": "eu-west-1"}]
    blob = here.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert there.decrypt(CiphertextBlob=blob)["KeyId"] == arn
    here.rotate_key_on_demand(KeyId=key["KeyId"])
    blob = there.encrypt(KeyId=arn, Plaintext=b"y")["CiphertextBlob"]
    opened = here.decrypt(CiphertextBlob=blob)
    assert opened["Plaintext"] == b"y" and opened["KeyMaterialId"] != key["CurrentKeyMaterialId"]
    refused(there.rotate_key_on_demand, KeyId=arn, code="UnsupportedOperationException")
    here.update_primary_region(KeyId=key["KeyId"], PrimaryRegion="eu-west-1")
    assert there.describe_key(KeyId=arn)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert here.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    # A primary goes after its replicas.
    assert there.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)["KeyState"] == "PendingReplicaDeletion"
    here.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=8)
    cloud.advance("9d")
    eventually(lambda: state(there, arn) == "PendingDeletion")
    assert here.list_keys()["Keys"] == []
    cloud.advance("8d")
    eventually(lambda: there.list_keys()["Keys"] == [])
    # A key of one region is nothing to another.
    own = here.create_key()["KeyMetadata"]["KeyId"]
    blob = here.encrypt(KeyId=own, Plaintext=b"x")["CiphertextBlob"]
    refused(there.decrypt, CiphertextBlob=blob, says="does not exist in this region")
