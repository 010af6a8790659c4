"""Whoever has no user namespace: the API and the decision work, instances stay pending and say what is missing."""

import os
import pathlib
import subprocess
import time

from clouds import eventually
from machines import image
from ordinary import needs_root, nobodys, user  # noqa: F401


def test_instances_stay_pending(nobodys):  # noqa: F811
    ec2 = nobodys.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    made = ec2.run_instances(ImageId=image(nobodys, "test"), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
    id = made["Instances"][0]["InstanceId"]

    def now():
        return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]

    reason = eventually(lambda: (now().get("StateReason") or {}).get("Code") == "Server.InsufficientInstanceCapacity" and now()["StateReason"], 10)
    message = reason["Message"]
    assert "root" in message and "kogumo doctor" in message and ("/etc/subuid" in message or "newuidmap" in message)
    time.sleep(1)
    assert now()["State"]["Name"] == "pending"
    # The decision needs no packets.
    done = nobodys.run(nobodys.program, "net", "trace", id, "203.0.113.9:443", check=False, KOGUMO_ENDPOINT=nobodys.url)
    assert "nobody is behind eni-" in done.stdout
    report = nobodys.doctor()
    assert "instances run only where Kogumo runs as root" in report and "instances stay pending" in report
    assert "- /etc/subuid lends nobody no" in report or "there is no newuidmap" in report
    ec2.terminate_instances(InstanceIds=[id])
    eventually(lambda: now()["State"]["Name"] == "terminated", 10)


def test_a_kernel_that_permits_no_user_namespaces(nobodys, user):  # noqa: F811
    """The limit is a user namespace's own: in one that maps everybody to themselves, it is nobody else's."""
    needs_root()
    script = f"echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --reuid {user} --regid {user} --clear-groups {nobodys.program} doctor"
    holder = subprocess.Popen(["unshare", "--user", "sleep", "60"])
    here = os.readlink("/proc/self/ns/user")
    eventually(lambda: os.readlink(f"/proc/{holder.pid}/ns/user") != here, 10)
    for file in ("uid_map", "gid_map"):
        pathlib.Path(f"/proc/{holder.pid}/{file}").write_text("0 0 4294967295")
    enter = ["nsenter", "--user", f"--target={holder.pid}", "--setuid=0", "--setgid=0", "sh", "-c", script]
    done = subprocess.run(enter, capture_output=True, text=True, cwd="/", timeout=60)
    holder.kill()
    holder.wait()
    report, errors = done.stdout, done.stderr
    assert "the kernel permits no user namespaces" in report, errors
    assert "instances run only where Kogumo runs as root" in report
