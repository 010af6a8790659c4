"""`cdk bootstrap`, `cdk deploy` and `cdk destroy` of a Lambda application and of a web server in a VPC, with the CDK's own
command line."""

import json
import os
import pathlib
import shutil
import subprocess
import urllib.request

import pytest
from clouds import eventually

APP = pathlib.Path(__file__).parent / "app"


@pytest.fixture(scope="session")
def cdk():
    """The CDK, installed beside the application by npm."""
    assert shutil.which("node") and shutil.which("npm"), "Node.js is needed for this test"
    if not all((APP / "node_modules" / package).is_dir() for package in ("aws-cdk-lib", "@aws-sdk/client-s3")):
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=APP, check=True)
    return APP / "node_modules" / ".bin" / "cdk"


def callbacks_work():
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    return os.geteuid() == 0 or lowest <= 443


def has_machines(cloud):
    return "machines with users, files, devices" in cloud.kogumo("doctor").stdout


def page(address):
    """What a web server answers, once it does."""
    try:
        with urllib.request.urlopen(f"http://{address}/", timeout=2) as response:
            return response.read().decode()
    except OSError:
        return None


def test_applications(own_cloud, cdk, tmp_path, monkeypatch):
    # What Lambda's own runtimes have, and the CDK's custom resources count on: the AWS SDK for JavaScript.
    monkeypatch.setenv("NODE_PATH", str(APP / "node_modules"))
    cloud = own_cloud().wait_until_ready()

    def run(*arguments):
        cloud.run(cdk, *arguments, "--output", tmp_path / "out", cwd=APP, CI="true", NO_COLOR="1")

    run("bootstrap", "aws://000000000000/ap-northeast-1")
    outputs = tmp_path / "outputs.json"
    stacks = ["Hello"] + ["Net"] * has_machines(cloud)
    run("deploy", *stacks, "--require-approval", "never", "--outputs-file", outputs)
    api = json.loads(outputs.read_text())["Hello"]["ApiId"]
    with urllib.request.urlopen(f"{cloud.url}/_aws/execute-api/{api}/prod/some/where", timeout=30) as response:
        assert json.load(response) == {"hello": "/some/where"}
    if "Net" in stacks:
        address = json.loads(outputs.read_text())["Net"]["Address"]
        assert eventually(lambda: page(address)) == "hello from the CDK\n"
    run("destroy", *stacks, "--force")
    assert all(vpc["IsDefault"] for vpc in cloud.client("ec2").describe_vpcs()["Vpcs"])
    assert not [one for one in cloud.client("lambda").list_functions()["Functions"] if "Greeter" in one["FunctionName"]]

    if not callbacks_work():
        pytest.skip("nobody may listen on port 443 here: the CDK's custom resources cannot answer")
    run("deploy", "Tidy", "--require-approval", "never", "--outputs-file", outputs)
    bucket = json.loads(outputs.read_text())["Tidy"]["BucketName"]
    s3, logs = cloud.client("s3"), cloud.client("logs")
    s3.put_object(Bucket=bucket, Key="left/behind", Body=b"x")
    kept = logs.describe_log_groups(logGroupNamePrefix="/tidy/")["logGroups"]
    assert [(group["logGroupName"], group["retentionInDays"]) for group in kept] == [("/tidy/kept-for-a-week", 7)]
    run("destroy", "Tidy", "--force")
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]], "autoDeleteObjects emptied it"
    assert logs.describe_log_groups(logGroupNamePrefix="/tidy/")["logGroups"] == []
