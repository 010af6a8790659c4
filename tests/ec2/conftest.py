"""Each test of EC2 has an account of its own, so that quotas and default VPCs are nobody else's."""

import secrets

import pytest


@pytest.fixture
def account():
    return f"{secrets.randbelow(10**12):012d}"


@pytest.fixture
def ec2(cloud, account):
    return cloud.client("ec2", key=account)
