"""Stacks with volumes: made, changed while they are attached, taken down with a last snapshot."""

import secrets

import pytest
from machines import image, needs_machines, run, wait
from stacks import Stacks, outputs

ZONE = "ap-northeast-1a"
TEMPLATE = """
Parameters: {Instance: {Type: String}, Kind: {Type: String, Default: gp2}, Size: {Type: Number, Default: 1}, Name: {Type: String, Default: one}}
Resources:
  Data:
    Type: AWS::EC2::Volume
    DeletionPolicy: Snapshot
    Properties:
      AvailabilityZone: ap-northeast-1a
      VolumeType: !Ref Kind
      Size: !Ref Size
      AutoEnableIO: true
      Tags: [{Key: Name, Value: !Ref Name}]
  Attachment:
    Type: AWS::EC2::VolumeAttachment
    Properties: {InstanceId: !Ref Instance, VolumeId: !Ref Data, Device: /dev/sdf}
Outputs:
  Volume: {Value: !GetAtt Data.VolumeId}
"""


@pytest.fixture
def account():
    return f"{secrets.randbelow(10**12):012d}"


def test_a_volume_of_a_stack(cloud, account, name):
    needs_machines(cloud)
    ec2, stacks = cloud.client("ec2", key=account), Stacks(cloud)
    stacks.api = cloud.client("cloudformation", key=account)
    instance = run(ec2, image(cloud, account), Placement={"AvailabilityZone": ZONE})
    wait(ec2, instance, "running")

    def parameters(**more):
        return [{"ParameterKey": key, "ParameterValue": str(value)} for key, value in {"Instance": instance, **more}.items()]

    id = outputs(stacks.create(name, TEMPLATE, Parameters=parameters()))["Volume"]

    def volume():
        return ec2.describe_volumes(VolumeIds=[id])["Volumes"][0]

    assert (volume()["State"], volume()["Attachments"][0]["InstanceId"], volume()["Attachments"][0]["State"]) == ("in-use", instance, "attached")
    assert ec2.describe_volume_attribute(VolumeId=id, Attribute="autoEnableIO")["AutoEnableIO"]["Value"] is True
    # Larger and of another type, where it is.
    stacks.update(name, TEMPLATE, Parameters=parameters(Kind="gp3", Size=2, Name="two"))
    assert (volume()["Size"], volume()["VolumeType"], volume()["Iops"]) == (2, "gp3", 3000)
    assert {"Key": "Name", "Value": "two"} in volume()["Tags"]
    stacks.delete(name)
    with pytest.raises(ec2.exceptions.ClientError, match="InvalidVolume.NotFound"):
        volume()
    (last,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert (last["VolumeId"], last["State"]) == (id, "completed")
    ec2.terminate_instances(InstanceIds=[instance])
    wait(ec2, instance, "terminated")


SHARED = """
Parameters: {One: {Type: String}, Two: {Type: String}, Both: {Type: String, Default: "yes"}}
Conditions: {Both: !Equals [!Ref Both, "yes"]}
Resources:
  Data: {Type: AWS::EC2::Volume, Properties: {AvailabilityZone: ap-northeast-1a, VolumeType: io2, Iops: 100, Size: 4, MultiAttachEnabled: true}}
  First: {Type: AWS::EC2::VolumeAttachment, Properties: {InstanceId: !Ref One, VolumeId: !Ref Data, Device: /dev/sdf}}
  Second: {Type: AWS::EC2::VolumeAttachment, Condition: Both, Properties: {InstanceId: !Ref Two, VolumeId: !Ref Data, Device: /dev/sdg}}
Outputs:
  Volume: {Value: !Ref Data}
"""


def test_a_volume_on_two_instances(cloud, account, name):
    needs_machines(cloud)
    ec2, stacks = cloud.client("ec2", key=account), Stacks(cloud)
    stacks.api = cloud.client("cloudformation", key=account)
    both = [run(ec2, image(cloud, account), Placement={"AvailabilityZone": ZONE}) for _ in range(2)]
    for id in both:
        wait(ec2, id, "running")
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in zip(("One", "Two"), both)]
    volume = outputs(stacks.create(name, SHARED, Parameters=parameters))["Volume"]

    def holders():
        return {held["InstanceId"] for held in ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Attachments"]}

    assert holders() == set(both)
    stacks.update(name, SHARED, Parameters=[*parameters, {"ParameterKey": "Both", "ParameterValue": "no"}])
    assert holders() == {both[0]}
    stacks.delete(name)
    ec2.terminate_instances(InstanceIds=both)
