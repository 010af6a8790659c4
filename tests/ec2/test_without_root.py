"""An unprivileged user: the API and the decision work, instances stay pending and say what is missing."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest
from clouds import Cloud, binary, eventually, free_port
from machines import image


@pytest.fixture
def nobodys():
    """A cloud that nobody runs, out of a folder that nobody may read."""
    if os.getuid() != 0:
        pytest.skip("SKIPPED: only root can become nobody")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kogumo-nobody-"))
    program, data = folder / "kogumo", folder / "data"
    shutil.copyfile(binary(), program)
    data.mkdir()
    for path, mode in [(folder, 0o755), (program, 0o755), (data, 0o700)]:
        path.chmod(mode)
    os.chown(data, 65534, 65534)
    cloud = Cloud.__new__(Cloud)
    cloud.port, cloud.host = free_port(), "127.0.0.1"
    cloud.url, cloud.log, cloud.program = f"http://127.0.0.1:{cloud.port}", folder / "log", program
    command = [str(program), "up", "--listen", f"127.0.0.1:{cloud.port}", "--data", str(data)]
    environment = {**os.environ, "HOME": str(data)}
    with open(cloud.log, "wb") as sink:
        cloud.process = subprocess.Popen(command, stdout=sink, stderr=sink, cwd="/", env=environment, user=65534, group=65534, extra_groups=[])
    yield cloud.wait_until_ready()
    cloud.stop()
    shutil.rmtree(folder)


def test_instances_stay_pending(nobodys):
    ec2 = nobodys.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    made = ec2.run_instances(ImageId=image(nobodys, "test"), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
    id = made["Instances"][0]["InstanceId"]

    def now():
        return ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]

    reason = eventually(lambda: (now().get("StateReason") or {}).get("Code") == "Server.InsufficientInstanceCapacity" and now()["StateReason"], 10)
    assert "root" in reason["Message"] and "kogumo doctor" in reason["Message"]
    time.sleep(1)
    assert now()["State"]["Name"] == "pending"
    # The decision needs no packets.
    done = nobodys.run(nobodys.program, "net", "trace", id, "203.0.113.9:443", check=False, KOGUMO_ENDPOINT=nobodys.url)
    assert "nobody is behind eni-" in done.stdout
    report = subprocess.run([nobodys.program, "doctor"], capture_output=True, text=True, user=65534, group=65534, extra_groups=[], cwd="/").stdout
    assert "instances run only where Kogumo runs as root" in report and "instances stay pending" in report
    ec2.terminate_instances(InstanceIds=[id])
    eventually(lambda: now()["State"]["Name"] == "terminated", 10)
