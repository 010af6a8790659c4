"""Input that AWS refuses: with its codes, and nothing is changed by it."""

import pytest
from asking import by, one, refused

VPC, OTHER = "10.0.0.0/16", "10.1.0.0/16"


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]


@pytest.fixture
def interface(ec2, subnet):
    return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


@pytest.mark.parametrize("block", ["0.0.0.0/16", "0.1.0.0/24", "127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "255.0.0.0/16"])
def test_blocks_that_no_vpc_has(ec2, vpc, block):
    with refused("InvalidVpc.Range", f"The CIDR '{block}' is invalid."):
        ec2.create_vpc(CidrBlock=block)
    with refused("InvalidVpc.Range"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=block)


def test_attributes_of_vpcs(ec2, vpc):
    yes, no = {"Value": True}, {"Value": False}
    fields = "Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport"
    with refused("InvalidParameterCombination", fields):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport=yes, EnableDnsHostnames=yes)
    with refused("InvalidParameterCombination"):
        ec2.modify_vpc_attribute(VpcId=vpc)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport=no)
    with refused("InvalidParameterCombination", "DNS support"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames=yes)
    told = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    assert told["EnableDnsHostnames"] == no
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport=yes)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames=yes)


def test_paths_of_nobody(cloud, ec2, interface):
    ask = lambda source, to: ec2.create_network_insights_path(Source=source, Destination=to, Protocol="tcp")  # noqa: E731
    for id, code in [
        ("i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
        ("eni-0123456789abcdef0", "InvalidNetworkInterfaceID.NotFound"),
        ("igw-0123456789abcdef0", "InvalidInternetGatewayID.NotFound"),
        ("i-NONE", "InvalidInstanceID.Malformed"),
        ("sg-0123456789abcdef0", "InvalidParameterValue"),
    ]:
        with refused(code):
            ask(id, interface)
        with refused(code):
            ask(interface, id)
    with refused("MissingParameter", "either the Destination parameter or the FilterAtSource.DestinationAddress parameter"):
        ec2.create_network_insights_path(Source=interface, Protocol="tcp")
    # Interfaces of other accounts are known by their ARNs only.
    far = cloud.client("ec2", key="555555555555")
    theirs = far.create_subnet(VpcId=far.create_vpc(CidrBlock=OTHER)["Vpc"]["VpcId"], CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    theirs = far.create_network_interface(SubnetId=theirs)["NetworkInterface"]["NetworkInterfaceId"]
    with refused("InvalidNetworkInterfaceID.NotFound"):
        ask(interface, theirs)
    ask(interface, f"arn:aws:ec2:ap-northeast-1:555555555555:network-interface/{theirs}")
    assert len(ec2.describe_network_insights_paths()["NetworkInsightsPaths"]) == 1


def test_routes(ec2, vpc):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    for block in ["169.254.169.254/32", "169.254.168.0/22"]:
        with refused("InvalidParameterValue"):
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=block, GatewayId=gateway)
    with refused("InvalidPrefixListId.Malformed"):
        ec2.create_route(RouteTableId=table, DestinationPrefixListId="list", GatewayId=gateway)
    with refused("InvalidInstanceID.Malformed"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", InstanceId="i-X")
    assert len(one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Routes"]) == 1


ICMP = {"Protocol": "1", "PortRange": None}


@pytest.mark.parametrize(
    "wrong, code",
    [
        ({"PortRange": {"From": 22}}, "MissingParameter"),
        ({"PortRange": {"From": 23, "To": 22}}, "InvalidParameterValue"),
        ({**ICMP, "IcmpTypeCode": {"Type": 300, "Code": 0}}, "InvalidParameterValue"),
        ({**ICMP, "IcmpTypeCode": {"Type": -5, "Code": -1}}, "InvalidParameterValue"),
        ({**ICMP, "IcmpTypeCode": {"Type": -1, "Code": 3}}, "InvalidParameterValue"),
    ],
)
def test_entries_of_acls(ec2, vpc, wrong, code):
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"RuleNumber": 100, "Protocol": "006", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}
    with refused(code):
        ec2.create_network_acl_entry(NetworkAclId=acl, **{key: value for key, value in {**entry, **wrong}.items() if value is not None})
    # A number has one spelling: tcp's ports count however it was written.
    ec2.create_network_acl_entry(NetworkAclId=acl, **entry)
    entries = one(ec2.describe_network_acls(NetworkAclIds=[acl]), "NetworkAcls")["Entries"]
    assert [(entry["Protocol"], entry["RuleNumber"]) for entry in entries if entry["RuleNumber"] < 32767] == [("6", 100)]


def test_icmp_of_groups(ec2, vpc):
    group = ec2.create_security_group(GroupName="icmp", Description="icmp", VpcId=vpc)["GroupId"]
    ranges = [{"CidrIp": "0.0.0.0/0"}]
    for ports in [{}, {"FromPort": 8}]:
        with refused("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with ICMP.' for portRange."):
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "icmp", **ports, "IpRanges": ranges}])
    assert one(ec2.describe_security_groups(GroupIds=[group]), "SecurityGroups")["IpPermissions"] == []


def test_interfaces(ec2, subnet, interface):
    for wrong, code in [
        ({"SecondaryPrivateIpAddressCount": -1}, "InvalidParameterValue"),
        ({"Ipv6AddressCount": -1}, "InvalidParameterValue"),
        (
            {
                "SecondaryPrivateIpAddressCount": 1,
                "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.7", "Primary": True}, {"PrivateIpAddress": "10.0.1.8", "Primary": False}],
            },
            "InvalidParameterCombination",
        ),
    ]:
        with refused(code):
            ec2.create_network_interface(SubnetId=subnet, **wrong)
    with refused("InvalidParameterValue"):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=-1)
    with refused("InvalidParameterCombination"):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Description={"Value": "x"}, SourceDestCheck={"Value": False})
    told = one(ec2.describe_network_interfaces(Filters=by("subnet-id", subnet)), "NetworkInterfaces")
    assert told["SourceDestCheck"] and told["Description"] == "" and len(told["PrivateIpAddresses"]) == 1


def test_addresses_and_lists(ec2, interface):
    made = ec2.allocate_address()
    both = {"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"]}
    for call in [ec2.release_address, lambda **ids: ec2.associate_address(NetworkInterfaceId=interface, **ids)]:
        with refused("InvalidParameterCombination", "You may specify public IP or allocation id, but not both in the same call"):
            call(**both)
    with refused("InvalidInstanceID.Malformed"):
        ec2.associate_address(AllocationId=made["AllocationId"], InstanceId="instance")
    with refused("InvalidParameterValue"):
        ec2.create_managed_prefix_list(PrefixListName="x" * 256, MaxEntries=1, AddressFamily="IPv4")
