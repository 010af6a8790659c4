"""What is kept under KMS keys: objects of S3, parameters of SSM, stacks that make keys."""

import base64
import json
import pathlib

import pytest
from botocore.exceptions import ClientError
from people import Person, allow, refused

REGION = "ap-northeast-1"


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def bucket(cloud, name):
    cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def under(key):
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def test_objects_need_their_key(cloud, kms, key, bucket, name):
    s3 = cloud.client("s3")
    body = bytes(range(256)) * 300
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **under(key))
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", key)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body and got["SSEKMSKeyId"] == key
    for first, last in [(0, 0), (15, 16), (1000, 70000), (76000, 76799)]:
        part = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}")
        assert part["Body"].read() == body[first : last + 1]
    kms.disable_key(KeyId=key)
    refused(s3.get_object, Bucket=bucket, Key="k", code="KMS.DisabledException", says=f"{key} is disabled.")
    refused(s3.put_object, Bucket=bucket, Key="l", Body=b"x", **under(key), code="KMS.DisabledException")
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
    kms.enable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
    none = "1234abcd-12ab-34cd-56ef-1234567890ab"
    refused(s3.put_object, Bucket=bucket, Key="l", Body=b"x", **under(none), code="KMS.NotFoundException")
    refused(s3.put_object, Bucket=bucket, Key="l", Body=b"x", SSEKMSKeyId=key, code="InvalidArgument")


def test_readers_need_the_right_to_decrypt(cloud, kms, key, bucket, name):
    s3 = cloud.client("s3")
    person = Person(cloud, name, allow("s3:*"))
    own = person.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"secret", **under(key))
    says = f"is not authorized to perform: kms:Decrypt on resource: {key} because no identity-based policy allows the kms:Decrypt action"
    refused(own.get_object, Bucket=bucket, Key="k", code="AccessDenied", says=says)
    refused(own.put_object, Bucket=bucket, Key="l", Body=b"x", **under(key), says="kms:GenerateDataKey")
    via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}/k"}}
    person.may(allow("s3:*"), allow("kms:Decrypt", Condition=via))
    assert own.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
    refused(person.client("kms").decrypt, CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])
    # S3's own key asks for nothing besides S3's permissions.
    person.may(allow("s3:*"))
    put = own.put_object(Bucket=bucket, Key="m", Body=b"mine", ServerSideEncryption="aws:kms")
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
    assert put["SSEKMSKeyId"] == managed
    assert own.get_object(Bucket=bucket, Key="m")["Body"].read() == b"mine"


def test_a_bucket_that_encrypts_by_default(cloud, kms, key, bucket, name):
    s3 = cloud.client("s3")
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"alias/{name}"}, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 20000)
    assert (put["SSEKMSKeyId"], put["BucketKeyEnabled"]) == (key, True)
    s3.copy_object(Bucket=bucket, Key="plain", CopySource=f"{bucket}/k", ServerSideEncryption="AES256")
    s3.copy_object(Bucket=bucket, Key="again", CopySource=f"{bucket}/plain")
    kms.disable_key(KeyId=key)
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"x" * 20000
    for name in ("k", "again"):
        refused(s3.get_object, Bucket=bucket, Key=name, code="KMS.DisabledException")
    refused(s3.copy_object, Bucket=bucket, Key="more", CopySource=f"{bucket}/k", ServerSideEncryption="AES256", code="KMS.DisabledException")


def test_parts_share_a_data_key(cloud, kms, key, bucket):
    s3 = cloud.client("s3")
    parts = [b"a" * (5 << 20), b"b" * 12345]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="big", **under(key))
    assert upload["SSEKMSKeyId"] == key
    done = []
    for number, part in enumerate(parts, 1):
        answer = s3.upload_part(Bucket=bucket, Key="big", UploadId=upload["UploadId"], PartNumber=number, Body=part)
        done.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="big", UploadId=upload["UploadId"], MultipartUpload={"Parts": done})
    whole = b"".join(parts)
    assert s3.get_object(Bucket=bucket, Key="big")["Body"].read() == whole
    at = 5 << 20
    assert s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={at - 3}-{at + 3}")["Body"].read() == whole[at - 3 : at + 4]
    kms.disable_key(KeyId=key)
    refused(s3.get_object, Bucket=bucket, Key="big", code="KMS.DisabledException")


def test_nothing_lies_open_in_the_data_folder(own_cloud, tmp_path):
    cloud = own_cloud("--data", str(tmp_path / "data")).wait_until_ready()
    kms, s3, ssm = (cloud.client(service) for service in ("kms", "s3", "ssm"))
    s3.create_bucket(Bucket="folder", CreateBucketConfiguration={"LocationConstraint": REGION})
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    small, large = b"small himitsu " * 100, b"large himitsu " * 100000
    s3.put_object(Bucket="folder", Key="small", Body=small, **under(key))
    s3.put_object(Bucket="folder", Key="large", Body=large, **under(key))
    s3.put_object(Bucket="folder", Key="open", Body=b"open to all " * 100000)
    ssm.put_parameter(Name="secret", Value="parameter himitsu", Type="SecureString", KeyId=key)
    cloud.stop()
    files = [path.read_bytes() for path in pathlib.Path(tmp_path / "data").rglob("*") if path.is_file()]
    assert any(b"open to all " in file for file in files)
    assert not any(b"himitsu" in file for file in files)
    cloud = own_cloud("--data", str(tmp_path / "data")).wait_until_ready()
    s3, ssm = cloud.client("s3"), cloud.client("ssm")
    assert s3.get_object(Bucket="folder", Key="small")["Body"].read() == small
    assert s3.get_object(Bucket="folder", Key="large")["Body"].read() == large
    assert ssm.get_parameter(Name="secret", WithDecryption=True)["Parameter"]["Value"] == "parameter himitsu"


def test_secure_strings_are_kms_ciphertexts(cloud, kms, key, name):
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name=name, Value="himitsu", Type="SecureString", KeyId=key)
    sealed = ssm.get_parameter(Name=name)["Parameter"]
    blob = base64.b64decode(sealed["Value"])
    refused(kms.decrypt, CiphertextBlob=blob, code="InvalidCiphertextException")
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"PARAMETER_ARN": sealed["ARN"]})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"himitsu", key)
    assert ssm.get_parameter_history(Name=name, WithDecryption=True)["Parameters"][0]["Value"] == "himitsu"
    assert ssm.get_parameter_history(Name=name)["Parameters"][0]["KeyId"] == key
    person = Person(cloud, name, allow("ssm:*"))
    own = person.client("ssm")
    assert own.get_parameter(Name=name)["Parameter"]["Value"] == sealed["Value"]
    refused(own.get_parameter, Name=name, WithDecryption=True, says="kms:Decrypt")
    refused(own.put_parameter, Name=f"{name}-2", Value="x", Type="SecureString", KeyId=key, says="kms:Encrypt")
    # The account's own key for parameters lets in everybody who may use Parameter Store.
    own.put_parameter(Name=f"{name}-3", Value="own", Type="SecureString")
    assert own.get_parameter(Name=f"{name}-3", WithDecryption=True)["Parameter"]["Value"] == "own"
    assert kms.describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["KeyManager"] == "AWS"
    kms.disable_key(KeyId=key)
    refused(ssm.get_parameters, Names=[name], WithDecryption=True, code="InvalidKeyId", says="is disabled")
    refused(ssm.put_parameter, Name=f"{name}-4", Value="x", Type="SecureString", KeyId="alias/none", code="InvalidKeyId")


def test_large_secure_strings(cloud, key, name):
    ssm = cloud.client("ssm")
    value = "あ" * 8000
    ssm.put_parameter(Name=f"/{name}/large", Value=value, Type="SecureString", KeyId=key, Tier="Advanced")
    found = ssm.get_parameters_by_path(Path=f"/{name}", WithDecryption=True)["Parameters"]
    assert [one["Value"] for one in found] == [value]


def test_tables_name_real_keys(cloud, kms, key, name):
    dynamodb = cloud.client("dynamodb")
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    table = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    encrypted = {"Enabled": True, "SSEType": "KMS"}
    made = dynamodb.create_table(TableName=name, SSESpecification=encrypted, **table)["TableDescription"]
    managed = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    assert made["SSEDescription"]["KMSMasterKeyArn"] == managed
    dynamodb.update_table(TableName=name, SSESpecification={**encrypted, "KMSMasterKeyId": f"alias/{name}"})
    assert dynamodb.describe_table(TableName=name)["Table"]["SSEDescription"]["KMSMasterKeyArn"] == key
    person = Person(cloud, name, allow("dynamodb:*"))
    asked = {"TableName": f"{name}-2", "SSESpecification": {**encrypted, "KMSMasterKeyId": key}, **table}
    refused(person.client("dynamodb").create_table, **asked, says="kms:DescribeKey")
    kms.disable_key(KeyId=key)
    refused(dynamodb.create_table, **asked, code="ValidationException", says=key)
    asked["SSESpecification"]["KMSMasterKeyId"] = "alias/none"
    refused(dynamodb.create_table, **asked, code="ValidationException", says="is not found")


def test_a_stack_of_keys(cloud, kms, name):
    cloudformation = cloud.client("cloudformation")
    root = {"Effect": "Allow", "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}, "Action": "kms:*", "Resource": "*"}
    properties = {
        "Description": "a stack's",
        "EnableKeyRotation": True,
        "RotationPeriodInDays": 100,
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [root]},
        "PendingWindowInDays": 7,
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    template = {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key", "Properties": properties},
            "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": f"alias/{name}", "TargetKeyId": {"Ref": "Key"}}},
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}, "Alias": {"Value": {"Ref": "Alias"}}},
    }
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    outputs = {one["OutputKey"]: one["OutputValue"] for one in cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]}
    key = kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]
    assert outputs == {"Arn": key["Arn"], "Alias": f"alias/{name}"} and key["Description"] == "a stack's"
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["RotationPeriodInDays"] == 100
    assert {"TagKey": "a", "TagValue": "1"} in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
    properties.update(Description="changed", EnableKeyRotation=False, Enabled=False)
    del properties["RotationPeriodInDays"]
    cloudformation.update_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    changed = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
    assert (changed["Description"], changed["KeyState"]) == ("changed", "Disabled")
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    with pytest.raises(ClientError, match="is not found"):
        kms.describe_key(KeyId=f"alias/{name}")
