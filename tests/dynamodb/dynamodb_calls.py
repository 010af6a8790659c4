"""Words that the tests of DynamoDB are written in."""

import time

import pytest
from botocore.exceptions import ClientError


def index(name, partition, sort=None, projection="ALL", include=None):
    """An index as CreateTable takes it."""
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    keys += [{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []
    projected = {"ProjectionType": projection} | ({"NonKeyAttributes": include} if include else {})
    return {"IndexName": name, "KeySchema": keys, "Projection": projected}


def refusal(call, code="ValidationException"):
    """The message of the error that a call must end in."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    return error["Message"]


def every_page(call, **parameters):
    """All pages of a Query or Scan."""
    pages = []
    while True:
        page = call(**parameters)
        pages.append(page)
        if "LastEvaluatedKey" not in page:
            return pages
        parameters["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def eventually(check, seconds=20):
    """Waits until `check` answers something true."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
