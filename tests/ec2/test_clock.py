"""What happens by itself once time has passed."""

import time

from asking import one, refused


def gone(ask, seconds=10):
    """Timers run when the clock is moved: wait until they have."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not ask():
            return True
        time.sleep(0.05)
    return False


def test_deleted_gateways_and_peerings_are_shown_for_a_while(own_cloud):
    cloud = own_cloud().wait_until_ready()
    ec2 = cloud.client("ec2")
    default = one(ec2.describe_vpcs(), "Vpcs")["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=nat)
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    asked = ec2.create_vpc_peering_connection(VpcId=default, PeerVpcId=other)["VpcPeeringConnection"]
    id = asked["VpcPeeringConnectionId"]
    cloud.advance("30m")
    assert one(ec2.describe_nat_gateways(), "NatGateways")["State"] == "deleted"
    cloud.advance("31m")
    assert gone(lambda: ec2.describe_nat_gateways()["NatGateways"])
    cloud.advance("7d")
    assert one(ec2.describe_vpc_peering_connections(), "VpcPeeringConnections")["Status"]["Code"] == "expired"
    with refused("InvalidStateTransition"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=id)
    again = ec2.create_vpc_peering_connection(VpcId=default, PeerVpcId=other)["VpcPeeringConnection"]
    assert again["VpcPeeringConnectionId"] != id
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=again["VpcPeeringConnectionId"])
    cloud.advance("3h")

    def ids():
        return [own["VpcPeeringConnectionId"] for own in ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]]

    assert gone(lambda: id in ids())
    assert ids() == [again["VpcPeeringConnectionId"]], "an active one stays"
