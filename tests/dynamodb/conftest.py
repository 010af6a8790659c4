"""What the tests of DynamoDB share: clients, and a table of each test's own."""

import pytest


@pytest.fixture
def dynamodb(cloud):
    return cloud.client("dynamodb")


@pytest.fixture
def resource(cloud):
    return cloud.resource("dynamodb")


@pytest.fixture
def make_table(resource, name):
    """Makes tables out of short words: `make_table("artist:S", "song:S", GlobalSecondaryIndexes=…)`."""
    made = []

    def make(partition, sort=None, attributes=(), **more):
        keys = [key.split(":") for key in (partition, sort) if key]
        defined = keys + [attribute.split(":") for attribute in attributes]
        table = resource.create_table(
            TableName=f"{name}-{len(made)}",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for (key, _), kind in zip(keys, ("HASH", "RANGE"))],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in defined],
            **({} if "ProvisionedThroughput" in more else {"BillingMode": "PAY_PER_REQUEST"}),
            **more,
        )
        table.wait_until_exists()
        made.append(table)
        return table

    return make
