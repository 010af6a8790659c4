"""Placement groups: who may be in which, and what instances are told of theirs."""

import pytest
from asking import by, one, refused, tagged
from machines import image, needs_machines, printed, run, wait

ZONES = ["ap-northeast-1a", "ap-northeast-1c"]
PLACED = """#!/bin/sh
T=$(curl -s -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
M=http://169.254.169.254/latest/meta-data/placement
ask() { curl -s -H "X-aws-ec2-metadata-token: $T" $M/$1; }
echo "placed: $(ask group-name) $(ask partition-number)"
"""


def group(ec2, name, strategy, **more):
    return ec2.create_placement_group(GroupName=name, Strategy=strategy, **more)["PlacementGroup"]


def placement(ec2, id):
    return one(one(ec2.describe_instances(InstanceIds=[id]), "Reservations"), "Instances")["Placement"]


@pytest.fixture
def launch(cloud, ec2, account):
    """Runs instances in groups, and ends them."""
    ids, ami = [], image(cloud, account)

    def launched(name, zone=ZONES[0], count=1, kind="t3.micro", **more):
        place = {"AvailabilityZone": zone, "GroupName": name, **more.pop("Placement", {})}
        made = ec2.run_instances(ImageId=ami, InstanceType=kind, MinCount=count, MaxCount=count, Placement=place, **more)["Instances"]
        ids.extend(instance["InstanceId"] for instance in made)
        return made

    yield launched
    if ids:
        ec2.terminate_instances(InstanceIds=ids)


def test_groups(ec2, account):
    made = group(ec2, "near", "cluster", TagSpecifications=tagged("placement-group", team="a"))
    assert made["GroupId"].startswith("pg-") and made["State"] == "available" and made["Strategy"] == "cluster"
    assert made["GroupArn"] == f"arn:aws:ec2:ap-northeast-1:{account}:placement-group/near"
    assert group(ec2, "apart", "spread")["SpreadLevel"] == "rack"
    assert group(ec2, "parts", "partition")["PartitionCount"] == 2
    assert group(ec2, "seven", "partition", PartitionCount=7)["PartitionCount"] == 7
    names = lambda **asked: [one["GroupName"] for one in ec2.describe_placement_groups(**asked)["PlacementGroups"]]  # noqa: E731
    assert names() == ["apart", "near", "parts", "seven"]
    assert names(GroupNames=["near"]) == names(GroupIds=[made["GroupId"]]) == names(Filters=by("strategy", "cluster")) == ["near"]
    assert names(Filters=by("tag:team", "a")) == names(Filters=by("group-arn", made["GroupArn"])) == ["near"]
    assert names(Filters=by("spread-level", "rack")) == ["apart"]
    with refused("InvalidPlacementGroup.Duplicate", "'near' already exists"):
        group(ec2, "near", "spread")
    for wrong, code in [
        ({"Strategy": "partition", "PartitionCount": 8}, "InvalidParameterValue"),
        ({"Strategy": "cluster", "PartitionCount": 2}, "InvalidParameterCombination"),
        ({"Strategy": "cluster", "SpreadLevel": "rack"}, "InvalidParameterCombination"),
        ({"Strategy": "nearby"}, "InvalidParameterValue"),
        ({"Strategy": "spread", "GroupName": "n" * 256}, "InvalidParameterValue"),
        ({"Strategy": "spread", "SpreadLevel": "host"}, "UnsupportedOperation"),
    ]:
        with refused(code):
            ec2.create_placement_group(**{"GroupName": "other", **wrong})
    for call in [lambda: ec2.delete_placement_group(GroupName="none"), lambda: names(GroupNames=["none"])]:
        with refused("InvalidPlacementGroup.Unknown", "The Placement Group 'none' is unknown."):
            call()
    ec2.delete_placement_group(GroupName="near")
    assert "near" not in names()


def test_seven_are_spread_over_a_zone(ec2, launch):
    group(ec2, "apart", "spread")
    made = launch("apart", count=6)
    assert {instance["Placement"]["GroupName"] for instance in made} == {"apart"}
    # What does not fit as a whole is not begun.
    with refused("InsufficientInstanceCapacity"):
        launch("apart", count=2)
    ids = [instance["InstanceId"] for instance in launch("apart")]
    with refused("InsufficientInstanceCapacity"):
        launch("apart")
    launch("apart", zone=ZONES[1])
    assert len(ec2.describe_instances(Filters=by("placement-group-name", "apart"))["Reservations"]) == 3
    with refused("InvalidPlacementGroup.InUse"):
        ec2.delete_placement_group(GroupName="apart")
    ec2.terminate_instances(InstanceIds=ids)
    launch("apart")


def test_a_cluster_is_in_one_zone(ec2, launch):
    group(ec2, "near", "cluster")
    launch("near", kind="c5.large")
    with refused("InvalidParameterCombination", "Your placement group is spread across Availability Zones."):
        launch("near", zone=ZONES[1], kind="c5.large")
    with refused("InvalidParameterCombination", "Placement groups may not be used with instances of type 't3.micro'."):
        launch("near")
    with refused("InvalidPlacementGroup.Unknown"):
        launch("none")


def test_partitions_and_moves(cloud, ec2, launch):
    needs_machines(cloud)
    group(ec2, "parts", "partition", PartitionCount=2)
    group(ec2, "apart", "spread")
    numbers = [instance["Placement"]["PartitionNumber"] for instance in launch("parts", count=3)]
    assert sorted(numbers) == [1, 1, 2]
    (made,) = launch("parts", Placement={"PartitionNumber": 2}, UserData=PLACED)
    id = made["InstanceId"]
    assert made["Placement"]["PartitionNumber"] == 2
    with refused("InvalidParameterValue"):
        launch("parts", Placement={"PartitionNumber": 3})
    with refused("InvalidParameterCombination"):
        launch("apart", Placement={"PartitionNumber": 1})
    assert "placed: parts 2" in printed(ec2, id, "placed:")
    assert len(ec2.describe_instances(Filters=by("placement-partition-number", "2"))["Reservations"]) == 2

    with refused("IncorrectInstanceState"):
        ec2.modify_instance_placement(InstanceId=id, GroupName="apart")
    wait(ec2, id, "running")
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    ec2.modify_instance_placement(InstanceId=id, PartitionNumber=1)
    assert placement(ec2, id)["PartitionNumber"] == 1 and placement(ec2, id)["GroupName"] == "parts"
    ec2.modify_instance_placement(InstanceId=id, GroupName="apart")
    assert placement(ec2, id)["GroupName"] == "apart" and "PartitionNumber" not in placement(ec2, id)
    # The eighth is not started.
    others = [instance["InstanceId"] for instance in launch("apart", count=7)]
    with refused("InsufficientInstanceCapacity"):
        ec2.start_instances(InstanceIds=[id])
    ec2.terminate_instances(InstanceIds=others[:1])
    ec2.start_instances(InstanceIds=[id])
    wait(ec2, id, "running")
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    ec2.modify_instance_placement(InstanceId=id, GroupName="")
    assert placement(ec2, id)["GroupName"] == ""
