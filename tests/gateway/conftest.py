"""A cloud for the tests of this area: one for the whole run, or one of a test's own."""

import contextlib
import json
import os
import pathlib
import select
import socket
import subprocess
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONE_TRY = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)


def binary():
    """The program under test: $KOGUMO_BIN, else what cargo built last."""
    if "KOGUMO_BIN" in os.environ:
        return os.environ["KOGUMO_BIN"]
    built = [ROOT / "target" / profile / "kogumo" for profile in ("release", "debug")]
    found = [path for path in built if path.exists()]
    assert found, "build first: cargo build"
    return str(max(found, key=lambda path: path.stat().st_mtime))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cloud:
    """A running `kogumo up`."""

    def __init__(self, *arguments, host="127.0.0.1"):
        self.port = free_port()
        self.host = host
        self.url = f"http://127.0.0.1:{self.port}"
        command = [binary(), "up", "--listen", f"{host}:{self.port}", *(arguments or ("--ephemeral",))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def wait_until_ready(self, seconds=20):
        end = time.monotonic() + seconds
        seen = b""
        while time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                line = os.read(self.process.stdout.fileno(), 65536)
                seen += line
                if b"ready" in seen:
                    return self
                if not line:
                    break
        raise AssertionError(f"not ready: {seen.decode(errors='replace')}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(15)
        finally:
            self.process.stdout.close()

    def client(self, service, key="test", secret="test", token=None, region="us-east-1", **more):
        return boto3.client(
            service,
            endpoint_url=more.pop("url", self.url),
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=more.pop("config", ONE_TRY),
            **more,
        )

    def get(self, path, **headers):
        return urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=10)

    def raw(self, text, wait=5):
        """Sends bytes over a fresh connection and returns all that comes back until the server closes or goes quiet."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(text if isinstance(text, bytes) else text.encode())
            received = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while chunk := connection.recv(65536):
                    received += chunk
                    if answer_is_whole(received):
                        break
            return received

    def signed_post(self, service, target, body, **headers):
        """A request signed by botocore, with the body as it is."""
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target, **headers}
        request = AWSRequest(method="POST", url=self.url + "/", data=body, headers=headers)
        SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
        prepared = request.prepare()
        try:
            answer = urllib.request.urlopen(urllib.request.Request(prepared.url, body, dict(prepared.headers)), timeout=20)
            return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def answer_is_whole(received):
    head, found, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and bool(lengths) and len(body) >= int(lengths[0])


@pytest.fixture(scope="session")
def cloud():
    running = Cloud()
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()


@pytest.fixture
def own_cloud():
    """Starts clouds that are stopped at the end of the test."""
    started = []

    def start(*arguments, **options):
        running = Cloud(*arguments, **options)
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="session")
def authority(cloud, tmp_path_factory):
    """The path of the cloud's CA certificate."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(cloud.get("/_kogumo/ca.pem").read())
    return str(path)


@pytest.fixture(scope="session")
def services(cloud):
    return json.load(cloud.get("/_kogumo/health"))["services"]


@pytest.fixture
def needs(services):
    def check(*names):
        missing = [name for name in names if name not in services]
        if missing:
            pytest.skip(f"not built yet: {', '.join(missing)}")

    return check
