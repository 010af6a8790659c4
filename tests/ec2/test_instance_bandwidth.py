"""An instance's volumes together are no faster than its type: measured inside the instance, on both at once."""

from clouds import eventually
from machines import image, key_file, needs_machines, needs_ssh, run, ssh, wait

# Reads files or devices past the page cache for some seconds, each in a thread, and prints MB/s and reads/s of each.
MEASURE = """
import mmap, os, sys, threading, time
size, seconds = int(sys.argv[1]), float(sys.argv[2])
counts = {}
def work(path):
    device = os.open(path, os.O_RDONLY | os.O_DIRECT)
    buffer, end, at, n = mmap.mmap(-1, size), time.time() + seconds, 0, 0
    while time.time() < end:
        n += os.preadv(device, [buffer], at) == size
        at = (at + size) % (1 << 29)
    counts[path] = n
threads = [threading.Thread(target=work, args=(path,)) for path in sys.argv[3:]]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
for path in sys.argv[3:]:
    print(counts[path] * size / seconds / 1e6, counts[path] / seconds)
"""


MB, IOS = 0, 1


def measured(key, address, size, *devices):
    """MB/s and reads/s of each device; the first seconds, in which limits settle, do not count."""
    ssh(key, address, f"sudo python3 - {size} 2 {' '.join(devices)}", input=MEASURE)
    told = ssh(key, address, f"sudo python3 - {size} 3 {' '.join(devices)}", input=MEASURE)
    return [tuple(map(float, line.split())) for line in told.splitlines()]


def reach(least, most, what, measure):
    """They never do more; and they come to that as soon as the root volume, which is one of them, has nothing to write."""
    for _ in range(5):
        each = [one[what] for one in measure()]
        assert sum(each) < most, each
        if sum(each) > least:
            return each
    raise AssertionError(f"{each}: less than {least}")


def test_volumes_are_together_no_faster_than_their_instance(cloud, ec2, account, tmp_path, name):
    needs_machines(cloud)
    needs_ssh()
    key = key_file(ec2, tmp_path, name)
    group = ec2.create_security_group(GroupName=name, Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    zone = "ap-northeast-1a"
    # 450 Mbit/s, 56.25 MB/s, and 3,600 IOPS: less than half of what two gp3 volumes do by themselves.
    place = {"AvailabilityZone": zone}
    id = run(ec2, image(cloud, account), InstanceType="m4.large", KeyName=name, SecurityGroupIds=[group], Placement=place)
    volumes = [ec2.create_volume(AvailabilityZone=zone, Size=4, VolumeType="gp3", Iops=3000)["VolumeId"] for _ in "ab"]
    address = wait(ec2, id, "running")["PublicIpAddress"]
    for volume, device in zip(volumes, ["/dev/sdf", "/dev/sdg"]):
        eventually(lambda: ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available")
        ec2.attach_volume(VolumeId=volume, InstanceId=id, Device=device)
    devices = ["/dev/sdf", "/dev/sdg"]
    eventually(lambda: ssh(key, address, "test -b /dev/sdf && test -b /dev/sdg", check=False).returncode == 0)

    both = reach(44, 66, MB, lambda: measured(key, address, 1 << 20, *devices))
    # Both want all: each has half.
    assert max(both) < min(both) * 1.3, both
    # One alone has all.
    reach(44, 66, MB, lambda: measured(key, address, 1 << 20, devices[0]))
    # I/Os are limited, too: two volumes of 3,000 do not do 6,000.
    reach(2800, 4200, IOS, lambda: measured(key, address, 4096, *devices))

    # A larger type lets both be as fast as they are: 125 MiB/s each.
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "m5.large"})
    ec2.start_instances(InstanceIds=[id])
    address = wait(ec2, id, "running")["PublicIpAddress"]
    eventually(lambda: ssh(key, address, "test -b /dev/sdf && test -b /dev/sdg", check=False).returncode == 0)
    reach(150, 290, MB, lambda: measured(key, address, 1 << 20, *devices))


def test_types_say_what_they_let_through(ec2):
    info = ec2.describe_instance_types(InstanceTypes=["m4.large"])["InstanceTypes"][0]["EbsInfo"]
    assert info["EbsOptimizedSupport"] == "default"
    assert info["EbsOptimizedInfo"]["MaximumThroughputInMBps"] == 56.25
    assert info["EbsOptimizedInfo"]["MaximumIops"] == 3600
