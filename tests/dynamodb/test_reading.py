"""Query and Scan: ranges of sort keys, indexes, filters, pages, segments, and what is refused."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key

from dynamodb_calls import every_page, index, refusal


@pytest.fixture
def songs(make_table):
    """Three artists with twenty songs each; every second one has a genre."""
    table = make_table(
        "artist:S", "track:N", ["year:N", "genre:S"],
        LocalSecondaryIndexes=[index("years", "artist", "year", "KEYS_ONLY")],
        GlobalSecondaryIndexes=[index("genres", "genre", "year"), index("brief", "genre", None, "INCLUDE", ["title"])],
    )  # fmt: skip
    with table.batch_writer() as batch:
        for artist in "abc":
            for track in range(20):
                genre = {"genre": "rock"} if track % 2 else {}
                batch.put_item({"artist": artist, "track": track, "year": 1990 + track % 5, "title": f"{artist}{track}", **genre})
    return table


def tracks(answer):
    return [int(item["track"]) for item in answer["Items"]]


@pytest.mark.parametrize(
    "condition, expected",
    [
        (Key("track").eq(3), [3]),
        (Key("track").lt(3), [0, 1, 2]),
        (Key("track").lte(3), [0, 1, 2, 3]),
        (Key("track").gt(16), [17, 18, 19]),
        (Key("track").gte(17), [17, 18, 19]),
        (Key("track").between(5, 7), [5, 6, 7]),
        (Key("track").between(Decimal("4.5"), Decimal("5.5")), [5]),
    ],
)
def test_ranges_of_numbers(songs, condition, expected):
    assert tracks(songs.query(KeyConditionExpression=Key("artist").eq("b") & condition)) == expected
    backwards = songs.query(KeyConditionExpression=Key("artist").eq("b") & condition, ScanIndexForward=False)
    assert tracks(backwards) == expected[::-1]


def test_ranges_of_strings_and_binaries(make_table):
    table = make_table("p:S", "s:S")
    names = ["", "a", "a\x00", "a\x00b", "aa", "ab", "b", "あ", "あい", "い", "😀"][1:]
    for name in names:
        table.put_item(Item={"p": "p", "s": name})

    def found(condition):
        return [item["s"] for item in table.query(KeyConditionExpression=Key("p").eq("p") & condition)["Items"]]

    assert found(Key("s").gte("a")) == names
    assert found(Key("s").begins_with("a")) == names[:5]
    assert found(Key("s").begins_with("あ")) == ["あ", "あい"]
    assert found(Key("s").between("a\x00", "aa")) == ["a\x00", "a\x00b", "aa"]
    assert found(Key("s").gt("a")) == names[1:]
    assert found(Key("s").lte("a")) == ["a"]
    binary = make_table("p:B", "s:B")
    for name in (b"\x00", b"\x00\x00", b"\x01", b"\xff", b"\xff\xff"):
        binary.put_item(Item={"p": b"p", "s": name})
    answer = binary.query(KeyConditionExpression=Key("p").eq(b"p") & Key("s").begins_with(b"\xff"))
    assert [item["s"].value for item in answer["Items"]] == [b"\xff", b"\xff\xff"]


def test_local_and_global_indexes(songs):
    years = songs.query(IndexName="years", KeyConditionExpression=Key("artist").eq("a") & Key("year").gte(1993))
    assert tracks(years) == [3, 8, 13, 18, 4, 9, 14, 19]
    assert set(years["Items"][0]) == {"artist", "track", "year"}
    whole = songs.query(IndexName="years", KeyConditionExpression=Key("artist").eq("a") & Key("year").eq(1993), Select="ALL_ATTRIBUTES")
    assert whole["Items"][0]["title"] == "a3"
    rock = songs.query(IndexName="genres", KeyConditionExpression=Key("genre").eq("rock") & Key("year").eq(1991))
    assert sorted(item["title"] for item in rock["Items"]) == ["a1", "a11", "b1", "b11", "c1", "c11"]
    brief = songs.scan(IndexName="brief")
    assert brief["Count"] == 30 and set(brief["Items"][0]) == {"artist", "track", "genre", "title"}
    songs.update_item(Key={"artist": "a", "track": 1}, UpdateExpression="REMOVE genre")
    assert songs.scan(IndexName="brief", Select="COUNT")["Count"] == 29
    songs.update_item(Key={"artist": "a", "track": 1}, UpdateExpression="SET genre = :g", ExpressionAttributeValues={":g": "pop"})
    assert songs.query(IndexName="genres", KeyConditionExpression=Key("genre").eq("pop"))["Count"] == 1
    songs.delete_item(Key={"artist": "a", "track": 1})
    assert songs.query(IndexName="genres", KeyConditionExpression=Key("genre").eq("pop"))["Count"] == 0


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 19, 20, 21])
def test_pages_of_a_query(songs, limit, forward):
    pages = every_page(songs.query, KeyConditionExpression=Key("artist").eq("b"), Limit=limit, ScanIndexForward=forward)
    assert sum(map(tracks, pages), []) == list(range(20))[:: 1 if forward else -1]
    assert all(page["ScannedCount"] <= limit for page in pages)


def test_pages_of_indexes(songs):
    pages = every_page(songs.query, IndexName="genres", KeyConditionExpression=Key("genre").eq("rock"), Limit=4)
    titles = [item["title"] for page in pages for item in page["Items"]]
    assert len(titles) == len(set(titles)) == 30
    assert set(pages[0]["LastEvaluatedKey"]) == {"artist", "track", "genre", "year"}
    pages = every_page(songs.query, IndexName="years", KeyConditionExpression=Key("artist").eq("c"), Limit=3, ScanIndexForward=False)
    assert sorted(sum(map(tracks, pages), [])) == list(range(20))


def test_filters_come_after_the_limit(songs):
    answer = songs.query(KeyConditionExpression=Key("artist").eq("a"), FilterExpression=Attr("genre").exists() & Attr("year").is_in([1991, 1993]), Limit=10)
    assert (answer["Count"], answer["ScannedCount"], tracks(answer)) == (2, 10, [1, 3])
    assert answer["LastEvaluatedKey"] == {"artist": "a", "track": 9}
    counted = songs.scan(FilterExpression=Attr("title").begins_with("a"), Select="COUNT")
    assert (counted["Count"], counted["ScannedCount"]) == (20, 60) and "Items" not in counted


def test_a_page_ends_at_a_megabyte(make_table):
    table = make_table("p:S", "n:N")
    with table.batch_writer() as batch:
        for number in range(30):
            batch.put_item({"p": "p", "n": number, "x": "x" * 100_000})
    pages = every_page(table.query, KeyConditionExpression=Key("p").eq("p"), ReturnConsumedCapacity="TOTAL")
    assert [page["Count"] for page in pages] == [10, 10, 10]
    assert pages[0]["ConsumedCapacity"]["CapacityUnits"] == 122.5
    assert len(every_page(table.scan, ProjectionExpression="n")) == 3


def test_segments_share_a_scan(songs):
    found = []
    for segment in range(4):
        pages = every_page(songs.scan, TotalSegments=4, Segment=segment, Limit=5)
        found += [(item["artist"], int(item["track"])) for page in pages for item in page["Items"]]
    assert sorted(found) == [(artist, track) for artist in "abc" for track in range(20)]
    assert "is not less than TotalSegments" in refusal(lambda: songs.scan(TotalSegments=2, Segment=2))
    assert "TotalSegments parameter is required" in refusal(lambda: songs.scan(Segment=0))


def test_projections_and_counts(songs):
    answer = songs.query(KeyConditionExpression=Key("artist").eq("a") & Key("track").eq(1), ProjectionExpression="title, #y", ExpressionAttributeNames={"#y": "year"})
    assert answer["Items"] == [{"title": "a1", "year": 1991}]
    price = songs.query(KeyConditionExpression=Key("artist").eq("a"), ConsistentRead=True, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert price == {"TableName": songs.name, "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}


def test_the_parameters_from_before_expressions(songs):
    conditions = {
        "artist": {"ComparisonOperator": "EQ", "AttributeValueList": ["a"]},
        "track": {"ComparisonOperator": "GT", "AttributeValueList": [15]},
    }
    filters = {"genre": {"ComparisonOperator": "NOT_NULL"}, "year": {"ComparisonOperator": "EQ", "AttributeValueList": [1990]}}
    assert tracks(songs.query(KeyConditions=conditions)) == [16, 17, 18, 19]
    assert tracks(songs.query(KeyConditions=conditions, QueryFilter=filters, ConditionalOperator="OR")) == [17, 19]
    assert songs.scan(ScanFilter=filters)["Count"] == 6
    assert songs.scan(AttributesToGet=["title"], Limit=1)["Items"][0].keys() == {"title"}


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"KeyConditionExpression": Key("track").eq(1)}, "Query condition missed key schema element: artist"),
        ({"KeyConditionExpression": Key("artist").gt("a")}, "Query key condition not supported"),
        ({"KeyConditionExpression": Key("artist").eq(1)}, "One or more parameter values were invalid: Condition parameter type does not match schema type"),
        ({"KeyConditionExpression": Key("artist").eq("a") & Key("title").eq("x")}, "Query condition missed key schema element: track"),
        ({"KeyConditionExpression": Key("artist").eq("a"), "FilterExpression": Attr("track").eq(1)}, "Filter Expression can only contain non-primary key attributes: Primary key attribute: track"),
        ({"KeyConditionExpression": Key("genre").eq("a"), "IndexName": "genres", "ConsistentRead": True}, "Consistent reads are not supported on global secondary indexes"),
        ({"KeyConditionExpression": Key("genre").eq("a"), "IndexName": "nothing"}, "The table does not have the specified index: nothing"),
        ({"KeyConditionExpression": Key("genre").eq("a"), "IndexName": "brief", "Select": "ALL_ATTRIBUTES"}, "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index brief because its projection type is not ALL"),
        ({"KeyConditionExpression": Key("genre").eq("a"), "IndexName": "brief", "ProjectionExpression": "lyrics"}, "One or more parameter values were invalid: Global secondary index brief does not project [lyrics]"),
        ({"KeyConditionExpression": Key("artist").eq("a"), "ExclusiveStartKey": {"artist": "a"}}, "The provided starting key is invalid"),
        ({"KeyConditionExpression": Key("artist").eq("a"), "ExclusiveStartKey": {"artist": "b", "track": 1}}, "The provided starting key is outside query boundaries based on provided conditions"),
        ({"KeyConditionExpression": "artist = :a AND (track = :a OR track = :a)", "ExpressionAttributeValues": {":a": "a"}}, "Invalid operator used in KeyConditionExpression: OR"),
        ({}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."),
    ],
)  # fmt: skip
def test_queries_that_are_refused(songs, parameters, message):
    assert refusal(lambda: songs.query(**parameters)) == message
