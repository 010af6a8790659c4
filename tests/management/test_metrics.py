"""CloudWatch's metrics, by boto3 (which speaks CBOR to it) and the CLI."""

import datetime

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def cloudwatch(cloud):
    return cloud.client("cloudwatch")


def put(cloudwatch, namespace, start):
    dimensions = [{"Name": "Shop", "Value": "Ueno"}, {"Name": "Floor", "Value": "1"}]
    common = {"MetricName": "Guests", "Dimensions": dimensions, "Unit": "Count"}
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {**common, "Timestamp": start, "Value": 1},
            {**common, "Timestamp": start + datetime.timedelta(seconds=20), "Values": [2, 5], "Counts": [2, 1]},
            {**common, "Timestamp": start + datetime.timedelta(seconds=70), "StatisticValues": {"SampleCount": 2, "Sum": 9, "Minimum": 4, "Maximum": 5}},
        ],
    )
    return dimensions


def test_metrics_are_summed_up_by_period(cloudwatch, name):
    start = datetime.datetime.now(datetime.UTC).replace(second=0, microsecond=0) - datetime.timedelta(minutes=10)
    dimensions = put(cloudwatch, name, start)
    asked = {"Namespace": name, "MetricName": "Guests", "Dimensions": dimensions[::-1], "StartTime": start, "EndTime": start + datetime.timedelta(minutes=5)}
    minutes = cloudwatch.get_metric_statistics(**asked, Period=60, Statistics=["Sum", "SampleCount", "Maximum"])
    points = sorted(minutes["Datapoints"], key=lambda point: point["Timestamp"])
    assert [(point["Sum"], point["SampleCount"], point["Maximum"]) for point in points] == [(10, 4, 5), (9, 2, 5)]
    assert points[0]["Unit"] == "Count" and "Average" not in points[0]
    [whole] = cloudwatch.get_metric_statistics(**asked, Period=300, Statistics=["Average"])["Datapoints"]
    assert whole["Average"] == pytest.approx(19 / 6)
    percentiles = cloudwatch.get_metric_statistics(**asked, Period=60, ExtendedStatistics=["p50"])["Datapoints"]
    assert [point["ExtendedStatistics"] for point in percentiles if "ExtendedStatistics" in point] == [{"p50": 2}]

    stat = {"Metric": {"Namespace": name, "MetricName": "Guests", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}
    query = [{"Id": "m1", "MetricStat": stat}]
    data = cloudwatch.get_metric_data(MetricDataQueries=query, StartTime=start, EndTime=start + datetime.timedelta(minutes=5))
    [result] = data["MetricDataResults"]
    assert (result["Values"], result["StatusCode"], result["Label"]) == ([9, 10], "Complete", "Guests")

    [metric] = cloudwatch.list_metrics(Namespace=name, Dimensions=[{"Name": "Shop"}])["Metrics"]
    assert metric["MetricName"] == "Guests" and sorted(one["Name"] for one in metric["Dimensions"]) == ["Floor", "Shop"]
    assert cloudwatch.list_metrics(Namespace=name, Dimensions=[{"Name": "Shop", "Value": "Shibuya"}])["Metrics"] == []


def test_what_is_no_data_is_refused(cloudwatch, name):
    now = datetime.datetime.now(datetime.UTC)
    old = {"MetricName": "m", "Value": 1, "Timestamp": now - datetime.timedelta(days=15)}
    with pytest.raises(ClientError, match="no more than two weeks in the past"):
        cloudwatch.put_metric_data(Namespace=name, MetricData=[old])
    with pytest.raises(ClientError) as error:
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m"}])
    assert error.value.response["Error"]["Code"] in ("MissingParameter", "MissingRequiredParameterException")
    with pytest.raises(ClientError, match="exceeds the limit of 1,440"):
        cloudwatch.get_metric_statistics(
            Namespace=name, MetricName="m", StartTime=now - datetime.timedelta(days=2), EndTime=now, Period=60, Statistics=["Sum"]
        )
    with pytest.raises(ClientError, match="not implemented"):
        cloudwatch.get_metric_data(MetricDataQueries=[{"Id": "e", "Expression": "1+1"}], StartTime=now, EndTime=now + datetime.timedelta(hours=1))


def test_the_cli_lists_what_it_put(cloud, name):
    cloud.aws("cloudwatch", "put-metric-data", "--namespace", name, "--metric-name", "Visits", "--value", "3")
    listed = cloud.aws("cloudwatch", "list-metrics", "--namespace", name)
    assert [metric["MetricName"] for metric in listed["Metrics"]] == ["Visits"]
