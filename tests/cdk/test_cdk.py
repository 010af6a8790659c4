"""`cdk bootstrap`, `cdk deploy` and `cdk destroy` of a Lambda application, with the CDK's own command line."""

import json
import pathlib
import shutil
import subprocess
import urllib.request

import pytest

APP = pathlib.Path(__file__).parent / "app"


@pytest.fixture(scope="session")
def cdk():
    """The CDK, installed beside the application by npm."""
    assert shutil.which("node") and shutil.which("npm"), "Node.js is needed for this test"
    if not (APP / "node_modules" / "aws-cdk-lib").is_dir():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=APP, check=True)
    return APP / "node_modules" / ".bin" / "cdk"


def test_a_lambda_application(own_cloud, cdk, tmp_path):
    cloud = own_cloud().wait_until_ready()
    settings = {"cwd": APP, "CI": "true", "NO_COLOR": "1"}
    cloud.run(cdk, "bootstrap", "aws://000000000000/ap-northeast-1", "--output", tmp_path / "out", **settings)
    outputs = tmp_path / "outputs.json"
    cloud.run(cdk, "deploy", "--require-approval", "never", "--output", tmp_path / "out", "--outputs-file", outputs, **settings)
    api = json.loads(outputs.read_text())["Hello"]["ApiId"]
    with urllib.request.urlopen(f"{cloud.url}/_aws/execute-api/{api}/prod/some/where", timeout=30) as response:
        assert json.load(response) == {"hello": "/some/where"}
    cloud.run(cdk, "destroy", "--force", "--output", tmp_path / "out", **settings)
    assert not [one for one in cloud.client("lambda").list_functions()["Functions"] if "Greeter" in one["FunctionName"]]
