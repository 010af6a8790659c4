"""Clients in JavaScript: amazon-cognito-identity-js and aws-amplify."""

import json
import pathlib
import shutil
import subprocess

import pytest
from cognito_calls import PASSWORD

APP = pathlib.Path(__file__).parent / "app"


@pytest.fixture(scope="session")
def node():
    """Node.js, with the clients installed beside the programs by npm."""
    assert shutil.which("node") and shutil.which("npm"), "Node.js is needed for this test"
    if not (APP / "node_modules" / "aws-amplify").is_dir():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=APP, check=True)
    return lambda cloud, *words: json.loads(cloud.run("node", *words, cwd=APP).stdout.strip().splitlines()[-1])


def test_amazon_cognito_identity_js(cloud, node, pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    to = f"js-{pool.id[-9:]}@example.com".lower()
    told = node(cloud, "identity.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD, to)
    assert told == {"refused": "NotAuthorizedException", "username": "jane", "email": to, "refreshed": True}


def test_aws_amplify(cloud, node, pool):
    pool.user("jane", email="jane@example.com")
    told = node(cloud, "amplify.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD)
    assert told == {"refused": "NotAuthorizedException", "step": "DONE", "username": "jane", "email": "jane@example.com", "token": "access"}
