"""NAT gateways, egress-only gateways, endpoints, peerings, prefix lists and DHCP options."""

import pytest
from asking import by, one, refused, tagged


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]


@pytest.fixture
def gateway(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def test_a_nat_gateway(cloud, ec2, vpc, subnet, gateway):
    address = ec2.allocate_address()
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"], ClientToken="n")["NatGateway"]
    id = made["NatGatewayId"]
    assert made["State"] == "pending"
    again = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"], ClientToken="n")["NatGateway"]
    assert again["NatGatewayId"] == id
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[id])
    found = one(ec2.describe_nat_gateways(Filter=by("vpc-id", vpc)), "NatGateways")
    (own,) = found["NatGatewayAddresses"]
    assert (own["PublicIp"], own["PrivateIp"]) == (address["PublicIp"], "10.0.1.4")
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=id)
    with refused("AuthFailure"):
        ec2.disassociate_address(AssociationId=own["AssociationId"])
    with refused("InvalidParameterValue", "currently in use"):
        ec2.delete_network_interface(NetworkInterfaceId=own["NetworkInterfaceId"])
    ec2.delete_nat_gateway(NatGatewayId=id)
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[id])
    route = one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Routes"][1]
    assert route["State"] == "blackhole"
    ec2.release_address(AllocationId=address["AllocationId"])
    with refused("NatGatewayNotFound", "The Nat Gateway nat-00000000000000000 was not found"):
        ec2.delete_nat_gateway(NatGatewayId="nat-00000000000000000")
    with refused("NatGatewayMalformed"):
        ec2.describe_nat_gateways(NatGatewayIds=["gate"])


def test_a_public_nat_gateway_needs_the_internet(ec2, subnet):
    address = ec2.allocate_address()["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    assert (made["State"], made["FailureCode"]) == ("failed", "Gateway.NotAttached")
    with refused("MissingParameter"):
        ec2.create_nat_gateway(SubnetId=subnet)
    private = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    assert "PublicIp" not in private["NatGatewayAddresses"][0]


def test_an_egress_only_gateway(ec2, vpc):
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc, ClientToken="e")["EgressOnlyInternetGateway"]
    id = made["EgressOnlyInternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=id)
    with refused("InvalidParameterValue"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", EgressOnlyInternetGatewayId=id)
    assert one(ec2.describe_egress_only_internet_gateways(), "EgressOnlyInternetGateways")["Attachments"][0]["VpcId"] == vpc
    assert ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id)["ReturnCode"]
    assert ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"] == []


def test_a_gateway_endpoint(ec2, vpc):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    service = "com.amazonaws.ap-northeast-1.s3"
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, RouteTableIds=[table])["VpcEndpoint"]
    assert (made["VpcEndpointType"], made["State"].lower()) == ("Gateway", "available")
    lists = ec2.describe_prefix_lists(Filters=by("prefix-list-name", service))["PrefixLists"]
    route = one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Routes"][1]
    assert (route["DestinationPrefixListId"], route["GatewayId"]) == (lists[0]["PrefixListId"], made["VpcEndpointId"])
    with refused("RouteAlreadyExists"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, RouteTableIds=[table])
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], RemoveRouteTableIds=[table])
    assert len(one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Routes"]) == 1
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []
    (lost,) = ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"]
    assert lost["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"
    with refused("InvalidServiceName"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.ap-northeast-1.teapot")


def test_an_interface_endpoint(ec2, vpc, subnet):
    service = "com.amazonaws.ap-northeast-1.logs"
    offered = ec2.describe_vpc_endpoint_services(ServiceNames=[service])
    assert offered["ServiceNames"] == [service]
    wanted = {"VpcId": vpc, "ServiceName": service, "VpcEndpointType": "Interface", "SubnetIds": [subnet]}
    with refused("InvalidParameter", "enableDnsHostnames"):
        ec2.create_vpc_endpoint(**wanted)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]
    (interface,) = made["NetworkInterfaceIds"]
    held = one(ec2.describe_network_interfaces(NetworkInterfaceIds=[interface]), "NetworkInterfaces")
    assert (held["InterfaceType"], held["RequesterManaged"], held["Status"]) == ("vpc_endpoint", True, "in-use")
    found = one(ec2.describe_vpc_endpoints(Filters=by("service-name", "*.logs")), "VpcEndpoints")
    assert found["PrivateDnsEnabled"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_peering(ec2, vpc):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(
        VpcId=vpc, PeerVpcId=other, TagSpecifications=tagged("vpc-peering-connection", Name="p")
    )["VpcPeeringConnection"]
    id = made["VpcPeeringConnectionId"]
    assert made["Status"]["Code"] == "pending-acceptance"
    assert ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)["VpcPeeringConnection"]["Status"]["Code"] == "active"
    with refused("InvalidStateTransition"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=id)
    found = one(ec2.describe_vpc_peering_connections(Filters=by("status-code", "active")), "VpcPeeringConnections")
    assert found["AccepterVpcInfo"]["CidrBlock"] == "10.1.0.0/16"
    assert ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=id)["Return"]
    routes = one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Routes"]
    assert routes[1]["State"] == "blackhole"
    overlapping = ec2.create_vpc(CidrBlock="10.0.0.0/17")["Vpc"]["VpcId"]
    failed = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=overlapping)["VpcPeeringConnection"]
    assert failed["Status"]["Code"] == "failed"


def test_peering_of_two_accounts(cloud, ec2, vpc):
    account = "999900001111"
    theirs = cloud.client("ec2", key=account, region="us-east-1")
    other = one(theirs.describe_vpcs(), "Vpcs")["VpcId"]
    asked = {"VpcId": vpc, "PeerVpcId": other, "PeerOwnerId": account, "PeerRegion": "us-east-1"}
    id = ec2.create_vpc_peering_connection(**asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    with refused("OperationNotPermitted"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    assert theirs.reject_vpc_peering_connection(VpcPeeringConnectionId=id)["Return"]
    assert one(ec2.describe_vpc_peering_connections(), "VpcPeeringConnections")["Status"]["Code"] == "rejected"


def test_prefix_lists(ec2, vpc):
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "203.0.113.0/24", "Description": "hq"}]
    )["PrefixList"]
    id = made["PrefixListId"]
    assert (made["Version"], made["State"]) == (1, "create-complete")
    changed = ec2.modify_managed_prefix_list(PrefixListId=id, CurrentVersion=1, AddEntries=[{"Cidr": "198.51.100.0/24"}])
    assert changed["PrefixList"]["Version"] == 2
    with refused("PrefixListVersionMismatch"):
        ec2.modify_managed_prefix_list(PrefixListId=id, CurrentVersion=1, RemoveEntries=[{"Cidr": "203.0.113.0/24"}])
    with refused("PrefixListMaxEntriesExceeded"):
        ec2.modify_managed_prefix_list(PrefixListId=id, CurrentVersion=2, AddEntries=[{"Cidr": "192.0.2.0/24"}])
    assert len(ec2.get_managed_prefix_list_entries(PrefixListId=id)["Entries"]) == 2
    restored = ec2.restore_managed_prefix_list_version(PrefixListId=id, PreviousVersion=1, CurrentVersion=2)
    assert restored["PrefixList"]["Version"] == 3
    assert len(ec2.get_managed_prefix_list_entries(PrefixListId=id)["Entries"]) == 1
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListIds": [{"PrefixListId": id}]}],
    )
    assert one(ec2.get_managed_prefix_list_associations(PrefixListId=id), "PrefixListAssociations")["ResourceId"] == group
    with refused("DependencyViolation"):
        ec2.delete_managed_prefix_list(PrefixListId=id)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_managed_prefix_list(PrefixListId=id)
    owners = {one["OwnerId"] for one in ec2.describe_managed_prefix_lists()["PrefixLists"]}
    assert owners == {"AWS"}


def test_dhcp_options(ec2, vpc):
    wanted = [{"Key": "domain-name", "Values": ["example.org"]}, {"Key": "ntp-servers", "Values": ["10.0.0.9"]}]
    id = ec2.create_dhcp_options(DhcpConfigurations=wanted)["DhcpOptions"]["DhcpOptionsId"]
    found = one(ec2.describe_dhcp_options(Filters=by("key", "domain-name") + by("value", "example.*")), "DhcpOptions")
    assert found["DhcpOptionsId"] == id
    ec2.associate_dhcp_options(DhcpOptionsId=id, VpcId=vpc)
    assert one(ec2.describe_vpcs(Filters=by("dhcp-options-id", id)), "Vpcs")["VpcId"] == vpc
    with refused("DependencyViolation"):
        ec2.delete_dhcp_options(DhcpOptionsId=id)
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=id)
    with refused("InvalidDhcpOptionID.NotFound"):
        ec2.associate_dhcp_options(DhcpOptionsId=id, VpcId=vpc)
    with refused("InvalidParameterValue"):
        ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "colour", "Values": ["red"]}])


def test_peering_options(cloud, ec2, vpc):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    id = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    options = {"AllowDnsResolutionFromRemoteVpc": True}
    with refused("OperationNotPermitted", "is not active"):
        ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=id, AccepterPeeringConnectionOptions=options)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    made = ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=id, AccepterPeeringConnectionOptions=options)
    assert made["AccepterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"] is True
    shown = one(ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[id]), "VpcPeeringConnections")
    resolves = [shown[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"] for side in ("RequesterVpcInfo", "AccepterVpcInfo")]
    assert resolves == [False, True]
    with refused("UnsupportedOperation"):
        ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=id, AccepterPeeringConnectionOptions={"AllowMultipathResilience": True})


def test_reservations_of_a_subnet(ec2, subnet):
    made = ec2.create_subnet_cidr_reservation(
        SubnetId=subnet, Cidr="10.0.1.0/26", ReservationType="explicit", Description="kept", TagSpecifications=tagged("subnet-cidr-reservation", Name="k")
    )["SubnetCidrReservation"]
    assert made["Tags"] == [{"Key": "Name", "Value": "k"}]
    chosen = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
    assert chosen == "10.0.1.64", "no address of the reservation is chosen"
    named = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.20")["NetworkInterface"]
    assert named["PrivateIpAddress"] == "10.0.1.20"
    with refused("InvalidSubnetCidrReservation.Conflict"):
        ec2.create_subnet_cidr_reservation(SubnetId=subnet, Cidr="10.0.1.32/28", ReservationType="prefix")
    with refused("InvalidParameterValue"):
        ec2.create_subnet_cidr_reservation(SubnetId=subnet, Cidr="10.0.2.0/28", ReservationType="prefix")
    (found,) = ec2.get_subnet_cidr_reservations(SubnetId=subnet, Filters=by("reservation-type", "explicit"))["SubnetIpv4CidrReservations"]
    id = found["SubnetCidrReservationId"]
    gone = ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=id)["DeletedSubnetCidrReservation"]
    assert gone["Description"] == "kept"
    with refused("InvalidSubnetCidrReservationID.NotFound"):
        ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=id)
    assert ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"] == "10.0.1.4"


def test_there_are_no_vpn_gateways(ec2, vpc):
    assert ec2.describe_vpn_gateways(Filters=by("attachment.vpc-id", vpc))["VpnGateways"] == []
    with refused("InvalidVpnGatewayID.NotFound"):
        ec2.describe_vpn_gateways(VpnGatewayIds=["vgw-0123456789abcdef0"])
