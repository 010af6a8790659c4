"""kill -9 at any moment: every acknowledged write is there afterwards, and nothing is half done.

Fifty times the server is killed under mixed load and started again over the same data.
"""

import random
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError
from clouds import free_port

ROUNDS = 50
TABLE = "crash"


class Load(threading.Thread):
    """Writes until the server is gone. `acknowledged` holds what it said yes to; `unsure` what was under way at the end."""

    def __init__(self, cloud, number, kind):
        super().__init__(daemon=True)
        self.cloud, self.number, self.kind = cloud, number, kind
        self.acknowledged, self.unsure = {}, {}
        self.repeats = 1 if number % 20 < 10 else 20_000
        self.stopped = threading.Event()

    def run(self):
        write = getattr(self, self.kind)
        count = 0
        while not self.stopped.is_set():
            key, value = f"{self.kind}-{self.number}-{count}", f"{random.random()}"
            try:
                write(key, value)
                self.acknowledged[key] = value
            except (BotoCoreError, ClientError) as error:
                if isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    raise
                self.unsure[key] = value
                return
            count += 1

    def item(self, key, value):
        self.dynamodb.put_item(TableName=TABLE, Item={"id": {"S": key}, "value": {"S": value}, "group": {"S": self.kind}})

    def pair(self, key, value):
        """Two items in one transaction: both or none."""
        puts = [{"Put": {"TableName": TABLE, "Item": {"id": {"S": f"{key}/{side}"}, "value": {"S": value}, "group": {"S": "pair"}}}} for side in "ab"]
        self.dynamodb.transact_write_items(TransactItems=puts)

    def object(self, key, value):
        # Small ones and ones that do not fit into a row.
        self.s3.put_object(Bucket=TABLE, Key=key, Body=(value * self.repeats).encode())

    def parameter(self, key, value):
        self.ssm.put_parameter(Name=f"/crash/{key}", Value=value, Type="String")


def verify(cloud, loads):
    dynamodb, s3, ssm = cloud.client("dynamodb"), cloud.client("s3"), cloud.client("ssm")
    for load in loads:
        for key, value in load.acknowledged.items():
            if load.kind == "item":
                assert dynamodb.get_item(TableName=TABLE, Key={"id": {"S": key}}, ConsistentRead=True)["Item"]["value"]["S"] == value
            elif load.kind == "pair":
                for side in "ab":
                    assert dynamodb.get_item(TableName=TABLE, Key={"id": {"S": f"{key}/{side}"}})["Item"]["value"]["S"] == value
            elif load.kind == "object":
                body = s3.get_object(Bucket=TABLE, Key=key)["Body"].read().decode()
                assert body == value * load.repeats, key
            else:
                assert ssm.get_parameter(Name=f"/crash/{key}")["Parameter"]["Value"] == value
        for key in load.unsure:
            if load.kind == "pair":
                sides = ["Item" in dynamodb.get_item(TableName=TABLE, Key={"id": {"S": f"{key}/{side}"}}) for side in "ab"]
                assert sides[0] == sides[1], f"half a transaction: {key}"
            elif load.kind == "object":
                listed = [one["Key"] for one in s3.list_objects_v2(Bucket=TABLE, Prefix=key).get("Contents", [])]
                for name in listed:
                    s3.get_object(Bucket=TABLE, Key=name)["Body"].read()


def verify_index(cloud):
    """The index and the table hold the same items."""
    dynamodb = cloud.client("dynamodb")
    pages = dynamodb.get_paginator("scan")
    table = {item["id"]["S"] for page in pages.paginate(TableName=TABLE, ProjectionExpression="id") for item in page["Items"]}
    index = {item["id"]["S"] for page in pages.paginate(TableName=TABLE, IndexName="by-group", ProjectionExpression="id") for item in page["Items"]}
    assert table == index


def test_acknowledged_writes_survive_kill_9(own_cloud, tmp_path):
    data, port = tmp_path / "data", free_port()
    cloud = own_cloud("--data", str(data), port=port).wait_until_ready()
    cloud.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "group")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {"IndexName": "by-group", "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    cloud.client("dynamodb").get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})
    cloud.client("s3").create_bucket(Bucket=TABLE, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    written = 0
    for round_number in range(ROUNDS):
        loads = [Load(cloud, round_number * 10 + number, kind) for number, kind in enumerate(["item", "pair", "object", "parameter"])]
        for load in loads:
            load.dynamodb, load.s3, load.ssm = cloud.client("dynamodb"), cloud.client("s3"), cloud.client("ssm")
        for load in loads:
            load.start()
        time.sleep(random.uniform(0.05, 0.35))
        cloud.kill()
        for load in loads:
            load.stopped.set()
            load.join(30)
            assert not load.is_alive()
        cloud = own_cloud("--data", str(data), port=port).wait_until_ready()
        verify(cloud, loads)
        written += sum(len(load.acknowledged) for load in loads)
    verify_index(cloud)
    assert written > ROUNDS, "the load must have written something, or this test has shown nothing"
