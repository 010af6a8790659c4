"""What goes wrong, and what must hold afterwards: no address twice, no orphan, no half-made resource."""

import glob
import pathlib
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from asking import by, one, refused
from botocore.exceptions import ClientError
from clouds import eventually
from machines import SSH, image, instance, needs_machines, needs_ssh, wait
from places import ANYWHERE, Site


def commands():
    """The command lines of all processes."""
    for file in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            yield pathlib.Path(file).read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            pass


def programs(word):
    return sorted(line for line in commands() if word in line)


def devices():
    """The devices of ours on this machine."""
    return {name for name in (pathlib.Path(path).name for path in glob.glob("/sys/class/net/*")) if name.startswith("kogumo")}


def traces(data):
    """What is left on this machine of a cloud with that data folder."""
    mounts = [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if str(data) in line]
    loops = [line for line in subprocess.run(["losetup", "-a"], capture_output=True, text=True).stdout.splitlines() if str(data) in line]
    programs = [line for line in commands() if str(data) in line]
    return mounts + loops + programs


def test_the_server_is_killed_while_traffic_flows(own_cloud, tmp_path):
    data = tmp_path / "data"
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    needs_machines(cloud)
    needs_ssh()
    before_all = devices()
    ec2 = cloud.client("ec2")
    site = Site(cloud, ec2, "000000000000", tmp_path)
    group = site.group("open", ("tcp", 22, ANYWHERE), ("tcp", 8080, "10.8.0.0/16"), ("icmp", -1, "10.8.0.0/16"))
    ids = [site.run(site.public, group), site.run(site.private, group)]
    first, second = (site.running(id) for id in ids)
    address, inner = first["PublicIpAddress"], second["PrivateIpAddress"]
    shell = site.login(address)
    site.login(inner, over=address)
    shell(f"nohup ping -n -i 0.2 {inner} >/tmp/pings 2>&1 &")
    boots = shell("cut -d. -f1 /proc/1/stat | cut -d' ' -f22")
    # A connection that is open all the while.
    talk = subprocess.Popen(
        ["ssh", *SSH, "-i", str(site.key), f"ec2-user@{address}", "while :; do date +%s; sleep 0.2; done"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True,
    )
    try:
        talk.stdout.readline()
        keepers = {id: programs(id) for id in ids}
        cloud.kill()
        assert talk.poll() is None
        cloud = own_cloud("--data", str(data)).wait_until_ready()
        ec2 = site.ec2 = cloud.client("ec2")
        assert [instance(ec2, id)["State"]["Name"] for id in ids] == ["running", "running"]
        assert instance(ec2, ids[0])["PublicIpAddress"] == address
        shell = site.login(address)
        assert shell("cut -d. -f1 /proc/1/stat | cut -d' ' -f22") == boots, "the machine was not started again"
        count = int(shell("grep -c 'bytes from' /tmp/pings"))
        eventually(lambda: int(shell("grep -c 'bytes from' /tmp/pings")) > count + 5, 20)
        # What was said before the kill, and while nobody was there, arrives; and it goes on.
        now = time.time()
        eventually(lambda: int(talk.stdout.readline() or 0) >= now, 60)
        # Nothing is there twice.
        for id in ids:
            assert programs(id) == keepers[id]
        assert shell("ip -4 -o addr show eth0").count("inet ") == 1
        # The dead server's device goes when the kernel gets round to it.
        eventually(lambda: len(devices() - before_all) <= 1, 30)
        # Its rules are felt as ever.
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.8.0.0/16"}]}])
        assert shell(f"ping -n -c 1 -W 1 {inner}", check=False).returncode != 0
    finally:
        talk.kill()
        talk.wait()
    assert cloud.stop() == 0
    assert traces(data) == []
    eventually(lambda: devices() <= before_all, 30)


def test_nothing_is_left_after_a_reset(own_cloud, tmp_path):
    data = tmp_path / "data"
    others = devices()
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    needs_machines(cloud)
    needs_ssh()
    ec2 = cloud.client("ec2")
    site = Site(cloud, ec2, "000000000000", tmp_path)
    id = site.run(site.public, site.group("open", ("tcp", 22, ANYWHERE)))
    address = site.running(id)["PublicIpAddress"]
    volume = ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=1)["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[volume], WaiterConfig={"Delay": 1})
    ec2.attach_volume(VolumeId=volume, InstanceId=id, Device="/dev/sdf")
    shell = site.login(address)
    eventually(lambda: shell("test -b /dev/sdf || test -b /dev/xvdf", check=False).returncode == 0, 15)
    # On 24 GiB and two cores several clouds may run beside this one: only what is new counts.
    assert devices() - others
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True).stdout
    assert address in routes
    cloud.reset()
    assert address not in subprocess.run(["ip", "route"], capture_output=True, text=True).stdout
    machines = data / "ec2" / "machines"
    eventually(lambda: not any(id in line for line in traces(data)) and not list(machines.glob("i-*")), 15)
    assert not glob.glob(f"/sys/fs/cgroup/*/kogumo-machines/{id}")
    assert not any("losetup" in line or "/dev/loop" in line for line in traces(data))
    assert cloud.stop() == 0
    assert traces(data) == [] and devices() <= others


def test_a_28_has_eleven_addresses(ec2, cloud, account):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/28")["Subnet"]["SubnetId"]

    def make(_):
        try:
            return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(make, range(16)))
    addresses = sorted(answer for answer in answers if answer.startswith("10."))
    assert len(set(addresses)) == 11 and answers.count("InsufficientFreeAddressesInSubnet") == 5
    assert set(addresses) == {f"10.0.1.{last}" for last in range(4, 15)}
    assert one(ec2.describe_subnets(SubnetIds=[subnet]), "Subnets")["AvailableIpAddressCount"] == 0
    ami = image(cloud, account)
    with refused("InsufficientFreeAddressesInSubnet"):
        ec2.run_instances(ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
    assert ec2.describe_instances()["Reservations"] == []
    # One is given back, and taken again; two do not fit, and then not even one is made.
    held = one(ec2.describe_network_interfaces(Filters=by("private-ip-address", "10.0.1.9")), "NetworkInterfaces")
    ec2.delete_network_interface(NetworkInterfaceId=held["NetworkInterfaceId"])
    with refused("InsufficientFreeAddressesInSubnet"):
        ec2.run_instances(ImageId=ami, InstanceType="t3.micro", MinCount=2, MaxCount=2, SubnetId=subnet)
    assert ec2.describe_instances()["Reservations"] == []
    assert one(ec2.describe_subnets(SubnetIds=[subnet]), "Subnets")["AvailableIpAddressCount"] == 1
    assert make(None) == "10.0.1.9"


def test_a_hundred_changes_of_a_group_while_packets_flow(cloud, ec2, account, tmp_path):
    """Calls race on the VPC of a running instance: all are answered, none breaks another's, and the way stays open."""
    needs_machines(cloud)
    needs_ssh()
    site = Site(cloud, ec2, account, tmp_path)
    group = site.group("open", ("tcp", 22, ANYWHERE))
    id = site.run(site.public, group)
    shell = site.login(site.running(id)["PublicIpAddress"])

    def change(number):
        rule = [{"IpProtocol": "tcp", "FromPort": 1000 + number, "ToPort": 1000 + number, "IpRanges": [{"CidrIp": ANYWHERE}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
        made = ec2.create_subnet(VpcId=site.vpc, CidrBlock=f"10.8.{number + 10}.0/28")["Subnet"]["SubnetId"]
        ec2.delete_subnet(SubnetId=made)
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(change, range(50))) == [None] * 50
    assert shell("true", check=False).returncode == 0
    found = one(ec2.describe_security_groups(GroupIds=[group]), "SecurityGroups")
    assert [rule["FromPort"] for rule in found["IpPermissions"]] == [22]
    assert len(ec2.describe_subnets(Filters=by("vpc-id", site.vpc))["Subnets"]) == 2
    site.close()
    wait(ec2, id, "terminated")
