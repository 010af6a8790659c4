"""Writes vectors.jsonl: random requests signed by botocore, one JSON object a line, for tests/botocore.rs to verify.

    python3 crates/sigv4/tests/vectors.py      (botocore 1.43.11)

Everything random comes from a fixed seed, so that a second run writes the same file.
"""

import base64
import datetime
import json
import pathlib
import random
from unittest import mock
from urllib.parse import quote, urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PICK = random.Random(20261122)
NOW = datetime.datetime(2026, 11, 22, 15, 0, 0)
REGIONS = ["us-east-1", "ap-northeast-1", "eu-central-1"]
SERVICES = ["sts", "dynamodb", "lambda", "execute-api", "iam"]
LETTERS = "abcXYZ019-_.~ /:%+&=?#;,@!$'()*[]\"<>\\^`{|}あé😀"
SAFE_HOSTS = ["127.0.0.1:4566", "localhost", "sts.amazonaws.com", "b.s3.localhost:4566"]


def text(length, letters=LETTERS):
    return "".join(PICK.choice(letters) for _ in range(PICK.randint(0, length)))


def secret():
    return text(20, "abcdefghijABCDEFGHIJ0123456789/+") + "x" * 20


def random_path(s3):
    segments = [text(8) for _ in range(PICK.randint(0, 4))]
    if s3:
        return "/" + "/".join(quote(segment, safe="~") for segment in ["bucket", *segments])
    if PICK.random() < 0.3:
        segments += PICK.choice([[".."], ["."], ["", ""]])
    return "/" + "/".join(quote(segment, safe="-._~") for segment in segments)


def random_query():
    pairs = [(text(6), text(12)) for _ in range(PICK.randint(0, 5))]
    if PICK.random() < 0.2 and pairs:
        pairs.append((pairs[0][0], text(5)))
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs if name)


def random_headers():
    headers = {}
    for _ in range(PICK.randint(0, 4)):
        name = PICK.choice(["X-Amz-Meta-", "X-Custom-", "Content-"]) + (text(6, "abcDEF-9") or "z")
        headers[name] = text(15, "abc   XYZ,;=\"/09").strip()
    return headers


def case(kind):
    s3 = kind.startswith("s3")
    region, service = PICK.choice(REGIONS), "s3" if s3 else PICK.choice(SERVICES)
    token = PICK.choice([None, "IQoJb3JpZ2luX2VjEXAMPLE//+="])
    credentials = Credentials("AKIDEXAMPLE", secret(), token)
    query = random_query()
    url = f"http://{PICK.choice(SAFE_HOSTS)}{random_path(s3)}" + (f"?{query}" if query else "")
    presigned = kind.endswith("query")
    body = b"" if presigned else text(40).encode()
    method = PICK.choice(["GET", "PUT", "POST", "DELETE", "HEAD"])
    request = AWSRequest(method=method, url=url, data=body, headers=random_headers())
    if PICK.random() < 0.2 and not presigned and not query:
        request.params = {text(5, "abc") or "a": text(6, "a b+c")}
    signers = {
        "header": auth.SigV4Auth,
        "query": auth.SigV4QueryAuth,
        "s3-header": auth.S3SigV4Auth,
        "s3-query": auth.S3SigV4QueryAuth,
    }
    if kind in signers:
        signers[kind](credentials, service, region).add_auth(request)
    elif kind == "s3-legacy-header":
        auth.HmacV1Auth(credentials).add_auth(request)
    else:
        auth.HmacV1QueryAuth(credentials).add_auth(request)
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    names = list(dict.fromkeys(request.headers.keys()))
    headers = [[name, str(value)] for name in names for value in request.headers.get_all(name)]
    return {
        "kind": kind,
        "method": method,
        "path": parts.path or "/",
        "query": parts.query,
        "host": auth._host_from_url(prepared.url),
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "secret": credentials.secret_key,
        "token": token,
        "region": region,
        "service": service,
    }


def form(legacy):
    credentials = Credentials("AKIDEXAMPLE", secret(), PICK.choice([None, "TOKEN"]))
    request = AWSRequest(method="POST", url="http://localhost/bucket")
    request.context["s3-presign-post-fields"] = {"key": text(10)}
    request.context["s3-presign-post-policy"] = {
        "expiration": "2026-11-22T16:00:00Z",
        "conditions": [{"bucket": "bucket"}, ["starts-with", "$key", ""]],
    }
    signer = auth.HmacV1PostAuth(credentials) if legacy else auth.S3SigV4PostAuth(credentials, "s3", "us-east-1")
    signer.add_auth(request)
    fields = request.context["s3-presign-post-fields"]
    return {"kind": "form", "fields": list(fields.items()), "secret": credentials.secret_key}


def main():
    kinds = ["header", "query", "s3-header", "s3-query", "s3-legacy-header", "s3-legacy-query"]
    with (
        mock.patch("botocore.auth.get_current_datetime", return_value=NOW),
        mock.patch("botocore.auth.time.time", return_value=NOW.replace(tzinfo=datetime.timezone.utc).timestamp()),
        mock.patch("botocore.auth.formatdate", return_value="Sun, 22 Nov 2026 15:00:00 GMT"),
    ):
        cases = [case(kind) for kind in kinds for _ in range(60)]
        cases += [form(legacy) for legacy in [False, True] for _ in range(5)]
    lines = (json.dumps(each, ensure_ascii=True) for each in cases)
    pathlib.Path(__file__).with_name("vectors.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
