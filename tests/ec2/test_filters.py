"""Every filter that AWS's own model documents is known; every other one is refused. Pages have AWS's limits."""

import pytest
from asking import refused
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from documented import filters, paged, with_filters

SPECIAL = {
    "DescribeLaunchTemplateVersions": {"Versions": ["$Latest"]},
    "GetInstanceTypesFromInstanceRequirements": {
        "ArchitectureTypes": ["x86_64"],
        "VirtualizationTypes": ["hvm"],
        "InstanceRequirements": {"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1}},
    },
}


class Asking:
    """Calls the operations that are built with whatever they need besides."""

    def __init__(self, cloud):
        self.ec2 = ec2 = cloud.client("ec2", key="731000000001", config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))
        prefixes = ec2.create_managed_prefix_list(MaxEntries=1, AddressFamily="IPv4", PrefixListName="filters")
        self.needs = {
            "VpcId": ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
            "SubnetId": ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            "PrefixListId": prefixes["PrefixList"]["PrefixListId"],
        }

    def required(self, operation):
        return self.ec2.meta.service_model.operation_model(operation).input_shape.required_members

    def ask(self, operation, **parameters):
        more = {name: self.needs[name] for name in self.required(operation) if name in self.needs} | SPECIAL.get(operation, {})
        return getattr(self.ec2, xform_name(operation))(**parameters, **more)

    def refusal(self, operation, **parameters):
        """What it is refused with, or None."""
        try:
            self.ask(operation, **parameters)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]

    def built(self, operations):
        """Those that are, and that need nothing that is not there."""
        for operation in operations:
            if operation in SPECIAL or set(self.required(operation)) <= self.needs.keys():
                if (self.refusal(operation) or ("",))[0] not in ("NotImplemented", "InvalidAction"):
                    yield operation


@pytest.fixture(scope="module")
def asking(cloud):
    return Asking(cloud)


def test_documented_filters_are_known(asking):
    wrong, seen = [], 0
    for operation in asking.built(with_filters()):
        parameter, names = filters(operation)
        for name in names:
            by = {parameter: [{"Name": name, "Values": ["nothing-is-called-this"]}]}
            refusal = asking.refusal(operation, **by)
            # A resource that has no such value is not found by it.
            found = refusal is None and any(value for value in asking.ask(operation, **by).values() if isinstance(value, list))
            wrong += [(operation, name, refusal)] if refusal or found else []
            seen += 1
        unknown = asking.refusal(operation, **{parameter: [{"Name": "colour", "Values": ["red"]}]})
        if unknown != ("InvalidParameterValue", "The filter 'colour' is invalid"):
            wrong.append((operation, "colour", unknown))
    assert not wrong
    assert seen > 500


def test_pages(asking):
    wrong = []
    for operation in asking.built(paged()):
        garbage = asking.refusal(operation, NextToken="bm9ib2R5cw")
        if garbage is None or garbage[0] != "InvalidNextToken":
            wrong.append((operation, "NextToken", garbage))
        nothing = asking.refusal(operation, MaxResults=-1)
        if nothing is None or nothing[0] != "InvalidParameterValue":
            wrong.append((operation, "MaxResults", nothing))
    assert not wrong


@pytest.mark.parametrize("operation", ["describe_instances", "describe_volumes", "describe_snapshots", "describe_tags", "describe_instance_status"])
def test_some_pages_hold_five_at_least(ec2, operation):
    with refused("InvalidParameterValue", "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5."):
        getattr(ec2, operation)(MaxResults=4)
    getattr(ec2, operation)(MaxResults=5)
    getattr(ec2, operation)(MaxResults=2000)
