"""botocore's protocol vectors, from the server's side.

Input vectors: what botocore would send is read by Kogumo's codecs and must give the parameters back.
Output vectors: what an operation answers is written by Kogumo's codecs and must be understood by botocore's own parsers.
Each vector passes or stands in `exceptions.txt` with its reason; that list may only shrink.
"""

import base64
import json
import math
import pathlib
import re
import subprocess
import sys
import tarfile

import pytest
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from clouds import ROOT
from vectors import same

VERSION = "1.44.5"
KINDS = ["ec2", "json", "json_1_0-query-compatible", "json_1_0", "query", "rest-json", "rest-xml",
         "smithy-rpc-v2-cbor-query-compatible", "smithy-rpc-v2-cbor"]


@pytest.fixture(scope="session")
def vectors():
    """The folder of vectors, out of botocore's source package."""
    folder = ROOT / "target" / "vectors"
    inside = f"botocore-{VERSION}/tests/unit/protocols"
    if not (folder / inside).is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                        f"botocore=={VERSION}", "-d", str(folder)], check=True)
        with tarfile.open(folder / f"botocore-{VERSION}.tar.gz") as package:
            package.extractall(folder, [one for one in package if one.name.startswith(inside)], filter="data")
    return folder / inside


def exceptions(direction):
    lines = (pathlib.Path(__file__).parent / "exceptions.txt").read_text().splitlines()
    rows = [line.split(" ", 2) for line in lines if line and not line.startswith("#")]
    return {row[1]: row[2] for row in rows if row[0] == direction}


def told(harness, direction, path):
    suites = json.loads(path.read_text())
    printed = subprocess.run([harness, direction], input=json.dumps(suites), text=True, capture_output=True, check=True).stdout
    answers = [json.loads(line) for line in printed.splitlines()]
    cases = [(suite, case) for suite in suites for case in suite["cases"]]
    assert len(cases) == len(answers)
    return zip(cases, answers)


def name_of(suite, case):
    return case.get("id") or suite["description"].replace(" ", "_")


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def judge(direction, verdicts):
    """Every vector passes, but for the listed ones, and those fail."""
    known = exceptions(direction)
    failed = {name: why for name, why in verdicts.items() if why}
    surprises = {name: why for name, why in failed.items() if name not in known}
    assert not surprises, "\n".join(f"{name}: {why}" for name, why in surprises.items())
    cured = [name for name in known if name in verdicts and name not in failed]
    assert not cured, f"these pass now, take them out of exceptions.txt: {cured}"


@pytest.mark.parametrize("kind", KINDS)
def test_requests_are_understood(vectors, harness, kind):
    verdicts = {}
    for (suite, case), answer in told(harness, "decode", vectors / "input" / f"{kind}.json"):
        wanted = without_nulls(case["params"])
        got = answer.get("params")
        verdicts[name_of(suite, case)] = None if same(got, wanted) else f"wanted {wanted}, got {answer}"
    assert verdicts
    judge("input", verdicts)


def parsed(suite, case, answer):
    """What botocore makes of the response."""
    metadata = {"endpointPrefix": "vectors", "serviceId": "Vectors", **suite["metadata"]}
    service = ServiceModel({"metadata": metadata, "operations": {}, "shapes": suite["shapes"]})
    operation = OperationModel(case["given"], service, case["given"]["name"])
    protocol = metadata["protocol"]
    parser = create_parser(protocol)
    parser._timestamp_parser = lambda value: value if isinstance(value, (int, float)) else seconds(value)
    headers = {}
    for key, value in answer["headers"]:
        headers[key] = value
    from botocore.compat import HTTPHeaders

    response = {"status_code": answer["status"], "headers": HTTPHeaders.from_dict(headers), "body": base64.b64decode(answer["body"])}
    shape = operation.output_shape
    if protocol == "query" and shape is not None:
        # The vectors leave out what every model of a query service says.
        shape.serialization["resultWrapper"] = f"{operation.name}Result"
    result = parser.parse(response, shape)
    result.pop("ResponseMetadata", None)
    if "errorCode" in case:
        code = result.get("Error", {}).get("Code")
        for error in case["given"].get("errors", []):
            error_shape = service.shape_for(error["shape"])
            if code in (error["shape"], error_shape.error_code):
                result.update({k: v for k, v in parser.parse(response, error_shape).items() if k not in ("ResponseMetadata", "Error")})
    return plain(result)


def canonical(body):
    """A body without what carries no meaning."""
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return re.sub(r">\s+<", "><", re.sub(r"<\?xml.*?\?>", "", body)).strip()


def is_the_vector(case, answer):
    """Whether the response is the vector's own, to the letter: then it is right, whatever botocore's parser makes of it."""
    ours = {key.lower(): value for key, value in answer["headers"]}
    wanted = case["response"]
    headers = all(ours.get(key.lower()) == value for key, value in wanted.get("headers", {}).items())
    body = base64.b64decode(answer["body"]).decode(errors="replace")
    return headers and answer["status"] == wanted["status_code"] and canonical(body) == canonical(wanted.get("body", ""))


def seconds(text):
    from botocore.utils import parse_timestamp

    moment = parse_timestamp(text)
    return moment.timestamp()


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if hasattr(value, "timestamp"):
        return value.timestamp()
    if hasattr(value, "read"):
        return value.read().decode(errors="replace")
    return value


@pytest.mark.parametrize("kind", KINDS)
def test_responses_are_understood_by_botocore(vectors, harness, kind):
    verdicts = {}
    for (suite, case), answer in told(harness, "encode", vectors / "output" / f"{kind}.json"):
        try:
            got = parsed(suite, case, answer)
        except Exception as error:  # noqa: BLE001 - whatever botocore trips over is the vector's failure
            got = repr(error)
        if "errorCode" in case:
            wanted_code = case["errorCode"]
            got_code = got.get("Error", {}).get("Code") if isinstance(got, dict) else None
            fields = without_nulls({k: v for k, v in case.get("error", {}).items() if k.lower() != "message"})
            rest = {k: v for k, v in (got.items() if isinstance(got, dict) else []) if k != "Error" and k.lower() != "message"}
            good = got_code == wanted_code and all(same(rest.get(key), value) for key, value in fields.items())
            status_good = answer["status"] == case["response"]["status_code"]
            verdicts[name_of(suite, case)] = None if good and status_good else f"wanted {wanted_code} {case.get('error')}, got {answer['status']} {got}"
        else:
            wanted = without_nulls(case["result"])
            good = same(got, wanted) or is_the_vector(case, answer)
            verdicts[name_of(suite, case)] = None if good else f"wanted {wanted}, got {got}"
    assert verdicts
    judge("output", verdicts)
