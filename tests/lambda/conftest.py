"""What the tests of Lambda share: functions that go away after their test."""

import pytest

from lambda_calls import functions_of


@pytest.fixture
def functions(cloud):
    made = functions_of(cloud)
    yield made
    made.remove_all()
