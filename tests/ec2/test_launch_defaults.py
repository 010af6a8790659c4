"""What an account says once for all launches: credits, metadata options, which images; and what it is told of launches."""

import pytest
from asking import by, one, refused
from machines import image, instance, needs_machines, run, wait


@pytest.fixture
def ami(cloud, account):
    return image(cloud, account)


def test_images_are_not_made_public_where_that_is_blocked(ec2, ami, name):
    own = ec2.copy_image(Name=name, SourceImageId=ami, SourceRegion="ap-northeast-1")["ImageId"]
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
    with refused("OperationNotPermitted", "DisableImageBlockPublicAccess"):
        ec2.modify_image_attribute(ImageId=own, LaunchPermission={"Add": [{"Group": "all"}]})
    ec2.modify_image_attribute(ImageId=own, LaunchPermission={"Add": [{"UserId": "111122223333"}]})
    ec2.disable_image_block_public_access()
    ec2.modify_image_attribute(ImageId=own, LaunchPermission={"Add": [{"Group": "all"}]})
    assert one(ec2.describe_images(ImageIds=[own]), "Images")["Public"] is True


def test_only_allowed_images_are_found_and_started(ec2, ami, name):
    own = ec2.copy_image(Name=name, SourceImageId=ami, SourceRegion="ap-northeast-1")["ImageId"]
    assert ec2.get_allowed_images_settings()["State"] == "disabled"
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[{"ImageProviders": ["123456789012"]}])
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    assert [one(ec2.describe_images(ImageIds=[id]), "Images")["ImageAllowed"] for id in (ami, own)] == [False, True]
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    with refused("InvalidAMIID.NotFound"):
        ec2.describe_images(ImageIds=[ami])
    with refused("InvalidAMIID.NotFound"):
        run(ec2, ami, DryRun=True)
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[{"ImageProviders": ["amazon"], "ImageNames": ["amzn2-*"]}])
    settings = ec2.get_allowed_images_settings()
    assert (settings["State"], settings["ImageCriteria"]) == ("enabled", [{"ImageProviders": ["amazon"], "ImageNames": ["amzn2-*"]}])
    with refused("DryRunOperation"):
        run(ec2, ami, DryRun=True)
    assert ec2.disable_allowed_images_settings()["AllowedImagesSettingsState"] == "disabled"
    assert "ImageAllowed" not in one(ec2.describe_images(ImageIds=[ami]), "Images")


def test_defaults_of_launches(cloud, ec2, ami):
    family = {"InstanceFamily": "t3"}
    assert ec2.get_default_credit_specification(**family)["InstanceFamilyCreditSpecification"]["CpuCredits"] == "unlimited"
    assert ec2.get_default_credit_specification(InstanceFamily="t2")["InstanceFamilyCreditSpecification"]["CpuCredits"] == "standard"
    ec2.modify_default_credit_specification(CpuCredits="standard", **family)
    with refused("InvalidParameterValue"):
        ec2.modify_default_credit_specification(CpuCredits="none", **family)
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=3, InstanceMetadataTags="enabled")
    with refused("InvalidParameterValue"):
        ec2.modify_instance_metadata_defaults(HttpPutResponseHopLimit=65)
    level = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert (level["HttpTokens"], level["HttpPutResponseHopLimit"], level["InstanceMetadataTags"]) == ("required", 3, "enabled")
    id = run(ec2, ami, MetadataOptions={"HttpPutResponseHopLimit": 1})
    options = instance(ec2, id)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"], options["InstanceMetadataTags"]) == ("required", 1, "enabled")
    credits = ec2.describe_instance_credit_specifications(InstanceIds=[id])["InstanceCreditSpecifications"]
    assert credits[0]["CpuCredits"] == "standard"
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert "HttpTokens" not in ec2.get_instance_metadata_defaults()["AccountLevel"]
    ec2.terminate_instances(InstanceIds=[id])


def test_what_a_launch_was(cloud, ec2, ami, name):
    ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 2, "VolumeType": "gp3"}}
    id = run(ec2, ami, KeyName=name, BlockDeviceMappings=[disk], UserData="#!/bin/sh\n")
    data = ec2.get_launch_template_data(InstanceId=id)["LaunchTemplateData"]
    assert (data["ImageId"], data["InstanceType"], data["KeyName"]) == (ami, "t3.micro", name)
    assert [(one["DeviceName"], one["Ebs"]["VolumeSize"]) for one in data["BlockDeviceMappings"] if one["DeviceName"] == "/dev/sdf"] == [("/dev/sdf", 2)]
    ours = one(ec2.describe_instance_image_metadata(InstanceIds=[id]), "InstanceImageMetadata")
    assert (ours["ImageMetadata"]["ImageId"], ours["ImageMetadata"]["ImageOwnerAlias"]) == (ami, "amazon")
    assert not ec2.describe_instance_image_metadata(Filters=by("instance-type", "m5.*"))["InstanceImageMetadata"]
    reported = {"Instances": [id], "Status": "impaired", "ReasonCodes": ["unresponsive"]}
    if "machines with users" in cloud.kogumo("doctor").stdout:
        needs_machines(cloud)
        wait(ec2, id, "running")
        ec2.report_instance_status(**reported)
    ec2.terminate_instances(InstanceIds=[id])
    with refused("InvalidInstanceID.NotFound"):
        ec2.report_instance_status(**{**reported, "Instances": ["i-0123456789abcdef0"]})


def test_what_instances_say_to_maintenance(ec2, ami):
    preference = {"CapacityReservationPreference": "none"}
    id = run(ec2, ami, MaintenanceOptions={"AutoRecovery": "disabled"}, CapacityReservationSpecification=preference)
    assert instance(ec2, id)["MaintenanceOptions"] == {"AutoRecovery": "disabled", "RebootMigration": "default"}
    assert instance(ec2, id)["CapacityReservationSpecification"] == preference
    assert ec2.modify_instance_maintenance_options(InstanceId=id, AutoRecovery="default")["AutoRecovery"] == "default"
    ec2.modify_instance_capacity_reservation_attributes(InstanceId=id, CapacityReservationSpecification={"CapacityReservationPreference": "open"})
    found = ec2.describe_instances(Filters=by("capacity-reservation-specification.capacity-reservation-preference", "open"))
    assert [one["InstanceId"] for launch in found["Reservations"] for one in launch["Instances"]] == [id]
    ec2.terminate_instances(InstanceIds=[id])


def test_where_an_image_comes_from(ec2, ami, name):
    copy = ec2.copy_image(Name=name, SourceImageId=ami, SourceRegion="ap-northeast-1")["ImageId"]
    again = ec2.copy_image(Name=name + "-again", SourceImageId=copy, SourceRegion="ap-northeast-1")["ImageId"]
    entries = ec2.get_image_ancestry(ImageId=again)["ImageAncestryEntries"]
    assert [entry["ImageId"] for entry in entries] == [again, copy, ami]
    assert (entries[1]["SourceImageId"], entries[2]["ImageOwnerAlias"]) == (ami, "amazon")
