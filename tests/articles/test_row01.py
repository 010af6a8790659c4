"""Row 01, "EC2 from zero": a key pair, a group, an instance, and ssh to its public address."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "ec2"))

from clouds import eventually  # noqa: E402
from machines import SSH, image, key_file, needs_machines, needs_ssh, run, ssh, wait  # noqa: E402

ANYWHERE = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


@pytest.fixture
def ready(cloud):
    needs_machines(cloud)
    needs_ssh()


def answers(key, address):
    return ssh(key, address, "true", check=False, options=["-o", "ConnectTimeout=2"]).returncode == 0


def test_row01(ready, cloud, tmp_path, name):
    account = "000000000000"
    ec2 = cloud.client("ec2")
    key = key_file(ec2, tmp_path, name)
    group = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ANYWHERE)
    id = run(ec2, image(cloud, account), KeyName=name, SecurityGroupIds=[group], UserData="#!/bin/sh\necho ran > /etc/user-data-ran\n")
    address = wait(ec2, id, "running")["PublicIpAddress"]
    eventually(lambda: answers(key, address), 20)
    assert ssh(key, address, "id -un; sudo -n id -u").split() == ["ec2-user", "0"]
    assert ssh(key, address, "id -un", user="ubuntu") == "ubuntu"
    eventually(lambda: ssh(key, address, "cat /etc/user-data-ran", check=False).stdout.strip() == "ran")
    file = tmp_path / "file"
    file.write_text("carried")
    subprocess.run(["scp", *SSH, "-i", str(key), str(file), f"ec2-user@{address}:carried"], check=True, timeout=60)
    assert ssh(key, address, "cat carried") == "carried"

    # Closing the port really cuts it, opening it restores it.
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=ANYWHERE)
    assert not answers(key, address)
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ANYWHERE)
    eventually(lambda: answers(key, address), 10)

    # The root volume outlives a stop; the address does not.
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    assert not answers(key, address)
    ec2.start_instances(InstanceIds=[id])
    address = wait(ec2, id, "running")["PublicIpAddress"]
    eventually(lambda: answers(key, address), 20)
    assert ssh(key, address, "cat carried") == "carried"
    ec2.terminate_instances(InstanceIds=[id])
    wait(ec2, id, "terminated")
    assert not answers(key, address)


class Machine:
    """An instance that one can log in to."""

    def __init__(self, cloud, key, group, name, ami=None):
        self.ec2, self.key = cloud.client("ec2"), key
        ami = ami or image(cloud, "000000000000")
        self.id = run(self.ec2, ami, KeyName=name, SecurityGroupIds=[group], Placement={"AvailabilityZone": "ap-northeast-1a"})

    def ready(self):
        self.address = wait(self.ec2, self.id, "running")["PublicIpAddress"]
        eventually(lambda: answers(self.key, self.address), 20)
        return self

    def ssh(self, command, **more):
        return ssh(self.key, self.address, command, **more)


@pytest.fixture
def door(ready, cloud, tmp_path, name):
    """A key and a group that lets ssh in."""
    ec2 = cloud.client("ec2")
    group = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ANYWHERE)
    return key_file(ec2, tmp_path, name), group


def test_row01_an_image_has_the_software(cloud, door, name):
    first = Machine(cloud, *door, name).ready()
    first.ssh("printf '#!/bin/sh\\necho hello from the image\\n' | sudo tee /usr/local/bin/hello >/dev/null && sudo chmod +x /usr/local/bin/hello")
    made = cloud.aws("ec2", "create-image", "--instance-id", first.id, "--name", name)["ImageId"]
    cloud.aws("ec2", "wait", "image-available", "--image-ids", made)
    second = Machine(cloud, *door, name, ami=made).ready()
    assert second.ssh("hello") == "hello from the image"
    # A machine of its own: what it changes, the first does not see.
    second.ssh("sudo rm /usr/local/bin/hello")
    assert first.ssh("hello") == "hello from the image"
    cloud.aws("ec2", "terminate-instances", "--instance-ids", first.id, second.id)


def test_row01_a_volume_keeps_its_data(cloud, door, name):
    writer, reader = Machine(cloud, *door, name), Machine(cloud, *door, name)
    writer.ready(), reader.ready()
    made = cloud.aws("ec2", "create-volume", "--availability-zone", "ap-northeast-1a", "--size", 2, "--volume-type", "gp2")
    volume = made["VolumeId"]
    cloud.aws("ec2", "wait", "volume-available", "--volume-ids", volume)
    cloud.aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", writer.id, "--device", "/dev/sdf")
    cloud.aws("ec2", "wait", "volume-in-use", "--volume-ids", volume)
    eventually(lambda: writer.ssh("test -b /dev/sdf", check=False).returncode == 0)
    # Its disks are its own: the root volume and this one.
    assert sorted(writer.ssh("lsblk -dno NAME,SIZE").split()) == ["2G", "8G", "sdf", "xvda"]
    writer.ssh("sudo mkfs.ext4 -q /dev/sdf && sudo mkdir /data && sudo mount /dev/sdf /data && echo kept | sudo tee /data/file >/dev/null")
    assert int(writer.ssh("df -B1M --output=size /data | tail -1")) > 1800

    snapshot = cloud.aws("ec2", "create-snapshot", "--volume-id", volume, "--description", name)["SnapshotId"]
    cloud.aws("ec2", "wait", "snapshot-completed", "--snapshot-ids", snapshot)
    writer.ssh("echo later | sudo tee /data/file >/dev/null; sudo umount /data")
    cloud.aws("ec2", "detach-volume", "--volume-id", volume)
    cloud.aws("ec2", "wait", "volume-available", "--volume-ids", volume)
    assert writer.ssh("test -e /dev/sdf", check=False).returncode != 0
    cloud.aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", reader.id, "--device", "/dev/sdf")
    eventually(lambda: reader.ssh("test -b /dev/sdf", check=False).returncode == 0)
    assert reader.ssh("sudo mount /dev/sdf /mnt && cat /mnt/file") == "later"

    # Under the name that it was given, and larger while it is mounted.
    assert reader.ssh("df --output=source /mnt | tail -1") == "/dev/sdf"
    cloud.aws("ec2", "modify-volume", "--volume-id", volume, "--size", 3)
    eventually(lambda: "3G" in reader.ssh("lsblk -dn /dev/sdf || lsblk -dn | grep sdf"), 20)
    reader.ssh("sudo sh -c 'umount /mnt && e2fsck -fp /dev/sdf; resize2fs /dev/sdf && mount /dev/sdf /mnt' >/dev/null")
    assert int(reader.ssh("df -B1M --output=size /mnt | tail -1")) > 2700

    # As it was when the snapshot was taken, and larger.
    restored = cloud.aws("ec2", "create-volume", "--availability-zone", "ap-northeast-1a", "--snapshot-id", snapshot, "--size", 4)["VolumeId"]
    cloud.aws("ec2", "wait", "volume-available", "--volume-ids", restored)
    cloud.aws("ec2", "attach-volume", "--volume-id", restored, "--instance-id", reader.id, "--device", "/dev/sdg")
    eventually(lambda: reader.ssh("test -b /dev/sdg", check=False).returncode == 0)
    assert reader.ssh("sudo mkdir /old && sudo mount /dev/sdg /old && cat /old/file && sudo blockdev --getsize64 /dev/sdg").split() == ["kept", str(4 << 30)]
    cloud.aws("ec2", "terminate-instances", "--instance-ids", writer.id, reader.id)
    cloud.aws("ec2", "wait", "instance-terminated", "--instance-ids", writer.id, reader.id)
    # They were not launched with it, so it stays.
    assert cloud.aws("ec2", "describe-volumes", "--volume-ids", restored)["Volumes"][0]["State"] == "available"


def test_row01_metadata_wants_a_token(cloud, door, name):
    machine = Machine(cloud, *door, name).ready()
    base = "http://169.254.169.254/latest"
    token = machine.ssh(f"curl -sf -X PUT {base}/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60'")
    header = f"-H 'X-aws-ec2-metadata-token: {token}'"
    assert machine.ssh(f"curl -sf {header} {base}/meta-data/instance-id") == machine.id
    assert machine.ssh(f"curl -sf {header} {base}/meta-data/placement/availability-zone") == "ap-northeast-1a"
    cloud.aws("ec2", "modify-instance-metadata-options", "--instance-id", machine.id, "--http-tokens", "required")
    assert machine.ssh(f"curl -s -o /dev/null -w '%{{http_code}}' {base}/meta-data/") == "401"
    first = machine.address
    cloud.aws("ec2", "stop-instances", "--instance-ids", machine.id)
    cloud.aws("ec2", "wait", "instance-stopped", "--instance-ids", machine.id)
    cloud.aws("ec2", "start-instances", "--instance-ids", machine.id)
    machine.ready()
    assert machine.address != first, "a public address that is not Elastic does not outlive a stop"
    machine.ssh("nohup sleep 1000 >/dev/null 2>&1 & echo started")
    cloud.aws("ec2", "terminate-instances", "--instance-ids", machine.id)
    cloud.aws("ec2", "wait", "instance-terminated", "--instance-ids", machine.id)
    assert not answers(machine.key, machine.address)
