"""A firewall in the middle: what comes in through the internet gateway is led over it by the gateway's own route table."""

import subprocess

import pytest
from clouds import eventually
from machines import needs_machines, needs_ssh
from places import ANYWHERE, Site


@pytest.fixture
def site(cloud, ec2, account, tmp_path):
    needs_machines(cloud)
    needs_ssh()
    made = Site(cloud, ec2, account, tmp_path)
    yield made
    made.close()


def page(address):
    asked = ["curl", "-s", "-m", "2", f"http://{address}:8080/"]
    return subprocess.run(asked, capture_output=True, text=True, timeout=20).returncode == 0


def test_a_firewall_between_gateway_and_web_server(ec2, site):
    group = site.group("web", ("tcp", 22, ANYWHERE), ("tcp", 8080, ANYWHERE), ("icmp", -1, ANYWHERE))
    served, served_table = site.subnet("10.8.3.0/24")
    ec2.modify_subnet_attribute(SubnetId=served, MapPublicIpOnLaunch={"Value": True})
    wall, web = site.run(site.public, group), site.run(served, group)
    outer = site.login(site.running(wall)["PublicIpAddress"])
    address = site.running(web)["PublicIpAddress"]
    ec2.modify_instance_attribute(InstanceId=wall, SourceDestCheck={"Value": False})
    outer("sudo sysctl -w net.ipv4.ip_forward=1")

    # Both ways lead over the firewall: in by the gateway's table, out by the subnet's.
    ec2.create_route(RouteTableId=served_table, DestinationCidrBlock=ANYWHERE, InstanceId=wall)
    edge = ec2.create_route_table(VpcId=site.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=edge, GatewayId=site.gateway)
    ec2.create_route(RouteTableId=edge, DestinationCidrBlock="10.8.3.0/24", InstanceId=wall)
    shell = site.login(address)
    shell("nohup python3 -m http.server 8080 >/dev/null 2>&1 &")
    assert eventually(lambda: page(address), 10)

    # What the firewall does not pass does not come.
    outer("sudo iptables -A FORWARD -p tcp --dport 8080 -j DROP")
    assert not page(address)
    outer("sudo iptables -D FORWARD -p tcp --dport 8080 -j DROP")
    assert eventually(lambda: page(address), 5)

    # Within the VPC a narrower route than the local one leads over it, too.
    neighbour = site.run(site.private, group)
    inner = site.running(neighbour)["PrivateIpAddress"]
    ec2.create_route(RouteTableId=served_table, DestinationCidrBlock="10.8.2.0/24", InstanceId=wall)
    ec2.create_route(RouteTableId=site.private_table, DestinationCidrBlock="10.8.3.0/24", InstanceId=wall)
    ping = f"ping -c 1 -W 1 {inner}"
    assert eventually(lambda: shell(ping, check=False).returncode == 0, 5)
    outer("sudo iptables -A FORWARD -p icmp -j DROP")
    assert shell(ping, check=False).returncode != 0
    ec2.delete_route(RouteTableId=served_table, DestinationCidrBlock="10.8.2.0/24")
    ec2.delete_route(RouteTableId=site.private_table, DestinationCidrBlock="10.8.3.0/24")
    assert eventually(lambda: shell(ping, check=False).returncode == 0, 5)
