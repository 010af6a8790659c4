"""VPCs, subnets and internet gateways, and what all of EC2's operations have in common."""

import pytest
from asking import by, one, refused, tagged


def vpc_of(ec2, cidr="10.0.0.0/16", **more):
    return ec2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]


def test_default_vpc_is_there(ec2):
    vpc = one(ec2.describe_vpcs(Filters=by("isDefault", "true")), "Vpcs")
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    subnets = ec2.describe_subnets(Filters=by("vpc-id", vpc["VpcId"]))["Subnets"]
    assert sorted(subnet["AvailabilityZone"][-1] for subnet in subnets) == ["a", "c", "d"]
    assert {subnet["CidrBlock"] for subnet in subnets} == {"172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"}
    assert all(subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    assert {subnet["AvailableIpAddressCount"] for subnet in subnets} == {4091}
    gateway = one(ec2.describe_internet_gateways(Filters=by("attachment.vpc-id", vpc["VpcId"])), "InternetGateways")
    assert gateway["Attachments"][0]["State"] == "available"
    attribute = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"][0]
    assert attribute["AttributeValues"][0]["AttributeValue"] == vpc["VpcId"]


def test_default_vpc_can_be_made_again(ec2):
    vpc = one(ec2.describe_vpcs(), "Vpcs")["VpcId"]
    with refused("DefaultVpcAlreadyExists"):
        ec2.create_default_vpc()
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnets[0])
    zone = {"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"} - {
        subnet["AvailabilityZone"] for subnet in ec2.describe_subnets()["Subnets"]
    }
    made = ec2.create_default_subnet(AvailabilityZone=zone.pop())["Subnet"]
    assert made["DefaultForAz"] and made["CidrBlock"].endswith("/20")
    with refused("DefaultSubnetAlreadyExistsInAvailabilityZone"):
        ec2.create_default_subnet(AvailabilityZone=made["AvailabilityZone"])
    for subnet in [made["SubnetId"], *subnets[1:]]:
        ec2.delete_subnet(SubnetId=subnet)
    gateway = one(ec2.describe_internet_gateways(), "InternetGateways")["InternetGatewayId"]
    with refused("DependencyViolation"):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert ec2.create_default_vpc()["Vpc"]["IsDefault"]


def test_a_vpc_and_its_attributes(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.7.1/16", TagSpecifications=tagged("vpc", Name="mine"))["Vpc"]
    assert (vpc["CidrBlock"], vpc["State"], vpc["IsDefault"]) == ("10.0.0.0/16", "pending", False)
    assert vpc["Tags"] == [{"Key": "Name", "Value": "mine"}]
    id = vpc["VpcId"]
    assert one(ec2.describe_vpcs(VpcIds=[id]), "Vpcs")["State"] == "available"

    def attribute(name):
        answer = ec2.describe_vpc_attribute(VpcId=id, Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    assert attribute("enableDnsSupport") and not attribute("enableDnsHostnames")
    ec2.modify_vpc_attribute(VpcId=id, EnableDnsHostnames={"Value": True})
    assert attribute("enableDnsHostnames")
    assert ec2.modify_vpc_tenancy(VpcId=id, InstanceTenancy="default")["ReturnValue"]
    ec2.delete_vpc(VpcId=id)
    with refused("InvalidVpcID.NotFound", f"The vpc ID '{id}' does not exist"):
        ec2.describe_vpcs(VpcIds=[id])


def test_vpc_blocks_are_checked(ec2):
    for cidr in ["10.0.0.0/15", "10.0.0.0/29"]:
        with refused("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid."):
            ec2.create_vpc(CidrBlock=cidr)
    with refused("InvalidParameterValue", "This is not a valid CIDR block."):
        ec2.create_vpc(CidrBlock="ten")
    with refused("MissingParameter"):
        ec2.create_vpc()
    for octet in range(4):
        vpc_of(ec2, f"10.{octet}.0.0/16")
    with refused("VpcLimitExceeded", "The maximum number of VPCs has been reached."):
        vpc_of(ec2)


def test_further_blocks(ec2):
    vpc = vpc_of(ec2, AmazonProvidedIpv6CidrBlock=True)
    added = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
    with refused("InvalidVpc.Range"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="172.16.0.0/16")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.5.0/24")["Subnet"]["SubnetId"]
    shown = one(ec2.describe_vpcs(Filters=by("cidr-block-association.cidr-block", "10.1.*")), "Vpcs")
    assert [block["CidrBlock"] for block in shown["CidrBlockAssociationSet"]] == ["10.0.0.0/16", "10.1.0.0/16"]
    with refused("InvalidCidrBlock.InUse"):
        ec2.disassociate_vpc_cidr_block(AssociationId=added["AssociationId"])
    block = shown["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    assert block.endswith("::/56")
    own = block.replace("::/56", "::/64")
    made = ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=own)["Ipv6CidrBlockAssociation"]
    ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    ec2.disassociate_subnet_cidr_block(AssociationId=made["AssociationId"])
    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=added["AssociationId"])
    primary = shown["CidrBlockAssociationSet"][0]["AssociationId"]
    with refused("OperationNotPermitted"):
        ec2.disassociate_vpc_cidr_block(AssociationId=primary)


def test_subnets(ec2):
    vpc = vpc_of(ec2)
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/28", AvailabilityZone="ap-northeast-1a")["Subnet"]
    assert made["AvailableIpAddressCount"] == 11
    assert (made["AvailabilityZoneId"], made["State"]) == ("apne1-az4", "available")
    with refused("InvalidSubnet.Range", "The CIDR '10.0.2.0/29' is invalid."):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/29")
    with refused("InvalidSubnet.Range", "The CIDR '192.168.0.0/24' is invalid."):
        ec2.create_subnet(VpcId=vpc, CidrBlock="192.168.0.0/24")
    with refused("InvalidSubnet.Conflict", "The CIDR '10.0.1.0/24' conflicts with another subnet"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
    with refused("InvalidParameterValue", "ap-northeast-1a, ap-northeast-1c, ap-northeast-1d"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.3.0/24", AvailabilityZone="ap-northeast-1b")
    ec2.modify_subnet_attribute(SubnetId=made["SubnetId"], MapPublicIpOnLaunch={"Value": True})
    assert one(ec2.describe_subnets(Filters=by("map-public-ip-on-launch", "true") + by("vpc-id", vpc)), "Subnets")
    ec2.delete_subnet(SubnetId=made["SubnetId"])
    with refused("InvalidSubnetID.NotFound"):
        ec2.delete_subnet(SubnetId=made["SubnetId"])


def test_internet_gateways(ec2):
    vpc, other = vpc_of(ec2), vpc_of(ec2, "10.1.0.0/16")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("Gateway.NotAttached", f"resource {gateway} is not attached to network {vpc}"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("Resource.AlreadyAssociated", f"resource {gateway} is already attached to network {vpc}"):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=other)
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def test_ids_that_lead_nowhere(ec2):
    with refused("InvalidVpcID.Malformed", 'expecting "vpc-..."'):
        ec2.describe_vpcs(VpcIds=["mine"])
    with refused("InvalidSubnetID.NotFound", "The subnet ID 'subnet-00000000000000000' does not exist"):
        ec2.describe_subnets(SubnetIds=["subnet-00000000000000000"])
    with refused("InvalidInternetGatewayID.NotFound"):
        ec2.delete_internet_gateway(InternetGatewayId="igw-00000000000000000")


def test_dry_run_changes_nothing(ec2):
    message = "Request would have succeeded, but DryRun flag is set."
    with refused("DryRunOperation", message):
        ec2.create_vpc(CidrBlock="10.9.0.0/16", DryRun=True)
    with refused("DryRunOperation", message):
        ec2.describe_vpcs(DryRun=True)
    with refused("InvalidVpc.Range"):
        ec2.create_vpc(CidrBlock="10.9.0.0/8", DryRun=True)
    assert ec2.describe_vpcs(Filters=by("cidr", "10.9.0.0/16"))["Vpcs"] == []


def test_tags(ec2):
    vpc = vpc_of(ec2)
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "a"}, {"Key": "team", "Value": "web"}])
    assert one(ec2.describe_vpcs(Filters=by("tag:team", "w*")), "Vpcs")["VpcId"] == vpc
    assert one(ec2.describe_vpcs(Filters=by("tag-key", "team")), "Vpcs")["VpcId"] == vpc
    shown = ec2.describe_tags(Filters=by("resource-id", vpc))["Tags"]
    assert [(tag["Key"], tag["Value"], tag["ResourceType"]) for tag in shown] == [("Name", "a", "vpc"), ("team", "web", "vpc")]
    assert one(ec2.describe_tags(Filters=by("tag:Name", "a")), "Tags")["Key"] == "Name"
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "another"}, {"Key": "team"}])
    assert one(ec2.describe_tags(Filters=by("resource-id", vpc)), "Tags")["Key"] == "Name"
    with refused("InvalidParameterValue"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:mine", "Value": ""}])
    with refused("TagLimitExceeded"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])
    with refused("InvalidParameterValue", "is not a valid taggable resource type"):
        vpc_of(ec2, "10.1.0.0/16", TagSpecifications=tagged("subnet", Name="x"))
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_tags(Filters=by("resource-id", vpc))["Tags"] == []


def test_pages(ec2):
    vpc = vpc_of(ec2)
    made = {ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"] for n in range(7)}
    pages = list(ec2.get_paginator("describe_subnets").paginate(Filters=by("vpc-id", vpc), MaxResults=5))
    assert [len(page["Subnets"]) for page in pages] == [5, 2]
    assert {subnet["SubnetId"] for page in pages for subnet in page["Subnets"]} == made
    with refused("InvalidParameterCombination"):
        ec2.describe_subnets(SubnetIds=list(made)[:1], MaxResults=5)
    with refused("InvalidNextToken"):
        ec2.describe_subnets(NextToken="nobody's")


def test_unknown_filters_are_refused(ec2):
    for ask in [ec2.describe_vpcs, ec2.describe_subnets, ec2.describe_internet_gateways, ec2.describe_regions]:
        with refused("InvalidParameterValue", "The filter 'colour' is invalid"):
            ask(Filters=by("colour", "red"))


def test_regions_and_zones(ec2):
    regions = ec2.describe_regions(Filters=by("region-name", "ap-northeast-?"))["Regions"]
    assert [region["RegionName"] for region in regions] == ["ap-northeast-1", "ap-northeast-2", "ap-northeast-3"]
    zones = ec2.describe_availability_zones(ZoneNames=["ap-northeast-1c"])["AvailabilityZones"]
    assert [(zone["ZoneId"], zone["State"]) for zone in zones] == [("apne1-az1", "available")]


@pytest.mark.parametrize("region, zones", [("us-east-1", 6), ("us-west-2", 4), ("eu-west-1", 3)])
def test_every_region_has_a_default_vpc(cloud, account, region, zones):
    ec2 = cloud.client("ec2", key=account, region=region)
    assert one(ec2.describe_vpcs(), "Vpcs")["IsDefault"]
    assert len(ec2.describe_subnets()["Subnets"]) == zones
