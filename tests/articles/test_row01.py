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
