"""Many calls at once on one VPC: no address twice, nothing half-made, AWS's errors for what does not fit."""

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

from asking import by, one
from botocore.config import Config
from botocore.exceptions import ClientError


def at_once(calls):
    """The answers, or the codes of the errors."""

    def answer(call):
        try:
            return call()
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(answer, calls))


def test_two_hundred_calls_on_one_vpc(cloud, account):
    many = Config(retries={"total_max_attempts": 1}, max_pool_connections=40)
    ec2 = cloud.client("ec2", key=account, config=many)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    interfaces = [lambda: ec2.create_network_interface(SubnetId=subnet, Groups=[group]) for _ in range(80)]
    subnets = [lambda n=n: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n % 20 + 2}.0/24") for n in range(40)]
    rules = [lambda: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]) for _ in range(40)]
    names = [lambda: ec2.create_security_group(GroupName="same", Description="d", VpcId=vpc) for _ in range(40)]
    answers = at_once(interfaces + subnets + rules + names)
    assert len(answers) == 200
    assert all(isinstance(answer, dict) for answer in answers[:80])
    assert sorted(map(str, answers[80:120])).count("InvalidSubnet.Conflict") == 20
    assert answers[120:160].count("InvalidPermission.Duplicate") == 39
    assert answers[160:].count("InvalidGroup.Duplicate") == 39

    held = ec2.describe_network_interfaces(Filters=by("subnet-id", subnet))["NetworkInterfaces"]
    assert len({own["PrivateIpAddress"] for own in held}) == len(held) == 80
    assert len({own["MacAddress"] for own in held}) == 80
    assert one(ec2.describe_subnets(SubnetIds=[subnet]), "Subnets")["AvailableIpAddressCount"] == 251 - 80
    acl = one(ec2.describe_network_acls(Filters=by("vpc-id", vpc)), "NetworkAcls")
    made = {own["SubnetId"] for own in ec2.describe_subnets(Filters=by("vpc-id", vpc))["Subnets"]}
    assert {own["SubnetId"] for own in acl["Associations"]} == made and len(made) == 21

    deletions = [lambda id=own["NetworkInterfaceId"]: ec2.delete_network_interface(NetworkInterfaceId=id) for own in held]
    others = [lambda id=id: ec2.delete_subnet(SubnetId=id) for id in made - {subnet}]
    assert not any(isinstance(answer, str) for answer in at_once(deletions + others))
    ec2.delete_subnet(SubnetId=subnet)
    for own in ec2.describe_security_groups(Filters=by("vpc-id", vpc))["SecurityGroups"]:
        if own["GroupName"] != "default":
            ec2.delete_security_group(GroupId=own["GroupId"])
    ec2.delete_vpc(VpcId=vpc)
    for ask, name in [
        (ec2.describe_subnets, "Subnets"),
        (ec2.describe_security_groups, "SecurityGroups"),
        (ec2.describe_route_tables, "RouteTables"),
        (ec2.describe_network_acls, "NetworkAcls"),
    ]:
        assert ask(Filters=by("vpc-id", vpc))[name] == [], f"{name} of a VPC that is gone"


def test_one_elastic_ip_for_each_that_asks(cloud, account):
    clients = [cloud.client("ec2", key=f"{int(account) // 10 * 10 + n:012d}") for n in range(4)]
    answers = at_once([lambda client=client: client.allocate_address()["PublicIp"] for client in clients for _ in range(5)])
    assert len(set(answers)) == 20 and all(ip_address(answer) in ip_network("198.18.0.0/15") for answer in answers)
