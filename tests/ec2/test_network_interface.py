"""Network interfaces, their addresses, and Elastic IPs."""

from ipaddress import ip_address, ip_network

import pytest
from asking import by, one, refused, tagged


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/28")["Subnet"]["SubnetId"]


@pytest.fixture
def gateway(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def make(ec2, subnet, **more):
    return ec2.create_network_interface(SubnetId=subnet, **more)["NetworkInterface"]


def shown(ec2, interface):
    return one(ec2.describe_network_interfaces(NetworkInterfaceIds=[interface]), "NetworkInterfaces")


def test_an_interface(ec2, vpc, subnet):
    made = make(ec2, subnet, Description="mine", TagSpecifications=tagged("network-interface", Name="n"))
    assert made["Status"] == "pending" and made["PrivateIpAddress"] == "10.0.1.4"
    found = shown(ec2, made["NetworkInterfaceId"])
    assert (found["Status"], found["SourceDestCheck"], found["InterfaceType"]) == ("available", True, "interface")
    assert found["MacAddress"].startswith("02:")
    assert found["Groups"][0]["GroupName"] == "default"
    assert found["TagSet"] == [{"Key": "Name", "Value": "n"}]
    assert one(ec2.describe_network_interfaces(Filters=by("addresses.private-ip-address", "10.0.1.4")), "NetworkInterfaces")
    assert one(ec2.describe_subnets(SubnetIds=[subnet]), "Subnets")["AvailableIpAddressCount"] == 10
    with refused("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted."):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_interface(NetworkInterfaceId=found["NetworkInterfaceId"])
    with refused("InvalidNetworkInterfaceID.NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[found["NetworkInterfaceId"]])


def test_a_28_has_eleven_addresses(ec2, subnet):
    made = [make(ec2, subnet)["PrivateIpAddress"] for _ in range(11)]
    assert sorted(made, key=lambda text: int(text.split(".")[3])) == [f"10.0.1.{last}" for last in range(4, 15)]
    with refused("InsufficientFreeAddressesInSubnet"):
        make(ec2, subnet)
    assert one(ec2.describe_subnets(SubnetIds=[subnet]), "Subnets")["AvailableIpAddressCount"] == 0


def test_addresses_that_cannot_be(ec2, subnet):
    make(ec2, subnet, PrivateIpAddress="10.0.1.9")
    with refused("InvalidIPAddress.InUse"):
        make(ec2, subnet, PrivateIpAddress="10.0.1.9")
    with refused("InvalidParameterValue", "reserved address range"):
        make(ec2, subnet, PrivateIpAddress="10.0.1.1")
    with refused("InvalidParameterValue", "does not fall within the subnet's address range"):
        make(ec2, subnet, PrivateIpAddress="10.0.2.9")


def test_attributes(ec2, vpc, subnet):
    id = make(ec2, subnet)["NetworkInterfaceId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, SourceDestCheck={"Value": False})
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Groups=[group])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Description={"Value": "new"})
    found = shown(ec2, id)
    assert (found["SourceDestCheck"], found["Description"], found["Groups"][0]["GroupId"]) == (False, "new", group)
    asked = ec2.describe_network_interface_attribute(NetworkInterfaceId=id, Attribute="sourceDestCheck")
    assert asked["SourceDestCheck"] == {"Value": False}
    ec2.reset_network_interface_attribute(NetworkInterfaceId=id, SourceDestCheck="true")
    assert shown(ec2, id)["SourceDestCheck"]
    foreign = ec2.create_security_group(GroupName="h", Description="d")["GroupId"]
    with refused("InvalidParameter", "belong to different networks"):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=id, Groups=[foreign])


def test_further_addresses(ec2, subnet):
    id = make(ec2, subnet, SecondaryPrivateIpAddressCount=1)["NetworkInterfaceId"]
    assigned = ec2.assign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=["10.0.1.14"])
    assert assigned["AssignedPrivateIpAddresses"] == [{"PrivateIpAddress": "10.0.1.14"}]
    assert [own["PrivateIpAddress"] for own in shown(ec2, id)["PrivateIpAddresses"]] == ["10.0.1.4", "10.0.1.5", "10.0.1.14"]
    other = make(ec2, subnet)["NetworkInterfaceId"]
    with refused("InvalidIPAddress.InUse"):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=other, PrivateIpAddresses=["10.0.1.14"])
    ec2.assign_private_ip_addresses(NetworkInterfaceId=other, PrivateIpAddresses=["10.0.1.14"], AllowReassignment=True)
    assert len(shown(ec2, id)["PrivateIpAddresses"]) == 2
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=["10.0.1.5"])
    with refused("InvalidParameterValue", "cannot be unassigned"):
        ec2.unassign_private_ip_addresses(NetworkInterfaceId=id, PrivateIpAddresses=["10.0.1.4"])


def test_ipv6_addresses(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    shown_vpc = one(ec2.describe_vpcs(VpcIds=[vpc]), "Vpcs")
    block = shown_vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("/56", "/64")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24", Ipv6CidrBlock=block)["Subnet"]["SubnetId"]
    id = make(ec2, subnet, Ipv6AddressCount=1)["NetworkInterfaceId"]
    more = ec2.assign_ipv6_addresses(NetworkInterfaceId=id, Ipv6AddressCount=2)["AssignedIpv6Addresses"]
    assert len(shown(ec2, id)["Ipv6Addresses"]) == 3
    ec2.unassign_ipv6_addresses(NetworkInterfaceId=id, Ipv6Addresses=more)
    assert len(shown(ec2, id)["Ipv6Addresses"]) == 1


def test_elastic_addresses(ec2, vpc, subnet, gateway):
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", Name="e"))
    assert ip_address(made["PublicIp"]) in ip_network("198.18.0.0/15")
    interface = make(ec2, subnet)["NetworkInterfaceId"]
    association = ec2.associate_address(AllocationId=made["AllocationId"], NetworkInterfaceId=interface)["AssociationId"]
    found = one(ec2.describe_addresses(AllocationIds=[made["AllocationId"]]), "Addresses")
    assert (found["NetworkInterfaceId"], found["PrivateIpAddress"]) == (interface, "10.0.1.4")
    assert shown(ec2, interface)["Association"]["PublicIp"] == made["PublicIp"]
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=made["AllocationId"])
    with refused("DependencyViolation", "mapped public address"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    other = make(ec2, subnet)["NetworkInterfaceId"]
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_address(AllocationId=made["AllocationId"], NetworkInterfaceId=other, AllowReassociation=False)
    moved = ec2.associate_address(AllocationId=made["AllocationId"], NetworkInterfaceId=other)
    assert moved["AssociationId"] != association
    assert "Association" not in shown(ec2, interface)
    ec2.disassociate_address(AssociationId=moved["AssociationId"])
    with refused("InvalidAssociationID.NotFound"):
        ec2.disassociate_address(AssociationId=moved["AssociationId"])
    ec2.release_address(AllocationId=made["AllocationId"])
    with refused("InvalidAllocationID.NotFound"):
        ec2.release_address(AllocationId=made["AllocationId"])


def test_no_public_address_without_a_gateway(ec2, vpc, subnet):
    allocation = ec2.allocate_address()["AllocationId"]
    interface = make(ec2, subnet)["NetworkInterfaceId"]
    with refused("Gateway.NotAttached", f"Network {vpc} is not attached to any internet gateway"):
        ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface)


def test_five_addresses_an_account(ec2):
    made = {ec2.allocate_address()["PublicIp"] for _ in range(5)}
    assert len(made) == 5
    with refused("AddressLimitExceeded", "The maximum number of addresses has been reached."):
        ec2.allocate_address()


def test_reverse_names_are_nobodys(ec2):
    allocation = ec2.allocate_address()["AllocationId"]
    asked = ec2.describe_addresses_attribute(AllocationIds=[allocation], Attribute="domain-name")
    assert asked["Addresses"] == []
    with refused("InvalidAllocationID.NotFound"):
        ec2.describe_addresses_attribute(AllocationIds=["eipalloc-00000000000000000"], Attribute="domain-name")


def test_reverse_names(ec2):
    made = ec2.allocate_address()
    id = {"AllocationId": made["AllocationId"]}
    changed = ec2.modify_address_attribute(**id, DomainName="mail.example.com")["Address"]
    assert changed["PtrRecordUpdate"] == {"Value": "mail.example.com.", "Status": "PENDING"} and "PtrRecord" not in changed
    told = one(ec2.describe_addresses_attribute(AllocationIds=[made["AllocationId"]], Attribute="domain-name"), "Addresses")
    assert told == {**id, "PublicIp": made["PublicIp"], "PtrRecord": "mail.example.com."}
    with refused("InvalidAddress.Locked"):
        ec2.release_address(**id)
    with refused("InvalidParameterValue"):
        ec2.modify_address_attribute(**id, DomainName="not a name")
    with refused("InvalidAllocationID.NotFound"):
        ec2.modify_address_attribute(AllocationId="eipalloc-00000000000000000", DomainName="mail.example.com")
    assert ec2.reset_address_attribute(**id, Attribute="domain-name")["Address"]["PtrRecord"] == "mail.example.com."
    assert ec2.describe_addresses_attribute(Attribute="domain-name")["Addresses"] == []
    ec2.release_address(**id)


def test_interfaces_are_attached_to_what_is_there(ec2, subnet):
    interface = make(ec2, subnet)["NetworkInterfaceId"]
    with refused("InvalidInstanceID.NotFound"):
        ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId="i-00000000000000000", DeviceIndex=1)
    with refused("InvalidAttachmentID.NotFound"):
        ec2.detach_network_interface(AttachmentId="eni-attach-00000000000000000")
