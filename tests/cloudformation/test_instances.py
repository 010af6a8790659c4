"""Stacks with instances: what their user data serves is reached from outside, and nothing stays when they go."""

import json
import secrets
import subprocess
import urllib.request

import pytest
from clouds import eventually
from stacks import Stacks, outputs

WEB = """
Parameters:
  Image: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64}
  Kind: {Type: String, Default: t3.nano}
  Says: {Type: String, Default: hello}
  Name: {Type: String}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true}}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attachment: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, MapPublicIpOnLaunch: true}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Out:
    Type: AWS::EC2::Route
    DependsOn: Attachment
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  Follows: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {RouteTableId: !Ref Table, SubnetId: !Ref Subnet}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0}]
  Key: {Type: AWS::EC2::KeyPair, Properties: {KeyName: !Ref Name, KeyType: ed25519}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
  Apart: {Type: AWS::EC2::PlacementGroup, Properties: {Strategy: spread, Tags: [{Key: team, Value: web}]}}
  Server:
    Type: AWS::EC2::Instance
    DependsOn: Out
    Properties:
      ImageId: !Ref Image
      InstanceType: !Ref Kind
      KeyName: !Ref Key
      IamInstanceProfile: !Ref Profile
      PlacementGroupName: !Ref Apart
      NetworkInterfaces: [{DeviceIndex: '0', SubnetId: !Ref Subnet, GroupSet: [!Ref Group], AssociatePublicIpAddress: true, DeleteOnTermination: true}]
      BlockDeviceMappings: [{DeviceName: /dev/xvda, Ebs: {VolumeSize: 9, VolumeType: gp3}}]
      Tags: [{Key: Name, Value: !Ref Says}]
      UserData:
        Fn::Base64: !Sub |
          #!/bin/bash
          mkdir -p /srv/web
          echo "${Says} from ${AWS::StackName}" > /srv/web/index.html
          cat > /etc/rc.local <<'END'
          #!/bin/sh
          cd /srv/web && exec python3 -m http.server 80
          END
          chmod +x /etc/rc.local
          /etc/rc.local &
  Address: {Type: AWS::EC2::EIP, DependsOn: Attachment, Properties: {Domain: vpc}}
  Leads: {Type: AWS::EC2::EIPAssociation, Properties: {AllocationId: !GetAtt Address.AllocationId, InstanceId: !Ref Server}}
  Second: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: !Ref Subnet}}
  # An address goes to an instance by its id only while it has one interface.
  Joined: {Type: AWS::EC2::NetworkInterfaceAttachment, DependsOn: Leads, Properties: {DeviceIndex: '1', InstanceId: !Ref Server, NetworkInterfaceId: !Ref Second}}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: !Ref Name
      LaunchTemplateData: {ImageId: !Ref Image, InstanceType: !Ref Kind, KeyName: !Ref Key}
Outputs:
  Id: {Value: !Ref Server}
  PublicIp: {Value: !Ref Address}
  PrivateIp: {Value: !GetAtt Server.PrivateIp}
  Zone: {Value: !GetAtt Server.AvailabilityZone}
  PrivateName: {Value: !GetAtt Server.PrivateDnsName}
  KeyId: {Value: !GetAtt Key.KeyPairId}
  Latest: {Value: !GetAtt Template.LatestVersionNumber}
"""


def machines_run(cloud):
    report = cloud.kogumo("doctor").stdout
    if "machines with users, files, devices" not in report:
        pytest.skip("SKIPPED: this machine cannot run instances:\n" + report.split("Instances:")[1].split("Programs:")[0])


def page(address):
    """What the server says; None while nobody listens."""
    try:
        return urllib.request.urlopen(f"http://{address}/", timeout=2).read().decode().strip()
    except OSError:
        return None


def parameters(**values):
    return {"Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]}


def test_a_web_server_in_a_vpc(cloud, tmp_path):
    machines_run(cloud)
    ec2, ssm, stacks, name = cloud.client("ec2"), cloud.client("ssm"), Stacks(cloud), "web-" + secrets.token_hex(4)
    before = {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]}
    made = outputs(stacks.create(name, WEB, **parameters(Name=name)))
    try:
        assert eventually(lambda: page(made["PublicIp"])) == f"hello from {name}"
        assert made["PrivateIp"].startswith("10.0.1.") and made["Zone"].startswith("ap-northeast-1") and made["PrivateName"].endswith(".internal")
        assert made["Latest"] == "1"
        instance = ec2.describe_instances(InstanceIds=[made["Id"]])["Reservations"][0]["Instances"][0]
        assert {"Key": "Name", "Value": "hello"} in instance["Tags"] and len(instance["NetworkInterfaces"]) == 2
        assert {"Key": "aws:cloudformation:logical-id", "Value": "Server"} in instance["Tags"]
        group = ec2.describe_placement_groups(GroupNames=[instance["Placement"]["GroupName"]])["PlacementGroups"][0]
        assert (group["Strategy"], group["Tags"]) == ("spread", [{"Key": "team", "Value": "web"}])
        key = tmp_path / "key"
        key.write_text(ssm.get_parameter(Name=f"/ec2/keypair/{made['KeyId']}", WithDecryption=True)["Parameter"]["Value"])
        key.chmod(0o600)
        assert "ssh-ed25519" in subprocess.run(["ssh-keygen", "-y", "-f", key], capture_output=True, text=True).stdout
        # A type is changed by a stop and a start; user data of a first boot is not run again.
        changed = outputs(stacks.update(name, WEB, **parameters(Name=name, Kind="t3.micro")))
        assert changed["Id"] == made["Id"] and changed["Latest"] == "2"
        assert ec2.describe_instances(InstanceIds=[made["Id"]])["Reservations"][0]["Instances"][0]["InstanceType"] == "t3.micro"
        assert eventually(lambda: page(made["PublicIp"])) == f"hello from {name}"
    finally:
        stacks.delete(name)
    assert {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]} == before
    assert ec2.describe_instances(InstanceIds=[made["Id"]])["Reservations"][0]["Instances"][0]["State"]["Name"] == "terminated"
    for gone in (
        lambda: ec2.describe_placement_groups(GroupNames=[group["GroupName"]]),
        lambda: ssm.get_parameter(Name=f"/ec2/keypair/{made['KeyId']}"),
        lambda: ec2.describe_key_pairs(KeyNames=[name]),
        lambda: ec2.describe_launch_templates(LaunchTemplateNames=[name]),
    ):
        with pytest.raises(Exception, match="not exist|not found|NotFound|is unknown"):
            gone()


def test_signals_are_waited_for(cloud):
    machines_run(cloud)
    api, stacks = cloud.client("cloudformation"), Stacks(cloud)
    template = json.dumps(
        {
            "Resources": {
                "Server": {
                    "Type": "AWS::EC2::Instance",
                    "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT1M"}},
                    "Properties": {"ImageId": "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2}}", "InstanceType": "t3.nano"},
                }
            }
        }
    )
    for verdict, ends in (("SUCCESS", "CREATE_COMPLETE"), ("FAILURE", "ROLLBACK_COMPLETE")):
        name = "signal-" + secrets.token_hex(4)
        api.create_stack(StackName=name, TemplateBody=template)
        eventually(lambda: any(one["LogicalResourceId"] == "Server" for one in api.describe_stack_events(StackName=name)["StackEvents"]))
        api.signal_resource(StackName=name, LogicalResourceId="Server", UniqueId="one", Status=verdict)
        stacks.expect(name, ends)
        if verdict == "FAILURE":
            assert any("FAILURE signal(s) out of 1" in reason for reason in stacks.reasons(name))
        stacks.delete(name)
