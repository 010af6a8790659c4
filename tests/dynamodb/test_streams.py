"""DynamoDB Streams: what has changed, in order."""

import time

import pytest

from dynamodb_calls import eventually, refusal


@pytest.fixture
def streams(cloud):
    return cloud.client("dynamodbstreams")


def iterator(streams, arn, kind="TRIM_HORIZON", **more):
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]


def stream(kind="NEW_AND_OLD_IMAGES"):
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": kind}}


def test_changes_come_in_order(make_table, streams):
    table = make_table("id:S", **stream())
    arn = table.latest_stream_arn
    table.put_item(Item={"id": "a", "n": 1})
    table.put_item(Item={"id": "a", "n": 1})
    table.update_item(Key={"id": "a"}, UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": 2})
    table.delete_item(Key={"id": "none"})
    table.delete_item(Key={"id": "a"})
    answer = streams.get_records(ShardIterator=iterator(streams, arn))
    told = [(record["eventName"], record["dynamodb"].get("OldImage", {}).get("n"), record["dynamodb"].get("NewImage", {}).get("n")) for record in answer["Records"]]
    assert told == [("INSERT", None, {"N": "1"}), ("MODIFY", {"N": "1"}, {"N": "2"}), ("REMOVE", {"N": "2"}, None)]
    first = answer["Records"][0]
    assert (first["eventSource"], first["awsRegion"], first["eventVersion"]) == ("aws:dynamodb", "ap-northeast-1", "1.1")
    assert first["dynamodb"]["Keys"] == {"id": {"S": "a"}}
    assert first["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert streams.get_records(ShardIterator=answer["NextShardIterator"])["Records"] == []
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in answer["Records"]]
    assert numbers == sorted(numbers)
    second = iterator(streams, arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber=first["dynamodb"]["SequenceNumber"])
    assert len(streams.get_records(ShardIterator=second, Limit=1)["Records"]) == 1
    latest = iterator(streams, arn, "LATEST")
    table.put_item(Item={"id": "b"})
    assert [record["dynamodb"]["Keys"]["id"]["S"] for record in streams.get_records(ShardIterator=latest)["Records"]] == ["b"]


@pytest.mark.parametrize("kind, images", [("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"})])
def test_views_show_what_they_say(make_table, streams, kind, images):
    table = make_table("id:S", **stream(kind))
    table.put_item(Item={"id": "a"})
    table.put_item(Item={"id": "a", "x": 1})
    modified = streams.get_records(ShardIterator=iterator(streams, table.latest_stream_arn))["Records"][1]
    assert set(modified["dynamodb"]) & {"NewImage", "OldImage"} == images


def test_streams_end_with_their_table(make_table, streams, dynamodb):
    table = make_table("id:S", **stream())
    arn = table.latest_stream_arn
    assert [entry["StreamArn"] for entry in streams.list_streams(TableName=table.name)["Streams"]] == [arn]
    table.put_item(Item={"id": "a"})
    dynamodb.update_table(TableName=table.name, StreamSpecification={"StreamEnabled": False})
    assert "LatestStreamArn" not in dynamodb.describe_table(TableName=table.name)["Table"]
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"
    ended = streams.get_records(ShardIterator=iterator(streams, arn))
    assert len(ended["Records"]) == 1 and "NextShardIterator" not in ended
    refusal(lambda: streams.describe_stream(StreamArn=arn + "9"), "ResourceNotFoundException")


def test_transactions_and_expiry_are_told_and_a_day_later_forgotten(own_cloud):
    cloud = own_cloud().wait_until_ready()
    table = cloud.resource("dynamodb").create_table(
        TableName="watched",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **stream(),
    )
    client, streams = table.meta.client, cloud.client("dynamodbstreams")
    client.update_time_to_live(TableName="watched", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    items = [{"Put": {"TableName": "watched", "Item": {"id": key, "ttl": int(time.time()) + 60}}} for key in "ab"]
    client.transact_write_items(TransactItems=items)
    arn = table.latest_stream_arn
    cloud.advance("10m")
    eventually(lambda: len(streams.get_records(ShardIterator=iterator(streams, arn))["Records"]) == 4)
    records = streams.get_records(ShardIterator=iterator(streams, arn))["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "INSERT", "REMOVE", "REMOVE"]
    assert records[2]["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    cloud.advance("26h")
    eventually(lambda: streams.get_records(ShardIterator=iterator(streams, arn))["Records"] == [])
