"""Items that expire by the cloud's clock."""

import time

import pytest

from dynamodb_calls import eventually, index, refusal


@pytest.fixture
def table(own_cloud):
    """A table of a cloud whose clock may be moved."""
    cloud = own_cloud().wait_until_ready()
    resource = cloud.resource("dynamodb")
    table = resource.create_table(
        TableName="sessions",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "user", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[index("users", "user")],
        BillingMode="PAY_PER_REQUEST",
    )
    table.cloud = cloud
    return table


def enable(table, enabled=True, attribute="expires"):
    specification = {"Enabled": enabled, "AttributeName": attribute}
    return table.meta.client.update_time_to_live(TableName=table.name, TimeToLiveSpecification=specification)


def ids(table):
    return sorted(item["id"] for item in table.scan()["Items"])


def test_items_go_when_their_time_has_come(table):
    now = int(time.time())
    table.put_item(Item={"id": "before-it-was-enabled", "user": "u", "expires": now + 3600})
    enable(table)
    assert table.meta.client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    table.put_item(Item={"id": "soon", "user": "u", "expires": now + 1800})
    table.put_item(Item={"id": "prolonged", "user": "u", "expires": now + 1800})
    table.update_item(Key={"id": "prolonged"}, UpdateExpression="SET expires = :e", ExpressionAttributeValues={":e": now + 40 * 86400})
    table.put_item(Item={"id": "for-ever", "user": "u"})
    table.put_item(Item={"id": "no-number", "user": "u", "expires": str(now + 10)})
    table.put_item(Item={"id": "ten-years-ago", "user": "u", "expires": now - 10 * 365 * 86400})
    table.cloud.advance("40m")
    eventually(lambda: ids(table) == ["before-it-was-enabled", "for-ever", "no-number", "prolonged", "ten-years-ago"])
    table.cloud.advance("30d")
    eventually(lambda: ids(table) == ["for-ever", "no-number", "prolonged", "ten-years-ago"])
    assert table.scan(IndexName="users")["Count"] == 4
    table.cloud.advance("30d")
    eventually(lambda: "prolonged" not in ids(table))


def test_switching_it_off_keeps_items(table):
    now = int(time.time())
    enable(table)
    table.put_item(Item={"id": "a", "expires": now + 60})
    assert refusal(lambda: enable(table)) == "TimeToLive is already enabled"
    enable(table, False)
    table.cloud.advance("1d")
    time.sleep(0.3)
    assert ids(table) == ["a"]
    assert refusal(lambda: enable(table, False)) == "TimeToLive is already disabled"


def test_a_new_table_of_the_name_keeps_its_items(table):
    now = int(time.time())
    enable(table)
    table.put_item(Item={"id": "a", "expires": now + 60})
    table.delete()
    again = table.cloud.resource("dynamodb").create_table(
        TableName=table.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    again.put_item(Item={"id": "a", "expires": now + 60})
    table.cloud.advance("1d")
    time.sleep(0.3)
    assert ids(again) == ["a"]
