"""CloudTrail's event history over what every other client did."""

import datetime
import json

import pytest


@pytest.fixture
def trail(cloud):
    return cloud.client("cloudtrail")


def lookup(trail, key, value, **more):
    answer = trail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more)
    return answer["Events"]


def test_a_call_is_found_by_every_attribute(cloud, trail, name):
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name=name, Value="secret words", Type="String", Tags=[{"Key": "Env", "Value": "dev"}])
    [event] = lookup(trail, "ResourceName", name)
    record = json.loads(event["CloudTrailEvent"])
    assert (event["EventName"], event["EventSource"], event["ReadOnly"]) == ("PutParameter", "ssm.amazonaws.com", "false")
    assert (event["Username"], event["AccessKeyId"]) == ("root", "test")
    assert event["Resources"] == [{"ResourceType": "AWS::SSM::Parameter", "ResourceName": name}]
    assert record["eventName"] == "PutParameter" and record["awsRegion"] == "ap-northeast-1"
    assert record["userIdentity"]["type"] == "Root" and record["userIdentity"]["accountId"] == "000000000000"
    assert record["requestParameters"]["name"] == name
    assert record["requestParameters"]["tags"] == [{"key": "Env", "value": "dev"}]
    assert "secret words" not in event["CloudTrailEvent"]
    assert record["eventID"] == event["EventId"] and record["recipientAccountId"] == "000000000000"
    assert "Boto3" in record["userAgent"] and record["sourceIPAddress"] == "127.0.0.1"
    for key, value in [
        ("EventId", event["EventId"]),
        ("EventName", "PutParameter"),
        ("EventSource", "ssm.amazonaws.com"),
        ("ReadOnly", "false"),
        ("Username", "root"),
        ("AccessKeyId", "test"),
        ("ResourceType", "AWS::SSM::Parameter"),
    ]:
        pages = trail.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}],
            StartTime=event["EventTime"] - datetime.timedelta(seconds=2),
        )
        assert event["EventId"] in [one["EventId"] for page in pages for one in page["Events"]], key


def test_failures_say_what_failed(cloud, trail, name):
    ssm = cloud.client("ssm")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=name)
    [event] = lookup(trail, "ResourceName", name)
    assert event["ReadOnly"] == "true"
    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "ParameterNotFound"


def test_accounts_and_regions_have_their_own_history(cloud, trail, name):
    cloud.client("ssm", region="eu-west-1").put_parameter(Name=name, Value="1", Type="String")
    assert lookup(trail, "ResourceName", name) == []
    assert len(lookup(cloud.client("cloudtrail", region="eu-west-1"), "ResourceName", name)) == 1
    assert lookup(cloud.client("cloudtrail", region="eu-west-1", key="222222222222"), "ResourceName", name) == []


def test_global_services_are_seen_in_us_east_1(cloud, trail, name):
    cloud.client("iam").create_user(UserName=name)
    assert lookup(trail, "ResourceName", name) == []
    [event] = lookup(cloud.client("cloudtrail", region="us-east-1"), "ResourceName", name)
    assert json.loads(event["CloudTrailEvent"])["awsRegion"] == "us-east-1"


def test_pages_go_back_in_time(cloud, trail, name):
    ssm = cloud.client("ssm")
    for value in range(5):
        ssm.put_parameter(Name=name, Value=str(value), Type="String", Overwrite=True)
    pages = trail.get_paginator("lookup_events").paginate(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}], PaginationConfig={"PageSize": 2}
    )
    events = [event for page in pages for event in page["Events"]]
    assert len(events) == 5
    times = [event["EventTime"] for event in events]
    assert times == sorted(times, reverse=True)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    assert lookup(trail, "ResourceName", name, StartTime=later) == []
    with pytest.raises(trail.exceptions.InvalidTimeRangeException):
        trail.lookup_events(StartTime=later, EndTime=later - datetime.timedelta(hours=2))
