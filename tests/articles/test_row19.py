"""Row 19, 「AWS VPC作成手順」: the article's steps with the AWS CLI, and an instance that reaches out once the last one is done."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "ec2"))

from clouds import eventually  # noqa: E402
from machines import image, needs_machines, needs_ssh, ssh  # noqa: E402
from places import Outside  # noqa: E402


@pytest.fixture
def account(cloud):
    needs_machines(cloud)
    needs_ssh()
    return "191919191919"


@pytest.fixture
def aws(cloud, account):
    def run(*words):
        return cloud.aws("ec2", *words, AWS_ACCESS_KEY_ID=account)

    return run


def test_row19(cloud, aws, account, tmp_path):
    outside = Outside()
    vpc = aws("create-vpc", "--cidr-block", "10.0.0.0/16")["Vpc"]["VpcId"]
    words = ["create-subnet", "--vpc-id", vpc, "--cidr-block", "10.0.1.0/28", "--availability-zone", "ap-northeast-1a"]
    subnet = aws(*words)["Subnet"]["SubnetId"]
    key = tmp_path / "key.pem"
    key.write_text(aws("create-key-pair", "--key-name", "test")["KeyMaterial"])
    key.chmod(0o600)
    group = aws("create-security-group", "--vpc-id", vpc, "--group-name", "ssh", "--description", "ssh")["GroupId"]
    aws("authorize-security-group-ingress", "--group-id", group, "--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0")
    words = ["run-instances", "--image-id", image(cloud, account), "--instance-type", "t3.micro", "--key-name", "test"]
    # It calls out for ever, and every call that arrives is seen outside.
    script = tmp_path / "calls"
    script.write_text(f"#!/bin/sh\nwhile :; do curl -s --connect-timeout 1 -m 2 '{outside.url}' >/dev/null; sleep 0.1; done\n")
    more = ["--subnet-id", subnet, "--security-group-ids", group, "--associate-public-ip-address", "--user-data", f"file://{script}"]
    id = aws(*words, *more)["Instances"][0]["InstanceId"]
    aws("wait", "instance-running", "--instance-ids", id)
    address = aws("describe-instances", "--instance-ids", id)["Reservations"][0]["Instances"][0]["PublicIpAddress"]

    def is_reached():
        return ssh(key, address, "true", check=False, options=["-o", "ConnectTimeout=2"]).returncode == 0

    def nothing_passes():
        assert not is_reached() and outside.seen == []

    nothing_passes()
    gateway = aws("create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
    aws("attach-internet-gateway", "--internet-gateway-id", gateway, "--vpc-id", vpc)
    nothing_passes()
    table = aws("create-route-table", "--vpc-id", vpc)["RouteTable"]["RouteTableId"]
    aws("create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id", gateway)
    nothing_passes()
    made = aws("associate-route-table", "--route-table-id", table, "--subnet-id", subnet)["AssociationId"]
    eventually(lambda: outside.seen == [address] * len(outside.seen) and outside.seen, 10)
    eventually(is_reached, 20)
    # And back again: the main table has no such route.
    aws("disassociate-route-table", "--association-id", made)
    assert not is_reached()
    aws("terminate-instances", "--instance-ids", id)
    outside.shutdown()
