"""What the tests of the gateway need besides a cloud: its authority, and what is built."""

import json

import pytest


@pytest.fixture(scope="session")
def authority(cloud, tmp_path_factory):
    """The path of the cloud's CA certificate."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(cloud.get("/_kogumo/ca.pem").read())
    return str(path)


@pytest.fixture
def needs(cloud):
    """Skips a test of services that are not built yet."""

    def check(*names):
        built = json.load(cloud.get("/_kogumo/health"))["services"]
        missing = [name for name in names if name not in built]
        if missing:
            pytest.skip(f"not built yet: {', '.join(missing)}")

    return check
