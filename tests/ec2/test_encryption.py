"""Encryption of EBS: what lies on this machine is ciphertext under KMS's keys, and instances see none of it."""

import base64
import hashlib
import json
import subprocess

import pytest
from asking import one, refused
from botocore.exceptions import ClientError
from clouds import eventually
from machines import image, instance, needs_machines, printed, run, wait

ZONE = "ap-northeast-1a"
MARK = "the-words-that-nobody-shall-read"
WAIT = "while [ ! -b /dev/xvdf ]; do sleep 0.05; done\n"
WRITE = f"#!/bin/sh\n{WAIT}mkfs.ext4 -q /dev/xvdf && mount /dev/xvdf /mnt && for i in $(seq 500); do echo {MARK}; done > /mnt/file && sync && umount /mnt && sync && echo WRITTEN\n"
READ = f"#!/bin/sh\n{WAIT}mount /dev/xvdf /mnt && echo \"READ $(head -n1 /mnt/file)\"; umount /mnt\n"
BLOCK = 512 << 10


def needs_views(cloud):
    needs_machines(cloud)
    report = cloud.kogumo("doctor").stdout
    if "+ encrypted volumes" not in report:
        pytest.skip("SKIPPED: this machine cannot attach encrypted volumes: there is no /dev/fuse")


@pytest.fixture
def kms(cloud, account):
    return cloud.client("kms", key=account)


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]


def volume_of(ec2, id):
    return one(ec2.describe_volumes(VolumeIds=[id]), "Volumes")


def snapshot_of(ec2, id):
    return one(ec2.describe_snapshots(SnapshotIds=[id]), "Snapshots")


def available(ec2, id):
    eventually(lambda: volume_of(ec2, id)["State"] == "available")
    return id


def completed(ec2, id):
    eventually(lambda: snapshot_of(ec2, id)["State"] == "completed")
    return id


def is_gone(ec2, volume):
    try:
        ec2.describe_volumes(VolumeIds=[volume])
    except ClientError as error:
        return error.response["Error"]["Code"] == "InvalidVolume.NotFound"
    return False


def views(part):
    """The processes that show encrypted volumes whose path has that part."""
    lines = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if "volume-view" in line and part in line]


def holds(file, *words):
    """Whether a file has any of these words in it anywhere."""
    wanted = [part for word in words for part in ("-e", word)]
    return subprocess.run(["grep", "-qaF", *wanted, str(file)], check=False).returncode == 0


def checksum(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_defaults(ec2, kms, key):
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert ec2.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    managed = ec2.create_volume(AvailabilityZone=ZONE, Size=1)
    assert managed["Encrypted"] and kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"] == managed["KmsKeyId"]
    kms.create_alias(AliasName="alias/disks", TargetKeyId=key["KeyId"])
    assert ec2.modify_ebs_default_kms_key_id(KmsKeyId="alias/disks")["KmsKeyId"] == key["Arn"]
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key["Arn"]
    assert ec2.create_volume(AvailabilityZone=ZONE, Size=1)["KmsKeyId"] == key["Arn"]
    with refused("InvalidParameterValue"):
        ec2.modify_ebs_default_kms_key_id(KmsKeyId="alias/nobodys")
    assert ec2.reset_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    assert ec2.disable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    plain = ec2.create_volume(AvailabilityZone=ZONE, Size=1)
    assert (plain["Encrypted"], "KmsKeyId" in plain) == (False, False)
    with refused("InvalidParameterDependency"):
        ec2.create_volume(AvailabilityZone=ZONE, Size=1, KmsKeyId=key["KeyId"])
    encrypted = ec2.describe_volumes(Filters=[{"Name": "encrypted", "Values": ["true"]}])["Volumes"]
    assert len(encrypted) == 2


def test_the_bytes_are_ciphertext(own_cloud, tmp_path):
    data = tmp_path / "data"
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    needs_views(cloud)
    ec2, kms = cloud.client("ec2"), cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    ami = image(cloud, "test")
    place = {"Placement": {"AvailabilityZone": ZONE}}
    writer = run(ec2, ami, **place, UserData=WRITE + "mount /dev/xvdf /mnt; while sleep 0.2; do echo again >> /mnt/more && sync && touch /dev/shm/alive; done &\n")
    made = ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key["KeyId"])
    volume = available(ec2, made["VolumeId"])
    assert (made["Encrypted"], made["KmsKeyId"]) == (True, key["Arn"])
    wait(ec2, writer, "running")
    ec2.attach_volume(VolumeId=volume, InstanceId=writer, Device="/dev/xvdf")
    printed(ec2, writer, "\nWRITTEN")
    grants = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    assert grants and "Decrypt" in grants[0]["Operations"]
    # Whoever kills the cloud does not touch what runs: the instance goes on with its volume, and is found again.
    assert views(volume)
    cloud.kill()
    assert views(volume)
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    ec2, kms = cloud.client("ec2"), cloud.client("kms")
    assert wait(ec2, writer, "running")
    snapshot = completed(ec2, ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    shown = snapshot_of(ec2, snapshot)
    assert (shown["Encrypted"], shown["KmsKeyId"]) == (True, key["Arn"])
    for file in (data / "ec2/volumes" / f"{volume}.img", data / "ec2/snapshots" / f"{snapshot}.img"):
        assert not holds(file, MARK, "lost+found")
        assert 0 < file.stat().st_blocks * 512 < 200 << 20, "sparse where nothing was written"
    reader = run(ec2, ami, **place, UserData=READ)
    restored = ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)
    assert (restored["Encrypted"], restored["KmsKeyId"]) == (True, key["Arn"])
    available(ec2, restored["VolumeId"])
    wait(ec2, reader, "running")
    ec2.attach_volume(VolumeId=restored["VolumeId"], InstanceId=reader, Device="/dev/xvdf")
    printed(ec2, reader, f"READ {MARK}")
    ec2.detach_volume(VolumeId=restored["VolumeId"])
    available(ec2, restored["VolumeId"])
    eventually(lambda: not views(restored["VolumeId"]))
    ec2.terminate_instances(InstanceIds=[writer, reader])
    for id in (writer, reader):
        wait(ec2, id, "terminated")
    available(ec2, volume)
    eventually(lambda: not views(str(data)))
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == []


def test_a_repeated_launch_borrows_nothing_more(cloud, ec2, kms, key, account):
    """The same token is the same launch: KMS lends its keys once."""
    needs_views(cloud)
    root = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key["KeyId"]}}
    launch = {"BlockDeviceMappings": [root], "ClientToken": "once"}
    id = run(ec2, image(cloud, account), **launch)
    wait(ec2, id, "running")
    lent = kms.list_grants(KeyId=key["KeyId"])["Grants"]
    assert lent and run(ec2, image(cloud, account), **launch) == id
    assert kms.list_grants(KeyId=key["KeyId"])["Grants"] == lent
    ec2.terminate_instances(InstanceIds=[id])
    wait(ec2, id, "terminated")
    eventually(lambda: kms.list_grants(KeyId=key["KeyId"])["Grants"] == [])


def test_an_encrypted_root_is_there_again(own_cloud, tmp_path):
    data = tmp_path / "data"
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    needs_views(cloud)
    ec2 = cloud.client("ec2")
    ec2.enable_ebs_encryption_by_default()
    id = run(ec2, image(cloud, "test"), UserData="#!/bin/sh\necho BOOTED\n")
    printed(ec2, id, "\nBOOTED")
    root = instance(ec2, id)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert volume_of(ec2, root)["Encrypted"] and views(root)
    # A cloud that is stopped leaves nothing behind, and starts what ran.
    cloud.stop()
    assert not views(root)
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    ec2 = cloud.client("ec2")
    eventually(lambda: views(root))
    wait(ec2, id, "running")
    cloud.kogumo("reset")
    eventually(lambda: not views(root))


def test_a_key_that_cannot_be_used(cloud, ec2, kms, key, account):
    needs_views(cloud)
    ami = image(cloud, account)
    device = [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key["Arn"]}}]
    id = run(ec2, ami, BlockDeviceMappings=device, Placement={"AvailabilityZone": ZONE}, UserData="#!/bin/sh\necho kept > /root/file; sync; echo BOOTED\n")
    printed(ec2, id, "\nBOOTED")
    root = instance(ec2, id)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert volume_of(ec2, root)["KmsKeyId"] == key["Arn"]
    other = available(ec2, ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key["Arn"])["VolumeId"])
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    eventually(lambda: not views(root))
    kms.disable_key(KeyId=key["KeyId"])
    # What runs goes on; what would start cannot.
    assert ec2.start_instances(InstanceIds=[id])["StartingInstances"][0]["CurrentState"]["Name"] == "pending"
    reason = wait(ec2, id, "stopped")["StateReason"]
    assert reason["Code"] == "Client.InvalidKMSKey.InvalidState", reason
    with refused("InvalidKMSKey.InvalidState"):
        ec2.attach_volume(VolumeId=other, InstanceId=id, Device="/dev/xvdf")
    lost = ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key["Arn"])
    assert lost["State"] == "creating"
    eventually(lambda: is_gone(ec2, lost["VolumeId"]))
    dead = run(ec2, ami, BlockDeviceMappings=device)
    reason = wait(ec2, dead, "terminated")["StateReason"]
    assert reason["Code"] == "Client.InvalidKMSKey.InvalidState", reason
    kms.enable_key(KeyId=key["KeyId"])
    ec2.modify_instance_attribute(InstanceId=id, UserData={"Value": b"#cloud-config\nbootcmd:\n - echo SAID $(cat /root/file)\n"})
    ec2.start_instances(InstanceIds=[id])
    wait(ec2, id, "running")
    ec2.attach_volume(VolumeId=other, InstanceId=id, Device="/dev/xvdf")
    eventually(lambda: volume_of(ec2, other)["Attachments"][0]["State"] == "attached")
    ec2.terminate_instances(InstanceIds=[id])
    wait(ec2, id, "terminated")
    eventually(lambda: not views(root) and not views(other))


def test_who_may_use_the_key(cloud, ec2, account, kms, key, name):
    iam = cloud.client("iam", key=account)
    iam.create_user(UserName=name)

    def allow(*actions):
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}))

    allow("ec2:*")
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    user = cloud.client("ec2", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"])
    lost = user.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key["Arn"])["VolumeId"]
    eventually(lambda: is_gone(ec2, lost))
    # AWS's own key for EBS lets whoever may use EBS.
    available(ec2, user.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True)["VolumeId"])
    allow("ec2:*", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey", "kms:CreateGrant")
    available(ec2, user.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key["Arn"])["VolumeId"])


def test_snapshots_are_encrypted_anew(cloud, ec2, kms, key, account):
    ebs = cloud.client("ebs", key=account)
    other = kms.create_key()["KeyMetadata"]
    data = MARK.encode().ljust(BLOCK, b"x")
    plain = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    ebs.put_snapshot_block(SnapshotId=plain, BlockIndex=3, BlockData=data, DataLength=BLOCK, Checksum=checksum(data), ChecksumAlgorithm="SHA256")
    ebs.complete_snapshot(SnapshotId=plain, ChangedBlocksCount=1)

    def block(id):
        listed = one(ebs.list_snapshot_blocks(SnapshotId=id), "Blocks")
        assert listed["BlockIndex"] == 3
        return ebs.get_snapshot_block(SnapshotId=id, **listed)["BlockData"].read()

    def copy(of, **more):
        return completed(ec2, ec2.copy_snapshot(SourceRegion="ap-northeast-1", SourceSnapshotId=of, **more)["SnapshotId"])

    first = copy(plain, Encrypted=True, KmsKeyId=key["Arn"])
    second = copy(first, Encrypted=True, KmsKeyId=other["Arn"])
    same = copy(second)
    for id, wanted in ((first, key), (second, other), (same, other)):
        shown = snapshot_of(ec2, id)
        assert (shown["Encrypted"], shown["KmsKeyId"]) == (True, wanted["Arn"])
        assert block(id) == data
    assert snapshot_of(ec2, second)["DataEncryptionKeyId"] == snapshot_of(ec2, same)["DataEncryptionKeyId"]
    # A volume under another key than its snapshot, and a snapshot of that.
    volume = ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=second, Encrypted=True, KmsKeyId=key["Arn"])
    assert volume["KmsKeyId"] == key["Arn"]
    again = completed(ec2, ec2.create_snapshot(VolumeId=available(ec2, volume["VolumeId"]))["SnapshotId"])
    assert (snapshot_of(ec2, again)["KmsKeyId"], block(again)) == (key["Arn"], data)
    kms.disable_key(KeyId=other["KeyId"])
    failed = ec2.copy_snapshot(SourceRegion="ap-northeast-1", SourceSnapshotId=plain, Encrypted=True, KmsKeyId=other["Arn"])["SnapshotId"]
    eventually(lambda: snapshot_of(ec2, failed)["State"] == "error")
    assert "Given key ID is not accessible" in snapshot_of(ec2, failed)["StateMessage"]
    token = ebs.list_snapshot_blocks(SnapshotId=second)["Blocks"][0]
    with refused("ValidationException"):
        ebs.get_snapshot_block(SnapshotId=second, **token)
    # Written encrypted from the beginning.
    own = ebs.start_snapshot(VolumeSize=1, Encrypted=True, KmsKeyArn=key["Arn"])
    assert own["KmsKeyArn"] == key["Arn"]
    ebs.put_snapshot_block(SnapshotId=own["SnapshotId"], BlockIndex=3, BlockData=data, DataLength=BLOCK, Checksum=checksum(data), ChecksumAlgorithm="SHA256")
    ebs.complete_snapshot(SnapshotId=own["SnapshotId"], ChangedBlocksCount=1)
    assert block(own["SnapshotId"]) == data


def test_sharing(cloud, ec2, key):
    managed = ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True)["VolumeId"]
    own = ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key["Arn"])["VolumeId"]
    snapshots = {}
    for volume in (managed, own):
        available(ec2, volume)
        snapshots[volume] = completed(ec2, ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    share = {"Attribute": "createVolumePermission", "OperationType": "add"}
    with refused("OperationNotPermitted", "EBS default key"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshots[managed], UserIds=["123412341234"], **share)
    with refused("OperationNotPermitted"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshots[own], GroupNames=["all"], **share)
    ec2.modify_snapshot_attribute(SnapshotId=snapshots[own], UserIds=["123412341234"], **share)
    # Shared, and yet the key is not: nothing comes of it.
    other = cloud.client("ec2", key="123412341234")
    lost = other.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshots[own])["VolumeId"]
    eventually(lambda: is_gone(other, lost))


def test_an_image_is_copied_encrypted(cloud, ec2, kms, key, account, name):
    needs_views(cloud)
    first = run(ec2, image(cloud, account), UserData="#!/bin/sh\nprintf '#!/bin/sh\\necho TOOL\\n' > /usr/local/bin/tool\nchmod +x /usr/local/bin/tool; sync\necho INSTALLED\n")
    printed(ec2, first, "\nINSTALLED")
    plain = ec2.create_image(InstanceId=first, Name=name)["ImageId"]
    eventually(lambda: one(ec2.describe_images(ImageIds=[plain]), "Images")["State"] == "available")
    copied = ec2.copy_image(Name=name + "-sealed", SourceImageId=plain, SourceRegion="ap-northeast-1", Encrypted=True, KmsKeyId=key["Arn"])["ImageId"]
    eventually(lambda: one(ec2.describe_images(ImageIds=[copied]), "Images")["State"] == "available")
    assert one(ec2.describe_images(ImageIds=[copied]), "Images")["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    second = run(ec2, copied, UserData="#!/bin/sh\ntool\n")
    printed(ec2, second, "\nTOOL")
    root = instance(ec2, second)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert volume_of(ec2, root)["KmsKeyId"] == key["Arn"]
    ec2.terminate_instances(InstanceIds=[first, second])
    for id in (first, second):
        wait(ec2, id, "terminated")


def test_a_stacks_volume_is_encrypted(cloud, ec2, account, key, name):
    template = {"Resources": {"Disk": {"Type": "AWS::EC2::Volume", "Properties": {"AvailabilityZone": ZONE, "Size": 1, "Encrypted": True, "KmsKeyId": key["Arn"]}}}, "Outputs": {"Id": {"Value": {"Ref": "Disk"}}}}
    stacks = cloud.client("cloudformation", key=account)
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    stack = one(stacks.describe_stacks(StackName=name), "Stacks")
    assert volume_of(ec2, stack["Outputs"][0]["OutputValue"])["KmsKeyId"] == key["Arn"]
    stacks.delete_stack(StackName=name)
