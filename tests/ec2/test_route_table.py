"""Route tables, routes and associations."""

import pytest
from asking import by, one, refused, tagged


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def table(ec2, vpc):
    return ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def gateway_of(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def routes(ec2, table):
    return one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Routes"]


def test_every_vpc_has_a_main_table(ec2, vpc):
    main = one(ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true")), "RouteTables")
    (route,) = main["Routes"]
    assert (route["DestinationCidrBlock"], route["GatewayId"], route["State"]) == ("10.0.0.0/16", "local", "active")
    assert route["Origin"] == "CreateRouteTable"
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=main["RouteTableId"])
    with refused("InvalidParameterValue", "cannot disassociate the main route table association"):
        ec2.disassociate_route_table(AssociationId=main["Associations"][0]["RouteTableAssociationId"])


def test_routes(ec2, vpc, table):
    gateway = gateway_of(ec2, vpc)
    assert ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"]
    assert ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"]
    with refused("InvalidParameterValue", "This route can target only an interface or an instance."):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.5.0/24", GatewayId=gateway)
    with refused("InvalidGatewayID.NotFound", "The gateway ID 'igw-00000000000000000' does not exist"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="1.0.0.0/8", GatewayId="igw-00000000000000000")
    with refused("MissingParameter"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="1.0.0.0/8")
    with refused("InvalidRoute.NotFound", f"no route with destination-cidr-block 1.0.0.0/8 in route table {table}"):
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="1.0.0.0/8")
    with refused("InvalidParameterValue", "cannot remove local route"):
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    assert len(routes(ec2, table)) == 1


def test_a_destination_leads_to_one_place(ec2, vpc, table):
    gateway = gateway_of(ec2, vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with refused("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists."):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)
    assert routes(ec2, table)[1]["NetworkInterfaceId"] == interface
    assert routes(ec2, table)[1]["State"] == "blackhole", "nobody holds the interface"
    with refused("InvalidParameterValue", "Use CreateRoute instead"):
        ec2.replace_route(RouteTableId=table, DestinationCidrBlock="1.0.0.0/8", GatewayId=gateway)


def test_routes_to_what_is_gone_are_blackholes(ec2, vpc, table):
    gateway = gateway_of(ec2, vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert routes(ec2, table)[1]["State"] == "active"
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    assert routes(ec2, table)[1]["State"] == "blackhole"
    assert one(ec2.describe_route_tables(Filters=by("route.state", "blackhole")), "RouteTables")["RouteTableId"] == table


def test_gateways_of_other_networks_are_refused(ec2, vpc, table):
    gateway = gateway_of(ec2, ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"])
    with refused("InvalidParameterValue", f"route table {table} and network gateway {gateway} belong to different networks"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def test_associations(ec2, vpc, table):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert made["AssociationState"]["State"] == "associated"
    assert ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"] == made["AssociationId"]
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=other, SubnetId=subnet)
    with refused("DependencyViolation", f"The routeTable '{table}' has dependencies and cannot be deleted."):
        ec2.delete_route_table(RouteTableId=table)
    moved = ec2.replace_route_table_association(AssociationId=made["AssociationId"], RouteTableId=other)
    shown = one(ec2.describe_route_tables(Filters=by("association.subnet-id", subnet)), "RouteTables")
    assert shown["RouteTableId"] == other
    assert shown["Associations"][0]["RouteTableAssociationId"] == moved["NewAssociationId"]
    ec2.disassociate_route_table(AssociationId=moved["NewAssociationId"])
    with refused("InvalidAssociationID.NotFound"):
        ec2.disassociate_route_table(AssociationId=moved["NewAssociationId"])
    ec2.delete_route_table(RouteTableId=other)


def test_another_table_can_become_the_main_one(ec2, vpc, table):
    main = one(ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true")), "RouteTables")
    ec2.replace_route_table_association(
        AssociationId=main["Associations"][0]["RouteTableAssociationId"], RouteTableId=table
    )
    now = one(ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true")), "RouteTables")
    assert now["RouteTableId"] == table
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])


def test_a_deleted_subnet_leaves_no_association(ec2, vpc, table):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=table)


def test_the_same_token_makes_one_table(ec2, vpc):
    first = ec2.create_route_table(VpcId=vpc, ClientToken="once", TagSpecifications=tagged("route-table", Name="t"))
    again = ec2.create_route_table(VpcId=vpc, ClientToken="once", TagSpecifications=tagged("route-table", Name="t"))
    assert first["RouteTable"]["RouteTableId"] == again["RouteTable"]["RouteTableId"]
    assert again["RouteTable"]["Tags"] == [{"Key": "Name", "Value": "t"}]
    with refused("IdempotentParameterMismatch"):
        ec2.create_route_table(VpcId=vpc, ClientToken="once")


def test_an_internet_gateways_own_table(ec2, vpc, table):
    gateway = gateway_of(ec2, vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    middle = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    main = one(ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true")), "RouteTables")
    ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with refused("InvalidParameterValue", "cannot be in a route table that is associated with a gateway"):
        ec2.associate_route_table(RouteTableId=main["RouteTableId"], GatewayId=gateway)
    with refused("MissingParameter"):
        ec2.associate_route_table(RouteTableId=table)
    with refused("InvalidInternetGatewayID.NotFound"):
        ec2.associate_route_table(RouteTableId=table, GatewayId="igw-00000000000000000")
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", "belong to different networks"):
        ec2.associate_route_table(RouteTableId=table, GatewayId=other)
    association = ec2.associate_route_table(RouteTableId=table, GatewayId=gateway)["AssociationId"]
    assert ec2.associate_route_table(RouteTableId=table, GatewayId=gateway)["AssociationId"] == association
    (shown,) = one(ec2.describe_route_tables(Filters=by("association.gateway-id", gateway)), "RouteTables")["Associations"]
    assert (shown["GatewayId"], shown["RouteTableAssociationId"], shown["Main"]) == (gateway, association, False)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.1.0/24", NetworkInterfaceId=middle)
    with refused("InvalidParameterValue", "cannot be in a route table that is associated with a gateway"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="203.0.113.0/24", NetworkInterfaceId=middle)
    second = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=second, GatewayId=gateway)
    moved = ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)["NewAssociationId"]
    assert one(ec2.describe_route_tables(RouteTableIds=[table]), "RouteTables")["Associations"] == []
    ec2.disassociate_route_table(AssociationId=moved)
    ec2.associate_route_table(RouteTableId=second, GatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert one(ec2.describe_route_tables(RouteTableIds=[second]), "RouteTables")["Associations"] == []
