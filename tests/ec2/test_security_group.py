"""Security groups and their rules."""

import pytest
from asking import by, one, refused, tagged


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def group(ec2, vpc):
    return ec2.create_security_group(GroupName="web", Description="web servers", VpcId=vpc)["GroupId"]


def rule(port, **more):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **more}


def anywhere(port, **more):
    return rule(port, IpRanges=[{"CidrIp": "0.0.0.0/0", **more}])


def shown(ec2, group):
    return one(ec2.describe_security_groups(GroupIds=[group]), "SecurityGroups")


def test_the_default_group(ec2, vpc):
    default = one(ec2.describe_security_groups(Filters=by("vpc-id", vpc)), "SecurityGroups")
    assert default["GroupName"] == "default"
    assert default["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == default["GroupId"]
    assert default["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    with refused("CannotDelete", 'name: "default" cannot be deleted by a user'):
        ec2.delete_security_group(GroupId=default["GroupId"])


def test_groups_have_names_of_their_own(ec2, vpc, group):
    with refused("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'"):
        ec2.create_security_group(GroupName="web", Description="again", VpcId=vpc)
    with refused("InvalidParameterValue", "Cannot use reserved security group name"):
        ec2.create_security_group(GroupName="default", Description="d", VpcId=vpc)
    with refused("InvalidParameterValue", "may not be in the format sg-*"):
        ec2.create_security_group(GroupName="sg-web", Description="d", VpcId=vpc)
    with refused("InvalidParameterValue", "Character sets beyond ASCII are not supported."):
        ec2.create_security_group(GroupName="雲", Description="d", VpcId=vpc)
    with refused("InvalidGroup.NotFound", "The security group 'sg-00000000000000000' does not exist"):
        ec2.describe_security_groups(GroupIds=["sg-00000000000000000"])
    with refused("InvalidGroupId.Malformed"):
        ec2.describe_security_groups(GroupIds=["web"])
    (named,) = ec2.get_security_groups_for_vpc(VpcId=vpc, Filters=by("group-name", "web"))["SecurityGroupForVpcs"]
    assert named["GroupId"] == group


def test_the_default_vpc_is_meant_where_none_is_named(ec2):
    group = ec2.create_security_group(GroupName="ssh", Description="d")["GroupId"]
    ec2.authorize_security_group_ingress(GroupName="ssh", IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.1.2.3/8")
    found = one(ec2.describe_security_groups(GroupNames=["ssh"]), "SecurityGroups")
    assert found["GroupId"] == group
    assert found["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}]
    ec2.delete_security_group(GroupName="ssh")


def test_rules_have_ids(ec2, group):
    made = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[anywhere(80, Description="everybody"), rule(443, Ipv6Ranges=[{"CidrIpv6": "::/0"}])],
        TagSpecifications=tagged("security-group-rule", team="web"),
    )["SecurityGroupRules"]
    assert [(one["FromPort"], one.get("CidrIpv4"), one.get("CidrIpv6")) for one in made] == [
        (80, "0.0.0.0/0", None),
        (443, None, "::/0"),
    ]
    (found,) = ec2.describe_security_group_rules(Filters=by("tag:team", "web") + by("security-group-rule-id", made[0]["SecurityGroupRuleId"]))["SecurityGroupRules"]
    assert found["Description"] == "everybody" and found["IsEgress"] is False
    with refused("InvalidPermission.Duplicate", 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW" already exists'):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anywhere(80)])
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": made[0]["SecurityGroupRuleId"],
                "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "CidrIpv4": "10.0.0.0/8"},
            }
        ],
    )
    ports = {permission["FromPort"] for permission in shown(ec2, group)["IpPermissions"]}
    assert ports == {8080, 443}
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        ec2.describe_security_group_rules(SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])


def test_rules_are_revoked_by_what_they_say(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anywhere(22)])
    with refused("InvalidPermission.NotFound", "The specified rule does not exist in this security group."):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[anywhere(23)])
    revoked = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[anywhere(22)])
    assert revoked["Return"] and revoked["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "0.0.0.0/0"
    assert shown(ec2, group)["IpPermissions"] == []
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    assert shown(ec2, group)["IpPermissionsEgress"] == []
    made = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=everything)["SecurityGroupRules"][0]
    assert made["IsEgress"] and (made["FromPort"], made["ToPort"]) == (-1, -1)


def test_descriptions(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anywhere(22)])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[anywhere(22, Description="ssh")])
    assert shown(ec2, group)["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": "ssh"}]
    rules = ec2.describe_security_group_rules(Filters=by("group-id", group))["SecurityGroupRules"]
    egress = [one for one in rules if one["IsEgress"]]
    ec2.update_security_group_rule_descriptions_egress(
        GroupId=group,
        SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": egress[0]["SecurityGroupRuleId"], "Description": "out"}],
    )
    assert shown(ec2, group)["IpPermissionsEgress"][0]["IpRanges"][0]["Description"] == "out"


def test_what_is_no_rule_is_refused(ec2, group):
    def add(**permission):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    with refused("InvalidParameterValue", "CIDR block 10.0.0.0/33 is malformed"):
        add(**rule(22, IpRanges=[{"CidrIp": "10.0.0.0/33"}]))
    with refused("InvalidParameterValue", "TCP/UDP port (65536) out of range"):
        add(**anywhere(65536))
    with refused("InvalidParameterValue", "Invalid TCP/UDP port range (443:80)"):
        add(IpProtocol="tcp", FromPort=443, ToPort=80, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    with refused("InvalidParameterValue"):
        add(IpProtocol="pigeon", IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    with refused("InvalidGroup.NotFound"):
        add(**rule(22, UserIdGroupPairs=[{"GroupId": "sg-00000000000000000"}]))
    with refused("MissingParameter"):
        ec2.authorize_security_group_ingress(GroupId=group)
    assert shown(ec2, group)["IpPermissions"] == []


def test_groups_that_are_used_stay(ec2, vpc, group):
    app = ec2.create_security_group(GroupName="app", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[rule(80, UserIdGroupPairs=[{"GroupId": group}])])
    assert one(ec2.describe_security_groups(Filters=by("ip-permission.group-id", group)), "SecurityGroups")["GroupId"] == app
    with refused("InvalidGroup.InUse"):
        ec2.delete_security_group(GroupId=group)
    ec2.revoke_security_group_ingress(GroupId=app, IpPermissions=[rule(80, UserIdGroupPairs=[{"GroupId": group}])])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, Groups=[group])
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_security_group(GroupId=app)


def test_quota_of_rules(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anywhere(port) for port in range(1, 61)])
    with refused("RulesPerSecurityGroupLimitExceeded"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anywhere(61)])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(61, Ipv6Ranges=[{"CidrIpv6": "::/0"}])])


def test_references_across_a_peering(ec2, vpc, group):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = ec2.create_security_group(GroupName="db", Description="d", VpcId=other)["GroupId"]
    reference = [rule(80, UserIdGroupPairs=[{"GroupId": group}])]
    with refused("InvalidGroup.NotFound", "belong to different networks"):
        ec2.authorize_security_group_ingress(GroupId=foreign, IpPermissions=reference)
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    ec2.authorize_security_group_ingress(GroupId=foreign, IpPermissions=reference)
    (found,) = ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"]
    assert (found["ReferencingVpcId"], found["VpcPeeringConnectionId"]) == (other, peering)
    assert ec2.describe_stale_security_groups(VpcId=other)["StaleSecurityGroupSet"] == []
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    (stale,) = ec2.describe_stale_security_groups(VpcId=other)["StaleSecurityGroupSet"]
    assert stale["StaleIpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group


def test_references_across_accounts(cloud, ec2, vpc, group, account):
    """A peered VPC of another account refers to a group; one of another region may not."""
    friend = f"{int(account) + 1:012d}"
    theirs, abroad = cloud.client("ec2", key=friend), cloud.client("ec2", key=account, region="us-east-1")
    reference = [rule(80, UserIdGroupPairs=[{"GroupId": group, "UserId": account}])]
    stale = {}
    for client, owner, region, block in ((theirs, friend, "ap-northeast-1", "10.1.0.0/16"), (abroad, account, "us-east-1", "10.2.0.0/16")):
        other = client.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        foreign = client.create_security_group(GroupName="db", Description="d", VpcId=other)["GroupId"]
        with refused("InvalidGroup.NotFound"):
            client.authorize_security_group_ingress(GroupId=foreign, IpPermissions=reference)
        peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other, PeerOwnerId=owner, PeerRegion=region)
        peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        client.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        if client is abroad:
            with refused("InvalidGroup.NotFound"):
                client.authorize_security_group_ingress(GroupId=foreign, IpPermissions=reference)
            continue
        client.authorize_security_group_ingress(GroupId=foreign, IpPermissions=reference)
        (found,) = ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"]
        assert (found["ReferencingVpcId"], found["VpcPeeringConnectionId"]) == (other, peering)
        assert client.describe_stale_security_groups(VpcId=other)["StaleSecurityGroupSet"] == []
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        stale = client.describe_stale_security_groups(VpcId=other)["StaleSecurityGroupSet"]
        assert [one["GroupId"] for one in stale] == [foreign]
        client.revoke_security_group_ingress(GroupId=foreign, IpPermissions=reference)
