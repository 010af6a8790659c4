"""Row 05, "EBS volume types": limits refused in AWS's words, and a speed that is felt by whoever reads and writes."""

import datetime
import pathlib
import sys
import xml.etree.ElementTree

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "ec2"))

from clouds import eventually, program  # noqa: E402
from machines import image, key_file, needs_machines, needs_ssh, run, ssh, wait  # noqa: E402

ACCOUNT = "000000000000"
ZONE = "ap-northeast-1a"


def refused(cloud, *words):
    """What the AWS CLI says when AWS refuses."""
    done = cloud.run(program("aws"), *words, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


def create(cloud, *words):
    return cloud.aws("ec2", "create-volume", "--availability-zone", ZONE, *words)["VolumeId"]


@pytest.mark.parametrize(
    "words, code, text",
    [
        ("--volume-type gp2 --size 16385", "InvalidParameterValue", "too large for volume type gp2; maximum is 16384GiB"),
        ("--volume-type io1 --size 3 --iops 100", "InvalidParameterValue", "too small for volume type io1; minimum is 4GiB"),
        ("--volume-type io1 --size 100 --iops 5001", "InvalidParameterValue", "Iops to volume size ratio of 50.010000 is too high; maximum is 50"),
        ("--volume-type io1 --size 100 --iops 99", "InvalidParameterValue", "too low"),
        ("--volume-type io1 --size 16384 --iops 64001", "InvalidParameterValue", "too high"),
        ("--volume-type io1 --size 100", "InvalidParameterCombination", "The parameter iops must be specified for io1 volumes."),
        ("--volume-type st1 --size 124", "InvalidParameterValue", "minimum is 125GiB"),
        ("--volume-type sc1 --size 16385", "InvalidParameterValue", "maximum is 16384GiB"),
        ("--volume-type st1 --size 500 --iops 500", "InvalidParameterCombination", "not supported for st1"),
        ("--volume-type standard --size 1025", "InvalidParameterValue", "maximum is 1024GiB"),
        ("--volume-type gp2 --size 10 --iops 300", "InvalidParameterCombination", "not supported for gp2"),
        ("--volume-type floppy --size 1", "UnknownVolumeType", "Unsupported volume type"),
    ],
)
def test_limits(cloud, words, code, text):
    said = refused(cloud, "ec2", "create-volume", "--availability-zone", ZONE, *words.split())
    assert code in said and text in said, said


@pytest.mark.parametrize("kind", ["st1", "sc1"])
def test_hard_disks_do_not_boot(cloud, kind):
    mapping = f"DeviceName=/dev/xvda,Ebs={{VolumeType={kind},VolumeSize=500}}"
    said = refused(cloud, "ec2", "run-instances", "--image-id", image(cloud, ACCOUNT), "--instance-type", "t3.micro", "--block-device-mappings", mapping)
    assert "InvalidParameterValue" in said and "boot" in said, said


def test_gp2_has_three_iops_for_each_gib(cloud):
    ec2 = cloud.client("ec2")
    for size, iops in [(1, 100), (33, 100), (100, 300), (1000, 3000), (5334, 16000), (16384, 16000)]:
        made = ec2.create_volume(AvailabilityZone=ZONE, VolumeType="gp2", Size=size)
        assert made["Iops"] == iops
        ec2.delete_volume(VolumeId=made["VolumeId"])


def test_simulation(cloud, tmp_path):
    picture = tmp_path / "credits.svg"
    words = ["ebs", "simulate", "--type", "gp2", "--size", "100", "--workload", "3000iops:1h,idle:6h", "--svg", picture]
    told = cloud.kogumo(*words, LANG="C").stdout
    # 5.4 million credits, spent at 3,000 a second and earned at 300.
    assert "baseline: 300 IOPS" in told and "gone after 0:33:20" in told, told
    assert xml.etree.ElementTree.parse(picture).getroot().tag.endswith("svg")
    assert "クレジット" in cloud.kogumo(*words, "--language", "ja").stdout
    assert "no volume type" in cloud.kogumo("ebs", "simulate", "--type", "gp9", "--size", "1", check=False).stderr


class Bench:
    """An instance to which volumes are attached, and whose disks are measured from inside, past every cache."""

    def __init__(self, cloud, folder, name):
        needs_machines(cloud)
        needs_ssh()
        if "EBS volumes are as fast as their types" not in cloud.kogumo("doctor").stdout:
            pytest.skip("SKIPPED: this kernel limits no devices; see 'kogumo doctor'")
        self.cloud, self.ec2 = cloud, cloud.client("ec2")
        self.key = key_file(self.ec2, folder, name)
        group = self.ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
        place = {"AvailabilityZone": ZONE}
        self.id = run(self.ec2, image(cloud, ACCOUNT), KeyName=name, SecurityGroupIds=[group], Placement=place)
        self.address = wait(self.ec2, self.id, "running")["PublicIpAddress"]
        eventually(lambda: self.ssh("true", check=False).returncode == 0)

    def ssh(self, command, **more):
        return ssh(self.key, self.address, command, **more)

    def attach(self, volume, device):
        eventually(lambda: self.volume(volume)["State"] == "available")
        self.ec2.attach_volume(VolumeId=volume, InstanceId=self.id, Device=device)
        eventually(lambda: self.ssh(f"test -b {device}", check=False).returncode == 0)
        return device

    def volume(self, volume):
        return self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]

    def rate(self, device, size, count, seconds=1.0):
        """Writes or reads a second of `dd` with direct I/O, once the limit had time to be set."""
        take = f"sleep {seconds}; dd if=/dev/zero of={device} bs={size} count={count} oflag=direct 2>&1 | tail -1"
        told = self.ssh(f"sudo sh -c '{take}'", check=True)
        return count / float(told.split(", ")[-2].split()[0])

    def modify(self, volume, **wanted):
        self.ec2.modify_volume(VolumeId=volume, **wanted)
        states = []

        def completed():
            now = self.ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"][0]
            states.append(now["ModificationState"])
            return now["ModificationState"] == "completed"

        eventually(completed, 20)
        return states


@pytest.fixture
def bench(cloud, tmp_path, name):
    bench = Bench(cloud, tmp_path, name)
    yield bench
    bench.ec2.terminate_instances(InstanceIds=[bench.id])


def test_row05_the_limit_is_felt(bench):
    cloud = bench.cloud
    volume = create(cloud, "--volume-type", "io1", "--size", 4, "--iops", 100)
    device = bench.attach(volume, "/dev/sdf")
    rate = bench.rate(device, "4k", 200)
    assert 80 < rate < 125, f"{rate} IOPS of 100"
    # What the page cache writes back is held to it, too: 256 KiB with each I/O.
    told = bench.ssh(f"sudo dd if=/dev/zero of={device} bs=1M count=60 conv=fsync 2>&1 | tail -1")
    assert 60 / float(told.split(", ")[-2].split()[0]) < 35, told
    # More IOPS, while it is in use.
    states = bench.modify(volume, Iops=200)
    assert states[-1] == "completed" and "optimizing" in states
    rate = bench.rate(device, "4k", 300)
    assert 160 < rate < 250, f"{rate} IOPS of 200"
    # Another type: gp2 bursts at once.
    bench.modify(volume, VolumeType="gp2")
    assert bench.volume(volume)["Iops"] == 100
    rate = bench.rate(device, "4k", 3000)
    assert 300 < rate < 3600, f"{rate} IOPS of 3000"


def test_row05_hard_disks_have_throughput(bench):
    volume = create(bench.cloud, "--volume-type", "sc1", "--size", 125)
    device = bench.attach(volume, "/dev/sdg")
    rate = bench.rate(device, "1M", 20)
    # 80 MiB/s for each TiB while there are credits.
    assert 7.5 < rate < 12, f"{rate} MiB/s of 9.8"
    bench.modify(volume, VolumeType="st1")
    rate = bench.rate(device, "1M", 60)
    assert 24 < rate < 37, f"{rate} MiB/s of 30.5"


def points(cloud, volume, metric, statistic):
    cloudwatch = cloud.client("cloudwatch")
    now = datetime.datetime.fromisoformat(cloud.kogumo("clock").stdout.strip().replace("Z", "+00:00"))
    found = cloudwatch.get_metric_statistics(
        Namespace="AWS/EBS",
        MetricName=metric,
        Dimensions=[{"Name": "VolumeId", "Value": volume}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [point[statistic] for point in sorted(found, key=lambda point: point["Timestamp"])]


def test_row05_cloudwatch_tells_of_real_io(bench):
    cloud = bench.cloud
    volume = create(cloud, "--volume-type", "gp2", "--size", 100)
    device = bench.attach(volume, "/dev/sdh")
    eventually(lambda: bench.rate(device, "4k", 3000) and points(cloud, volume, "BurstBalance", "Minimum"), 90)
    assert bench.ssh(f"sudo dd if={device} of=/dev/null bs=1M count=8 iflag=direct 2>&1 | tail -1")
    eventually(lambda: sum(points(cloud, volume, "VolumeReadBytes", "Sum")) >= 8 << 20, 70)
    writes = sum(points(cloud, volume, "VolumeWriteOps", "Sum"))
    assert writes >= 3000 and writes % 1 == 0
    assert sum(points(cloud, volume, "VolumeWriteBytes", "Sum")) == writes * 4096
    assert sum(points(cloud, volume, "VolumeReadOps", "Sum")) >= 32, "8 MiB are 32 I/Os of 256 KiB"
    assert 98 < min(points(cloud, volume, "BurstBalance", "Minimum")) < 100
    listed = cloud.aws("cloudwatch", "list-metrics", "--namespace", "AWS/EBS", "--dimensions", f"Name=VolumeId,Value={volume}")["Metrics"]
    names = {metric["MetricName"] for metric in listed}
    assert {"VolumeReadOps", "VolumeTotalWriteTime", "VolumeIdleTime", "VolumeQueueLength", "BurstBalance"} <= names
