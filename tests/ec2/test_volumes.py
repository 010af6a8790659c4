"""Volumes: a device that is formatted, moves between instances, is copied and restored; and the types' limits."""

import pytest
from asking import one, refused
from clouds import eventually
from machines import image, instance, needs_machines, printed, run, wait

ZONE = "ap-northeast-1a"


@pytest.mark.parametrize(
    "wanted, code",
    [
        ({"VolumeType": "st1", "Size": 124}, "InvalidParameterValue"),
        ({"VolumeType": "io1", "Size": 10, "Iops": 501}, "InvalidParameterValue"),
        ({"VolumeType": "gp3", "Size": 10, "Throughput": 1000}, "InvalidParameterValue"),
        ({"VolumeType": "io1", "Size": 10, "Iops": 100, "Throughput": 200}, "InvalidParameterCombination"),
        ({"VolumeType": "io1", "Size": 10}, "InvalidParameterCombination"),
        ({"VolumeType": "gp2", "Size": 10, "Iops": 100}, "InvalidParameterCombination"),
        ({"VolumeType": "gp2", "Size": 16385}, "InvalidParameterValue"),
        ({"VolumeType": "gp3", "Size": 10, "Iops": 2999}, "InvalidParameterValue"),
        ({"VolumeType": "standard", "Size": 1025}, "InvalidParameterValue"),
        ({"VolumeType": "gp2"}, "MissingParameter"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
    ],
)
def test_limits_of_types(ec2, wanted, code):
    with refused(code):
        ec2.create_volume(AvailabilityZone=ZONE, **wanted)


def test_volumes_without_instances(ec2):
    made = ec2.create_volume(AvailabilityZone=ZONE, Size=100, VolumeType="gp2")
    assert (made["State"], made["Iops"]) == ("creating", 300)
    id = made["VolumeId"]
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[id]), "Volumes")["State"] == "available")
    changed = ec2.modify_volume(VolumeId=id, VolumeType="gp3", Size=200)["VolumeModification"]
    assert (changed["OriginalVolumeType"], changed["TargetVolumeType"], changed["TargetIops"]) == ("gp2", "gp3", 3000)
    with refused("IncorrectModificationState"):
        ec2.modify_volume(VolumeId=id, Size=300)
    assert one(ec2.describe_volumes_modifications(VolumeIds=[id]), "VolumesModifications")["TargetSize"] == 200
    snapshot = ec2.create_snapshot(VolumeId=id, Description="empty")["SnapshotId"]
    eventually(lambda: one(ec2.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")["State"] == "completed")
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"][0]["VolumeSize"] == 200
    ec2.delete_volume(VolumeId=id)
    with refused("InvalidVolume.NotFound"):
        ec2.describe_volumes(VolumeIds=[id])
    with refused("InvalidParameterValue"):
        ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot, Size=100)
    ec2.delete_snapshot(SnapshotId=snapshot)
    with refused("InvalidZone.NotFound"):
        ec2.create_volume(AvailabilityZone="mars-1a", Size=1)


def test_four_modifications_a_day(own_cloud):
    cloud = own_cloud().wait_until_ready()
    ec2 = cloud.client("ec2")
    id = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[id]), "Volumes")["State"] == "available")

    def last():
        return one(ec2.describe_volumes_modifications(VolumeIds=[id]), "VolumesModifications")

    for size in range(2, 6):
        assert ec2.modify_volume(VolumeId=id, Size=size)["VolumeModification"]["ModificationState"] == "modifying"
        eventually(lambda: last()["ModificationState"] == "optimizing")
        cloud.advance("10s")
        assert (last()["ModificationState"], last()["Progress"], "EndTime" in last()) == ("completed", 100, True)
    with refused("VolumeModificationRateExceeded"):
        ec2.modify_volume(VolumeId=id, Size=6)
    cloud.advance("24h")
    ec2.modify_volume(VolumeId=id, Size=6)


WAIT = "while [ ! -b /dev/xvdf ]; do sleep 0.05; done\n"


def test_a_volume_moves_and_is_restored(cloud, ec2, account):
    needs_machines(cloud)
    ami = image(cloud, account)
    place = {"Placement": {"AvailabilityZone": ZONE}}
    writer = run(ec2, ami, **place, UserData=f"#!/bin/sh\n{WAIT}mkfs.ext4 -q /dev/xvdf && mkdir /data && mount /dev/xvdf /data && echo kept > /data/file && sync && echo WRITTEN\nwhile [ ! -e /go ]; do sleep 0.1; [ -e /data/stop ] && break; done\n")
    reader = run(ec2, ami, **place, UserData=f"#!/bin/sh\n{WAIT}mount /dev/xvdf /mnt && echo \"READ $(cat /mnt/file)\"; umount /mnt\n")
    restored = run(ec2, ami, **place, UserData=f"#!/bin/sh\n{WAIT}mount /dev/xvdf /mnt && echo \"READ $(cat /mnt/file)\"\n")
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    for id in (writer, reader, restored):
        wait(ec2, id, "running")
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    with refused("InvalidParameterValue", "not a valid EBS device name"):
        ec2.attach_volume(VolumeId=volume, InstanceId=writer, Device="/etc/passwd")
    with refused("InvalidParameterValue", "already in use"):
        ec2.attach_volume(VolumeId=volume, InstanceId=writer, Device="/dev/xvda")
    assert ec2.attach_volume(VolumeId=volume, InstanceId=writer, Device="/dev/xvdf")["State"] == "attaching"
    printed(ec2, writer, "\nWRITTEN")
    with refused("VolumeInUse"):
        ec2.delete_volume(VolumeId=volume)
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=volume, InstanceId=reader, Device="/dev/xvdf")
    # Taken while it is mounted and written to: whole all the same.
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    eventually(lambda: one(ec2.describe_snapshots(SnapshotIds=[snapshot]), "Snapshots")["State"] == "completed")
    ec2.terminate_instances(InstanceIds=[writer])
    wait(ec2, writer, "terminated")
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    ec2.attach_volume(VolumeId=volume, InstanceId=reader, Device="/dev/xvdf")
    printed(ec2, reader, "READ kept")
    ec2.detach_volume(VolumeId=volume)
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    copy = ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)["VolumeId"]
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[copy]), "Volumes")["State"] == "available")
    ec2.attach_volume(VolumeId=copy, InstanceId=restored, Device="/dev/sdf".replace("sd", "xvd"))
    printed(ec2, restored, "READ kept")
    ec2.terminate_instances(InstanceIds=[reader, restored])
    for id in (reader, restored):
        wait(ec2, id, "terminated")


def test_an_image_holds_what_was_installed(cloud, ec2, account, name):
    needs_machines(cloud)
    ami = image(cloud, account)
    first = run(ec2, ami, UserData="#!/bin/sh\nprintf '#!/bin/sh\\necho TOOL\\n' > /usr/local/bin/tool\nchmod +x /usr/local/bin/tool\necho INSTALLED\n")
    printed(ec2, first, "\nINSTALLED")
    made = ec2.create_image(InstanceId=first, Name=name, Description="with a tool")["ImageId"]
    with refused("InvalidAMIName.Duplicate"):
        ec2.create_image(InstanceId=first, Name=name)
    eventually(lambda: one(ec2.describe_images(ImageIds=[made]), "Images")["State"] == "available")
    snapshot = one(ec2.describe_images(Owners=["self"]), "Images")["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    with refused("InvalidSnapshot.InUse"):
        ec2.delete_snapshot(SnapshotId=snapshot)
    second = run(ec2, made, UserData="#!/bin/sh\ntool\n", BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 12}}])
    printed(ec2, second, "\nTOOL")
    other = cloud.client("ec2", key="123412341234")
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[made])
    ec2.modify_image_attribute(ImageId=made, LaunchPermission={"Add": [{"UserId": "123412341234"}]})
    assert ec2.describe_image_attribute(ImageId=made, Attribute="launchPermission")["LaunchPermissions"] == [{"UserId": "123412341234"}]
    assert one(other.describe_images(ImageIds=[made], ExecutableUsers=["self"]), "Images")["OwnerId"] == account
    ec2.reset_image_attribute(ImageId=made, Attribute="launchPermission")
    copied = ec2.copy_image(Name=f"{name}-copy", SourceImageId=made, SourceRegion="ap-northeast-1")["ImageId"]
    ec2.deregister_image(ImageId=made)
    with refused("InvalidAMIID.NotFound"):
        ec2.describe_images(ImageIds=[made])
    registered = ec2.register_image(Name=f"{name}-again", RootDeviceName="/dev/xvda", BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])["ImageId"]
    for id in (copied, registered):
        ec2.deregister_image(ImageId=id)
    ec2.terminate_instances(InstanceIds=[first, second])
    for id in (first, second):
        wait(ec2, id, "terminated")


def test_a_device_has_both_its_names(cloud, ec2, account):
    """As on Amazon Linux: what is attached as /dev/sdf is found as /dev/xvdf, and the other way round."""
    needs_machines(cloud)
    disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}
    with refused("InvalidBlockDeviceMapping", "The device 'sdf' is used in more than one block-device mapping"):
        run(ec2, image(cloud, account), BlockDeviceMappings=[disk, disk])
    script = "#!/bin/sh\nwhile [ ! -b /dev/xvdf ]; do sleep 0.05; done\nmkfs.ext4 -q /dev/xvdf && mount /dev/sdf /mnt && echo KEPT > /mnt/f && umount /mnt && mount /dev/xvdf /mnt && echo BOTH $(cat /mnt/f)\numount /mnt\nwhile [ -e /dev/sdf ] || [ -L /dev/xvdf ]; do sleep 0.05; done\necho NEITHER\n"
    id = run(ec2, image(cloud, account), BlockDeviceMappings=[disk], UserData=script)
    printed(ec2, id, "BOTH KEPT")
    volume = next(one["Ebs"]["VolumeId"] for one in instance(ec2, id)["BlockDeviceMappings"] if one["DeviceName"] == "/dev/sdf")
    ec2.detach_volume(VolumeId=volume)
    printed(ec2, id, "NEITHER")
    ec2.terminate_instances(InstanceIds=[id])


def test_several_instances_have_one_volume(cloud, ec2, account):
    """Multi-Attach: what one instance writes another reads, from the same device, until it has been taken from it."""
    needs_machines(cloud)
    with refused("InvalidParameterCombination"):
        ec2.create_volume(AvailabilityZone=ZONE, Size=4, VolumeType="gp3", MultiAttachEnabled=True)
    made = ec2.create_volume(AvailabilityZone=ZONE, Size=4, VolumeType="io2", Iops=400, MultiAttachEnabled=True)
    assert made["MultiAttachEnabled"] is True
    volume = made["VolumeId"]
    place = {"Placement": {"AvailabilityZone": ZONE}}
    mark = "printf 'shared words' | dd of=/dev/xvdf oflag=direct conv=sync bs=4096 2>/dev/null && echo WRITTEN"
    writer = run(ec2, image(cloud, account), **place, UserData=f"#!/bin/sh\n{WAIT}{mark}\nwhile [ -b /dev/xvdf ]; do sleep 0.05; done\necho TAKEN\n")
    look = "until dd if=/dev/xvdf iflag=direct bs=4096 count=1 2>/dev/null | grep -aq 'shared words'; do sleep 0.05; done; echo READ"
    reader = run(ec2, image(cloud, account), **place, UserData=f"#!/bin/sh\n{WAIT}{look}\n")
    for id in (writer, reader):
        wait(ec2, id, "running")
        eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] in ("available", "in-use"))
        assert ec2.attach_volume(VolumeId=volume, InstanceId=id, Device="/dev/xvdf")["State"] == "attaching"
    with refused("VolumeInUse"):
        ec2.attach_volume(VolumeId=volume, InstanceId=reader, Device="/dev/xvdg")
    printed(ec2, reader, "READ")
    held = one(ec2.describe_volumes(Filters=[{"Name": "multi-attach-enabled", "Values": ["true"]}]), "Volumes")["Attachments"]
    assert {attachment["InstanceId"] for attachment in held} == {writer, reader}
    with refused("MissingParameter"):
        ec2.detach_volume(VolumeId=volume)
    ec2.detach_volume(VolumeId=volume, InstanceId=writer)
    printed(ec2, writer, "TAKEN")
    eventually(lambda: [own["InstanceId"] for own in one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["Attachments"]] == [reader])
    ec2.terminate_instances(InstanceIds=[writer, reader])
    wait(ec2, reader, "terminated")
    assert one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available"
    ec2.delete_volume(VolumeId=volume)
