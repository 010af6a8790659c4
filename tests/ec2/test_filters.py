"""Every filter that AWS's own model documents is known; every other one is refused."""

import gzip
import json
import pathlib
import re

import botocore
import pytest
from asking import refused

MODEL = pathlib.Path(botocore.__file__).parent / "data/ec2/2016-11-15/service-2.json.gz"

BUILT = [
    "describe_addresses",
    "describe_availability_zones",
    "describe_dhcp_options",
    "describe_egress_only_internet_gateways",
    "describe_internet_gateways",
    "describe_managed_prefix_lists",
    "describe_nat_gateways",
    "describe_network_acls",
    "describe_network_insights_analyses",
    "describe_network_insights_paths",
    "describe_network_interfaces",
    "describe_prefix_lists",
    "describe_regions",
    "describe_route_tables",
    "describe_security_group_rules",
    "describe_security_groups",
    "describe_subnets",
    "describe_tags",
    "describe_vpc_endpoint_services",
    "describe_vpc_endpoints",
    "describe_vpc_peering_connections",
    "describe_vpcs",
    "get_security_groups_for_vpc",
]


@pytest.fixture(scope="module")
def documented():
    """Operation → its filters' parameter and names."""
    model = json.loads(gzip.decompress(MODEL.read_bytes()))
    found = {}
    for name, operation in model["operations"].items():
        members = model["shapes"][operation["input"]["shape"]]["members"] if "input" in operation else {}
        for parameter in ("Filters", "Filter"):
            if parameter in members:
                names = re.findall(r"<li> ?<p> ?<code>([^<]*)</code>", members[parameter].get("documentation", ""))
                found[name] = parameter, names
    return found


def camel(name):
    return "".join(word.title() for word in name.split("_"))


@pytest.mark.parametrize("operation", BUILT)
def test_documented_filters_are_known(ec2, documented, operation):
    parameter, names = documented[camel(operation)]
    more = {"VpcId": ec2.describe_vpcs()["Vpcs"][0]["VpcId"]} if operation == "get_security_groups_for_vpc" else {}

    def ask(name):
        return getattr(ec2, operation)(**{parameter: [{"Name": name, "Values": ["nothing-is-called-this"]}]}, **more)

    for name in names:
        name = "tag:Owner" if name == "tag" else name
        answer = ask(name)
        lists = [value for value in answer.values() if isinstance(value, list)]
        assert lists and not any(lists), f"{operation} by {name}"
    with refused("InvalidParameterValue", "The filter 'colour' is invalid"):
        ask("colour")
