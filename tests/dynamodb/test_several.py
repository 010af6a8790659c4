"""Batches and transactions."""

import concurrent.futures

import pytest

from dynamodb_calls import index, refusal


def put(table, item, **more):
    return {"Put": {"TableName": table.name, "Item": item, **more}}


@pytest.fixture
def client(resource):
    return resource.meta.client


def test_batches_write_and_read(make_table, client):
    one, two = make_table("id:S"), make_table("id:S", "n:N")
    requests = {
        one.name: [{"PutRequest": {"Item": {"id": str(number), "x": number}}} for number in range(10)],
        two.name: [{"PutRequest": {"Item": {"id": "a", "n": number}}} for number in range(10)],
    }
    written = client.batch_write_item(RequestItems=requests, ReturnConsumedCapacity="TOTAL")
    assert written["UnprocessedItems"] == {}
    assert {price["CapacityUnits"] for price in written["ConsumedCapacity"]} == {10.0}
    read = client.batch_get_item(
        RequestItems={
            one.name: {"Keys": [{"id": "1"}, {"id": "none"}], "ConsistentRead": True},
            two.name: {"Keys": [{"id": "a", "n": 3}], "ProjectionExpression": "n"},
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert read["Responses"] == {one.name: [{"id": "1", "x": 1}], two.name: [{"n": 3}]}
    assert read["UnprocessedKeys"] == {}
    assert {price["TableName"]: price["CapacityUnits"] for price in read["ConsumedCapacity"]} == {one.name: 2.0, two.name: 0.5}
    client.batch_write_item(RequestItems={one.name: [{"DeleteRequest": {"Key": {"id": "1"}}}]})
    assert "Item" not in one.get_item(Key={"id": "1"})


def test_batches_that_are_refused(make_table, client):
    table = make_table("id:S")
    twice = [{"PutRequest": {"Item": {"id": "a"}}}, {"DeleteRequest": {"Key": {"id": "a"}}}]
    assert refusal(lambda: client.batch_write_item(RequestItems={table.name: twice})) == "Provided list of item keys contains duplicates"
    many = [{"PutRequest": {"Item": {"id": str(number)}}} for number in range(26)]
    refusal(lambda: client.batch_write_item(RequestItems={table.name: many}))
    wrong = [{"PutRequest": {"Item": {"id": "ok"}}}, {"PutRequest": {"Item": {"id": 5}}}]
    assert refusal(lambda: client.batch_write_item(RequestItems={table.name: wrong})) == "The provided key element does not match the schema"
    keys = [{"id": "a"}, {"id": "a"}]
    assert refusal(lambda: client.batch_get_item(RequestItems={table.name: {"Keys": keys}})) == "Provided list of item keys contains duplicates"
    refusal(lambda: client.batch_get_item(RequestItems={"no-such-table": {"Keys": [{"id": "a"}]}}), "ResourceNotFoundException")
    assert table.scan()["Items"] == []


def test_a_batch_answers_sixteen_megabytes_at_most(make_table, client):
    table = make_table("id:S")
    for number in range(50):
        table.put_item(Item={"id": str(number), "x": "x" * 390_000})
    found, keys = 0, [{"id": str(number)} for number in range(50)]
    while keys:
        answer = client.batch_get_item(RequestItems={table.name: {"Keys": keys}})
        found += len(answer["Responses"][table.name])
        keys = answer["UnprocessedKeys"].get(table.name, {}).get("Keys", [])
    assert found == 50


def test_a_transaction_happens_whole(make_table, client):
    table = make_table("id:S", attributes=["g:S"], GlobalSecondaryIndexes=[index("by-g", "g")])
    table.put_item(Item={"id": "old", "n": 1})
    answer = client.transact_write_items(
        TransactItems=[
            put(table, {"id": "new", "g": "x"}, ConditionExpression="attribute_not_exists(id)"),
            {"Update": {"TableName": table.name, "Key": {"id": "old"}, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": 1}}},
            {"Delete": {"TableName": table.name, "Key": {"id": "gone"}}},
            {"ConditionCheck": {"TableName": table.name, "Key": {"id": "other"}, "ConditionExpression": "attribute_not_exists(id)"}},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == [{"TableName": table.name, "CapacityUnits": 10.0, "WriteCapacityUnits": 10.0}]
    assert table.get_item(Key={"id": "old"})["Item"]["n"] == 2
    assert table.scan(IndexName="by-g")["Count"] == 1
    read = client.transact_get_items(TransactItems=[{"Get": {"TableName": table.name, "Key": {"id": key}}} for key in ("old", "none")])
    assert read["Responses"] == [{"Item": {"id": "old", "n": 2}}, {}]


def test_a_transaction_happens_not_at_all(make_table, client):
    table = make_table("id:S")
    table.put_item(Item={"id": "there", "n": 1})
    guarded = {"ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(TransactItems=[put(table, {"id": "new"}), put(table, {"id": "there"}, **guarded), put(table, {"id": 5})])
    answer = caught.value.response
    assert answer["Error"]["Message"] == "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError]"
    assert answer["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": {"id": {"S": "there"}, "n": {"N": "1"}}},
        {"Code": "ValidationError", "Message": "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"},
    ]
    assert [item["id"] for item in table.scan()["Items"]] == ["there"]


def test_transactions_that_are_refused(make_table, client):
    table = make_table("id:S")
    twice = [put(table, {"id": "a"}), put(table, {"id": "a"})]
    assert refusal(lambda: client.transact_write_items(TransactItems=twice)) == "Transaction request cannot include multiple operations on one item"
    both = [put(table, {"id": "a"}) | {"Delete": {"TableName": table.name, "Key": {"id": "b"}}}]
    assert refusal(lambda: client.transact_write_items(TransactItems=both)) == "TransactItems can only contain one of Check, Put, Update or Delete"
    empty = refusal(lambda: client.transact_write_items(TransactItems=[put(table, {"id": ""})]))
    assert empty.endswith("The AttributeValue for a key attribute cannot contain an empty string value. Key: id")
    broken = [put(table, {"id": "a"}, ConditionExpression="a = = b")]
    assert refusal(lambda: client.transact_write_items(TransactItems=broken)).startswith("Invalid ConditionExpression: Syntax error;")


def test_the_same_token_does_it_once(make_table, client, name):
    table = make_table("id:S")
    add = {"Update": {"TableName": table.name, "Key": {"id": "a"}, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": 1}}}
    for _ in range(3):
        client.transact_write_items(TransactItems=[add], ClientRequestToken=name[-36:])
    assert table.get_item(Key={"id": "a"})["Item"]["n"] == 1
    other = [put(table, {"id": "b"})]
    refusal(lambda: client.transact_write_items(TransactItems=other, ClientRequestToken=name[-36:]), "IdempotentParameterMismatchException")


def test_writers_at_once_lose_nothing(make_table, cloud):
    table = make_table("id:S")

    def add(_):
        cloud.client("dynamodb").update_item(
            TableName=table.name, Key={"id": {"S": "a"}}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}
        )

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(100)))
    assert table.get_item(Key={"id": "a"})["Item"]["n"] == 100
