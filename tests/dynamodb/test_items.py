"""Single items: what is put is what is read, conditions, updates, sizes, prices."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.types import Binary
from botocore.config import Config

from dynamodb_calls import index, refusal

EVERYTHING = {
    "s": "日本語 \" \\ \n \x01 😀",
    "empty": "",
    "n": Decimal("-12345678901234567890.123456789012345678"),
    "tiny": Decimal("1E-130"),
    "b": Binary(b"\x00\x01\xff"),
    "yes": True,
    "no": False,
    "nothing": None,
    "list": [1, "two", [Decimal("3.5")], {"four": None}],
    "map": {"a": {"b": {"c": [True]}}},
    "ss": {"x", "y"},
    "ns": {Decimal(1), Decimal("2.5")},
    "bs": {Binary(b"1"), Binary(b"2")},
}


def test_every_type_comes_back_as_it_went(make_table):
    table = make_table("id:S")
    table.put_item(Item={"id": "a", **EVERYTHING})
    assert table.get_item(Key={"id": "a"})["Item"] == {"id": "a", **EVERYTHING}
    assert "Item" not in table.get_item(Key={"id": "b"})
    assert table.scan()["Items"] == [{"id": "a", **EVERYTHING}]


@pytest.mark.parametrize(
    "value, message",
    [
        ({"N": "1e126"}, "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ({"N": "1e-131"}, "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
        ({"N": "123456789012345678901234567890123456789"}, "Attempting to store more than 38 significant digits in a Number"),
        ({"N": "dog"}, "The parameter cannot be converted to a numeric value: dog"),
        ({"N": ""}, "The parameter cannot be converted to a numeric value"),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        ({"NULL": False}, "One or more parameter values were invalid: Null attribute value types must have the value of true"),
        ({"S": "a", "N": "1"}, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"),
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ],
)
def test_values_that_are_refused(make_table, cloud, value, message):
    table = make_table("id:S")
    raw = cloud.client("dynamodb", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))
    assert refusal(lambda: raw.put_item(TableName=table.name, Item={"id": {"S": "a"}, "x": value})) == message


def test_numbers_sort_by_their_value(make_table, dynamodb):
    table = make_table("p:S", "n:N")
    numbers = ["-9.99e125", "-100", "-99.5", "-1", "-1e-130", "0", "1e-130", "0.5", "1", "2", "10", "99.99", "100", "1e125"]
    for number in reversed(numbers):
        dynamodb.put_item(TableName=table.name, Item={"p": {"S": "p"}, "n": {"N": number}})
    found = dynamodb.query(TableName=table.name, KeyConditionExpression="p = :p", ExpressionAttributeValues={":p": {"S": "p"}})
    answered = [item["n"]["N"] for item in found["Items"]]
    assert [Decimal(number) for number in answered] == [Decimal(number) for number in numbers]
    assert answered[-1] == "1" + "0" * 125


@pytest.mark.parametrize(
    "item, message",
    [
        ({"id": "a"}, "One or more parameter values were invalid: Missing the key sort in the item"),
        ({"id": 1, "sort": 1}, "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"),
        ({"id": "", "sort": 1}, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id"),
        ({"id": "x" * 2049, "sort": 1}, "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ({"id": "a", "sort": 1, "group": 5}, "One or more parameter values were invalid: Type mismatch for Index Key group Expected: S Actual: N IndexName: groups"),
        ({"id": "a", "sort": 1, "big": "x" * 409_600}, "Item size has exceeded the maximum allowed size"),
    ],
)
def test_items_that_are_refused(make_table, item, message):
    table = make_table("id:S", "sort:N", ["group:S"], GlobalSecondaryIndexes=[index("groups", "group")])
    assert refusal(lambda: table.put_item(Item=item)) == message


def test_an_item_of_400_kb_fits_and_a_byte_more_does_not(make_table):
    table = make_table("id:S")
    table.put_item(Item={"id": "a", "b": "x" * (400 * 1024 - 4)})
    assert refusal(lambda: table.put_item(Item={"id": "a", "b": "x" * (400 * 1024 - 3)})) == "Item size has exceeded the maximum allowed size"
    message = refusal(lambda: table.update_item(Key={"id": "a"}, UpdateExpression="SET c = :c", ExpressionAttributeValues={":c": 1}))
    assert message == "Item size to update has exceeded the maximum allowed size"


def test_nesting_ends_at_32_levels(make_table):
    table = make_table("id:S")
    value = "leaf"
    for _ in range(31):
        value = {"n": value}
    table.put_item(Item={"id": "a", "v": value})
    message = refusal(lambda: table.put_item(Item={"id": "a", "v": {"n": value}}))
    assert message == "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"


@pytest.mark.parametrize("key", [{}, {"id": 1}, {"other": "a"}, {"id": "a", "more": "b"}])
def test_keys_that_do_not_fit(make_table, key):
    table = make_table("id:S")
    assert refusal(lambda: table.get_item(Key=key)) == "The provided key element does not match the schema"
    assert refusal(lambda: table.delete_item(Key=key)) == "The provided key element does not match the schema"


def test_conditions_guard_writes(make_table):
    table = make_table("id:S")
    table.put_item(Item={"id": "a", "n": 1}, ConditionExpression="attribute_not_exists(id)")
    failing = {"Item": {"id": "a", "n": 2}, "ConditionExpression": Attr("n").gt(5) | Attr("id").not_exists()}
    assert refusal(lambda: table.put_item(**failing), "ConditionalCheckFailedException") == "The conditional request failed"
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException) as caught:
        table.put_item(**failing, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Item"] == {"id": {"S": "a"}, "n": {"N": "1"}}
    refusal(lambda: table.delete_item(Key={"id": "a"}, ConditionExpression="n <> :n", ExpressionAttributeValues={":n": 1}), "ConditionalCheckFailedException")
    refusal(lambda: table.update_item(Key={"id": "b"}, UpdateExpression="SET n = n", ConditionExpression="attribute_exists(id)"), "ConditionalCheckFailedException")
    assert table.get_item(Key={"id": "a"})["Item"]["n"] == 1


def test_return_values(make_table):
    table = make_table("id:S")
    assert "Attributes" not in table.put_item(Item={"id": "a", "n": 1}, ReturnValues="ALL_OLD")
    assert table.put_item(Item={"id": "a", "n": 2, "m": {"x": 1, "y": 2}}, ReturnValues="ALL_OLD")["Attributes"] == {"id": "a", "n": 1}
    update = {"Key": {"id": "a"}, "UpdateExpression": "SET n = n + :one, m.x = :one REMOVE gone", "ExpressionAttributeValues": {":one": 1}}
    assert "Attributes" not in table.update_item(**update)
    assert table.update_item(**update, ReturnValues="UPDATED_OLD")["Attributes"] == {"n": 3, "m": {"x": 1}}
    assert table.update_item(**update, ReturnValues="UPDATED_NEW")["Attributes"] == {"n": 5, "m": {"x": 1}}
    assert table.update_item(**update, ReturnValues="ALL_OLD")["Attributes"]["n"] == 5
    assert table.update_item(**update, ReturnValues="ALL_NEW")["Attributes"] == {"id": "a", "n": 7, "m": {"x": 1, "y": 2}}
    assert table.delete_item(Key={"id": "a"}, ReturnValues="ALL_OLD")["Attributes"]["n"] == 7
    assert "Attributes" not in table.delete_item(Key={"id": "a"}, ReturnValues="ALL_OLD")
    assert refusal(lambda: table.put_item(Item={"id": "a"}, ReturnValues="ALL_NEW")) == "ReturnValues can only be ALL_OLD or NONE"


def test_updates_make_items_unless_they_only_take_away(make_table):
    table = make_table("id:S")
    table.update_item(Key={"id": "a"}, UpdateExpression="REMOVE x")
    assert "Item" not in table.get_item(Key={"id": "a"})
    table.update_item(Key={"id": "b"})
    assert table.get_item(Key={"id": "b"})["Item"] == {"id": "b"}
    table.update_item(Key={"id": "c"}, UpdateExpression="ADD n :n, tags :t", ExpressionAttributeValues={":n": 5, ":t": {"x"}})
    assert table.get_item(Key={"id": "c"})["Item"] == {"id": "c", "n": 5, "tags": {"x"}}
    assert "part of the key" in refusal(lambda: table.update_item(Key={"id": "c"}, UpdateExpression="SET id = :n", ExpressionAttributeValues={":n": "d"}))


def test_updates_follow_their_expression(make_table):
    table = make_table("id:S")
    table.put_item(Item={"id": "a", "list": [0, 1, 2, 3], "doc": {"k": 1}, "tags": {"x", "y"}, "n": 10})
    table.update_item(
        Key={"id": "a"},
        UpdateExpression="SET #list[9] = :v, doc.#new = if_not_exists(doc.#new, n), joined = list_append(:l, #list) REMOVE #list[0], doc.k ADD n :v DELETE tags :t",
        ExpressionAttributeNames={"#list": "list", "#new": "new.with.dots"},
        ExpressionAttributeValues={":v": 7, ":l": [9], ":t": {"x"}},
    )
    assert table.get_item(Key={"id": "a"})["Item"] == {
        "id": "a", "list": [1, 2, 3, 7], "doc": {"new.with.dots": 10}, "joined": [9, 0, 1, 2, 3], "tags": {"y"}, "n": 17,
    }  # fmt: skip
    for expression, message in [
        ("SET x = not_there + :v", "The provided expression refers to an attribute that does not exist in the item"),
        ("SET doc.a.b = :v", "The document path provided in the update expression is invalid for update"),
        ("SET x = doc + :v", "An operand in the update expression has an incorrect data type"),
        ("SET name = :v", "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name"),
        ("SET foo bar = :v", 'Invalid UpdateExpression: Syntax error; token: "bar", near: "foo bar ="'),
        ("SET x = :v, x.y = :v", "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [x], path two: [x, y]"),
        ("SET #x = :v", "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #x"),
    ]:
        assert refusal(lambda: table.update_item(Key={"id": "a"}, UpdateExpression=expression, ExpressionAttributeValues={":v": 1})) == message


def test_placeholders_must_be_used(make_table):
    table = make_table("id:S")
    unused = {"ExpressionAttributeNames": {"#a": "a", "#b": "b"}, "ConditionExpression": "attribute_not_exists(#a)"}
    assert refusal(lambda: table.put_item(Item={"id": "a"}, **unused)) == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"
    unused = {"ExpressionAttributeValues": {":a": 1}, "ConditionExpression": "attribute_not_exists(a)"}
    assert refusal(lambda: table.put_item(Item={"id": "a"}, **unused)) == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
    alone = refusal(lambda: table.put_item(Item={"id": "a"}, ExpressionAttributeValues={":a": 1}))
    assert alone.startswith("ExpressionAttributeValues can only be specified when using expressions")


def test_projections(make_table):
    table = make_table("id:S")
    table.put_item(Item={"id": "a", "l": [0, {"x": 1, "y": 2}], "m": {"k": {"j": 1}, "o": 1}})
    get = table.get_item(Key={"id": "a"}, ProjectionExpression="l[1].x, m.k.#j, nothing", ExpressionAttributeNames={"#j": "j"})
    assert get["Item"] == {"l": [{"x": 1}], "m": {"k": {"j": 1}}}
    assert table.get_item(Key={"id": "a"}, ProjectionExpression="nothing")["Item"] == {}
    assert table.get_item(Key={"id": "a"}, AttributesToGet=["id"])["Item"] == {"id": "a"}


def test_the_parameters_from_before_expressions(make_table):
    table = make_table("id:S")
    table.put_item(Item={"id": "a", "n": 1}, Expected={"id": {"Exists": False}})
    refusal(lambda: table.put_item(Item={"id": "a"}, Expected={"n": {"ComparisonOperator": "GT", "AttributeValueList": [5]}}), "ConditionalCheckFailedException")
    updates = {"n": {"Action": "ADD", "Value": 2}, "x": {"Value": "put"}, "gone": {"Action": "DELETE"}}
    assert table.update_item(Key={"id": "a"}, AttributeUpdates=updates, ReturnValues="ALL_NEW")["Attributes"] == {"id": "a", "n": 3, "x": "put"}
    mixed = refusal(lambda: table.put_item(Item={"id": "a"}, Expected={"id": {"Exists": False}}, ConditionExpression="attribute_exists(id)"))
    assert mixed == "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"


def test_prices(make_table):
    table = make_table(
        "id:S", "sort:N", ["group:S"],
        GlobalSecondaryIndexes=[index("groups", "group", projection="KEYS_ONLY")],
        LocalSecondaryIndexes=[index("locals", "id", "group")],
    )  # fmt: skip
    item = {"id": "a", "sort": 1, "group": "g", "x": "x" * 3000}
    put = table.put_item(Item=item, ReturnConsumedCapacity="INDEXES", ReturnItemCollectionMetrics="SIZE")
    assert put["ConsumedCapacity"] == {
        "TableName": table.name,
        "CapacityUnits": 7.0,
        "Table": {"CapacityUnits": 3.0},
        "LocalSecondaryIndexes": {"locals": {"CapacityUnits": 3.0}},
        "GlobalSecondaryIndexes": {"groups": {"CapacityUnits": 1.0}},
    }
    assert put["ItemCollectionMetrics"] == {"ItemCollectionKey": {"id": "a"}, "SizeEstimateRangeGB": [0.0, 1.0]}
    key = {"id": "a", "sort": 1}
    for consistent, units in ((False, 0.5), (True, 1.0)):
        get = table.get_item(Key=key, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
        assert get["ConsumedCapacity"] == {"TableName": table.name, "CapacityUnits": units}
    assert table.get_item(Key={"id": "b", "sort": 1}, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"] == 0.5
    same = table.update_item(Key=key, UpdateExpression="SET y = :y", ExpressionAttributeValues={":y": 1}, ReturnConsumedCapacity="INDEXES")
    assert "GlobalSecondaryIndexes" not in same["ConsumedCapacity"]
    assert table.delete_item(Key=key, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"] == 7.0
