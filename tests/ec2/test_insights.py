"""The Reachability Analyzer and `kogumo net trace`: why packets arrive, or do not."""

import pytest
from asking import by, one, refused


@pytest.fixture
def network(ec2):
    """A public subnet whose interface anybody may reach by SSH, and a private one."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayAddresses"][0]
    return {"vpc": vpc, "gateway": gateway, "subnet": subnet, "table": table, "nat": nat["NetworkInterfaceId"]}


def analyse(ec2, **path):
    path = ec2.create_network_insights_path(Protocol="tcp", **path)["NetworkInsightsPath"]["NetworkInsightsPathId"]
    started = ec2.start_network_insights_analysis(NetworkInsightsPathId=path)["NetworkInsightsAnalysis"]
    assert started["Status"] == "running"
    id = started["NetworkInsightsAnalysisId"]
    found = one(ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[id]), "NetworkInsightsAnalyses")
    assert found["Status"] == "succeeded", found
    with refused("AnalysisExistsForNetworkInsightsPath"):
        ec2.delete_network_insights_path(NetworkInsightsPathId=path)
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=id)
    ec2.delete_network_insights_path(NetworkInsightsPathId=path)
    with refused("InvalidNetworkInsightsPathId.NotFound"):
        ec2.describe_network_insights_paths(NetworkInsightsPathIds=[path])
    return found


def test_a_missing_route_is_named(ec2, network):
    found = analyse(ec2, Source=network["nat"], DestinationIp="203.0.113.9", DestinationPort=443)
    assert found["NetworkPathFound"] is False
    (why,) = found["Explanations"]
    assert why["ExplanationCode"] == "NO_ROUTE_TO_DESTINATION"
    assert why["RouteTable"]["Id"] == network["table"]


def test_an_unattached_interface_is_named(ec2, network):
    lonely = ec2.create_network_interface(SubnetId=network["subnet"])["NetworkInterface"]["NetworkInterfaceId"]
    found = analyse(ec2, Source=network["nat"], Destination=lonely, DestinationPort=22)
    assert found["NetworkPathFound"] is False
    assert found["Explanations"][0]["Component"]["Id"] == lonely


def test_paths_are_kept(ec2, network):
    made = ec2.create_network_insights_path(
        Source=network["nat"], Destination=network["gateway"], Protocol="tcp", DestinationPort=22
    )["NetworkInsightsPath"]
    assert made["SourceArn"].endswith(f"network-interface/{network['nat']}")
    found = one(ec2.describe_network_insights_paths(Filters=by("destination", network["gateway"])), "NetworkInsightsPaths")
    assert found["NetworkInsightsPathId"] == made["NetworkInsightsPathId"]
    with refused("InvalidParameterValue"):
        ec2.create_network_insights_path(Source="bucket", Destination=network["gateway"], Protocol="tcp")


def test_trace_tells_what_to_do_in_both_languages(cloud, network):
    english = cloud.kogumo("net", "trace", network["nat"], "203.0.113.9:443", check=False, LANG="C")
    assert english.returncode == 1
    assert f"{network['table']} has no route for 203.0.113.9: add 0.0.0.0/0 → {network['gateway']}" in english.stdout
    japanese = cloud.kogumo("net", "trace", "--language", "ja", network["nat"], "203.0.113.9:443", check=False)
    assert f"{network['table']} に 203.0.113.9 へのルートがありません" in japanese.stdout


def test_filters_at_the_ends(ec2, network):
    """They say what SourceIp, DestinationIp and DestinationPort say, and ranges of ports besides."""
    at_source = {"DestinationAddress": "203.0.113.9", "DestinationPortRange": {"FromPort": 400, "ToPort": 500}}
    found = analyse(ec2, Source=network["nat"], FilterAtSource=at_source)
    assert (found["NetworkPathFound"], found["Explanations"][0]["ExplanationCode"]) == (False, "NO_ROUTE_TO_DESTINATION")
    both = {"FilterAtSource": at_source, "FilterAtDestination": {"SourceAddress": "10.0.1.9"}}
    made = ec2.create_network_insights_path(Source=network["nat"], Protocol="tcp", **both)["NetworkInsightsPath"]
    assert {name: made[name] for name in both} == both
    by_ports = by("filter-at-source.destination-port-range", "400-500")
    assert one(ec2.describe_network_insights_paths(Filters=by_ports), "NetworkInsightsPaths")["NetworkInsightsPathId"] == made["NetworkInsightsPathId"]
    with refused("InvalidParameterCombination"):
        ec2.create_network_insights_path(Source=network["nat"], Protocol="tcp", DestinationPort=22, FilterAtSource=at_source)
    with refused("InvalidParameterValue"):
        wrong = {"DestinationAddress": "203.0.113.9", "DestinationPortRange": {"FromPort": 500, "ToPort": 400}}
        ec2.create_network_insights_path(Source=network["nat"], Protocol="tcp", FilterAtSource=wrong)
