"""What AWS's own model of EC2 documents, as botocore carries it."""

import functools
import gzip
import json
import pathlib
import re

import botocore

MODEL = pathlib.Path(botocore.__file__).parent / "data/ec2/2016-11-15/service-2.json.gz"


@functools.cache
def model():
    return json.loads(gzip.decompress(MODEL.read_bytes()))


def members(operation):
    described = model()["operations"][operation]
    return model()["shapes"][described["input"]["shape"]]["members"] if "input" in described else {}


def filters(operation):
    """The filters' parameter and their names; None for operations without any."""
    for parameter in ("Filters", "Filter"):
        if parameter in members(operation):
            text = members(operation)[parameter].get("documentation", "")
            # Severities stand in a list of their own.
            text = re.sub(r"<code>(informational|low|medium|high|critical)</code>", "", text)
            names = re.findall(r"<li> ?<p> ?<code>([^<]*)</code>", text) or re.findall(r"<li> ?<p>([\w.-]+) -", text)
            return parameter, ["tag:Owner" if name in ("tag", "tag:") else name.replace("&lt;key&gt;", "Owner") for name in names]
    return None


def with_filters():
    return sorted(operation for operation in model()["operations"] if filters(operation))


def paged():
    return sorted(operation for operation in model()["operations"] if {"MaxResults", "NextToken"} <= members(operation).keys())
