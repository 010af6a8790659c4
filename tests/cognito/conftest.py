"""Fixtures of the tests of Cognito: pools that are made for a test."""

import pytest
from cognito_calls import Pool


@pytest.fixture
def pools(cloud, name):
    """Makes pools; the first word of their names is the test's."""

    def make(client=None, **settings):
        return Pool(cloud, name, client, **settings)

    return make


@pytest.fixture
def pool(pools):
    """A pool of the usual sort: any password of eight letters, all flows, a client without secret."""
    return pools()
