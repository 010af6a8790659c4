"""What tests of running instances share: whether machines run here, waiting for them, and logging in."""

import pathlib
import shutil
import subprocess

import pytest
from clouds import eventually

AMI = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"


def needs_machines(cloud):
    """Skips, loudly, where this machine cannot run instances."""
    report = cloud.kogumo("doctor").stdout
    if "machines with users, files, devices" not in report:
        pytest.skip("SKIPPED: this machine cannot run instances:\n" + report.split("Instances:")[1].split("Programs:")[0])


def needs_ssh():
    for program in ("/usr/sbin/sshd", shutil.which("ssh")):
        if not program or not pathlib.Path(program).exists():
            pytest.skip("SKIPPED: openssh-server and openssh-client are needed: apt-get install openssh-server")


def image(cloud, account):
    return cloud.client("ssm", key=account).get_parameter(Name=AMI)["Parameter"]["Value"]


def run(ec2, image_id, **more):
    made = ec2.run_instances(**{"ImageId": image_id, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more})
    return made["Instances"][0]["InstanceId"]


def instance(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def wait(ec2, instance_id, state, seconds=30):
    def reached():
        now = instance(ec2, instance_id)
        assert now["State"]["Name"] == state or now.get("StateReason", {}).get("Code") != "Server.InternalError", now["StateReason"]
        return now if now["State"]["Name"] == state else None

    return eventually(reached, seconds)


def console(ec2, instance_id):
    return ec2.get_console_output(InstanceId=instance_id)["Output"]


def printed(ec2, instance_id, text, seconds=30):
    """Waits until the console shows the text, and answers the whole of it."""

    def shown():
        output = console(ec2, instance_id)
        return output if text in output else None

    try:
        return eventually(shown, seconds)
    except AssertionError:
        raise AssertionError(f"no {text!r} on the console:\n{console(ec2, instance_id)}") from None


SSH = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "-o", "BatchMode=yes"]


def ssh(key, address, command, user="ec2-user", check=True, options=(), input=None):
    done = subprocess.run(["ssh", *SSH, *options, "-i", str(key), f"{user}@{address}", command], capture_output=True, text=True, timeout=60, input=input)
    if check:
        assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip() if check else done


def key_file(ec2, folder, name):
    file = folder / "key.pem"
    file.write_text(ec2.create_key_pair(KeyName=name, KeyType="ed25519")["KeyMaterial"])
    file.chmod(0o600)
    return file
