"""Snapshots: of an instance's volumes at once, copied to other regions, shared with others; and what volumes tell of themselves."""

import pytest
from asking import one, refused
from clouds import eventually
from machines import image, needs_machines, run, wait

ZONE = "ap-northeast-1a"
FRIEND = "123412341234"


def completed(ec2, id):
    return eventually(lambda: one(ec2.describe_snapshots(SnapshotIds=[id]), "Snapshots")["State"] == "completed")


@pytest.fixture
def snapshot(ec2):
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    id = ec2.create_snapshot(VolumeId=volume, Description="to be shared")["SnapshotId"]
    completed(ec2, id)
    return id


def test_sharing(cloud, ec2, account, snapshot):
    friend = cloud.client("ec2", key=FRIEND)
    with refused("InvalidSnapshot.NotFound"):
        friend.describe_snapshots(SnapshotIds=[snapshot])
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[FRIEND])
    permissions = ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")["CreateVolumePermissions"]
    assert permissions == [{"UserId": FRIEND}]
    seen = one(friend.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")
    assert (seen["OwnerId"], seen["VolumeSize"]) == (account, 1)
    assert snapshot in [own["SnapshotId"] for own in friend.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]]
    assert friend.describe_snapshots(OwnerIds=["self"], SnapshotIds=[snapshot])["Snapshots"] == []
    restored = friend.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)["VolumeId"]
    eventually(lambda: one(friend.describe_volumes(VolumeIds=[restored]), "Volumes")["State"] == "available")
    with refused("AuthFailure"):
        friend.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": "999999999999"}]})
    with refused("InvalidParameterValue"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": "nobody"}]})
    ec2.reset_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    with refused("InvalidSnapshot.NotFound"):
        friend.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)
    friend.delete_volume(VolumeId=restored)


def test_public_snapshots_and_their_block(cloud, ec2, snapshot):
    anybody = cloud.client("ec2", key="555555555555")
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"Group": "all"}]})
    assert one(anybody.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    assert ec2.enable_snapshot_block_public_access(State="block-all-sharing")["State"] == "block-all-sharing"
    with refused("InvalidSnapshot.NotFound"):
        anybody.describe_snapshots(SnapshotIds=[snapshot])
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Remove": [{"Group": "all"}]})
    with refused("OperationNotPermitted"):
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"Group": "all"}]})
    assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"


def test_copies(cloud, ec2, account, snapshot):
    far = cloud.client("ec2", key=account, region="us-east-1")
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "Name", "Value": "copy"}]}]
    copied = far.copy_snapshot(SourceRegion="ap-northeast-1", SourceSnapshotId=snapshot, Description="far", TagSpecifications=tags)
    assert copied["Tags"] == [{"Key": "Name", "Value": "copy"}]
    id = copied["SnapshotId"]
    completed(far, id)
    # It needs its source no more.
    ec2.delete_snapshot(SnapshotId=snapshot)
    volume = far.create_volume(AvailabilityZone="us-east-1a", SnapshotId=id)["VolumeId"]
    eventually(lambda: one(far.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    with refused("InvalidSnapshot.NotFound"):
        far.copy_snapshot(SourceRegion="ap-northeast-1", SourceSnapshotId=snapshot)
    far.delete_volume(VolumeId=volume)
    far.delete_snapshot(SnapshotId=id)


def test_all_volumes_of_an_instance(cloud, ec2, account):
    needs_machines(cloud)
    mapping = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}]
    id = run(ec2, image(cloud, account), BlockDeviceMappings=mapping)
    wait(ec2, id, "running")
    data = next(one["Ebs"]["VolumeId"] for one in ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"] if one["DeviceName"] == "/dev/sdf")
    made = ec2.create_snapshots(InstanceSpecification={"InstanceId": id}, Description="both")["Snapshots"]
    assert len(made) == 2 and {one["State"] for one in made} == {"pending"}
    only = ec2.create_snapshots(InstanceSpecification={"InstanceId": id, "ExcludeBootVolume": True})["Snapshots"]
    assert [one["VolumeId"] for one in only] == [data]
    for snapshot in made + only:
        completed(ec2, snapshot["SnapshotId"])
    ec2.terminate_instances(InstanceIds=[id])
    wait(ec2, id, "terminated")


def test_status_and_attributes(ec2):
    id = ec2.create_volume(AvailabilityZone=ZONE, Size=10, VolumeType="io1", Iops=100)["VolumeId"]
    eventually(lambda: ec2.describe_volume_status(VolumeIds=[id])["VolumeStatuses"])
    status = one(ec2.describe_volume_status(VolumeIds=[id]), "VolumeStatuses")
    assert (status["VolumeStatus"]["Status"], status["AvailabilityZone"]) == ("ok", ZONE)
    assert {"Name": "io-enabled", "Status": "passed"} in status["VolumeStatus"]["Details"]
    impaired = [{"Name": "volume-status.status", "Values": ["impaired"]}]
    assert ec2.describe_volume_status(Filters=impaired)["VolumeStatuses"] == []
    assert ec2.describe_volume_attribute(VolumeId=id, Attribute="autoEnableIO")["AutoEnableIO"] == {"Value": False}
    ec2.modify_volume_attribute(VolumeId=id, AutoEnableIO={"Value": True})
    assert ec2.describe_volume_attribute(VolumeId=id, Attribute="autoEnableIO")["AutoEnableIO"] == {"Value": True}
    assert ec2.describe_volume_attribute(VolumeId=id, Attribute="productCodes")["ProductCodes"] == []
    ec2.enable_volume_io(VolumeId=id)
    with refused("InvalidVolume.NotFound"):
        ec2.enable_volume_io(VolumeId="vol-0123456789abcdef0")
