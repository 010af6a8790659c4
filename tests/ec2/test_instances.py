"""Instances as machines: what runs in them is seen on their consoles."""

import glob
import json
import pathlib
import time
from ipaddress import ip_address, ip_network

import pytest
from asking import one, refused, tagged
from clouds import eventually
from machines import console, image, instance, needs_machines, printed, run, wait


@pytest.fixture
def ami(cloud, account):
    return image(cloud, account)


def test_what_is_asked_is_checked(ec2, ami):
    with refused("InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist"):
        run(ec2, "ami-0123456789abcdef0")
    with refused("InvalidAMIID.Malformed"):
        run(ec2, "image")
    with refused("InvalidParameterValue", "Invalid value 'mac1.metal' for InstanceType."):
        run(ec2, ami, InstanceType="mac1.metal")
    with refused("InvalidParameterValue", "Invalid value 't9.big' for InstanceType."):
        run(ec2, ami, InstanceType="t9.big")
    with refused("InvalidParameterValue", "does not match the architecture 'x86_64'"):
        run(ec2, ami, InstanceType="t4g.micro")
    with refused("InvalidKeyPair.NotFound"):
        run(ec2, ami, KeyName="nobody")
    with refused("InvalidParameterValue", "iamInstanceProfile.name"):
        run(ec2, ami, IamInstanceProfile={"Name": "nobody"})
    with refused("InvalidSubnetID.NotFound"):
        run(ec2, ami, SubnetId="subnet-0123456789abcdef0")
    with refused("InvalidParameterValue", "cannot be used as boot volumes"):
        run(ec2, ami, BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "st1", "VolumeSize": 500}}])
    with refused("InvalidBlockDeviceMapping"):
        run(ec2, ami, BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 1}}])
    with refused("DryRunOperation"):
        run(ec2, ami, DryRun=True)
    with refused("UnsupportedOperation", "HostId"):
        run(ec2, ami, Placement={"HostId": "h-0123456789abcdef0"})
    assert ec2.describe_instances()["Reservations"] == []
    with refused("InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist"):
        ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])
    with refused("InvalidInstanceID.Malformed"):
        ec2.terminate_instances(InstanceIds=["me"])


def test_images_and_types_are_found(ec2, cloud, account, ami):
    amazon = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}])["Images"]
    assert amazon and all(one["OwnerId"] == "137112412989" for one in amazon)
    ubuntu = ec2.describe_images(Owners=["099720109477"], Filters=[{"Name": "name", "Values": ["ubuntu/images/hvm-ssd*/ubuntu-*-amd64-server-*"]}])["Images"]
    assert ubuntu
    assert ec2.describe_images(ImageIds=[ami])["Images"][0]["State"] == "available"
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    paths = cloud.client("ssm", key=account).get_parameters_by_path(Path="/aws/service/ami-amazon-linux-latest")["Parameters"]
    assert ami in {parameter["Value"] for parameter in paths}
    micro = one(ec2.describe_instance_types(InstanceTypes=["t3.micro"]), "InstanceTypes")
    assert (micro["VCpuInfo"]["DefaultVCpus"], micro["MemoryInfo"]["SizeInMiB"]) == (2, 1024)
    assert micro["NetworkInfo"]["MaximumNetworkInterfaces"] == 2
    with refused("InvalidInstanceType"):
        ec2.describe_instance_types(InstanceTypes=["mac1.metal"])
    with refused("InvalidInstanceType", "The following supplied instance types do not exist: [t9.big]"):
        ec2.describe_instance_types(InstanceTypes=["t3.micro", "t9.big"])
    free = ec2.describe_instance_types(Filters=[{"Name": "free-tier-eligible", "Values": ["true"]}])["InstanceTypes"]
    assert {"t2.micro", "t3.micro"} <= {one["InstanceType"] for one in free}
    zones = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}])
    assert {one["Location"] for one in zones["InstanceTypeOfferings"]} == {"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"}


def test_a_life(cloud, ec2, ami):
    """Launch with user data, metadata, stop, start, reboot, terminate; nothing is left of it on this machine."""
    needs_machines(cloud)
    script = """#!/bin/bash
count=$(cat /count 2>/dev/null || echo 0)
echo "FIRST uid=$(id -u) host=$(hostname)"
token=$(curl -s -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
get() { curl -s -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/$1; }
echo "ID $(get meta-data/instance-id)"
echo "TYPE $(get meta-data/instance-type)"
echo "TAG $(get meta-data/tags/instance/Name)"
echo "REGION $(get dynamic/instance-identity/document | python3 -c 'import json,sys; print(json.load(sys.stdin)["region"])')"
echo "V1 $(curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id)"
echo kept > /kept
cat > /etc/rc.local <<'END'
#!/bin/sh
echo "AGAIN $(cat /kept)"
END
chmod +x /etc/rc.local
echo END
"""
    made = ec2.run_instances(
        ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, UserData=script, ClientToken="once",
        MetadataOptions={"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        TagSpecifications=tagged("instance", Name="web") + tagged("volume", Name="disk"),
    )
    assert made["Instances"][0]["State"] == {"Code": 0, "Name": "pending"}
    id = made["Instances"][0]["InstanceId"]
    again = ec2.run_instances(
        ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, UserData=script, ClientToken="once",
        MetadataOptions={"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        TagSpecifications=tagged("instance", Name="web") + tagged("volume", Name="disk"),
    )
    assert again["Instances"][0]["InstanceId"] == id
    running = wait(ec2, id, "running")
    assert ip_address(running["PublicIpAddress"]) in ip_network("198.18.0.0/15") and running["Tags"] == [{"Key": "Name", "Value": "web"}]
    output = printed(ec2, id, "\nEND")
    assert f"FIRST uid=0 host={running['PrivateDnsName'].split('.')[0]}" in output
    for line in (f"ID {id}", "TYPE t3.micro", "TAG web", "REGION ap-northeast-1", "V1 401"):
        assert line in output, output
    volume = running["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert one(ec2.describe_volumes(VolumeIds=[volume]), "Volumes")["Tags"] == [{"Key": "Name", "Value": "disk"}]

    ec2.reboot_instances(InstanceIds=[id])
    printed(ec2, id, "AGAIN kept")
    assert ec2.stop_instances(InstanceIds=[id])["StoppingInstances"][0]["CurrentState"]["Name"] in ("stopping", "stopped")
    stopped = wait(ec2, id, "stopped")
    assert "PublicIpAddress" not in stopped and "User initiated" in stopped["StateTransitionReason"]
    with refused("IncorrectInstanceState"):
        ec2.reboot_instances(InstanceIds=[id])
    ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t3.small"})
    ec2.start_instances(InstanceIds=[id])
    wait(ec2, id, "running")
    # The console is that of the latest start.
    assert printed(ec2, id, "AGAIN kept").count("Booting") == 1
    with refused("IncorrectInstanceState"):
        ec2.modify_instance_attribute(InstanceId=id, InstanceType={"Value": "t3.micro"})

    ec2.modify_instance_attribute(InstanceId=id, DisableApiTermination={"Value": True})
    with refused("OperationNotPermitted", "disableApiTermination"):
        ec2.terminate_instances(InstanceIds=[id])
    ec2.modify_instance_attribute(InstanceId=id, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[id])
    gone = wait(ec2, id, "terminated")
    assert gone["NetworkInterfaces"] == [] and gone["BlockDeviceMappings"] == []
    with refused("InvalidVolume.NotFound"):
        ec2.describe_volumes(VolumeIds=[volume])
    assert not glob.glob(f"/sys/fs/cgroup/*/kogumo-machines/{id}")
    assert not any(id.encode() in pathlib.Path(file).read_bytes() for file in glob.glob("/proc/[0-9]*/cmdline") if pathlib.Path(file).exists())


def test_a_shutdown_from_inside(cloud, ec2, ami):
    needs_machines(cloud)
    script = "#!/bin/sh\nshutdown -h now\n"
    stops = run(ec2, ami, UserData=script)
    ends = run(ec2, ami, UserData=script, InstanceInitiatedShutdownBehavior="terminate")
    stopped = wait(ec2, stops, "stopped")
    assert stopped["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    wait(ec2, ends, "terminated")
    ec2.terminate_instances(InstanceIds=[stops])
    wait(ec2, stops, "terminated")


def test_cloud_config(cloud, ec2, ami):
    needs_machines(cloud)
    config = """#cloud-config
hostname: named
write_files:
  - path: /etc/greeting
    content: |
      hello
    permissions: '0600'
users:
  - default
  - name: deploy
    sudo: ALL=(ALL) NOPASSWD:ALL
runcmd:
  - echo "SAYS $(cat /etc/greeting) $(stat -c %a /etc/greeting) $(hostname) $(id -un deploy)"
  - [ echo, DONE ]
"""
    id = run(ec2, ami, UserData=config)
    assert "SAYS hello 600 named deploy" in printed(ec2, id, "DONE")
    ec2.terminate_instances(InstanceIds=[id])
    wait(ec2, id, "terminated")


def test_a_role_gives_credentials(cloud, ec2, account, ami, name):
    needs_machines(cloud)
    iam = cloud.client("iam", key=account)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    script = f"""#!/bin/sh
base=http://169.254.169.254/latest/meta-data/iam
echo "ROLE $(curl -s $base/security-credentials/)"
echo "KEYS $(curl -s $base/security-credentials/{name} | tr -d '\\n')"
"""
    id = run(ec2, ami, UserData=script, IamInstanceProfile={"Name": name})
    output = printed(ec2, id, "KEYS {")
    assert f"ROLE {name}" in output
    keys = json.loads(output.split("KEYS ")[1].splitlines()[0])
    who = cloud.client("sts", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["Token"]).get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{account}:assumed-role/{name}/{id}"
    ec2.terminate_instances(InstanceIds=[id])
    wait(ec2, id, "terminated")


def test_the_server_is_killed(own_cloud, tmp_path, name):
    """What ran goes on without the server, and the next one adopts it."""
    data = tmp_path / "data"
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    needs_machines(cloud)
    ec2 = cloud.client("ec2")
    id = run(ec2, image(cloud, "000000000000"), UserData="#!/bin/sh\necho STARTED\nwhile :; do sleep 0.2; echo TICK; done\n")
    printed(ec2, id, "TICK")
    cloud.kill()
    before = (data / "ec2" / "machines" / id / "console").read_text().count("TICK")
    time.sleep(0.6)
    assert (data / "ec2" / "machines" / id / "console").read_text().count("TICK") > before
    cloud = own_cloud("--data", str(data)).wait_until_ready()
    ec2 = cloud.client("ec2")
    assert instance(ec2, id)["State"]["Name"] == "running"
    eventually(lambda: console(ec2, id).count("TICK") > before + 5)
    assert console(ec2, id).count("STARTED") == 1
    assert cloud.stop() == 0
    assert not (data / "ec2" / "machines" / id).exists()


def test_attributes_and_profiles(cloud, ec2, account, ami, name):
    """What can be said of an instance whether it runs or not."""
    id = run(ec2, ami, UserData="#!/bin/sh\n")

    def attribute(which, key):
        return ec2.describe_instance_attribute(InstanceId=id, Attribute=which)[key].get("Value")

    assert attribute("instanceType", "InstanceType") == "t3.micro"
    assert attribute("disableApiTermination", "DisableApiTermination") is False
    assert attribute("instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior") == "stop"
    ec2.modify_instance_attribute(InstanceId=id, SourceDestCheck={"Value": False})
    assert attribute("sourceDestCheck", "SourceDestCheck") is False
    ec2.reset_instance_attribute(InstanceId=id, Attribute="sourceDestCheck")
    assert attribute("sourceDestCheck", "SourceDestCheck") is True
    changed = ec2.modify_instance_metadata_options(InstanceId=id, HttpTokens="required", HttpPutResponseHopLimit=3)
    assert changed["InstanceMetadataOptions"]["HttpPutResponseHopLimit"] == 3
    statuses = ec2.describe_instance_status(InstanceIds=[id], IncludeAllInstances=True)["InstanceStatuses"]
    assert statuses[0]["InstanceState"]["Name"] in ("pending", "running")

    iam = cloud.client("iam", key=account)
    arn = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    made = ec2.associate_iam_instance_profile(IamInstanceProfile={"Name": name}, InstanceId=id)["IamInstanceProfileAssociation"]
    assert made["IamInstanceProfile"]["Arn"] == arn
    with refused("IncorrectState"):
        ec2.associate_iam_instance_profile(IamInstanceProfile={"Name": name}, InstanceId=id)
    (found,) = ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [id]}])["IamInstanceProfileAssociations"]
    ec2.disassociate_iam_instance_profile(AssociationId=found["AssociationId"])
    assert ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"] == []
    ec2.terminate_instances(InstanceIds=[id])


def test_fewer_processors(cloud, ec2, ami):
    """CPU options: the machine has as many processors as it was given, and others after they are changed."""
    needs_machines(cloud)
    with refused("InvalidParameterValue"):
        run(ec2, ami, InstanceType="m5.large", CpuOptions={"CoreCount": 2, "ThreadsPerCore": 2})
    with refused("MissingParameter"):
        run(ec2, ami, InstanceType="m5.large", CpuOptions={"CoreCount": 1})
    script = "#!/bin/sh\necho HAS $(grep -c ^processor /proc/cpuinfo)\n"
    id = run(ec2, ami, InstanceType="m5.large", CpuOptions={"CoreCount": 1, "ThreadsPerCore": 1}, UserData=script)
    printed(ec2, id, "HAS 1")
    assert instance(ec2, id)["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 1}
    with refused("IncorrectInstanceState"):
        ec2.modify_instance_cpu_options(InstanceId=id, CoreCount=1, ThreadsPerCore=2)
    ec2.stop_instances(InstanceIds=[id])
    wait(ec2, id, "stopped")
    ec2.modify_instance_cpu_options(InstanceId=id, CoreCount=1, ThreadsPerCore=2)
    assert instance(ec2, id)["CpuOptions"] == {"CoreCount": 1, "ThreadsPerCore": 2}
    ec2.terminate_instances(InstanceIds=[id])
def test_protection_is_from_the_api_alone(cloud, ec2, ami):
    needs_machines(cloud)
    id = run(ec2, ami, UserData="#!/bin/sh\npoweroff\n", InstanceInitiatedShutdownBehavior="terminate", DisableApiTermination=True)
    wait(ec2, id, "terminated")


def test_interfaces_of_a_launch_are_checked(ec2, ami):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]

    def launch(*interfaces, **more):
        run(ec2, ami, NetworkInterfaces=[{"SubnetId": subnet, **one} for one in interfaces], **more)

    with refused("InvalidParameterValue", "unique device index"):
        launch({"DeviceIndex": 0}, {"DeviceIndex": 0})
    with refused("InvalidParameterValue", "you must include a device at index 0"):
        launch({"DeviceIndex": 1})
    with refused("InvalidParameterCombination", "associatePublicIPAddress"):
        launch({"DeviceIndex": 0, "AssociatePublicIpAddress": True}, {"DeviceIndex": 1})
    with refused("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit."):
        launch({"DeviceIndex": 0, "SecondaryPrivateIpAddressCount": 2})
    with refused("AttachmentLimitExceeded"):
        launch(*({"DeviceIndex": index} for index in range(3)))
    assert ec2.describe_instances()["Reservations"] == [] and ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_limits_of_a_type(ec2, ami):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    id = run(ec2, ami, SubnetId=subnet)
    first = one(ec2.describe_network_interfaces(), "NetworkInterfaces")["NetworkInterfaceId"]
    with refused("PrivateIpAddressLimitExceeded"):
        ec2.assign_private_ip_addresses(NetworkInterfaceId=first, SecondaryPrivateIpAddressCount=2)
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)]
    many = ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=4)["NetworkInterface"]["NetworkInterfaceId"]
    with refused("PrivateIpAddressLimitExceeded"):
        ec2.attach_network_interface(InstanceId=id, NetworkInterfaceId=many, DeviceIndex=1)
    ec2.attach_network_interface(InstanceId=id, NetworkInterfaceId=made[0], DeviceIndex=1)
    with refused("AttachmentLimitExceeded"):
        ec2.attach_network_interface(InstanceId=id, NetworkInterfaceId=made[1], DeviceIndex=2)
    ec2.terminate_instances(InstanceIds=[id])


def test_networks_of_ones_own_inside(cloud, ec2, ami):
    """What container runtimes do: a network namespace in the instance. Its packets need one hop more than a token may take."""
    needs_machines(cloud)
    script = """#!/bin/sh
ip netns add inner
ip link add outside type veth peer name inside netns inner
ip addr add 10.99.0.1/24 dev outside && ip link set outside up
ip netns exec inner sh -c 'ip addr add 10.99.0.2/24 dev inside; ip link set inside up; ip route add default via 10.99.0.1'
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -A POSTROUTING -s 10.99.0.0/24 -j MASQUERADE
ask() { echo "$1 $(ip netns exec inner curl -s -m 2 -o /dev/null -w '%{http_code}' "$2" "$3" -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/$4)"; }
ask GET -X GET meta-data/instance-id
ask PUT -X PUT api/token
echo END
"""
    near = run(ec2, ami, UserData=script, MetadataOptions={"HttpPutResponseHopLimit": 1})
    far = run(ec2, ami, UserData=script, MetadataOptions={"HttpPutResponseHopLimit": 2})
    assert "GET 200\nPUT 000" in printed(ec2, near, "\nEND").replace("\r", "")
    assert "GET 200\nPUT 200" in printed(ec2, far, "\nEND").replace("\r", "")
    ec2.terminate_instances(InstanceIds=[near, far])
