"""The codecs as a program: it reads vectors and prints what it made of them."""

import os
import pathlib
import subprocess

import pytest
from clouds import ROOT


@pytest.fixture(scope="session")
def harness():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    subprocess.run(["cargo", "build", "--quiet", "--package", "kogumo-wire", "--example", "vectors"], cwd=ROOT, check=True)
    return target / "debug" / "examples" / "vectors"
