"""Row 19, "AWS VPC作成手順", with the AWS CLI, step by step."""

import pytest
from clouds import program


@pytest.fixture
def aws(cloud, account):
    def run(*words):
        return cloud.aws("ec2", *words, AWS_ACCESS_KEY_ID=account)

    return run


def name(kind, text):
    return ["--tag-specifications", f"ResourceType={kind},Tags=[{{Key=Name,Value={text}}}]"]


def test_the_steps(cloud, account, aws):
    vpc = aws("create-vpc", "--cidr-block", "10.0.0.0/16", *name("vpc", "test-vpc"))["Vpc"]["VpcId"]
    subnet = aws(
        "create-subnet", "--vpc-id", vpc, "--availability-zone", "ap-northeast-1a", "--cidr-block", "10.0.1.0/28",
        *name("subnet", "test-subnet"),
    )["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 11
    gateway = aws("create-internet-gateway", *name("internet-gateway", "test-igw"))["InternetGateway"]["InternetGatewayId"]
    aws("attach-internet-gateway", "--internet-gateway-id", gateway, "--vpc-id", vpc)
    table = aws("create-route-table", "--vpc-id", vpc, *name("route-table", "test-rtb"))["RouteTable"]["RouteTableId"]
    made = aws("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id", gateway)
    assert made["Return"]
    aws("associate-route-table", "--route-table-id", table, "--subnet-id", subnet["SubnetId"])
    shown = aws("describe-route-tables", "--filters", f"Name=association.subnet-id,Values={subnet['SubnetId']}")
    assert [(route["DestinationCidrBlock"], route["GatewayId"], route["State"]) for route in shown["RouteTables"][0]["Routes"]] == [
        ("10.0.0.0/16", "local", "active"),
        ("0.0.0.0/0", gateway, "active"),
    ]
    group = aws("create-security-group", "--group-name", "test-sg", "--description", "test", "--vpc-id", vpc)["GroupId"]
    aws("authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0")

    def fails(code, *words):
        done = cloud.run(program("aws"), "ec2", *words, check=False, AWS_ACCESS_KEY_ID=account)
        assert done.returncode != 0 and f"({code})" in done.stderr, done.stderr

    fails("InvalidSubnet.Range", "create-subnet", "--vpc-id", vpc, "--cidr-block", "10.0.2.0/29")
    fails("InvalidSubnet.Conflict", "create-subnet", "--vpc-id", vpc, "--cidr-block", "10.0.1.0/24")
    fails("InvalidVpc.Range", "create-vpc", "--cidr-block", "10.0.0.0/8")
    fails("DependencyViolation", "delete-vpc", "--vpc-id", vpc)
