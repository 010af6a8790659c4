"""Stacks of the network: a VPC with everything in it, changed and taken down again."""

import secrets

import pytest
from stacks import Stacks, outputs

NETWORK = """
Parameters:
  Port: {Type: Number, Default: 80}
  Public: {Type: String, Default: 'true'}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true, EnableDnsSupport: true, Tags: [{Key: Name, Value: net}]}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: !Select [0, !GetAZs ''], MapPublicIpOnLaunch: !Ref Public}
  Private:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Default:
    Type: AWS::EC2::Route
    DependsOn: Attachment
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  Follows:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {RouteTableId: !Ref Table, SubnetId: !Ref Subnet}
  Acl: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: !Ref Vpc}}
  In:
    Type: AWS::EC2::NetworkAclEntry
    Properties: {NetworkAclId: !Ref Acl, RuleNumber: 100, Protocol: 6, RuleAction: allow, CidrBlock: 0.0.0.0/0, PortRange: {From: !Ref Port, To: !Ref Port}}
  Guards:
    Type: AWS::EC2::SubnetNetworkAclAssociation
    Properties: {NetworkAclId: !Ref Acl, SubnetId: !Ref Subnet}
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web servers
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: !Ref Port, ToPort: !Ref Port, CidrIp: 0.0.0.0/0, Description: everybody}]
  App: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: app servers, VpcId: !Ref Vpc}}
  FromWeb:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !Ref App, IpProtocol: tcp, FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: !Ref Web}
  OutOfWeb:
    Type: AWS::EC2::SecurityGroupEgress
    Properties: {GroupId: !Ref Web, IpProtocol: tcp, FromPort: 8080, ToPort: 8080, DestinationSecurityGroupId: !GetAtt App.GroupId}
  Interface:
    Type: AWS::EC2::NetworkInterface
    Properties: {SubnetId: !Ref Subnet, GroupSet: [!Ref Web], SourceDestCheck: false}
  Address: {Type: AWS::EC2::EIP, DependsOn: Attachment, Properties: {Domain: vpc}}
  Other: {Type: AWS::EC2::EIP, DependsOn: Attachment, Properties: {Domain: vpc}}
  Leads:
    Type: AWS::EC2::EIPAssociation
    Properties: {AllocationId: !GetAtt Other.AllocationId, NetworkInterfaceId: !Ref Interface}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}}
  PrivateTable: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  ThroughNat:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref PrivateTable, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: !Ref Nat}
  Bucket:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, ServiceName: !Sub 'com.amazonaws.${AWS::Region}.s3', RouteTableIds: [!Ref PrivateTable]}
  Logs:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcId: !Ref Vpc
      VpcEndpointType: Interface
      ServiceName: !Sub 'com.amazonaws.${AWS::Region}.logs'
      SubnetIds: [!Ref Private]
      SecurityGroupIds: [!Ref App]
      PrivateDnsEnabled: true
  Peer: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}
  Peering: {Type: AWS::EC2::VPCPeeringConnection, Properties: {VpcId: !Ref Vpc, PeerVpcId: !Ref Peer}}
  Offices:
    Type: AWS::EC2::PrefixList
    Properties: {PrefixListName: offices, AddressFamily: IPv4, MaxEntries: 5, Entries: [{Cidr: 203.0.113.0/24, Description: hq}]}
  Options: {Type: AWS::EC2::DHCPOptions, Properties: {DomainName: example.org, DomainNameServers: [AmazonProvidedDNS]}}
  Told: {Type: AWS::EC2::VPCDHCPOptionsAssociation, Properties: {DhcpOptionsId: !Ref Options, VpcId: !Ref Vpc}}
  More: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.2.0.0/16}}
  Six: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc, AmazonProvidedIpv6CidrBlock: true}}
  EgressOnly: {Type: AWS::EC2::EgressOnlyInternetGateway, Properties: {VpcId: !Ref Vpc}}
Outputs:
  Vpc: {Value: !Ref Vpc}
  Subnet: {Value: !Ref Subnet}
  Web: {Value: !Ref Web}
  App: {Value: !Ref App}
  Table: {Value: !Ref Table}
  Acl: {Value: !Ref Acl}
  Address: {Value: !Ref Other}
  Default: {Value: !GetAtt Vpc.DefaultSecurityGroup}
"""


@pytest.fixture
def account():
    return f"{secrets.randbelow(10**12):012d}"


@pytest.fixture
def stacks(cloud, account):
    stacks = Stacks(cloud)
    stacks.api = cloud.client("cloudformation", key=account)
    return stacks


def parameters(**values):
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def test_a_whole_network(cloud, account, stacks, name):
    ec2 = cloud.client("ec2", key=account)
    before = {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
    made = outputs(stacks.create(name, NETWORK))

    def group(id):
        return ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]

    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:aws:cloudformation:logical-id", "Values": ["Vpc"]}])["Vpcs"][0]
    assert vpc["VpcId"] == made["Vpc"]
    assert [block["CidrBlock"] for block in vpc["CidrBlockAssociationSet"]] == ["10.0.0.0/16", "10.2.0.0/16"]
    routes = ec2.describe_route_tables(RouteTableIds=[made["Table"]])["RouteTables"][0]["Routes"]
    assert {route["State"] for route in routes} == {"active"}
    assert group(made["Web"])["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0", "Description": "everybody"}]
    assert group(made["App"])["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == made["Web"]
    assert ec2.describe_addresses(PublicIps=[made["Address"]])["Addresses"][0]["PrivateIpAddress"].startswith("10.0.1.")
    assert ec2.describe_vpc_peering_connections()["VpcPeeringConnections"][0]["Status"]["Code"] == "active"
    assert group(made["Default"])["GroupName"] == "default"

    stacks.update(name, NETWORK, Parameters=parameters(Port="443", Public="false"))
    assert [one["FromPort"] for one in group(made["Web"])["IpPermissions"]] == [443]
    assert not ec2.describe_subnets(SubnetIds=[made["Subnet"]])["Subnets"][0]["MapPublicIpOnLaunch"]
    entries = ec2.describe_network_acls(NetworkAclIds=[made["Acl"]])["NetworkAcls"][0]["Entries"]
    assert [entry["PortRange"]["From"] for entry in entries if entry["RuleNumber"] == 100] == [443]

    stacks.delete(name)
    assert {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]} == before
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


SIX = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Six: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Vpc, AmazonProvidedIpv6CidrBlock: true}}
  Subnet:
    Type: AWS::EC2::Subnet
    DependsOn: Six
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: 10.0.1.0/24
      Ipv6CidrBlock: !Select [1, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 4, 64]]
      AssignIpv6AddressOnCreation: true
  Other: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.2.0/24}}
  OthersBlock:
    Type: AWS::EC2::SubnetCidrBlock
    DependsOn: Six
    Properties: {SubnetId: !Ref Other, Ipv6CidrBlock: !Select [2, !Cidr [!Select [0, !GetAtt Vpc.Ipv6CidrBlocks], 4, 64]]}
  Gateway: {Type: 'AWS::EC2::InternetGateway'}
  Attachment: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  EgressOnly: {Type: AWS::EC2::EgressOnlyInternetGateway, Properties: {VpcId: !Ref Vpc}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Out:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationIpv6CidrBlock: '::/0', EgressOnlyInternetGatewayId: !Ref EgressOnly}
  Interface: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: !Ref Subnet, Ipv6AddressCount: 1}}
  Edge: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Inwards: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Edge, DestinationCidrBlock: 10.0.2.0/24, NetworkInterfaceId: !Ref Interface}}
  AtTheEdge:
    Type: AWS::EC2::GatewayRouteTableAssociation
    DependsOn: Attachment
    Properties: {RouteTableId: !Ref Edge, GatewayId: !Ref Gateway}
Outputs:
  Subnet: {Value: !Ref Subnet}
  Other: {Value: !Ref Other}
  Interface: {Value: !Ref Interface}
  Gateway: {Value: !Ref Gateway}
  Table: {Value: !Ref Edge}
"""


def test_ipv6_and_edges(cloud, account, stacks, name):
    ec2 = cloud.client("ec2", key=account)
    made = outputs(stacks.create(name, SIX))
    first, second = (ec2.describe_subnets(SubnetIds=[made[key]])["Subnets"][0] for key in ("Subnet", "Other"))
    blocks = [one["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] for one in (first, second)]
    assert first["AssignIpv6AddressOnCreation"] and blocks[0].endswith("01::/64") and blocks[1].endswith("02::/64")
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[made["Interface"]])["NetworkInterfaces"][0]
    assert interface["Ipv6Addresses"][0]["Ipv6Address"].startswith(blocks[0].removesuffix(":/64"))

    def of_gateway():
        tables = ec2.describe_route_tables(Filters=[{"Name": "association.gateway-id", "Values": [made["Gateway"]]}])["RouteTables"]
        return [table["RouteTableId"] for table in tables]

    assert of_gateway() == [made["Table"]]
    other = SIX.replace("{RouteTableId: !Ref Edge, GatewayId", "{RouteTableId: !Ref Second, GatewayId")
    stacks.update(name, other.replace("Outputs:", "  Second: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}\nOutputs:"))
    assert len(of_gateway()) == 1 and of_gateway() != [made["Table"]]
    stacks.delete(name)
    assert of_gateway() == [] and ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"] == []


def test_a_stack_that_fails_leaves_nothing(cloud, account, stacks, name):
    ec2 = cloud.client("ec2", key=account)
    template = """
    Resources:
      Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
      Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 192.168.0.0/24}}
    """
    stacks.create(name, template, status="ROLLBACK_COMPLETE")
    assert any("The CIDR '192.168.0.0/24' is invalid." in reason for reason in stacks.reasons(name))
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1


WATCHED = """
Parameters: {Instance: {Type: String}, Vpc: {Type: String}, Subnet: {Type: String}, Role: {Type: String}, Tag: {Type: String, Default: one}}
Resources:
  Group: {Type: 'AWS::Logs::LogGroup'}
  Log:
    Type: AWS::EC2::FlowLog
    Properties:
      ResourceId: !Ref Vpc
      ResourceType: VPC
      TrafficType: ALL
      MaxAggregationInterval: 60
      LogGroupName: !Ref Group
      DeliverLogsPermissionArn: !Ref Role
      Tags: [{Key: Name, Value: !Ref Tag}]
  Second: {Type: 'AWS::EC2::NetworkInterface', Properties: {SubnetId: !Ref Subnet}}
  Attachment:
    Type: AWS::EC2::NetworkInterfaceAttachment
    Properties: {InstanceId: !Ref Instance, NetworkInterfaceId: !Ref Second, DeviceIndex: '1', DeleteOnTermination: false}
  Path:
    Type: AWS::EC2::NetworkInsightsPath
    Properties: {Source: !Ref Instance, DestinationIp: 203.0.113.9, Protocol: tcp, DestinationPort: 443}
  Analysis:
    Type: AWS::EC2::NetworkInsightsAnalysis
    Properties: {NetworkInsightsPathId: !Ref Path}
Outputs:
  Log: {Value: !Ref Log}
  Attachment: {Value: !Ref Attachment}
  Interface: {Value: !Ref Second}
  Path: {Value: !Ref Path}
  Arn: {Value: !GetAtt Path.NetworkInsightsPathArn}
  Found: {Value: !GetAtt Analysis.Status}
"""


def test_what_watches_a_network(cloud, account, stacks, name):
    ec2 = cloud.client("ec2", key=account)
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    ami = cloud.client("ssm", key=account).get_parameter(Name="/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2")["Parameter"]["Value"]
    made = ec2.run_instances(ImageId=ami, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
    instance = made["Instances"][0]["InstanceId"]
    given = {"Instance": instance, "Vpc": vpc, "Subnet": subnet, "Role": f"arn:aws:iam::{account}:role/logs"}

    def parameters(**more):
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in {**given, **more}.items()]

    out = outputs(stacks.create(name, WATCHED, Parameters=parameters()))
    (log,) = ec2.describe_flow_logs(FlowLogIds=[out["Log"]])["FlowLogs"]
    assert (log["ResourceId"], log["TrafficType"], log["MaxAggregationInterval"]) == (vpc, "ALL", 60)
    (held,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[out["Interface"]])["NetworkInterfaces"]
    attachment = held["Attachment"]
    assert (attachment["AttachmentId"], attachment["InstanceId"], attachment["DeviceIndex"]) == (out["Attachment"], instance, 1)
    assert attachment["DeleteOnTermination"] is False
    assert out["Arn"].endswith(f":network-insights-path/{out['Path']}") and out["Found"] == "succeeded"
    stacks.update(name, WATCHED, Parameters=parameters(Tag="two"))
    (log,) = ec2.describe_flow_logs(FlowLogIds=[out["Log"]])["FlowLogs"]
    assert {"Key": "Name", "Value": "two"} in log["Tags"]
    stacks.delete(name)
    assert ec2.describe_flow_logs()["FlowLogs"] == [] and ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 1
    ec2.terminate_instances(InstanceIds=[instance])
