"""Where packets of instances go: names, endpoints, ping, the world. Seen from inside of instances and from outside."""

import json
import subprocess
import uuid

import pytest
from asking import one, refused
from clouds import eventually
from machines import needs_machines, needs_ssh
from places import ANYWHERE, Outside, Site, permission

AWS = "https://dynamodb.ap-northeast-1.amazonaws.com"
LOGS = "https://logs.ap-northeast-1.amazonaws.com"


@pytest.fixture
def site(cloud, ec2, account, tmp_path):
    needs_machines(cloud)
    needs_ssh()
    made = Site(cloud, ec2, account, tmp_path)
    yield made
    made.close()


def fetched(shell, url):
    """The status that curl sees, with the certificate checked; '000' where nothing is reached."""
    return shell(f"curl -s --connect-timeout 1.5 -m 5 -o /dev/null -w '%{{http_code}}' {url}", check=False).stdout.strip()


def reached(shell, url):
    """Whether somebody with a trusted certificate answers."""
    return fetched(shell, url) != "000"


def test_names_and_endpoints(cloud, ec2, site):
    ssh_group = site.group("ssh", ("tcp", 22, ANYWHERE))
    bastion_id, private_id = site.run(site.public, ssh_group), site.run(site.private, ssh_group)
    bastion, private = site.running(bastion_id), site.running(private_id)
    address, inner = bastion["PublicIpAddress"], private["PrivateIpAddress"]
    outer = site.login(address)
    shell = site.login(inner, over=address)

    # Names of instances, from inside.
    dashed = inner.replace(".", "-")
    assert outer(f"getent hosts ip-{dashed}.ap-northeast-1.compute.internal").split()[0] == inner
    ec2.modify_private_dns_name_options(InstanceId=private_id, EnableResourceNameDnsARecord=True)
    assert eventually(lambda: outer(f"getent hosts {private_id}.ap-northeast-1.compute.internal", check=False).stdout.split()[:1] == [inner], 5)
    public = f"ec2-{address.replace('.', '-')}.ap-northeast-1.compute.amazonaws.com"
    assert bastion["PublicDnsName"] == public
    assert shell(f"getent hosts {public}").split()[0] == bastion["PrivateIpAddress"]
    # AWS's names lead to this cloud, with a certificate that is trusted: from the public subnet only.
    assert reached(outer, AWS) and not reached(shell, AWS) and not reached(shell, LOGS)
    signed = "--aws-sigv4 aws:amz:ap-northeast-1:dynamodb --user test:test -H 'X-Amz-Target: DynamoDB_20120810.ListTables'"
    listed = outer(f"curl -s -m 5 {signed} -H 'Content-Type: application/x-amz-json-1.0' -d '{{}}' {AWS}")
    assert "TableNames" in json.loads(listed)

    # A gateway endpoint is a route.
    gateway = ec2.create_vpc_endpoint(
        VpcId=site.vpc, ServiceName="com.amazonaws.ap-northeast-1.dynamodb", RouteTableIds=[site.private_table]
    )["VpcEndpoint"]["VpcEndpointId"]
    assert reached(shell, AWS) and not reached(shell, LOGS)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[gateway])
    assert not reached(shell, AWS)

    # An interface endpoint has an address of the VPC, the service's usual name, and groups.
    group = site.group("endpoint")
    made = ec2.create_vpc_endpoint(
        VpcId=site.vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.ap-northeast-1.logs", SubnetIds=[site.private], SecurityGroupIds=[group]
    )["VpcEndpoint"]
    interface = one(ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"]), "NetworkInterfaces")
    own = interface["PrivateIpAddress"]
    assert eventually(lambda: shell("getent hosts logs.ap-northeast-1.amazonaws.com").split()[0] == own, 5)
    assert shell(f"getent hosts {made['DnsEntries'][0]['DnsName']}").split()[0] == own
    assert not reached(shell, LOGS), "the endpoint's group lets nobody in"
    https = [permission("tcp", 443, "10.8.2.0/24")]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=https)
    assert reached(shell, LOGS)
    assert not reached(outer, LOGS), "it is the private subnet that may"
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=https)
    assert not reached(shell, LOGS)
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=False)
    assert eventually(lambda: shell("getent hosts logs.ap-northeast-1.amazonaws.com").split()[0] != own, 5)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])

    # Addresses have names: private ones inside of the VPC, public ones AWS's, and the owner's where he gave one.
    assert outer(f"getent hosts {inner}").split()[1] == f"ip-{dashed}.ap-northeast-1.compute.internal"
    elastic = ec2.allocate_address(Domain="vpc")
    ec2.modify_address_attribute(AllocationId=elastic["AllocationId"], DomainName="mail.example.com")
    named = lambda: outer(f"getent hosts {elastic['PublicIp']}", check=False).stdout.split()[1:]  # noqa: E731
    assert named() == ["mail.example.com"]
    ec2.associate_address(AllocationId=elastic["AllocationId"], InstanceId=private_id)
    assert named() == ["mail.example.com"]
    ec2.reset_address_attribute(AllocationId=elastic["AllocationId"], Attribute="domain-name")
    assert named() == [f"ec2-{elastic['PublicIp'].replace('.', '-')}.ap-northeast-1.compute.amazonaws.com"]
    ec2.disassociate_address(PublicIp=elastic["PublicIp"])

    # Without enableDnsHostnames there are no public names; without enableDnsSupport nobody answers.
    ec2.modify_vpc_attribute(VpcId=site.vpc, EnableDnsHostnames={"Value": False})
    assert outer(f"getent hosts {public}", check=False).returncode != 0
    assert outer(f"getent hosts ip-{dashed}.ap-northeast-1.compute.internal").split()[0] == inner
    ec2.modify_vpc_attribute(VpcId=site.vpc, EnableDnsSupport={"Value": False})
    assert outer(f"timeout 1 getent hosts ip-{dashed}.ap-northeast-1.compute.internal", check=False).returncode != 0
    ec2.modify_vpc_attribute(VpcId=site.vpc, EnableDnsSupport={"Value": True})
    assert eventually(lambda: outer(f"getent hosts ip-{dashed}.ap-northeast-1.compute.internal", check=False).returncode == 0, 5)


def pings(where, address):
    return where(f"ping -n -c 1 -W 2 {address}", check=False).returncode == 0


def host(command, check=True):
    return subprocess.run(command, shell=True, check=check, capture_output=True, text=True)


@pytest.fixture
def beyond():
    """An address beyond this machine: in a namespace that this machine routes to."""
    name, device = f"beyond-{uuid.uuid4().hex[:6]}", f"by{uuid.uuid4().hex[:6]}"
    host(f"ip netns add {name} && ip link add {device} type veth peer name eth0 netns {name}")
    try:
        host(f"ip addr add 203.0.113.1/30 dev {device} && ip link set {device} up")
        host(f"ip -n {name} addr add 203.0.113.2/30 dev eth0 && ip -n {name} link set eth0 up")
        yield "203.0.113.2"
    finally:
        host(f"ip link del {device}; ip netns del {name}", check=False)


def test_ping_and_the_world(cloud, ec2, site, beyond):
    groups = [site.group("ssh", ("tcp", 22, ANYWHERE)), site.group("ping", ("icmp", -1, ANYWHERE))]
    first_id, second_id = site.run(site.public, *groups), site.run(site.private, *groups)
    first, second = site.running(first_id), site.running(second_id)
    address, inner = first["PublicIpAddress"], second["PrivateIpAddress"]
    outer = site.login(address)
    shell = site.login(inner, over=address)
    outside = Outside()
    port = outside.server_address[1]

    assert pings(outer, inner) and pings(shell, first["PrivateIpAddress"])
    # From this machine: a public address answers, a private one is not there.
    assert pings(host, address)
    assert not pings(host, first["PrivateIpAddress"]) and not pings(host, inner)
    ec2.revoke_security_group_ingress(GroupId=groups[1], IpPermissions=[permission("icmp", -1, ANYWHERE)])
    assert not pings(host, address) and not pings(outer, inner)
    # Out: what this machine reaches, where a gateway and a public address lead there.
    assert fetched(outer, outside.url) == "200" and outside.seen == [address]
    assert pings(outer, outside.server_address[0]) and pings(outer, beyond)
    assert fetched(shell, outside.url) == "000" and not pings(shell, beyond)
    # Through a NAT gateway, with its address.
    elastic = ec2.allocate_address()
    nat = ec2.create_nat_gateway(SubnetId=site.public, AllocationId=elastic["AllocationId"])["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat])
    ec2.create_route(RouteTableId=site.private_table, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat)
    outside.seen.clear()
    assert fetched(shell, f"http://{outside.server_address[0]}:{port}/") == "200" and outside.seen == [elastic["PublicIp"]]
    assert pings(shell, beyond)
    # No way to the internet without a gateway.
    ec2.delete_route(RouteTableId=site.public_table, DestinationCidrBlock=ANYWHERE)
    assert not pings(host, address)
    assert outer("true", check=False).returncode != 0
    outside.shutdown()


def test_the_pool_of_public_addresses_is_a_setting(own_cloud, tmp_path):
    cloud = own_cloud("--ephemeral", "--public-addresses", "100.96.0.0/16").wait_until_ready()
    ec2 = cloud.client("ec2")
    assert ec2.allocate_address()["PublicIp"].startswith("100.96.")
    lists = {own["PrefixListName"]: own["Cidrs"] for own in ec2.describe_prefix_lists()["PrefixLists"]}
    assert lists["com.amazonaws.ap-northeast-1.s3"] == ["100.96.1.0/24"]
    needs_machines(cloud)
    needs_ssh()
    site = Site(cloud, ec2, "000000000000", tmp_path)
    address = site.running(site.run(site.public, site.group("ssh", ("tcp", 22, ANYWHERE))))["PublicIpAddress"]
    assert address.startswith("100.96.")
    assert reached(site.login(address), AWS)
    site.close()
    for wrong in ("100.96.0.0/24", "100.96.0.1/16", "public"):
        refused = own_cloud("--ephemeral", "--public-addresses", wrong)
        assert refused.process.wait(10) != 0 and "is not a block" in refused.log.read_text()


def test_peered_vpcs_meet_and_others_do_not(cloud, ec2, account, site, tmp_path):
    """Overlapping blocks of VPCs don't meet; peering joins those that do not overlap."""
    folder = tmp_path / "other"
    folder.mkdir()
    open_group = site.group("open", ("tcp", 22, ANYWHERE), ("icmp", -1, ANYWHERE))
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="in", Description="d", VpcId=other)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": []} | {"IpRanges": [{"CidrIp": "10.8.0.0/16"}]}])
    here = site.running(site.run(site.public, open_group))
    there = site.running(site.run(subnet, group))["PrivateIpAddress"]
    shell = site.login(here["PublicIpAddress"])
    assert not pings(shell, there)
    id = ec2.create_vpc_peering_connection(VpcId=site.vpc, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    ec2.create_route(RouteTableId=site.public_table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=id)
    assert not pings(shell, there), "there is no way back yet"
    main = next(own for own in ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"])["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="10.8.0.0/16", VpcPeeringConnectionId=id)
    assert pings(shell, there)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)
    assert not pings(shell, there)


def test_overlapping_blocks_do_not_meet(cloud, ec2, account, tmp_path):
    """Two VPCs with the same block, and in each a server at the same address."""
    needs_machines(cloud)
    needs_ssh()
    sites, shells = [], []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        if sites:
            ec2.delete_key_pair(KeyName="site")
        site = Site(cloud, ec2, account, folder)
        sites.append(site)
        group = site.group("open", ("tcp", 22, ANYWHERE), ("tcp", 8080, "10.8.0.0/16"))
        client = site.run(site.public, group)
        script = f"#!/bin/sh\nmkdir -p /srv/page && cd /srv/page && echo {name} > index.html && exec python3 -m http.server 8080\n"
        server = site.run(site.private, group, PrivateIpAddress="10.8.2.50", UserData=script)
        shells.append(site.login(site.running(client)["PublicIpAddress"]))
        site.running(server)
    for name, shell in zip(("one", "two"), shells):
        assert eventually(lambda: shell("curl -s -m 2 http://10.8.2.50:8080/", check=False).stdout.strip() == name, 15)
    for site in sites:
        site.close()


def test_endpoint_policies(cloud, ec2, account, site, name):
    """What passes an endpoint is limited by its policy, and policies of others may ask for the endpoint."""
    group = site.group("ssh", ("tcp", 22, ANYWHERE))
    bastion, private = site.run(site.public, group), site.run(site.private, group)
    address = site.running(bastion)["PublicIpAddress"]
    shell = site.login(site.running(private)["PrivateIpAddress"], over=address)

    def listed():
        target = "-H 'X-Amz-Target: DynamoDB_20120810.ListTables' -H 'Content-Type: application/x-amz-json-1.0'"
        signed = f"--aws-sigv4 aws:amz:ap-northeast-1:dynamodb --user {account}:test {target}"
        return shell(f"curl -s -m 5 {signed} -d '{{}}' {AWS}")

    def endpoint(service, **more):
        wanted = {"ServiceName": f"com.amazonaws.ap-northeast-1.{service}", "RouteTableIds": [site.private_table], **more}
        return ec2.create_vpc_endpoint(VpcId=site.vpc, **wanted)["VpcEndpoint"]["VpcEndpointId"]

    only = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:DescribeTable", "Resource": "*"}]})
    with refused("InvalidPolicyDocument"):
        endpoint("dynamodb", PolicyDocument="{}")
    id = endpoint("dynamodb", PolicyDocument=only)
    assert json.loads(one(ec2.describe_vpc_endpoints(VpcEndpointIds=[id]), "VpcEndpoints")["PolicyDocument"]) == json.loads(only)
    assert "no VPC endpoint policy allows the dynamodb:ListTables action" in listed()
    ec2.modify_vpc_endpoint(VpcEndpointId=id, ResetPolicy=True)
    assert "TableNames" in listed()

    s3 = cloud.client("s3", key=account)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket=name, Key="file", Body=b"inside")
    gate = endpoint("s3")
    condition = {"StringNotEquals": {"aws:SourceVpce": gate}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*", "Condition": condition}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.get_object(Bucket=name, Key="file")
    inside = cloud.client("s3", key=account, url="https://s3.ap-northeast-1.amazonaws.com")
    signed = inside.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "file"})
    assert shell(f"curl -s -m 5 '{signed}'") == "inside"
