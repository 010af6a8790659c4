"""A running cloud, and real clients for it. Nothing here knows what an operation should answer."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import boto3
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

    def role(self, name, *actions, service="lambda.amazonaws.com"):
        """The ARN of a role that a service may take on, with these actions on everything."""
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            iam.put_role_policy(RoleName=name, PolicyName="tests", PolicyDocument=document(allowed))
        return arn

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


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def program(name):
    """A client program: of the environment that the tests run in, else of this machine."""
    own = pathlib.Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    assert found, f"{name} is not installed: run 'make setup'"
    return found


def eventually(check, seconds=60):
    """Waits until `check` answers something true, and answers it."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer or time.monotonic() > end:
            assert answer, f"not within {seconds} s"
            return answer
        time.sleep(0.05)
