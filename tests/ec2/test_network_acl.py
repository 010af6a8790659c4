"""Network ACLs."""

import pytest
from asking import by, one, refused


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def acl(ec2, vpc):
    return ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]


def entries(ec2, acl):
    shown = one(ec2.describe_network_acls(NetworkAclIds=[acl]), "NetworkAcls")["Entries"]
    return [(entry["Egress"], entry["RuleNumber"], entry["RuleAction"]) for entry in shown]


def test_the_default_acl_lets_everything_through(ec2, vpc, acl):
    default = one(ec2.describe_network_acls(Filters=by("vpc-id", vpc) + by("default", "true")), "NetworkAcls")
    assert entries(ec2, default["NetworkAclId"]) == [
        (True, 100, "allow"),
        (True, 32767, "deny"),
        (False, 100, "allow"),
        (False, 32767, "deny"),
    ]
    assert entries(ec2, acl) == [(True, 32767, "deny"), (False, 32767, "deny")]
    with refused("InvalidParameterValue"):
        ec2.delete_network_acl(NetworkAclId=default["NetworkAclId"])


def test_entries(ec2, acl):
    web = {
        "NetworkAclId": acl,
        "RuleNumber": 110,
        "Protocol": "tcp",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "0.0.0.0/0",
        "PortRange": {"From": 80, "To": 80},
    }
    ec2.create_network_acl_entry(**web)
    with refused("NetworkAclEntryAlreadyExists", "The network acl entry identified by 110 already exists."):
        ec2.create_network_acl_entry(**web)
    found = one(ec2.describe_network_acls(Filters=by("entry.port-range.from", "80")), "NetworkAcls")
    shown = next(entry for entry in found["Entries"] if entry["RuleNumber"] == 110)
    assert (shown["Protocol"], shown["CidrBlock"]) == ("6", "0.0.0.0/0")
    ec2.replace_network_acl_entry(**web | {"RuleAction": "deny", "PortRange": {"From": 443, "To": 443}})
    assert (False, 110, "deny") in entries(ec2, acl)
    with refused("MissingParameter"):
        ec2.create_network_acl_entry(**{key: web[key] for key in web if key != "PortRange"} | {"RuleNumber": 120})
    with refused("InvalidParameterValue"):
        ec2.create_network_acl_entry(**web | {"RuleNumber": 0})
    with refused("InvalidNetworkAclEntry.NotFound"):
        ec2.replace_network_acl_entry(**web | {"RuleNumber": 130})
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=110, Egress=False)
    with refused("InvalidNetworkAclEntry.NotFound"):
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=110, Egress=False)
    for number in range(1, 21):
        ec2.create_network_acl_entry(**web | {"RuleNumber": number})
    with refused("NetworkAclEntryLimitExceeded"):
        ec2.create_network_acl_entry(**web | {"RuleNumber": 21})


def test_subnets_move_between_acls(ec2, vpc, acl):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    default = one(ec2.describe_network_acls(Filters=by("association.subnet-id", subnet)), "NetworkAcls")
    association = default["Associations"][0]["NetworkAclAssociationId"]
    new = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]
    assert one(ec2.describe_network_acls(Filters=by("association.association-id", new)), "NetworkAcls")["NetworkAclId"] == acl
    with refused("InvalidAssociationID.NotFound"):
        ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    with refused("DependencyViolation", f"The networkAcl '{acl}' has dependencies and cannot be deleted."):
        ec2.delete_network_acl(NetworkAclId=acl)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_acl(NetworkAclId=acl)
    with refused("InvalidNetworkAclID.NotFound"):
        ec2.describe_network_acls(NetworkAclIds=[acl])
