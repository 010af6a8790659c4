"""What becomes of snapshots: locked, archived, restored fast."""

import pytest
from asking import by, one, refused
from clouds import eventually

ZONE = "ap-northeast-1a"


@pytest.fixture
def aging(own_cloud):
    """A cloud whose clock may be moved."""
    return own_cloud().wait_until_ready()


@pytest.fixture
def old(aging):
    return aging.client("ec2")


@pytest.fixture
def snapshot(old):
    volume = old.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    eventually(lambda: one(old.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    id = old.create_snapshot(VolumeId=volume)["SnapshotId"]
    eventually(lambda: one(old.describe_snapshots(SnapshotIds=[id]), "Snapshots")["State"] == "completed")
    return id


def locked(ec2, snapshot):
    return one(ec2.describe_locked_snapshots(SnapshotIds=[snapshot]), "Snapshots")


def test_a_lock_keeps_it(aging, old, snapshot):
    with refused("MissingParameter"):
        old.lock_snapshot(SnapshotId=snapshot, LockMode="governance")
    with refused("InvalidParameterCombination"):
        old.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1, CoolOffPeriod=1)
    assert old.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=3)["LockState"] == "governance"
    with refused("OperationNotPermitted"):
        old.delete_snapshot(SnapshotId=snapshot)
    assert (locked(old, snapshot)["LockDuration"], locked(old, snapshot)["LockState"]) == (3, "governance")
    old.unlock_snapshot(SnapshotId=snapshot)
    assert old.describe_locked_snapshots()["Snapshots"] == []
    made = old.lock_snapshot(SnapshotId=snapshot, LockMode="compliance", LockDuration=2, CoolOffPeriod=1)
    assert made["LockState"] == "compliance-cooloff"
    aging.advance("2h")
    assert old.describe_locked_snapshots(Filters=by("lock-state", "compliance"))["Snapshots"][0]["SnapshotId"] == snapshot
    for wrong in ({"LockMode": "governance", "LockDuration": 5}, {"LockMode": "compliance", "LockDuration": 1}):
        with refused("OperationNotPermitted"):
            old.lock_snapshot(SnapshotId=snapshot, **wrong)
    with refused("OperationNotPermitted"):
        old.unlock_snapshot(SnapshotId=snapshot)
    aging.advance("48h")
    assert locked(old, snapshot)["LockState"] == "expired"
    old.delete_snapshot(SnapshotId=snapshot)


def test_the_archive(aging, old, snapshot):
    old.modify_snapshot_tier(SnapshotId=snapshot, StorageTier="archive")
    status = old.describe_snapshot_tier_status(Filters=by("snapshot-id", snapshot))["SnapshotTierStatuses"][0]
    assert (status["LastTieringOperationStatus"], status["StorageTier"]) == ("archival-in-progress", "standard")
    aging.advance("25h")
    assert one(old.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")["StorageTier"] == "archive"
    with refused("IncorrectState"):
        old.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)
    with refused("IncorrectState"):
        old.copy_snapshot(SourceSnapshotId=snapshot, SourceRegion="ap-northeast-1")
    assert old.restore_snapshot_tier(SnapshotId=snapshot, TemporaryRestoreDays=2)["IsPermanentRestore"] is False
    aging.advance("25h")
    assert "RestoreExpiryTime" in one(old.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")
    old.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)
    aging.advance("72h")
    with refused("IncorrectState"):
        old.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)
    old.restore_snapshot_tier(SnapshotId=snapshot, PermanentRestore=True)
    aging.advance("25h")
    assert one(old.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")["StorageTier"] == "standard"


def test_fast_restore(aging, old, snapshot):
    with refused("MissingParameter"):
        old.enable_fast_snapshot_restores(SourceSnapshotIds=[snapshot])
    answer = old.enable_fast_snapshot_restores(AvailabilityZones=[ZONE], SourceSnapshotIds=[snapshot, "snap-0123456789abcdef0"])
    assert [one["State"] for one in answer["Successful"]] == ["enabling"]
    assert answer["Unsuccessful"][0]["FastSnapshotRestoreStateErrors"][0]["Error"]["Code"] == "InvalidSnapshot.NotFound"
    slow = old.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)
    aging.advance("1m")
    assert one(old.describe_fast_snapshot_restores(Filters=by("snapshot-id", snapshot)), "FastSnapshotRestores")["State"] == "enabled"
    fast = old.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)["VolumeId"]
    elsewhere = old.create_volume(AvailabilityZone="ap-northeast-1c", SnapshotId=snapshot)
    assert "FastRestored" not in slow and "FastRestored" not in elsewhere
    found = old.describe_volumes(Filters=by("fast-restored", "true"))["Volumes"]
    assert [volume["VolumeId"] for volume in found] == [fast]
    gone = old.disable_fast_snapshot_restores(AvailabilityZones=[ZONE], SourceSnapshotIds=[snapshot])
    assert [one["State"] for one in gone["Successful"]] == ["disabling"]
    aging.advance("1m")
    assert old.describe_fast_snapshot_restores(Filters=by("state", "disabled"))["FastSnapshotRestores"]
