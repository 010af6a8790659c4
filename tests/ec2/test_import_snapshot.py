"""A disk's raw image out of S3 becomes a snapshot."""

import json

import pytest
from asking import one, refused
from clouds import eventually

BLOCK = 512 << 10
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "vmie.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


@pytest.fixture
def bucket(cloud, account, name):
    s3 = cloud.client("s3", key=account)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    disk = b"first".ljust(3 * BLOCK, b"\0") + b"fourth" + b"\0" * BLOCK
    s3.put_object(Bucket=name, Key="disks/one.raw", Body=disk)
    return name


@pytest.fixture
def role(cloud, account, bucket):
    iam = cloud.client("iam", key=account)
    iam.create_role(RoleName="vmimport", AssumeRolePolicyDocument=json.dumps(TRUST))
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}]}
    iam.put_role_policy(RoleName="vmimport", PolicyName="disks", PolicyDocument=json.dumps(allowed))
    return "vmimport"


def detail(ec2, task):
    return one(ec2.describe_import_snapshot_tasks(ImportTaskIds=[task]), "ImportSnapshotTasks")["SnapshotTaskDetail"]


def test_a_disk_is_imported(cloud, ec2, account, bucket, role):
    key = cloud.client("kms", key=account).create_key()["KeyMetadata"]
    ebs = cloud.client("ebs", key=account)
    for wanted in ({}, {"Encrypted": True, "KmsKeyId": key["Arn"]}):
        container = {"Format": "RAW", "UserBucket": {"S3Bucket": bucket, "S3Key": "disks/one.raw"}}
        made = ec2.import_snapshot(Description="a disk", DiskContainer=container, **wanted)
        assert made["ImportTaskId"].startswith("import-snap-")
        eventually(lambda: detail(ec2, made["ImportTaskId"])["Status"] == "completed")
        snapshot = detail(ec2, made["ImportTaskId"])["SnapshotId"]
        shown = one(ec2.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")
        assert (shown["State"], shown["VolumeSize"], shown["Encrypted"]) == ("completed", 1, bool(wanted))
        blocks = ebs.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]
        read = {block["BlockIndex"]: ebs.get_snapshot_block(SnapshotId=snapshot, **block)["BlockData"].read() for block in blocks}
        assert {index: data.rstrip(b"\0") for index, data in read.items()} == {0: b"first", 3: b"fourth"}
    with refused("IncorrectState"):
        ec2.cancel_import_task(ImportTaskId=made["ImportTaskId"])


def test_what_cannot_be_imported(ec2, bucket, account):
    container = {"Format": "RAW", "Url": f"s3://{bucket}/disks/one.raw"}
    with refused("InvalidParameter", "vmimport"):
        ec2.import_snapshot(DiskContainer=container)
    with refused("UnsupportedOperation", "VMDK"):
        ec2.import_snapshot(DiskContainer={**container, "Format": "VMDK"})
    with refused("InvalidConversionTaskId"):
        ec2.describe_import_snapshot_tasks(ImportTaskIds=["import-snap-0123456789abcdef0"])
