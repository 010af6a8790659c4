"""What all black-box tests share: a running cloud, and real clients for it.

`cloud` is one cloud for the whole run: tests of an area use names of their own in it. `own_cloud` starts more of them, with
whatever arguments; they are stopped at the end of the test. Nothing here knows what an operation should answer.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

import boto3
import pytest
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[1]
REGION = "ap-northeast-1"
ONE_TRY = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60, s3={"addressing_style": "path"})


def binary():
    """The program under test: $KOGUMO_BIN, else what cargo built last."""
    if "KOGUMO_BIN" in os.environ:
        return os.environ["KOGUMO_BIN"]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / profile / "kogumo" for profile in ("release", "debug")]
    found = [path for path in built if path.exists()]
    assert found, "build first: cargo build"
    return str(max(found, key=lambda path: path.stat().st_mtime))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cloud:
    """A running `kogumo up`. Its log is a file: a pipe that nobody reads would stop it."""

    def __init__(self, log, *arguments, host="127.0.0.1", port=None):
        self.port = port or free_port()
        self.host = host
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = pathlib.Path(log)
        command = [binary(), "up", "--listen", f"{host}:{self.port}", *(arguments or ("--ephemeral",))]
        with open(self.log, "wb") as sink:
            self.process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def wait_until_ready(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if b"ready" in self.log.read_bytes():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"not ready: {self.log.read_text(errors='replace')}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(15)

    def kill(self):
        self.process.kill()
        self.process.wait(15)

    def client(self, service, key="test", secret="test", token=None, region=REGION, **more):
        return boto3.client(service, **self._session(key, secret, token, region, more))

    def resource(self, service, key="test", secret="test", token=None, region=REGION, **more):
        return boto3.resource(service, **self._session(key, secret, token, region, more))

    def _session(self, key, secret, token, region, more):
        return {
            "endpoint_url": more.pop("url", self.url),
            "region_name": region,
            "aws_access_key_id": key,
            "aws_secret_access_key": secret,
            "aws_session_token": token,
            "config": more.pop("config", ONE_TRY),
            **more,
        }

    def environment(self, region=REGION, **more):
        """What a client program needs to find this cloud, and nothing of the real AWS that this machine may know."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_PAGER": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            **more,
        }

    def run(self, *command, check=True, cwd=None, input=None, **more):
        """Runs a client program and answers what it printed."""
        done = subprocess.run(
            [str(word) for word in command], env=self.environment(**more), cwd=cwd, input=input, text=True, capture_output=True, timeout=300
        )
        if check:
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def aws(self, *words, **more):
        """The AWS CLI; what it answers in JSON, or None."""
        printed = self.run(program("aws"), *words, **more).stdout
        try:
            return json.loads(printed)
        except json.JSONDecodeError:
            return printed or None

    def kogumo(self, *words, **more):
        return self.run(binary(), *words, KOGUMO_ENDPOINT=self.url, **more)

    def get(self, path, **headers):
        return urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=30)

    def reset(self):
        urllib.request.urlopen(urllib.request.Request(self.url + "/_kogumo/reset", method="POST"), timeout=30).read()

    def advance(self, duration):
        self.kogumo("clock", "advance", duration)


def program(name):
    """A client program: of the environment that the tests run in, else of this machine."""
    own = pathlib.Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    assert found, f"{name} is not installed: run 'make setup'"
    return found


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


def eventually(check, seconds=20):
    """Waits until `check` answers something true, and answers it."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer or time.monotonic() > end:
            assert answer, f"not within {seconds} s"
            return answer
        time.sleep(0.05)
