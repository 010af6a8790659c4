"""A file system grows with its volume while it is mounted, by the tools that people know, and only on the instance's own volumes."""

import shutil

import pytest
from asking import one
from clouds import eventually
from machines import image, key_file, needs_machines, needs_ssh, run, ssh, wait

ZONE = "ap-northeast-1a"


def completed(ec2, volume):
    one_of = ec2.describe_volumes_modifications(VolumeIds=[volume])
    return one(one_of, "VolumesModifications")["ModificationState"] in ("optimizing", "completed")


MAKE = {"ext4": "mkfs.ext4 -q", "xfs": "mkfs.xfs -q"}
GROW = {"ext4": "resize2fs /dev/xvdf", "xfs": "xfs_growfs /data"}
CHECK = {"ext4": "e2fsck -fn", "xfs": "xfs_repair -n"}


def needs_growth(cloud, kind):
    """Skips, loudly, where this machine cannot grow such a file system."""
    report = cloud.kogumo("doctor").stdout
    if kind == "ext4" and "+ growing file systems" not in report:
        pytest.skip("SKIPPED: mounted ext4 cannot grow here: this program has no CAP_SYS_RESOURCE")
    if not shutil.which(MAKE[kind].split()[0], path="/usr/sbin:/sbin:/usr/bin:/bin"):
        pytest.skip(f"SKIPPED: {MAKE[kind]} is missing: apt-get install e2fsprogs xfsprogs")


def kilobytes(key, address, place):
    return int(ssh(key, address, f"df -k --output=size {place} | tail -n1"))


@pytest.mark.parametrize("kind", MAKE)
def test_a_mounted_file_system_grows(cloud, ec2, account, name, tmp_path, kind):
    needs_machines(cloud)
    needs_ssh()
    needs_growth(cloud, kind)
    key = key_file(ec2, tmp_path, name)
    group = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    instance = run(ec2, image(cloud, account), KeyName=name, SecurityGroupIds=[group], Placement={"AvailabilityZone": ZONE})
    size = 1 if kind == "ext4" else 2
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=size)["VolumeId"]
    address = wait(ec2, instance, "running")["PublicIpAddress"]
    eventually(lambda: one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["State"] == "available")
    ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/xvdf")
    eventually(lambda: ssh(key, address, "test -b /dev/xvdf", check=False).returncode == 0)
    ssh(key, address, f"sudo {MAKE[kind]} /dev/xvdf && sudo mkdir -p /data && sudo mount /dev/xvdf /data && echo kept | sudo tee /data/file && sudo sync")
    before = kilobytes(key, address, "/data")
    assert before < size << 20
    ec2.modify_volume(VolumeId=volume, Size=size + 2)
    eventually(lambda: completed(ec2, volume))
    eventually(lambda: ssh(key, address, "sudo blockdev --getsize64 /dev/xvdf") == str((size + 2) << 30))
    assert ssh(key, address, "lsblk -bdno SIZE /dev/xvdf") == str((size + 2) << 30)
    # Somebody without the right to it does not get it by asking in another user namespace.
    assert ssh(key, address, f"sudo unshare -Ur {GROW[kind]}", check=False).returncode != 0
    assert kilobytes(key, address, "/data") == before
    ssh(key, address, f"sudo {GROW[kind]} 2>&1")
    assert kilobytes(key, address, "/data") > (size + 1.7) * (1 << 20)
    assert ssh(key, address, "cat /data/file; findmnt -no SOURCE /data") == "kept\n/dev/xvdf"
    # There is room, and what is written there is there after the next mount.
    ssh(key, address, f"sudo dd if=/dev/zero of=/data/large bs=1M count={size * 1000 + 200} status=none && sudo umount /data && sudo {CHECK[kind]} /dev/xvdf && sudo mount /dev/xvdf /data")
    assert ssh(key, address, "cat /data/file; stat -c %s /data/large") == f"kept\n{(size * 1000 + 200) << 20}"
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, instance, "terminated")
    ec2.delete_volume(VolumeId=volume)


def test_a_root_fills_its_volume_at_the_next_start(cloud, ec2, account, name, tmp_path):
    needs_machines(cloud)
    needs_ssh()
    key = key_file(ec2, tmp_path, name)
    group = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    instance = run(ec2, image(cloud, account), KeyName=name, SecurityGroupIds=[group])
    address = wait(ec2, instance, "running")["PublicIpAddress"]
    eventually(lambda: ssh(key, address, "true", check=False).returncode == 0)
    before = kilobytes(key, address, "/")
    root = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    size = one(ec2.describe_volumes(VolumeIds=[root]), "Volumes")["Size"]
    ec2.modify_volume(VolumeId=root, Size=size + 4)
    eventually(lambda: completed(ec2, root))
    ec2.stop_instances(InstanceIds=[instance])
    wait(ec2, instance, "stopped")
    ec2.start_instances(InstanceIds=[instance])
    address = wait(ec2, instance, "running")["PublicIpAddress"]
    eventually(lambda: ssh(key, address, "true", check=False).returncode == 0)
    assert kilobytes(key, address, "/") > before + 3.5 * (1 << 20)
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, instance, "terminated")
