"""Fixtures of the tests of Cognito: pools that are made for a test."""

import json
import pathlib
import shutil
import subprocess

import pytest
from cognito_calls import Pool
from pages import CALLBACK, OUT

APP = pathlib.Path(__file__).parent / "app"


@pytest.fixture
def pools(cloud, name):
    """Makes pools; the first word of their names is the test's."""

    def make(client=None, **settings):
        return Pool(cloud, name, client, **settings)

    return make


@pytest.fixture
def pool(pools):
    """A pool of the usual sort: any password of eight letters, all flows, a client without secret."""
    return pools()


@pytest.fixture(scope="session")
def node():
    """Node.js, with the clients installed beside the programs by npm."""
    assert shutil.which("node") and shutil.which("npm"), "Node.js is needed for this test"
    if not all((APP / "node_modules" / name).is_dir() for name in json.loads((APP / "package.json").read_text())["dependencies"]):
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=APP, check=True)
    return lambda cloud, *words: json.loads(cloud.run("node", *words, cwd=APP).stdout.strip().splitlines()[-1])


@pytest.fixture
def hosted(pools):
    def make(schema=(), **client):
        settings = {"CallbackURLs": [CALLBACK], "LogoutURLs": [OUT], "AllowedOAuthFlowsUserPoolClient": True,
                    "AllowedOAuthFlows": ["code", "implicit"], "AllowedOAuthScopes": ["openid", "email", "profile"],
                    "SupportedIdentityProviders": ["COGNITO"]}
        pool = pools(client={**settings, **client}, **({"Schema": schema} if schema else {}))
        pool.user("jane", email="jane@example.com", email_verified="true", name="Jane")
        pool.query = {"client_id": pool.client_id, "response_type": "code", "scope": "openid email", "redirect_uri": CALLBACK, "state": "s t&te"}
        return pool

    return make
