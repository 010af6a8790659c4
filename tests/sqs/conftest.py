"""What the tests of SQS share: a client, queues of each test's own, and a cloud whose clock may be moved."""

import pytest


@pytest.fixture
def sqs(cloud):
    return cloud.client("sqs")


@pytest.fixture
def make_queue(sqs, name):
    """Makes queues: `make_queue("b", DelaySeconds=5)`, `make_queue("c.fifo")`."""

    def make(suffix="q", client=None, **attributes):
        if suffix.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        text = {key: str(value) for key, value in attributes.items()}
        return (client or sqs).create_queue(QueueName=f"{name}-{suffix}", Attributes=text)["QueueUrl"]

    return make


@pytest.fixture
def own(own_cloud):
    """A cloud of the test's own, and its SQS."""
    cloud = own_cloud().wait_until_ready()
    return cloud, cloud.client("sqs")
