"""CloudWatch Logs, by boto3 and the CLI."""

import datetime
import io
import json
import time
import zipfile

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def logs(cloud):
    return cloud.client("logs")


@pytest.fixture
def stream(logs, name):
    """A group and a stream in it, both called `name`."""
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName=name)
    return {"logGroupName": name, "logStreamName": name}


def now():
    return int(time.time() * 1000)


def put(logs, stream, *messages, start=None):
    start = start or now()
    events = [{"timestamp": start + at, "message": message} for at, message in enumerate(messages)]
    return logs.put_log_events(**stream, logEvents=events)


def messages(answer):
    return [event["message"] for event in answer["events"]]


def test_groups_are_made_once_and_listed_by_name(logs, name):
    logs.create_log_group(logGroupName=f"/{name}/b", tags={"Env": "dev"})
    logs.create_log_group(logGroupName=f"/{name}/a")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException) as error:
        logs.create_log_group(logGroupName=f"/{name}/a")
    assert error.value.response["Error"]["Message"] == "The specified log group already exists"
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/{name}/")["logGroups"]
    assert [group["logGroupName"] for group in groups] == [f"/{name}/a", f"/{name}/b"]
    assert groups[0]["arn"] == f"arn:aws:logs:ap-northeast-1:000000000000:log-group:/{name}/a:*"
    assert groups[0]["logGroupArn"] == groups[0]["arn"][:-2]
    assert "retentionInDays" not in groups[0] and groups[0]["storedBytes"] == 0
    page = logs.describe_log_groups(logGroupNamePattern=name, limit=1)
    rest = logs.describe_log_groups(logGroupNamePattern=name, nextToken=page["nextToken"])
    assert len(page["logGroups"]) == 1 and [group["logGroupName"] for group in rest["logGroups"]] == [f"/{name}/b"]
    assert logs.list_tags_for_resource(resourceArn=groups[1]["logGroupArn"])["tags"] == {"Env": "dev"}
    logs.tag_resource(resourceArn=groups[1]["logGroupArn"], tags={"Team": "x"})
    logs.untag_resource(resourceArn=groups[1]["logGroupArn"], tagKeys=["Env"])
    assert logs.list_tags_log_group(logGroupName=f"/{name}/b")["tags"] == {"Team": "x"}
    logs.delete_log_group(logGroupName=f"/{name}/a")
    with pytest.raises(logs.exceptions.ResourceNotFoundException) as error:
        logs.delete_log_group(logGroupName=f"/{name}/a")
    assert error.value.response["Error"]["Message"] == "The specified log group does not exist."


def test_events_are_read_forward_and_backward(logs, stream):
    put(logs, stream, *[f"line {number}" for number in range(10)])
    newest = logs.get_log_events(**stream, limit=3)
    assert messages(newest) == ["line 7", "line 8", "line 9"]
    older = logs.get_log_events(**stream, limit=3, nextToken=newest["nextBackwardToken"])
    assert messages(older) == ["line 4", "line 5", "line 6"]
    first = logs.get_log_events(**stream, limit=4, startFromHead=True)
    assert messages(first) == ["line 0", "line 1", "line 2", "line 3"]
    second = logs.get_log_events(**stream, nextToken=first["nextForwardToken"])
    assert messages(second) == [f"line {number}" for number in range(4, 10)]
    end = logs.get_log_events(**stream, nextToken=second["nextForwardToken"])
    assert messages(end) == [] and end["nextForwardToken"] == second["nextForwardToken"]
    put(logs, stream, "line 10")
    later = logs.get_log_events(**stream, nextToken=end["nextForwardToken"])
    assert messages(later) == ["line 10"]
    described = logs.describe_log_streams(logGroupName=stream["logGroupName"])["logStreams"][0]
    assert described["firstEventTimestamp"] <= described["lastEventTimestamp"] <= described["lastIngestionTime"] + 20
    assert described["arn"].endswith(f":log-group:{stream['logGroupName']}:log-stream:{stream['logStreamName']}")


def test_a_batch_must_be_in_order_and_not_too_old(logs, stream):
    at = now()
    with pytest.raises(logs.exceptions.InvalidParameterException, match="chronological order"):
        logs.put_log_events(**stream, logEvents=[{"timestamp": at, "message": "b"}, {"timestamp": at - 1, "message": "a"}])
    with pytest.raises(logs.exceptions.InvalidParameterException, match="cannot span more than 24 hours"):
        logs.put_log_events(**stream, logEvents=[{"timestamp": at - 90_000_000, "message": "a"}, {"timestamp": at, "message": "b"}])
    day = 24 * 3600 * 1000
    old = put(logs, stream, "old", start=at - 15 * day)
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    new = put(logs, stream, "new", start=at + 3 * 3600 * 1000)
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}
    assert messages(logs.get_log_events(**stream)) == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified log stream does not exist."):
        put(logs, {**stream, "logStreamName": "none"}, "x")


def test_filters_find_events_across_streams(logs, stream, name):
    group = stream["logGroupName"]
    other = {**stream, "logStreamName": "other"}
    logs.create_log_stream(**other)
    at = now()
    put(logs, stream, "ERROR one", '{"level":"warn","took":12}', start=at)
    put(logs, other, "INFO two", "ERROR three", start=at + 2)
    find = lambda **more: logs.filter_log_events(logGroupName=group, **more)
    assert messages(find()) == ["ERROR one", '{"level":"warn","took":12}', "INFO two", "ERROR three"]
    assert messages(find(filterPattern="ERROR")) == ["ERROR one", "ERROR three"]
    assert messages(find(filterPattern="?INFO ?one")) == ["ERROR one", "INFO two"]
    assert messages(find(filterPattern="ERROR -one")) == ["ERROR three"]
    assert messages(find(filterPattern='{ $.level = "warn" && $.took > 10 }')) == ['{"level":"warn","took":12}']
    assert messages(find(filterPattern="[level=ERROR, word]")) == ["ERROR one", "ERROR three"]
    assert messages(find(logStreamNames=["other"])) == ["INFO two", "ERROR three"]
    assert messages(find(logStreamNamePrefix="oth", filterPattern="three")) == ["ERROR three"]
    assert messages(find(startTime=at + 3)) == ["ERROR three"]
    assert messages(find(endTime=at)) == ["ERROR one"]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 1})
    events = [event for page in pages for event in page["events"]]
    assert [event["logStreamName"] for event in events] == [name, name, "other", "other"]
    assert len({event["eventId"] for event in events}) == 4
    with pytest.raises(logs.exceptions.InvalidParameterException, match=r"Invalid character\(s\) in term 'a:b'"):
        find(filterPattern="a:b")


def test_patterns_can_be_tried_out(logs):
    answer = logs.test_metric_filter(
        filterPattern="[ip, user, username, timestamp, request, status_code=4*, bytes]",
        logEventMessages=[
            '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
            '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /apache_pb.gif HTTP/1.0" 404 5324',
        ],
    )
    [match] = answer["matches"]
    assert match["eventNumber"] == 2
    assert match["extractedValues"]["$status_code"] == "404"
    assert match["extractedValues"]["$timestamp"] == "10/Oct/2000:13:35:22 -0700"


def test_retention_acts_by_the_clouds_clock(own_cloud, name):
    cloud = own_cloud().wait_until_ready()
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    stream = {"logGroupName": name, "logStreamName": "s"}
    logs.create_log_stream(**stream)
    put(logs, stream, "will go")
    with pytest.raises(ClientError, match="Member must satisfy enum value set"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=2)
    logs.put_retention_policy(logGroupName=name, retentionInDays=3)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 3
    assert messages(logs.get_log_events(**stream)) == ["will go"]
    cloud.advance("4d")
    assert messages(logs.get_log_events(**stream)) == []
    assert messages(logs.filter_log_events(logGroupName=name)) == []
    from clouds import eventually

    def swept():
        return logs.describe_log_groups()["logGroups"][0]["storedBytes"] == 0

    eventually(swept)
    logs.delete_retention_policy(logGroupName=name)
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_streams_are_ordered_by_name_or_by_their_last_event(logs, name):
    logs.create_log_group(logGroupName=name)
    start = now() - 10_000
    for stream, at in [("a", 3), ("b", 1), ("c", 2)]:
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        put(logs, {"logGroupName": name, "logStreamName": stream}, "x", start=start + at)
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=name, orderBy="LastEventTime", descending=True, PaginationConfig={"PageSize": 2}
    )
    assert [stream["logStreamName"] for page in pages for stream in page["logStreams"]] == ["a", "c", "b"]
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=name, logStreamName="a")
    logs.delete_log_stream(logGroupName=name, logStreamName="b")
    named = logs.describe_log_streams(logGroupName=name)["logStreams"]
    assert [stream["logStreamName"] for stream in named] == ["a", "c"]


def test_the_cli_puts_and_filters(cloud, logs, stream):
    group = stream["logGroupName"]
    event = f"timestamp={now()},message=from the CLI"
    cloud.aws("logs", "put-log-events", "--log-group-name", group, "--log-stream-name", group, "--log-events", event)
    found = cloud.aws("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", "CLI")
    assert [one["message"] for one in found["events"]] == ["from the CLI"]


def test_what_a_name_may_not_be(logs):
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Member must satisfy regular expression pattern"):
        logs.create_log_group(logGroupName="a b")


def test_a_metric_filter_makes_data_of_events(cloud, logs, stream, name):
    from clouds import eventually

    group = stream["logGroupName"]
    transformation = {"metricNamespace": name, "metricName": "Latency", "metricValue": "$.took", "unit": "Milliseconds"}
    logs.put_metric_filter(
        logGroupName=group, filterName="slow", filterPattern="{ $.took > 10 }", metricTransformations=[transformation]
    )
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["metricFilterCount"] == 1
    [described] = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert described["metricTransformations"] == [transformation] and described["filterPattern"] == "{ $.took > 10 }"
    put(logs, stream, '{"took":5}', '{"took":20}', '{"took":30}', "no JSON")
    cloudwatch = cloud.client("cloudwatch")
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)

    def data():
        return cloudwatch.get_metric_statistics(
            Namespace=name,
            MetricName="Latency",
            StartTime=end - datetime.timedelta(minutes=20),
            EndTime=end,
            Period=1200,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]

    [point] = eventually(data)
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (50, 2, "Milliseconds")
    logs.delete_metric_filter(logGroupName=group, filterName="slow")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_metric_filter(logGroupName=group, filterName="slow")


def test_subscriptions_need_a_function_that_may_be_called(logs, stream):
    group = stream["logGroupName"]
    nobody = "arn:aws:lambda:ap-northeast-1:000000000000:function:nobody"
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Could not execute the lambda function"):
        logs.put_subscription_filter(logGroupName=group, filterName="f", filterPattern="", destinationArn=nobody)
    with pytest.raises(ClientError, match="deliver to kinesis is not implemented"):
        logs.put_subscription_filter(
            logGroupName=group, filterName="f", filterPattern="", destinationArn=nobody.replace("lambda", "kinesis")
        )
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


FUNCTION = """
import base64, gzip, json, os, boto3

def handler(event, context):
    message = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    boto3.client("ssm").put_parameter(Name=os.environ["SEEN"], Value=json.dumps(message), Type="String", Overwrite=True)
"""


def test_a_subscription_hands_events_to_a_function(cloud, logs, stream, name):
    from clouds import eventually

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    functions = cloud.client("lambda")
    role = cloud.role(name, "ssm:PutParameter", "logs:*")
    function = functions.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="index.handler",
        Timeout=30,
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"SEEN": name}},
    )["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    filter = {"logGroupName": stream["logGroupName"], "filterName": "f", "filterPattern": "ERROR", "destinationArn": function}
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Could not execute the lambda function"):
        logs.put_subscription_filter(**filter)
    functions.add_permission(
        FunctionName=name, StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
    )
    logs.put_subscription_filter(**filter)
    put(logs, stream, "INFO one", "ERROR two")
    ssm = cloud.client("ssm")
    seen = eventually(lambda: ssm.get_parameters(Names=[name])["Parameters"], seconds=40)
    message = json.loads(seen[0]["Value"])
    assert (message["messageType"], message["logGroup"]) == ("DATA_MESSAGE", stream["logGroupName"])
    assert [event["message"] for event in message["logEvents"]] == ["ERROR two"]
    logs.delete_subscription_filter(logGroupName=filter["logGroupName"], filterName="f")
    assert logs.describe_subscription_filters(logGroupName=filter["logGroupName"])["subscriptionFilters"] == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_subscription_filter(logGroupName=filter["logGroupName"], filterName="f")


def test_tags_and_lists_of_groups(logs, stream, name):
    logs.tag_log_group(logGroupName=name, tags={"a": "1", "b": "2"})
    logs.untag_log_group(logGroupName=name, tags=["a"])
    assert logs.list_tags_log_group(logGroupName=name)["tags"] == {"b": "2"}
    found = logs.list_log_groups(logGroupNamePattern=name[-20:])["logGroups"]
    assert [group["logGroupName"] for group in found] == [name]
    assert found[0]["logGroupArn"].endswith(f":log-group:{name}")


def test_saved_queries(logs, name):
    saved = logs.put_query_definition(name=f"{name}/errors", queryString="filter @message like /ERROR/", logGroupNames=["/a"])["queryDefinitionId"]
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_query_definition(name=f"{name}/errors", queryString="fields @message")
    logs.put_query_definition(name=f"{name}/failures", queryString="fields @message", queryDefinitionId=saved)
    found = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert [(one["queryDefinitionId"], one["name"], one["queryString"]) for one in found] == [(saved, f"{name}/failures", "fields @message")]
    assert logs.delete_query_definition(queryDefinitionId=saved)["success"] is True
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_query_definition(queryDefinitionId=saved)


def test_resource_policies(logs, name):
    statement = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_resource_policy(policyName=name, policyDocument="{}")
    logs.put_resource_policy(policyName=name, policyDocument=document)
    found = [one for one in logs.describe_resource_policies()["resourcePolicies"] if one["policyName"] == name]
    assert found[0]["policyDocument"] == document
    logs.delete_resource_policy(policyName=name)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_resource_policy(policyName=name)
