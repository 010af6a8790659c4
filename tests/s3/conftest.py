"""What the tests of S3 share: a client, buckets of each test's own, and errors in short."""

import contextlib
import time

import pytest
import requests
from botocore.exceptions import ClientError


@pytest.fixture
def s3(cloud):
    return cloud.client("s3", region="us-east-1")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def web(cloud):
    """Asks the port as a browser does: `web("GET", "/path", Host=…)`. Redirects are not followed."""

    def ask(method, path, data=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, cloud.url + path, data=data, headers=headers, allow_redirects=False, timeout=30)

    return ask


@pytest.fixture
def refused():
    """`with refused("NoSuchKey", 404):` for a call that must fail so."""

    @contextlib.contextmanager
    def expect(code, status=None):
        with pytest.raises(ClientError) as error:
            yield
        response = error.value.response
        assert response["Error"]["Code"] == code, response["Error"]
        assert status in (None, response["ResponseMetadata"]["HTTPStatusCode"])

    return expect


@pytest.fixture
def eventually():
    """Waits until a check answers something true: rules act a moment after the clock was moved."""

    def wait(check, seconds=20):
        end = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < end, f"not within {seconds} s"
            time.sleep(0.05)

    return wait
