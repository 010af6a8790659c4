"""EBS direct APIs: snapshots written and read block by block, and what has changed between two of them."""

import base64
import hashlib
import json

import pytest
from asking import one, refused
from clouds import eventually
from machines import image, needs_machines, printed, run, wait

ZONE = "ap-northeast-1a"
BLOCK = 512 << 10


@pytest.fixture
def ebs(cloud, account):
    return cloud.client("ebs", key=account)


def checksum(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def filled(word):
    """A block that begins with a word that a shell can read."""
    return (word.encode() + b"\n").ljust(BLOCK, bytes([len(word)]))


def put(ebs, snapshot, index, data, **more):
    wanted = {"SnapshotId": snapshot, "BlockIndex": index, "BlockData": data, "DataLength": len(data), "Checksum": checksum(data), "ChecksumAlgorithm": "SHA256", **more}
    return ebs.put_snapshot_block(**wanted)


def written(ebs, blocks, **start):
    """A complete snapshot of these blocks."""
    snapshot = ebs.start_snapshot(**{"VolumeSize": 1, **start})["SnapshotId"]
    for index, data in blocks.items():
        assert put(ebs, snapshot, index, data)["Checksum"] == checksum(data)
    whole = hashlib.sha256(b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks))).digest()
    ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=len(blocks), Checksum=base64.b64encode(whole).decode(), ChecksumAlgorithm="SHA256", ChecksumAggregationMethod="LINEAR")
    return snapshot


def invalid(reason):
    """A ValidationException for that reason."""
    return _Reason("ValidationException", reason)


class _Reason:
    def __init__(self, code, reason):
        self.refused, self.reason = refused(code), reason

    def __enter__(self):
        self.caught = self.refused.__enter__()

    def __exit__(self, *error):
        suppressed = self.refused.__exit__(*error)
        assert self.caught.value.response["Reason"] == self.reason, self.caught.value.response
        return suppressed


def indexes(answer, name="Blocks"):
    return [block["BlockIndex"] for block in answer[name]]


def test_blocks_are_written_and_read(ebs, ec2):
    started = ebs.start_snapshot(VolumeSize=1, Description="by blocks", Tags=[{"Key": "of", "Value": "mine"}])
    id = started["SnapshotId"]
    assert (started["Status"], started["BlockSize"], started["VolumeSize"]) == ("pending", BLOCK, 1)
    blocks = {7: filled("seven"), 0: filled("zero"), 2047: filled("last")}
    for index, data in blocks.items():
        put(ebs, id, index, data, Progress=40)
    shown = one(ec2.describe_snapshots(SnapshotIds=[id]), "Snapshots")
    assert (shown["State"], shown["Progress"], shown["VolumeId"], shown["Tags"]) == ("pending", "40%", "vol-ffffffff", [{"Key": "of", "Value": "mine"}])
    with invalid("INVALID_SNAPSHOT_ID"):
        ebs.list_snapshot_blocks(SnapshotId=id)
    with invalid("INVALID_PARAMETER_VALUE"):
        ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=2)
    with invalid("INVALID_PARAMETER_VALUE"):
        ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=3, Checksum=checksum(b"other"), ChecksumAlgorithm="SHA256", ChecksumAggregationMethod="LINEAR")
    # Written over: it counts once.
    blocks[7] = filled("seventh")
    put(ebs, id, 7, blocks[7])
    assert ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=3)["Status"] == "completed"
    assert one(ec2.describe_snapshots(SnapshotIds=[id]), "Snapshots")["Progress"] == "100%"
    with invalid("INVALID_SNAPSHOT_ID"):
        put(ebs, id, 8, filled("late"))
    listed = ebs.list_snapshot_blocks(SnapshotId=id)
    assert (indexes(listed), listed["VolumeSize"], listed["BlockSize"]) == ([0, 7, 2047], 1, BLOCK)
    assert indexes(ebs.list_snapshot_blocks(SnapshotId=id, StartingBlockIndex=1)) == [7, 2047]
    for block in listed["Blocks"]:
        got = ebs.get_snapshot_block(SnapshotId=id, **block)
        data = got["BlockData"].read()
        assert data == blocks[block["BlockIndex"]]
        assert (got["Checksum"], got["ChecksumAlgorithm"], got["DataLength"]) == (checksum(data), "SHA256", BLOCK)
    with invalid("INVALID_BLOCK_TOKEN"):
        ebs.get_snapshot_block(SnapshotId=id, BlockIndex=0, BlockToken=listed["Blocks"][1]["BlockToken"])
    with invalid("INVALID_PAGE_TOKEN"):
        ebs.list_snapshot_blocks(SnapshotId=id, NextToken="AAAA")


def test_what_is_wrong_is_refused(ebs, ec2):
    id = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    with invalid("INVALID_PARAMETER_VALUE"):
        put(ebs, id, 0, filled("x"), Checksum=checksum(b"other"))
    with invalid("INVALID_PARAMETER_VALUE"):
        put(ebs, id, 0, b"short")
    with invalid("INVALID_BLOCK"):
        put(ebs, id, 2048, filled("x"))
    with _Reason("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND"):
        put(ebs, "snap-0123456789abcdef0", 0, filled("x"))
    with _Reason("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND"):
        ebs.list_snapshot_blocks(SnapshotId="snap-0123456789abcdef0")
    with invalid("INVALID_VOLUME_SIZE"):
        ebs.start_snapshot(VolumeSize=65537)
    with refused("IncorrectState"):
        ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=id)
    ec2.delete_snapshot(SnapshotId=id)
    with _Reason("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND"):
        ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=0)
    again = [ebs.start_snapshot(VolumeSize=1, ClientToken="same")["SnapshotId"] for _ in range(2)]
    assert again[0] == again[1]
    with refused("ConflictException"):
        ebs.start_snapshot(VolumeSize=2, ClientToken="same")


def test_changed_blocks(ebs, ec2):
    first = written(ebs, {1: filled("a"), 2: filled("b"), 3: filled("c")})
    second = written(ebs, {2: filled("B"), 9: filled("new"), 3: filled("c")}, ParentSnapshotId=first, VolumeSize=2)
    assert indexes(ebs.list_snapshot_blocks(SnapshotId=second)) == [1, 2, 3, 9]
    changed = ebs.list_changed_blocks(FirstSnapshotId=first, SecondSnapshotId=second)
    assert (indexes(changed, "ChangedBlocks"), changed["VolumeSize"]) == ([2, 9], 2)
    two, nine = changed["ChangedBlocks"]
    assert "FirstBlockToken" not in nine
    assert ebs.get_snapshot_block(SnapshotId=first, BlockIndex=2, BlockToken=two["FirstBlockToken"])["BlockData"].read() == filled("b")
    assert ebs.get_snapshot_block(SnapshotId=second, BlockIndex=2, BlockToken=two["SecondBlockToken"])["BlockData"].read() == filled("B")
    stranger = written(ebs, {1: filled("a")})
    with invalid("UNRELATED_SNAPSHOTS"):
        ebs.list_changed_blocks(FirstSnapshotId=stranger, SecondSnapshotId=second)
    with invalid("INVALID_SNAPSHOT_ID"):
        ebs.list_changed_blocks(SecondSnapshotId=second)


def test_pages(ebs):
    many = written(ebs, {index * 2: filled(str(index)) for index in range(101)})
    first = ebs.list_snapshot_blocks(SnapshotId=many, MaxResults=100)
    rest = ebs.list_snapshot_blocks(SnapshotId=many, MaxResults=100, NextToken=first["NextToken"])
    assert indexes(first) + indexes(rest) == [index * 2 for index in range(101)]
    assert "NextToken" not in rest
    empty = written(ebs, {})
    child = written(ebs, {index: filled(str(index)) for index in range(101)}, ParentSnapshotId=empty)
    first = ebs.list_changed_blocks(FirstSnapshotId=empty, SecondSnapshotId=child, MaxResults=100)
    rest = ebs.list_changed_blocks(FirstSnapshotId=empty, SecondSnapshotId=child, MaxResults=100, NextToken=first["NextToken"])
    assert indexes(first, "ChangedBlocks") + indexes(rest, "ChangedBlocks") == list(range(101))


def test_tokens_and_pending_snapshots_end(own_cloud):
    cloud = own_cloud().wait_until_ready()
    ebs, ec2 = cloud.client("ebs"), cloud.client("ec2")
    done = written(ebs, {0: filled("x")})
    token = ebs.list_snapshot_blocks(SnapshotId=done)["Blocks"][0]["BlockToken"]
    slow = ebs.start_snapshot(VolumeSize=1, Timeout=30)["SnapshotId"]
    cloud.advance("20m")
    put(ebs, slow, 0, filled("x"))
    cloud.advance("20m")
    put(ebs, slow, 1, filled("x"))
    cloud.advance("31m")
    eventually(lambda: one(ec2.describe_snapshots(SnapshotIds=[slow]), "Snapshots")["State"] == "error")
    with invalid("WRITE_REQUEST_TIMEOUT"):
        put(ebs, slow, 2, filled("x"))
    assert ebs.get_snapshot_block(SnapshotId=done, BlockIndex=0, BlockToken=token)["BlockData"].read() == filled("x")
    cloud.advance("7d")
    with invalid("INVALID_BLOCK_TOKEN"):
        ebs.get_snapshot_block(SnapshotId=done, BlockIndex=0, BlockToken=token)


def test_its_own_actions(cloud, ebs, account, name):
    id = written(ebs, {0: filled("x")})
    iam = cloud.client("iam", key=account)
    iam.create_user(UserName=name)
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ebs:ListSnapshotBlocks", "Resource": f"arn:aws:ec2:*::snapshot/{id}"}]}
    iam.put_user_policy(UserName=name, PolicyName="list", PolicyDocument=json.dumps(allowed))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = cloud.client("ebs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    block = user.list_snapshot_blocks(SnapshotId=id)["Blocks"][0]
    with refused("AccessDeniedException"):
        user.get_snapshot_block(SnapshotId=id, **block)
    with refused("AccessDeniedException"):
        user.start_snapshot(VolumeSize=1)


WAIT = "while [ ! -b /dev/xvdf ]; do sleep 0.05; done\n"


def test_an_instance_reads_what_was_written(cloud, ebs, ec2, account):
    needs_machines(cloud)
    snapshot = written(ebs, {0: filled("alpha"), 3: filled("beta")})
    script = f"#!/bin/sh\n{WAIT}for b in 0 3; do echo \"BLOCK $b $(dd if=/dev/xvdf bs=512k skip=$b count=1 2>/dev/null | head -n1)\"; done\nprintf gamma | dd of=/dev/xvdf bs=512k seek=5 conv=notrunc 2>/dev/null; sync; echo WROTE\n"
    instance = run(ec2, image(cloud, account), Placement={"AvailabilityZone": ZONE}, UserData=script)
    volume = ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)["VolumeId"]
    wait(ec2, instance, "running")
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/xvdf")
    output = printed(ec2, instance, "\nWROTE")
    assert "BLOCK 0 alpha" in output and "BLOCK 3 beta" in output
    # What the instance wrote is what a snapshot of its volume differs in.
    after = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    eventually(lambda: one(ec2.describe_snapshots(SnapshotIds=[after]), "Snapshots")["State"] == "completed")
    changed = ebs.list_changed_blocks(FirstSnapshotId=snapshot, SecondSnapshotId=after)
    assert indexes(changed, "ChangedBlocks") == [5]
    data = ebs.get_snapshot_block(SnapshotId=after, BlockIndex=5, BlockToken=changed["ChangedBlocks"][0]["SecondBlockToken"])["BlockData"].read()
    assert data.startswith(b"gamma\0")
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, instance, "terminated")
