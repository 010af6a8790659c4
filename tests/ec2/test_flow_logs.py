"""Flow logs: records of real packets, in CloudWatch Logs and in S3."""

import gzip
import json
import time

import pytest
from asking import by, one, refused, tagged
from clouds import eventually
from machines import needs_machines, needs_ssh
from places import ANYWHERE, Site

DEFAULT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]


def delivery_role(cloud, account, name, *actions):
    iam = cloud.client("iam", key=account)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if actions:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="deliver", PolicyDocument=json.dumps(policy))
    return arn


def test_what_is_asked_is_checked(ec2, cloud, account, name):
    role = delivery_role(cloud, account, name, *LOGS)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def create(**more):
        asked = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": name, "DeliverLogsPermissionArn": role}
        return ec2.create_flow_logs(**{key: value for key, value in {**asked, **more}.items() if value is not None})

    with refused("InvalidParameter", "DeliverLogsPermissionArn can't be empty"):
        create(DeliverLogsPermissionArn=None)
    with refused("InvalidParameter", "LogDestination can't be empty"):
        create(LogGroupName=None)
    with refused("InvalidParameter", "Invalid Flow Log Max Aggregation Interval"):
        create(MaxAggregationInterval=30)
    with refused("InvalidParameter", "Unknown fields"):
        create(LogFormat="${version} ${nothing}")
    with refused("InvalidVpcID.NotFound"):
        create(ResourceIds=["vpc-0123456789abcdef0"])
    with refused("InvalidSubnetID.Malformed"):
        create(ResourceType="Subnet")
    with refused("DryRunOperation"):
        create(DryRun=True)
    gone = create(LogGroupName=None, DeliverLogsPermissionArn=None, LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{name}-no")
    assert one(gone, "Unsuccessful")["Error"]["Message"] == f"LogDestination: {name}-no does not exist."
    assert ec2.describe_flow_logs()["FlowLogs"] == []

    first = create(ClientToken="once", TagSpecifications=tagged("vpc-flow-log", Name="all"))
    assert create(ClientToken="once", TagSpecifications=tagged("vpc-flow-log", Name="all"))["FlowLogIds"] == first["FlowLogIds"]
    again = create()
    assert again["FlowLogIds"] == [] and one(again, "Unsuccessful")["Error"]["Code"] == "FlowLogAlreadyExists"
    id = one(first, "FlowLogIds")
    shown = one(ec2.describe_flow_logs(FlowLogIds=[id]), "FlowLogs")
    assert (shown["ResourceId"], shown["TrafficType"], shown["LogGroupName"]) == (vpc, "ALL", name)
    assert (shown["FlowLogStatus"], shown["DeliverLogsStatus"], shown["MaxAggregationInterval"]) == ("ACTIVE", "SUCCESS", 600)
    assert (shown["LogFormat"], shown["Tags"]) == (DEFAULT, [{"Key": "Name", "Value": "all"}])
    create(TrafficType="REJECT", MaxAggregationInterval=60)
    assert len(ec2.describe_flow_logs(Filter=by("resource-id", vpc))["FlowLogs"]) == 2
    assert len(ec2.describe_flow_logs(Filter=by("traffic-type", "REJ*"))["FlowLogs"]) == 1
    assert len(ec2.describe_flow_logs(Filter=by("tag:Name", "all"))["FlowLogs"]) == 1
    page = ec2.describe_flow_logs(MaxResults=1)
    assert len(page["FlowLogs"]) == 1 and len(ec2.describe_flow_logs(NextToken=page["NextToken"])["FlowLogs"]) == 1
    assert ec2.delete_flow_logs(FlowLogIds=[id])["Unsuccessful"] == []
    with refused("InvalidFlowLogId.NotFound"):
        ec2.describe_flow_logs(FlowLogIds=[id])
    with refused("InvalidFlowLogId.NotFound"):
        ec2.delete_flow_logs(FlowLogIds=[id])


@pytest.fixture
def timely(own_cloud):
    """A cloud whose clock may be moved."""
    return own_cloud().wait_until_ready()


@pytest.fixture
def site(timely, account, tmp_path):
    needs_machines(timely)
    needs_ssh()
    made = Site(timely, timely.client("ec2", key=account), account, tmp_path)
    yield made
    made.close()


def records(cloud, account, group, stream):
    logs = cloud.client("logs", key=account)
    try:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"].split(" ") for event in events]


def test_packets_are_logged(timely, account, site, name):
    cloud, ec2 = timely, site.ec2
    role = delivery_role(cloud, account, name, *LOGS)
    idle_role = delivery_role(cloud, account, f"{name}-idle")
    s3 = cloud.client("s3", key=account)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    open_group = site.group("open", ("tcp", 22, ANYWHERE), ("tcp", 8080, "10.8.0.0/16"), ("icmp", -1, "10.8.0.0/16"))
    from_id, to_id = site.run(site.public, open_group), site.run(site.public, open_group)
    here, there = site.running(from_id), site.running(to_id)
    sender, receiver = (one(own, "NetworkInterfaces")["NetworkInterfaceId"] for own in (here, there))
    source, target = here["PrivateIpAddress"], there["PrivateIpAddress"]

    def create(resource, kind, **more):
        asked = {"ResourceIds": [resource], "ResourceType": kind, "TrafficType": "ALL", "MaxAggregationInterval": 60}
        return one(ec2.create_flow_logs(**asked, **more), "FlowLogIds")

    logged = {"LogGroupName": name, "DeliverLogsPermissionArn": role}
    create(site.vpc, "VPC", **logged)
    create(site.public, "Subnet", LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{name}/flows")
    ec2.create_flow_logs(ResourceIds=[receiver], ResourceType="NetworkInterface", TrafficType="REJECT", **logged)
    custom = "${interface-id} ${vpc-id} ${subnet-id} ${instance-id} ${flow-direction} ${action} ${dstport} ${tcp-flags} ${az-id} ${pkt-dstaddr} ${traffic-path}"
    create(receiver, "NetworkInterface", LogGroupName=f"{name}-custom", DeliverLogsPermissionArn=role, LogFormat=custom)
    denied = create(sender, "NetworkInterface", LogGroupName=f"{name}-denied", DeliverLogsPermissionArn=idle_role)

    shell = site.login(here["PublicIpAddress"])
    server = site.login(there["PublicIpAddress"])
    server("nohup python3 -m http.server 8080 >/dev/null 2>&1 &")
    eventually(lambda: shell(f"curl -s -m 2 -o /dev/null http://{target}:8080/", check=False).returncode == 0)
    shell(f"ping -c 3 -i 0.2 {target}")
    # Not allowed by the group: three SYNs.
    shell(f"curl -s -m 4 http://{target}:8081/", check=False)
    time.sleep(2.2)
    cloud.advance("61s")

    def found(stream, **wanted):
        names = DEFAULT.replace("${", "").replace("}", "").split(" ")
        rows = [dict(zip(names, record)) for record in records(cloud, account, name, stream)]
        return [row for row in rows if all(row[key.replace("_", "-")] == value for key, value in wanted.items())]

    refusals = eventually(lambda: found(f"{receiver}-all", dstport="8081"), 10)
    # A new interval may begin in between.
    assert {(row["srcaddr"], row["dstaddr"], row["protocol"], row["action"]) for row in refusals} == {(source, target, "6", "REJECT")}
    syns = sum(int(row["packets"]) for row in refusals)
    assert 2 <= syns <= 4 and sum(int(row["bytes"]) for row in refusals) == 60 * syns
    assert {row["action"] for row in found(f"{sender}-all", dstport="8081", srcaddr=source)} == {"ACCEPT"}
    assert found(f"{receiver}-reject", dstport="8081") == [] or {row["action"] for row in found(f"{receiver}-reject")} <= {"REJECT", "-"}
    pings = found(f"{receiver}-all", protocol="1", srcaddr=source)
    assert sum(int(row["packets"]) for row in pings) == 3 and sum(int(row["bytes"]) for row in pings) == 3 * 84
    assert {(row["srcport"], row["dstport"], row["action"]) for row in pings} == {("0", "0", "ACCEPT")}
    answers = found(f"{receiver}-all", protocol="1", dstaddr=source)
    assert sum(int(row["packets"]) for row in answers) == 3
    page = found(f"{receiver}-all", dstport="8080", action="ACCEPT")
    assert page and all(int(row["packets"]) >= 4 and int(row["bytes"]) > 4 * 52 for row in page)
    assert all(row["version"] == "2" and row["account-id"] == account and int(row["start"]) <= int(row["end"]) for row in page)

    rows = [row for row in records(cloud, account, f"{name}-custom", f"{receiver}-all") if row[6] == "8081"]
    zone = next(zone["ZoneId"] for zone in ec2.describe_availability_zones()["AvailabilityZones"] if zone["ZoneName"] == "ap-northeast-1a")
    assert rows and rows[0][:10] == [receiver, site.vpc, site.public, to_id, "ingress", "REJECT", "8081", "2", zone, target]

    keys = eventually(lambda: [own["Key"] for own in s3.list_objects_v2(Bucket=name).get("Contents", [])])
    assert all(key.startswith(f"flows/AWSLogs/{account}/vpcflowlogs/ap-northeast-1/") and key.endswith(".log.gz") for key in keys)
    lines = [line for key in keys for line in gzip.decompress(s3.get_object(Bucket=name, Key=key)["Body"].read()).decode().splitlines()]
    assert lines[0] == DEFAULT.replace("${", "").replace("}", "")
    assert any(f" {source} {target} " in line and " 8081 6 " in line and line.endswith("REJECT OK") for line in lines)

    failed = one(ec2.describe_flow_logs(FlowLogIds=[denied]), "FlowLogs")
    assert (failed["DeliverLogsStatus"], failed["DeliverLogsErrorMessage"]) == ("FAILED", "Access error")
    # An interface that is quiet says so.
    ec2.delete_flow_logs(FlowLogIds=[denied])
    shell = None
    time.sleep(1.2)
    cloud.advance("61s")
    time.sleep(1.2)
    cloud.advance("61s")
    eventually(lambda: found(f"{sender}-all", log_status="NODATA"), 10)
