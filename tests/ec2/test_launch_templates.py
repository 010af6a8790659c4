"""Launch templates: kept, versioned, and launched from."""

from asking import one, refused, tagged
from machines import image, instance


def test_versions(ec2, name):
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.micro"}, TagSpecifications=tagged("launch-template", A="1"))
    id = made["LaunchTemplate"]["LaunchTemplateId"]
    with refused("InvalidLaunchTemplateName.AlreadyExistsException"):
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.nano"})
    second = ec2.create_launch_template_version(LaunchTemplateId=id, SourceVersion="1", LaunchTemplateData={"UserData": "aGk="})
    assert second["LaunchTemplateVersion"]["LaunchTemplateData"] == {"InstanceType": "t3.micro", "UserData": "aGk="}
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert [one["VersionNumber"] for one in versions] == [2, 1]
    changed = ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion="2")["LaunchTemplate"]
    assert (changed["DefaultVersionNumber"], changed["LatestVersionNumber"]) == (2, 2)
    gone = ec2.delete_launch_template_versions(LaunchTemplateId=id, Versions=["1", "2"])
    assert len(gone["SuccessfullyDeletedLaunchTemplateVersions"]) == len(gone["UnsuccessfullyDeletedLaunchTemplateVersions"]) == 1
    assert one(ec2.describe_launch_templates(LaunchTemplateNames=[name]), "LaunchTemplates")["Tags"] == [{"Key": "A", "Value": "1"}]
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        ec2.describe_launch_template_versions(LaunchTemplateId=id, Versions=["7"])
    ec2.delete_launch_template(LaunchTemplateName=name)
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=[name])


def test_a_launch_takes_what_it_does_not_say(cloud, ec2, account, name):
    data = {
        "ImageId": image(cloud, account),
        "InstanceType": "t3.small",
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "VolumeType": "gp3"}}],
        "TagSpecifications": tagged("instance", From="template"),
    }
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    made = ec2.run_instances(LaunchTemplate={"LaunchTemplateName": name}, InstanceType="t3.nano", MinCount=1, MaxCount=1)["Instances"][0]
    now = instance(ec2, made["InstanceId"])
    assert (now["InstanceType"], now["Tags"]) == ("t3.nano", [{"Key": "From", "Value": "template"}])
    volume = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [made["InstanceId"]]}])["Volumes"][0]
    assert (volume["Size"], volume["VolumeType"]) == (9, "gp3")
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
