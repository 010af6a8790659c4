"""Tables: their life, their description, what is refused."""

import pytest

from dynamodb_calls import eventually, index, refusal

STRING_KEY = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}


def test_a_table_is_created_becomes_active_and_goes(dynamodb, name):
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    made = dynamodb.create_table(TableName=name, ProvisionedThroughput=units, **STRING_KEY)["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert made["TableArn"] == f"arn:aws:dynamodb:ap-northeast-1:000000000000:table/{name}"
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["KeySchema"] == STRING_KEY["KeySchema"]
    assert (table["ProvisionedThroughput"]["ReadCapacityUnits"], table["ProvisionedThroughput"]["WriteCapacityUnits"]) == (5, 2)
    assert "BillingModeSummary" not in table
    message = refusal(lambda: dynamodb.create_table(TableName=name, ProvisionedThroughput=units, **STRING_KEY), "ResourceInUseException")
    assert message == f"Table already exists: {name}"
    assert name in dynamodb.list_tables()["TableNames"]
    assert dynamodb.delete_table(TableName=name)["TableDescription"]["TableStatus"] == "DELETING"
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    message = refusal(lambda: dynamodb.describe_table(TableName=name), "ResourceNotFoundException")
    assert message == f"Requested resource not found: Table: {name} not found"
    message = refusal(lambda: dynamodb.get_item(TableName=name, Key={"id": {"S": "a"}}), "ResourceNotFoundException")
    assert message == "Requested resource not found"


def test_a_new_table_of_an_old_name_is_empty(make_table, resource, dynamodb):
    table = make_table("id:S")
    table.put_item(Item={"id": "a"})
    table.delete()
    dynamodb.create_table(TableName=table.name, BillingMode="PAY_PER_REQUEST", **STRING_KEY)
    assert table.scan()["Items"] == []
    assert dynamodb.describe_table(TableName=table.name)["Table"]["ItemCount"] == 0


def test_descriptions_hold_what_was_asked_for(make_table, dynamodb):
    table = make_table(
        "a:S", "b:N", ["c:B"],
        LocalSecondaryIndexes=[index("local", "a", "c", "INCLUDE", ["x"])],
        GlobalSecondaryIndexes=[index("global", "c", "a", "KEYS_ONLY")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        DeletionProtectionEnabled=True,
        TableClass="STANDARD_INFREQUENT_ACCESS",
        Tags=[{"Key": "team", "Value": "blue"}],
    )  # fmt: skip
    described = dynamodb.describe_table(TableName=table.name)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["LocalSecondaryIndexes"][0]["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}
    assert described["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    assert described["GlobalSecondaryIndexes"][0]["IndexArn"] == described["TableArn"] + "/index/global"
    assert described["LatestStreamArn"] == f"{described['TableArn']}/stream/{described['LatestStreamLabel']}"
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert described["SSEDescription"]["Status"] == "ENABLED"
    assert described["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert described["DeletionProtectionEnabled"] is True
    assert dynamodb.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"] == [{"Key": "team", "Value": "blue"}]
    message = refusal(lambda: table.delete())
    assert message.startswith("Resource cannot be deleted as it is currently protected against deletion.")
    dynamodb.update_table(TableName=table.name, DeletionProtectionEnabled=False)
    table.delete()


@pytest.mark.parametrize(
    "change, message",
    [
        ({"TableName": "ab"}, "Member must have length greater than or equal to 3"),
        ({"TableName": "not a name"}, "[a-zA-Z0-9_.-]+"),
        ({"KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}]}, "Some index key attributes are not defined in AttributeDefinitions. Keys: [x], AttributeDefinitions: [id]"),
        ({"KeySchema": [{"AttributeName": "id", "KeyType": "RANGE"}]}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        ({"AttributeDefinitions": STRING_KEY["AttributeDefinitions"] + [{"AttributeName": "x", "AttributeType": "N"}]}, "Some AttributeDefinitions are not used. AttributeDefinitions: [id, x], keys used: [id]"),
        ({"BillingMode": "PROVISIONED"}, "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
        ({"LocalSecondaryIndexes": [index("one", "id", "id")]}, "Invalid KeySchema"),
        ({"GlobalSecondaryIndexes": []}, "List of GlobalSecondaryIndexes is empty"),
        ({"GlobalSecondaryIndexes": [index("one", "id", projection="INCLUDE")]}, "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
        ({"GlobalSecondaryIndexes": [index("one", "id"), index("one", "id")]}, "Duplicate index name: one"),
    ],
)  # fmt: skip
def test_what_makes_no_table(dynamodb, name, change, message):
    wanted = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **STRING_KEY} | change
    assert message in refusal(lambda: dynamodb.create_table(**wanted))
    assert name not in dynamodb.list_tables()["TableNames"]


def test_a_global_index_is_added_filled_and_taken_away(make_table, dynamodb):
    table = make_table("id:S")
    with table.batch_writer() as batch:
        for number in range(1200):
            batch.put_item({"id": str(number), "group": f"g{number % 3}"} if number % 4 else {"id": str(number)})
    dynamodb.update_table(
        TableName=table.name,
        AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("groups", "group")}],
    )

    def described():
        return dynamodb.describe_table(TableName=table.name)["Table"]

    eventually(lambda: [entry["IndexStatus"] for entry in described()["GlobalSecondaryIndexes"]] == ["ACTIVE"])
    found = table.query(IndexName="groups", KeyConditionExpression="#g = :g", ExpressionAttributeNames={"#g": "group"}, ExpressionAttributeValues={":g": "g1"})
    assert found["Count"] == 300
    assert described()["GlobalSecondaryIndexes"][0]["ItemCount"] == 900
    assert described()["ItemCount"] == 1200
    dynamodb.update_table(TableName=table.name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "groups"}}])
    eventually(lambda: "GlobalSecondaryIndexes" not in described())
    assert described()["AttributeDefinitions"] == STRING_KEY["AttributeDefinitions"]
    message = refusal(lambda: table.scan(IndexName="groups"))
    assert message == "The table does not have the specified index: groups"


def test_billing_changes(make_table, dynamodb):
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    table = make_table("id:S", ProvisionedThroughput=units)
    message = refusal(lambda: dynamodb.update_table(TableName=table.name, ProvisionedThroughput=units))
    assert message.startswith("The provisioned throughput for the table will not change.")
    dynamodb.update_table(TableName=table.name, BillingMode="PAY_PER_REQUEST")
    described = dynamodb.describe_table(TableName=table.name)["Table"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert "is required" in refusal(lambda: dynamodb.update_table(TableName=table.name))


def test_tables_are_listed_in_pages(cloud, name):
    dynamodb = cloud.client("dynamodb", region="eu-west-3")
    names = sorted(f"{name}-{number}" for number in range(5))
    for each in names:
        dynamodb.create_table(TableName=each, BillingMode="PAY_PER_REQUEST", **STRING_KEY)
    first = dynamodb.list_tables(Limit=3)
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (names[:3], names[2])
    second = dynamodb.list_tables(Limit=3, ExclusiveStartTableName=names[2])
    assert second["TableNames"] == names[3:] and "LastEvaluatedTableName" not in second


def test_accounts_and_regions_are_apart(cloud, name):
    here, there = cloud.client("dynamodb"), cloud.client("dynamodb", key="111122223333")
    here.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **STRING_KEY)
    arn = here.describe_table(TableName=name)["Table"]["TableArn"]
    assert here.describe_table(TableName=arn)["Table"]["TableName"] == name
    refusal(lambda: there.describe_table(TableName=name), "ResourceNotFoundException")
    refusal(lambda: there.get_item(TableName=arn, Key={"id": {"S": "a"}}), "ResourceNotFoundException")


def test_tags(make_table, dynamodb):
    arn = make_table("id:S").table_arn
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": f"k{number:02}", "Value": "v"} for number in range(12)])
    pages = list(dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn))
    assert [len(page["Tags"]) for page in pages] == [10, 2]
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=[f"k{number:02}" for number in range(11)])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "k11", "Value": "v"}]


def test_what_terraform_and_cdk_ask_besides(make_table, dynamodb):
    table = make_table("id:S")
    backups = dynamodb.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    assert dynamodb.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    assert dynamodb.describe_limits()["TableMaxReadCapacityUnits"] == 40000
    assert dynamodb.describe_endpoints()["Endpoints"][0]["Address"]


def test_the_command_line(cloud, name):
    cloud.aws("dynamodb", "create-table", "--table-name", name, "--billing-mode", "PAY_PER_REQUEST",
              "--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH")  # fmt: skip
    cloud.aws("dynamodb", "wait", "table-exists", "--table-name", name)
    cloud.aws("dynamodb", "put-item", "--table-name", name, "--item", '{"id":{"S":"こんにちは"},"n":{"N":"1.50"}}')
    assert cloud.aws("dynamodb", "scan", "--table-name", name)["Items"] == [{"id": {"S": "こんにちは"}, "n": {"N": "1.5"}}]
