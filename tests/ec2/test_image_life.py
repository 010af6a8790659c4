"""Images beside those of running instances: mappings, sharing, deprecation, disabling, protection, parameters."""

import datetime

import pytest
from asking import one, refused
from clouds import eventually
from machines import image, instance, needs_machines, printed, run, wait

MORE = ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"]


@pytest.fixture
def ami(cloud, account):
    return image(cloud, account)


@pytest.fixture
def own(ec2, ami, name):
    """An image of the account's own."""
    return ec2.copy_image(Name=name, SourceImageId=ami, SourceRegion="ap-northeast-1")["ImageId"]


def test_parameters_lead_to_images(cloud, ec2, account):
    ssm = cloud.client("ssm", key=account)
    for name in MORE:
        id = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        assert one(ec2.describe_images(ImageIds=[id]), "Images")["State"] == "available"
    found = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}, {"Name": "virtualization-type", "Values": ["hvm"]}])
    assert found["Images"]
    # RunInstances resolves them, too, as `resolve:ssm:` and as CloudFormation's parameter types do.
    with refused("DryRunOperation"):
        run(ec2, "resolve:ssm:" + MORE[0], DryRun=True)


def test_sharing(cloud, ec2, account, own):
    other = cloud.client("ec2", key="111122223333")
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[own])
    ec2.modify_image_attribute(ImageId=own, LaunchPermission={"Add": [{"UserId": "111122223333"}]})
    assert one(other.describe_images(ImageIds=[own]), "Images")["OwnerId"] == account
    assert [image["ImageId"] for image in other.describe_images(ExecutableUsers=["self"])["Images"]] == [own]
    with refused("DryRunOperation"):
        run(other, own, DryRun=True)
    with refused("AuthFailure"):
        other.deregister_image(ImageId=own)
    assert ec2.describe_image_attribute(ImageId=own, Attribute="launchPermission")["LaunchPermissions"] == [{"UserId": "111122223333"}]
    assert other.cancel_image_launch_permission(ImageId=own)["Return"] is True
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[own])
    ec2.modify_image_attribute(ImageId=own, LaunchPermission={"Add": [{"Group": "all"}]})
    assert own in {image["ImageId"] for image in other.describe_images(ExecutableUsers=["all"])["Images"]}
    ec2.reset_image_attribute(ImageId=own, Attribute="launchPermission")
    with refused("InvalidAMIID.NotFound"):
        other.describe_images(ImageIds=[own])


def test_deprecation_and_disabling(cloud, ec2, ami, own):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=365)
    with refused("InvalidParameterValue"):
        ec2.enable_image_deprecation(ImageId=own, DeprecateAt=soon - datetime.timedelta(days=800))
    with refused("AuthFailure"):
        ec2.enable_image_deprecation(ImageId=ami, DeprecateAt=soon)
    ec2.enable_image_deprecation(ImageId=own, DeprecateAt=soon)
    assert one(ec2.describe_images(ImageIds=[own]), "Images")["DeprecationTime"].startswith(f"{soon:%Y-%m-%dT%H:%M:}")
    ec2.disable_image_deprecation(ImageId=own)
    assert "DeprecationTime" not in one(ec2.describe_images(ImageIds=[own]), "Images")
    ec2.disable_image(ImageId=own)
    assert one(ec2.describe_images(ImageIds=[own]), "Images")["State"] == "disabled"
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert len(ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]) == 1
    with refused("InvalidAMIID.Unavailable"):
        run(ec2, own)
    ec2.enable_image(ImageId=own)
    assert ec2.enable_image_deregistration_protection(ImageId=own)["Return"] == "enabled-without-cooldown"
    with refused("OperationNotPermitted"):
        ec2.deregister_image(ImageId=own)
    assert ec2.disable_image_deregistration_protection(ImageId=own)["Return"] == "disabled"
    ec2.deregister_image(ImageId=own)


def test_mappings_of_a_new_image(cloud, ec2, account, ami, name):
    needs_machines(cloud)
    data = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}, {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1}}]
    id = run(ec2, ami, BlockDeviceMappings=data, UserData="#!/bin/sh\necho kept > /kept\nsync\necho WRITTEN\n")
    printed(ec2, id, "WRITTEN")
    wait(ec2, id, "running")
    with refused("InvalidBlockDeviceMapping"):
        ec2.create_image(InstanceId=id, Name=name, BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "NoDevice": ""}])
    mappings = [
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 10, "VolumeType": "gp3", "DeleteOnTermination": True}},
        {"DeviceName": "/dev/sdg", "NoDevice": ""},
        {"DeviceName": "/dev/sdh", "Ebs": {"VolumeSize": 3}},
    ]
    made = ec2.create_image(InstanceId=id, Name=name, NoReboot=True, BlockDeviceMappings=mappings)["ImageId"]
    eventually(lambda: one(ec2.describe_images(ImageIds=[made]), "Images")["State"] == "available")
    devices = {device["DeviceName"]: device["Ebs"] for device in one(ec2.describe_images(ImageIds=[made]), "Images")["BlockDeviceMappings"]}
    assert set(devices) == {"/dev/xvda", "/dev/sdf", "/dev/sdh"} and devices["/dev/xvda"]["VolumeSize"] == 10 and "SnapshotId" not in devices["/dev/sdh"]
    again = run(ec2, made, UserData="#!/bin/sh\necho \"HAS $(cat /kept) $(df -BG / | awk 'END {print $2}')\"\n")
    assert "HAS kept" in printed(ec2, again, "HAS ")
    assert len(instance(ec2, again)["BlockDeviceMappings"]) == 3
    # A copy in another region has snapshots of its own there.
    far = cloud.client("ec2", key=account, region="us-east-1")
    copied = far.copy_image(Name=name, SourceImageId=made, SourceRegion="ap-northeast-1")["ImageId"]
    eventually(lambda: one(far.describe_images(ImageIds=[copied]), "Images")["State"] == "available")
    there = one(far.describe_images(ImageIds=[copied]), "Images")["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert there != devices["/dev/xvda"]["SnapshotId"]
    ec2.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)
    distant = run(far, copied, UserData="#!/bin/sh\necho \"FAR $(cat /kept)\"\n")
    assert "FAR kept" in printed(far, distant, "FAR ")
    far.terminate_instances(InstanceIds=[distant])
    ec2.terminate_instances(InstanceIds=[id, again])
    wait(ec2, again, "terminated")


def test_monitoring_credits_and_profiles(cloud, ec2, account, ami, name):
    id = run(ec2, ami, UserData="#!/bin/sh\n")
    assert one(ec2.monitor_instances(InstanceIds=[id]), "InstanceMonitorings")["Monitoring"]["State"] == "pending"
    assert instance(ec2, id)["Monitoring"]["State"] == "enabled"
    assert one(ec2.unmonitor_instances(InstanceIds=[id]), "InstanceMonitorings")["Monitoring"]["State"] == "disabling"
    assert one(ec2.describe_instance_credit_specifications(InstanceIds=[id]), "InstanceCreditSpecifications")["CpuCredits"] == "unlimited"
    needs_machines(cloud)
    wait(ec2, id, "running")
    changed = ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": id, "CpuCredits": "standard"}, {"InstanceId": "i-0123456789abcdef0", "CpuCredits": "standard"}]
    )
    assert changed["SuccessfulInstanceCreditSpecifications"] == [{"InstanceId": id}]
    assert changed["UnsuccessfulInstanceCreditSpecifications"][0]["Error"]["Code"] == "InvalidInstanceID.NotFound"
    assert one(ec2.describe_instance_credit_specifications(InstanceIds=[id]), "InstanceCreditSpecifications")["CpuCredits"] == "standard"
    assert ec2.get_password_data(InstanceId=id)["PasswordData"] == ""
    iam = cloud.client("iam", key=account)
    for profile in (name, name + "-2"):
        iam.create_instance_profile(InstanceProfileName=profile)
    association = ec2.associate_iam_instance_profile(IamInstanceProfile={"Name": name}, InstanceId=id)["IamInstanceProfileAssociation"]["AssociationId"]
    replaced = ec2.replace_iam_instance_profile_association(IamInstanceProfile={"Name": name + "-2"}, AssociationId=association)
    assert replaced["IamInstanceProfileAssociation"]["IamInstanceProfile"]["Arn"].endswith("/" + name + "-2")
    with refused("InvalidAssociationID.NotFound"):
        ec2.replace_iam_instance_profile_association(IamInstanceProfile={"Name": name}, AssociationId="iip-assoc-0123456789abcdef0")
    ec2.terminate_instances(InstanceIds=[id])


def test_types_by_requirements(ec2):
    def types(**wanted):
        wanted = {"VCpuCount": {"Min": 2, "Max": 2}, "MemoryMiB": {"Min": 1024, "Max": 4096}, **wanted}
        asked = ec2.get_instance_types_from_instance_requirements(ArchitectureTypes=["x86_64"], VirtualizationTypes=["hvm"], InstanceRequirements=wanted)
        return {one["InstanceType"] for one in asked["InstanceTypes"]}

    assert {"t3.micro", "t3.small", "t3.medium"} <= types(BurstablePerformance="required", AllowedInstanceTypes=["t3.*"])
    assert not any(name.startswith("t") for name in types())
    assert types(BurstablePerformance="required", ExcludedInstanceTypes=["t*"]) == set()
    with refused("UnsupportedOperation", "AcceleratorTypes"):
        types(AcceleratorTypes=["gpu"])
