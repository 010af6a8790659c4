"""Fixtures of all black-box tests.

`cloud` is one cloud for the whole run: tests of an area use names of their own in it. `own_cloud` starts more of them, with
whatever arguments; they are stopped at the end of the test.
"""

import contextlib
import re
import subprocess
import uuid

import pytest
from clouds import Cloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    running = Cloud(tmp_path_factory.mktemp("cloud") / "log")
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()


@pytest.fixture
def own_cloud(tmp_path):
    """Starts clouds that are stopped at the end of the test."""
    started = []

    def start(*arguments, **options):
        running = Cloud(tmp_path / f"log-{len(started)}", *arguments, **options)
        started.append(running)
        return running

    yield start
    for running in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.stop()
        if running.process.poll() is None:
            running.kill()


@pytest.fixture
def name(request):
    """A name that no other test uses."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:30].strip("-")
    return f"{words}-{uuid.uuid4().hex[:8]}"
