"""What functions leave on the machine: nothing, whether the cloud stops, is emptied, or is killed."""

import pathlib
import subprocess

import pytest

from lambda_calls import eventually, functions_of


HIERARCHIES = ["memory", "pids", "cpu", "freezer", "unified", "."]
SLEEPS = "import time\ndef handler(e, c):\n    time.sleep(e)\n    return 1"


def groups(cloud):
    """The control groups of a cloud's functions."""
    folders = [pathlib.Path("/sys/fs/cgroup") / hierarchy / "kogumo" for hierarchy in HIERARCHIES]
    found = [group for folder in folders if folder.is_dir() for group in folder.iterdir() if group.is_dir()]
    return [group for group in found if group.name.startswith(f"{cloud.process.pid}-")]


def helpers(cloud):
    """The processes of a cloud."""
    listed = subprocess.run(["ps", "-eo", "ppid=,pid="], capture_output=True, text=True).stdout.split("\n")
    return [line for line in listed if line.split()[:1] == [str(cloud.process.pid)]]


@pytest.fixture
def busy(own_cloud):
    """A cloud with a warm environment and one that works."""
    functions = functions_of(own_cloud().wait_until_ready())
    functions.make("sleeps", SLEEPS)
    functions.value("sleeps", 0)
    functions.client.invoke(FunctionName="sleeps", InvocationType="Event", Payload="15")
    functions.make("warm", SLEEPS)
    functions.value("warm", 0)
    if not groups(functions.cloud):
        pytest.skip("no control groups can be had here")
    return functions


def test_a_stop_leaves_nothing(busy):
    busy.cloud.stop()
    eventually(lambda: not groups(busy.cloud) and not helpers(busy.cloud))


def test_a_reset_leaves_nothing(busy):
    busy.cloud.reset()
    eventually(lambda: not groups(busy.cloud) and not helpers(busy.cloud))
    again = functions_of(busy.cloud)
    again.make("sleeps", SLEEPS)
    assert again.value("sleeps", 0) == 1


def test_a_deleted_function_leaves_nothing(busy):
    for name in ["warm", "sleeps"]:
        busy.client.delete_function(FunctionName=name)
    eventually(lambda: not groups(busy.cloud), seconds=40)


def test_what_a_killed_cloud_leaves_goes_later(busy, own_cloud):
    busy.cloud.kill()
    eventually(lambda: not any((group / "cgroup.procs").read_text() for group in groups(busy.cloud)))
    functions = functions_of(own_cloud().wait_until_ready())
    functions.make("warm", SLEEPS)
    functions.value("warm", 0)
    eventually(lambda: not groups(busy.cloud))
