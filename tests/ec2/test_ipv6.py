"""IPv6 in VPCs: blocks and addresses as the API gives them, and as packets feel them."""

import ipaddress

import pytest
from asking import by, one, refused
from clouds import eventually
from machines import needs_machines, needs_ssh
from places import ANYWHERE, Site

EVERYBODY = "::/0"


def six(ec2, vpc):
    """Gives a VPC an IPv6 block; answers its /64s."""
    ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    shown = one(ec2.describe_vpcs(VpcIds=[vpc]), "Vpcs")["Ipv6CidrBlockAssociationSet"][0]
    block = ipaddress.ip_network(shown["Ipv6CidrBlock"])
    assert block.prefixlen == 56 and block.subnet_of(ipaddress.ip_network("2001:db8::/32"))
    return [str(net) for net in block.subnets(new_prefix=64)]


def allow(ec2, group, protocol, port, block=EVERYBODY):
    ports = {} if protocol == "-1" else {"FromPort": port, "ToPort": port}
    ranges = [{"CidrIpv6": block}] if ":" in block else [{"CidrIp": block}]
    rule = {"IpProtocol": protocol, **ports, "Ipv6Ranges" if ":" in block else "IpRanges": ranges}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return rule


def test_addresses_are_given_and_taken(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    blocks = six(ec2, vpc)
    assert not set(blocks) & set(six(ec2, other))
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24", Ipv6CidrBlock=blocks[1])["Subnet"]
    id, association = subnet["SubnetId"], one(subnet, "Ipv6CidrBlockAssociationSet")["AssociationId"]
    wanted = blocks[1].replace("::/64", "::1234")
    made = ec2.create_network_interface(SubnetId=id, Ipv6Addresses=[{"Ipv6Address": wanted}])["NetworkInterface"]
    assert made["Ipv6Addresses"][0]["Ipv6Address"] == wanted
    interface = made["NetworkInterfaceId"]
    with refused("InvalidIPAddress.InUse"):
        ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[wanted])
    with refused("InvalidParameterValue", "does not fall within"):
        ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=["2001:db8::1"])
    with refused("InvalidCidrBlock.InUse"):
        ec2.disassociate_subnet_cidr_block(AssociationId=association)
    ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[wanted])
    ec2.disassociate_subnet_cidr_block(AssociationId=association)
    with refused("InvalidParameterValue", "does not have an IPv6 CIDR block"):
        ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=1)


def test_groups_let_ipv6_out_as_they_let_ipv4_out(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    first, second = (ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("first", "second"))

    def outwards(group):
        permissions = one(ec2.describe_security_groups(GroupIds=[group]), "SecurityGroups")["IpPermissionsEgress"]
        return [permission["Ipv6Ranges"] for permission in permissions]

    everything = one(ec2.describe_security_groups(GroupIds=[second]), "SecurityGroups")["IpPermissionsEgress"]
    ec2.revoke_security_group_egress(GroupId=second, IpPermissions=everything)
    six(ec2, vpc)
    third = ec2.create_security_group(GroupName="third", Description="third", VpcId=vpc)["GroupId"]
    default = one(ec2.describe_security_groups(Filters=by("vpc-id", vpc) + by("group-name", "default")), "SecurityGroups")["GroupId"]
    assert [outwards(group) for group in (first, second, third, default)] == [[[{"CidrIpv6": EVERYBODY}]], [], [[{"CidrIpv6": EVERYBODY}]], [[{"CidrIpv6": EVERYBODY}]]]


def test_nat_gateways_take_no_ipv6(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    table = one(ec2.describe_route_tables(Filters=by("vpc-id", vpc)), "RouteTables")["RouteTableId"]
    with refused("InvalidParameterValue"):
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock=EVERYBODY, NatGatewayId=nat)
    with pytest.raises(Exception, match="NAT64"):
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="64:ff9b::/96", NatGatewayId=nat)


@pytest.fixture
def site(cloud, ec2, account, tmp_path):
    """A public subnet whose IPv6 goes to the internet gateway, and a private one whose goes to an egress-only one."""
    needs_machines(cloud)
    needs_ssh()
    made = Site(cloud, ec2, account, tmp_path)
    blocks = six(ec2, made.vpc)
    made.egress_only = ec2.create_egress_only_internet_gateway(VpcId=made.vpc)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    for subnet, block in ((made.public, blocks[1]), (made.private, blocks[2])):
        ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=block)
        ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    ec2.create_route(RouteTableId=made.public_table, DestinationIpv6CidrBlock=EVERYBODY, GatewayId=made.gateway)
    ec2.create_route(RouteTableId=made.private_table, DestinationIpv6CidrBlock=EVERYBODY, EgressOnlyInternetGatewayId=made.egress_only)
    yield made
    made.close()


def address_of(instance):
    return instance["NetworkInterfaces"][0]["Ipv6Addresses"][0]["Ipv6Address"]


def runs(shell, command):
    return shell(command, check=False).returncode == 0


def test_packets(cloud, ec2, site):
    group, web = site.group("ssh", ("tcp", 22, ANYWHERE)), site.group("web")
    allow(ec2, group, "tcp", 22)
    near, far = site.run(site.public, group), site.run(site.private, group, web)
    here, there = site.running(near), site.running(far)
    source, target = address_of(here), address_of(there)
    assert here["Ipv6Address"] == source
    # ssh -6 from this machine, through the internet gateway.
    shell = site.login(source)
    assert source in shell("ip -6 address show dev eth0 scope global")
    inner = site.login(target, over=source)
    inner("nohup python3 -m http.server --bind :: 8080 >/dev/null 2>&1 &")

    # Groups: by prefix, by ICMPv6, by reference; felt at once.
    ping, page = f"ping -6 -c 1 -W 1 {target}", f"curl -6 -s -g -m 2 -o /dev/null http://[{target}]:8080/"
    assert not runs(shell, ping) and not runs(shell, page)
    rule = allow(ec2, web, "icmpv6", -1)
    assert runs(shell, ping) and not runs(shell, page)
    ec2.revoke_security_group_ingress(GroupId=web, IpPermissions=[rule])
    assert not runs(shell, ping)
    reference = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[reference])
    assert eventually(lambda: runs(shell, page), 5)

    # Network ACLs know of IPv6, too.
    acl = one(ec2.describe_network_acls(Filters=by("vpc-id", site.vpc)), "NetworkAcls")["NetworkAclId"]
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=50, Egress=False, Protocol="6", RuleAction="deny", Ipv6CidrBlock=EVERYBODY, PortRange={"From": 8080, "To": 8080})
    assert not runs(shell, page)
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=50, Egress=False)
    assert runs(shell, page)

    # The egress-only gateway: out yes, in no, whatever the groups say.
    allow(ec2, web, "tcp", 8080)
    with Listener() as outside:
        asked = inner(f"curl -6 -s -g -m 3 http://[{outside.address}]:{outside.port}/")
        assert "outside" in asked and outside.seen == [target]
        assert not runs(cloud_shell, f"curl -6 -s -g -m 1 http://[{target}]:8080/")
        told = cloud.kogumo("net", "trace", "internet", f"[{target}]:8080", check=False).stdout
        assert site.egress_only in told or site.gateway in told
        assert "it does not connect" in told
        assert "it connects" in cloud.kogumo("net", "trace", near, f"[{target}]:8080").stdout

    # An address that is taken away is gone, and another one is there at once.
    interface = there["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[target])
    assert not runs(shell, page)
    fresh = one(ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=1), "AssignedIpv6Addresses")
    assert runs(shell, f"curl -6 -s -g -m 2 -o /dev/null http://[{fresh}]:8080/")

    # The source/destination check: nobody speaks with another's address.
    spoof = f"sudo ip -6 address add {target}/128 dev lo && ping -6 -c 1 -W 1 -I {target} {fresh}"
    allow(ec2, web, "icmpv6", -1)
    assert runs(shell, f"ping -6 -c 1 -W 1 {fresh}") and not runs(shell, spoof)

    # Without its route nothing gets out, or in.
    ec2.delete_route(RouteTableId=site.public_table, DestinationIpv6CidrBlock=EVERYBODY)
    assert not runs(cloud_shell, f"ping -6 -c 1 -W 1 {source}")


def cloud_shell(command, check=False):
    """This machine itself."""
    import subprocess

    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=20)


class Listener:
    """A web server of this machine, outside of every VPC: at the address that the cloud's internet knows it by."""

    address = "2001:db8::1"

    def __enter__(self):
        import http.server
        import socket
        import threading

        seen = self.seen = []

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.client_address[0])
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"the outside\n")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6

        self.server = Server((self.address, 0), Page)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


ASK = """
import socket, struct
name = b"".join(bytes([len(part)]) + part for part in b"{name}".split(b".")) + b"\\0"
question = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + name + struct.pack(">HH", {kind}, 1)
asking = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
asking.settimeout(3)
asking.sendto(question, ("fd00:ec2::253", 53))
answer = asking.recv(512)
count = struct.unpack(">H", answer[6:8])[0]
print(socket.inet_ntop(socket.AF_INET6, answer[-16:]) if count else "nothing")
"""


def test_names_and_metadata(ec2, site):
    ec2.modify_subnet_attribute(SubnetId=site.public, EnableResourceNameDnsAAAARecordOnLaunch={"Value": True})
    group = site.group("ssh", ("tcp", 22, ANYWHERE))
    id = site.run(site.public, group)
    own = site.running(id)
    assert own["PrivateDnsNameOptions"]["EnableResourceNameDnsAAAARecord"] and not own["PrivateDnsNameOptions"]["EnableResourceNameDnsARecord"]
    shell, address = site.login(own["PublicIpAddress"]), address_of(own)
    name = f"{id}.ap-northeast-1.compute.internal"
    assert address in shell(f"getent ahostsv6 {name}")
    asked = ASK.format(name=name, kind=28)
    assert shell(f"python3 - <<'PY'\n{asked}\nPY") == address
    assert not runs(shell, f"getent ahostsv4 {name}")
    ec2.modify_private_dns_name_options(InstanceId=id, EnableResourceNameDnsARecord=True)
    assert eventually(lambda: own["PrivateIpAddress"] in shell(f"getent ahostsv4 {name}", check=False).stdout, 5)
    with refused("IncorrectInstanceState"):
        ec2.modify_private_dns_name_options(InstanceId=id, PrivateDnsHostnameType="resource-name")

    # The metadata service answers over IPv6 once it is asked to.
    token = "curl -6 -s -g -m 1 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://[fd00:ec2::254]/latest/api/token"
    assert not runs(shell, token)
    changed = ec2.modify_instance_metadata_options(InstanceId=id, HttpProtocolIpv6="enabled")
    assert changed["InstanceMetadataOptions"]["HttpProtocolIpv6"] == "enabled"
    eventually(lambda: runs(shell, token), 5)
    read = f"curl -6 -s -g -m 2 -H \"X-aws-ec2-metadata-token: $({token})\" http://[fd00:ec2::254]/latest/meta-data"
    assert shell(f"{read}/ipv6") == address
    mac = shell(f"{read}/mac")
    assert shell(f"{read}/network/interfaces/macs/{mac}/ipv6s") == address
    assert shell(f"{read}/network/interfaces/macs/{mac}/vpc-ipv6-cidr-blocks").endswith("/56")
    ec2.modify_instance_metadata_options(InstanceId=id, HttpProtocolIpv6="disabled")
    assert not runs(shell, token)
