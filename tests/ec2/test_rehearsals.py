"""DryRun: everything that a call would be refused for, it is refused for; and nothing has happened afterwards."""

import pytest
from asking import one, refused, tagged
from clouds import eventually
from machines import image

ZONE = "ap-northeast-1a"
NOWHERE = "0123456789abcdef0"


def test_wrong_calls_are_refused_for_what_is_wrong(ec2):
    with refused("InvalidParameterValue", "too small"):
        ec2.create_volume(AvailabilityZone=ZONE, Size=0, DryRun=True)
    with refused("InvalidZone.NotFound"):
        ec2.create_volume(AvailabilityZone="nowhere", Size=1, DryRun=True)
    with refused("InvalidVolume.NotFound"):
        ec2.attach_volume(VolumeId=f"vol-{NOWHERE}", InstanceId=f"i-{NOWHERE}", Device="/dev/sdf", DryRun=True)
    with refused("InvalidInstanceID.NotFound"):
        ec2.start_instances(InstanceIds=[f"i-{NOWHERE}"], DryRun=True)
    with refused("InvalidSnapshot.NotFound"):
        ec2.copy_snapshot(SourceSnapshotId=f"snap-{NOWHERE}", SourceRegion="ap-northeast-1", DryRun=True)
    with refused("InvalidAMIID.NotFound"):
        ec2.copy_image(Name="copy", SourceImageId=f"ami-{NOWHERE}", SourceRegion="ap-northeast-1", DryRun=True)
    with refused("InvalidAMIID.NotFound"):
        ec2.run_instances(ImageId=f"ami-{NOWHERE}", MinCount=1, MaxCount=1, DryRun=True)


def test_good_calls_are_taken_back(cloud, ec2, account, name):
    kms = cloud.client("kms", key=account)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    ami = image(cloud, account)
    calls = [
        lambda: ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=key, DryRun=True),
        lambda: ec2.create_key_pair(KeyName=name, KeyType="ed25519", DryRun=True),
        lambda: ec2.copy_image(Name=name, SourceImageId=ami, SourceRegion="ap-northeast-1", DryRun=True),
        lambda: ec2.run_instances(ImageId=ami, MinCount=1, MaxCount=1, DryRun=True),
        lambda: ec2.modify_ebs_default_kms_key_id(KmsKeyId=key, DryRun=True),
    ]
    for call in calls:
        with refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set."):
            call()
    assert ec2.describe_volumes()["Volumes"] == ec2.describe_key_pairs()["KeyPairs"] == ec2.describe_instances()["Reservations"] == []
    assert ec2.describe_images(Owners=["self"])["Images"] == kms.list_grants(KeyId=key)["Grants"] == []
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_a_token_is_one_request(cloud, ec2, account, name):
    """The operations that forgot it."""
    ami = image(cloud, account)
    copy = {"Name": name, "SourceImageId": ami, "SourceRegion": "ap-northeast-1", "ClientToken": name}
    assert ec2.copy_image(**copy)["ImageId"] == ec2.copy_image(**copy)["ImageId"]
    with refused("IdempotentParameterMismatch"):
        ec2.copy_image(**{**copy, "Name": name + "-other"})
    template = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": ami})["LaunchTemplate"]["LaunchTemplateId"]
    version = {"LaunchTemplateId": template, "LaunchTemplateData": {"InstanceType": "t3.micro"}, "ClientToken": name}
    numbers = [ec2.create_launch_template_version(**version)["LaunchTemplateVersion"]["VersionNumber"] for _ in range(2)]
    assert numbers == [2, 2]
    with refused("IdempotentParameterMismatch"):
        ec2.create_launch_template_version(**{**version, "LaunchTemplateData": {"InstanceType": "t3.small"}})
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2", ClientToken=name)
    with refused("IdempotentParameterMismatch"):
        ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="1", ClientToken=name)
    by = [{"Name": "instance-type", "Values": ["t3.m*"]}, {"Name": "is-default-version", "Values": ["true"]}]
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template, Filters=by)["LaunchTemplateVersions"]
    assert [one["VersionNumber"] for one in found] == [2]


@pytest.fixture
def snapshot(ec2):
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    id = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot", Kept="yes"))["SnapshotId"]
    eventually(lambda: one(ec2.describe_snapshots(SnapshotIds=[id]), "Snapshots")["State"] == "completed")
    return id


def test_a_rehearsed_copy_is_none(ec2, snapshot):
    with refused("DryRunOperation"):
        ec2.copy_snapshot(SourceSnapshotId=snapshot, SourceRegion="ap-northeast-1", Encrypted=True, DryRun=True)
    assert [own["SnapshotId"] for own in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]] == [snapshot]
