"""An ordinary user's cloud: networks and instances in a user namespace of its own, and `kogumo net` as the way in."""

import datetime
import signal
import socket
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from clouds import eventually, free_port
from machines import SSH, image, needs_ssh, printed, ssh, wait
from ordinary import somebodys, user  # noqa: F401
from places import Outside, Site


@pytest.fixture
def site(somebodys, account, tmp_path):  # noqa: F811
    needs_ssh()
    site = Site(somebodys, somebodys.client("ec2", key=account), account, tmp_path)
    yield site
    if somebodys.process.poll() is None:
        site.close()


def greeting(address):
    """What answers this machine at port 22 there."""
    try:
        with socket.create_connection((address, 22), timeout=0.5) as connection:
            connection.settimeout(0.5)
            return connection.recv(8)
    except OSError:
        return b""


def login(site, cloud, address):
    """Waits until somebody can log in; a function that runs a command there."""
    eventually(lambda: cloud.ssh(site.key, address, "true", check=False).returncode == 0, 30)
    return lambda text, check=True: cloud.ssh(site.key, address, text, check=check)


def test_an_instance_in_a_vpc(somebodys, site):  # noqa: F811
    cloud, ec2 = somebodys, site.ec2
    group = site.group("web", ("tcp", 22, "0.0.0.0/0"), ("tcp", 8000, "0.0.0.0/0"))
    serves = "#!/bin/sh\necho user data as $(id -un)\nmkdir /srv/web; echo inside > /srv/web/index.html; cd /srv/web\nexec python3 -m http.server 8000\n"
    id = site.run(site.public, group, UserData=serves)
    running = site.running(id)
    address, private = running["PublicIpAddress"], running["PrivateIpAddress"]
    inside = login(site, cloud, address)
    assert cloud.ssh(site.key, running["PublicDnsName"], "echo by name") == "by name"
    assert inside("id -un; sudo id -un; hostname").split()[:2] == ["ec2-user", "root"]
    assert "user data as root" in printed(ec2, id, "user data as")
    assert inside("sudo sysctl -n -w net.ipv4.ip_forward=1; sudo iptables -t nat -S | head -1").split("\n") == ["1", "-P PREROUTING ACCEPT"]
    assert inside("curl -s http://169.254.169.254/latest/meta-data/instance-id") == id
    # Root inside is nobody's root outside, and the programs of this host stay as they are.
    pids = [pid for pid in cloud.processes() if pid != cloud.process.pid]
    assert pids
    assert inside("sudo sh -c 'echo > /usr/bin/env'", check=False).returncode != 0
    # Packets that this machine sends do not get there; streams over the listen port do.
    assert not greeting(address)
    proxied = cloud.run("curl", "-sS", "--max-time", "10", "--proxytunnel", "--proxy", cloud.url, f"http://{address}:8000/").stdout
    assert proxied == "inside\n"
    port = free_port()
    forward = subprocess.Popen([cloud.program, "net", "forward", str(port), f"{address}:8000"], env=cloud.environment(), stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: cloud.run("curl", "-s", f"http://127.0.0.1:{port}/", check=False).stdout == "inside\n", 10)
    finally:
        forward.terminate()
        forward.wait()
    # A closed port is closed, also for those who come this way.
    rule = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    ec2.revoke_security_group_ingress(**rule)
    assert cloud.ssh(site.key, address, "true", check=False).returncode != 0
    ec2.authorize_security_group_ingress(**rule)
    assert inside("echo open") == "open"
    # And nothing but public addresses of the cloud is there.
    for other in (private, "127.0.0.1", "localhost", "169.254.169.254"):
        refused = cloud.run(cloud.program, "net", "connect", other, "22", check=False, input="")
        assert refused.returncode != 0 and "no public address of this cloud" in refused.stderr


def test_the_way_out(somebodys, site):  # noqa: F811
    """Instances reach what this machine reaches, by route, gateway and address, and a NAT instance is one."""
    cloud, ec2, outside = somebodys, site.ec2, Outside()
    group = site.group("open", ("-1", -1, "0.0.0.0/0"))
    nat, private = site.run(site.public, group), site.run(site.private, group)
    address = site.running(nat)["PublicIpAddress"]
    inside = login(site, cloud, address)
    assert inside(f"curl -s --max-time 10 {outside.url}") == "the internet"
    ec2.delete_route(RouteTableId=site.public_table, DestinationCidrBlock="0.0.0.0/0")
    # The way back is lost, too.
    assert cloud.ssh(site.key, address, "true", check=False).returncode != 0
    ec2.create_route(RouteTableId=site.public_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=site.gateway)
    inside("sudo sysctl -qw net.ipv4.ip_forward=1; sudo iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE")
    ec2.modify_instance_attribute(InstanceId=nat, SourceDestCheck={"Value": False})
    ec2.create_route(RouteTableId=site.private_table, DestinationCidrBlock="0.0.0.0/0", InstanceId=nat)
    target = site.running(private)["PrivateIpAddress"]
    over = f"ProxyCommand=ssh {' '.join(SSH)} -o 'ProxyCommand=env KOGUMO_ENDPOINT={cloud.url} {cloud.program} net connect {address} 22' -i {site.key} -W {target}:22 ec2-user@{address}"
    eventually(lambda: ssh(site.key, target, "true", check=False, options=["-o", over]).returncode == 0, 30)
    assert ssh(site.key, target, f"curl -s --max-time 10 {outside.url}", options=["-o", over]) == "the internet"


def test_images_and_volumes(somebodys, site):  # noqa: F811
    cloud, ec2 = somebodys, site.ec2
    group = site.group("ssh", ("tcp", 22, "0.0.0.0/0"))
    first = site.run(site.public, group)
    inside = login(site, cloud, site.running(first)["PublicIpAddress"])
    inside("sudo mkdir /opt/software; echo mine | sudo tee /opt/software/file /usr/local/bin/own; sudo rm /etc/motd; sudo chown ec2-user /opt/software/file")
    made = ec2.create_image(InstanceId=first, Name="with-software")["ImageId"]
    eventually(lambda: ec2.describe_images(ImageIds=[made])["Images"][0]["State"] == "available", 30)
    site.image = made
    second = login(site, cloud, site.running(site.run(site.public, group))["PublicIpAddress"])
    assert second("cat /opt/software/file /usr/local/bin/own; stat -c %U /opt/software/file; ls /etc/motd 2>&1 | grep -c 'No such'").split() == ["mine", "mine", "ec2-user", "1"]
    # What needs root says so, and changes nothing.
    volume = ec2.create_volume(AvailabilityZone="ap-northeast-1a", Size=1)["VolumeId"]
    with pytest.raises(ClientError) as refused:
        ec2.attach_volume(VolumeId=volume, InstanceId=first, Device="/dev/sdf")
    assert refused.value.response["Error"]["Code"] == "UnsupportedOperation" and "loop devices" in str(refused.value)
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] in ("creating", "available")
    devices = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}]
    third = site.run(site.public, group, BlockDeviceMappings=devices)
    pending = lambda: ec2.describe_instances(InstanceIds=[third])["Reservations"][0]["Instances"][0]  # noqa: E731
    eventually(lambda: "loop devices" in pending().get("StateReason", {}).get("Message", ""), 20)
    assert pending()["State"]["Name"] == "pending"
    # Stop and start keep the root volume.
    ec2.stop_instances(InstanceIds=[first])
    wait(ec2, first, "stopped")
    ec2.start_instances(InstanceIds=[first])
    again = login(site, cloud, site.running(first)["PublicIpAddress"])
    assert again("cat /opt/software/file") == "mine"


def test_meters(somebodys, site):  # noqa: F811
    """No control group counts what processes use; CloudWatch hears of it all the same."""
    cloud, ec2 = somebodys, site.ec2
    works = "#!/bin/sh\ntimeout 60 sh -c 'while :; do :; done' &\nsleep 6\necho has worked\n"
    busy = site.run(site.public, site.group("none"), UserData=works, Monitoring={"Enabled": True})
    site.running(busy)
    printed(ec2, busy, "has worked", 60)
    cloudwatch, now = cloud.client("cloudwatch", key=site.account), datetime.datetime.now(datetime.UTC)

    def highest():
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/EC2", MetricName="CPUUtilization", Dimensions=[{"Name": "InstanceId", "Value": busy}], Statistics=["Maximum"],
            StartTime=now - datetime.timedelta(hours=2), EndTime=now + datetime.timedelta(hours=2), Period=60,
        )
        return max((point["Maximum"] for point in found["Datapoints"]), default=0)

    cloud.advance("1m")
    assert eventually(highest) > 5


def test_a_server_that_is_killed_finds_its_machines(somebodys, site):  # noqa: F811
    cloud, ec2 = somebodys, site.ec2
    group = site.group("ssh", ("tcp", 22, "0.0.0.0/0"))
    id = site.run(site.public, group)
    address = site.running(id)["PublicIpAddress"]
    inside = login(site, cloud, address)
    inside("nohup sleep 1000 >/dev/null 2>&1 & echo $! > /tmp/pid")
    cloud.process.send_signal(signal.SIGKILL)
    cloud.process.wait()
    cloud.start()
    eventually(lambda: cloud.ssh(site.key, address, "true", check=False).returncode == 0, 30)
    assert inside("kill -0 $(cat /tmp/pid) && echo it lives") == "it lives"
    other = site.run(site.public, group)
    login(site, cloud, site.running(other)["PublicIpAddress"])
    # A reset ends everything, and a stop leaves no process of theirs.
    cloud.reset()
    site.instances.clear()
    eventually(lambda: cloud.processes() == [cloud.process.pid], 15)
    eventually(lambda: not list((cloud.data / "ec2" / "machines").iterdir()), 10)
    cloud.stop()
    time.sleep(0.2)
    assert cloud.processes() == []
