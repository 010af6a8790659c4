"""What tests of EC2 have in common."""

import contextlib

import pytest
from botocore.exceptions import ClientError


@contextlib.contextmanager
def refused(code, text=None):
    """The call is answered with this error."""
    with pytest.raises(ClientError) as caught:
        yield caught
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    if text is not None:
        assert text in error["Message"], error


def one(answer, name):
    (only,) = answer[name]
    return only


def by(name, *values):
    """A filter."""
    return [{"Name": name, "Values": list(values)}]


def tagged(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
