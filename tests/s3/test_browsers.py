"""What browsers do with S3: presigned addresses, forms, CORS, websites."""

import json

import pytest
import requests
from botocore.config import Config


@pytest.fixture(params=["s3", "s3v4"])
def signer(cloud, request):
    config = Config(signature_version=request.param, s3={"addressing_style": "path"})
    return cloud.client("s3", region="us-east-1", config=config)


def test_presigned_addresses(signer, bucket):
    params = {"Bucket": bucket, "Key": "a b/日.txt"}
    put = signer.generate_presigned_url("put_object", Params=params)
    assert requests.put(put, data=b"by address").status_code == 200
    get = signer.generate_presigned_url("get_object", Params=params)
    assert requests.get(get).content == b"by address"
    part = requests.get(get, headers={"Range": "bytes=3-"})
    assert (part.status_code, part.content) == (206, b"address")
    assert requests.put(get, data=b"x").status_code == 403
    assert requests.get(get.replace("txt", "exe")).status_code == 403


@pytest.fixture
def form(signer, bucket):
    conditions = [["content-length-range", 1, 1000], {"Content-Type": "text/plain"}]
    made = signer.generate_presigned_post(
        bucket, "up/${filename}", Fields={"Content-Type": "text/plain"}, Conditions=conditions
    )

    def send(body, name="f.txt", headers=None, **fields):
        data = {**made["fields"], **fields}
        return requests.post(made["url"], data=data, files={"file": (name, body)}, headers=headers, allow_redirects=False)

    return send


def test_forms(s3, bucket, form):
    assert form(b"from a form", name="C:\\日本.txt").status_code == 204
    got = s3.get_object(Bucket=bucket, Key="up/日本.txt")
    assert (got["Body"].read(), got["ContentType"]) == (b"from a form", "text/plain")
    assert "EntityTooLarge" in form(b"x" * 1001).text
    assert "EntityTooSmall" in form(b"").text
    assert "Policy Condition failed" in form(b"x", key="elsewhere").text
    assert "Extra input fields: x-amz-meta-a" in form(b"x", **{"x-amz-meta-a": "1"}).text
    signature = {"signature": "AAAA", "x-amz-signature": "0" * 64}
    assert "SignatureDoesNotMatch" in form(b"x", **signature).text
    assert form(b"x", headers={"Origin": "http://evil.example"}).status_code == 403


def test_forms_without_a_signature_are_strangers(cloud, bucket):
    answer = requests.post(f"{cloud.url}/{bucket}", data={"key": "k"}, files={"file": b"x"})
    assert answer.status_code == 403 and "AccessDenied" in answer.text


def test_cors(s3, bucket, web, refused):
    preflight = {"Origin": "http://app.example", "Access_Control_Request_Method": "PUT"}
    assert web("OPTIONS", f"/{bucket}/k", **preflight).status_code == 403
    rule = {
        "AllowedOrigins": ["http://*.example"],
        "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["x-amz-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 60,
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]
    allowed = web("OPTIONS", f"/{bucket}/k", Access_Control_Request_Headers="X-Amz-Date", **preflight)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "http://app.example"
    assert allowed.headers["access-control-allow-headers"] == "x-amz-date"
    assert allowed.headers["access-control-max-age"] == "60"
    assert web("OPTIONS", f"/{bucket}/k", Access_Control_Request_Headers="other", **preflight).status_code == 403
    stranger = {**preflight, "Origin": "http://app.test"}
    assert web("OPTIONS", f"/{bucket}/k", **stranger).status_code == 403
    with refused("InvalidRequest", 400):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [{**rule, "AllowedMethods": ["PATCH"]}]})
    s3.delete_bucket_cors(Bucket=bucket)
    assert web("OPTIONS", f"/{bucket}/k", **preflight).status_code == 403


@pytest.fixture
def site(s3, bucket, web):
    """A public website; asks for a path of it."""
    pages = {"index.html": b"home", "docs/index.html": b"docs", "error.html": b"oops"}
    for key, body in pages.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/html")
    s3.put_object(Bucket=bucket, Key="moved", Body=b"", WebsiteRedirectLocation="/docs/")
    s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={
            "IndexDocument": {"Suffix": "index.html"},
            "ErrorDocument": {"Key": "error.html"},
            "RoutingRules": [
                {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "docs/"}}
            ],
        },
    )
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return lambda path, method="GET", **headers: web(
        method, path, Host=f"{bucket}.s3-website-us-east-1.amazonaws.com", **headers
    )


def test_websites(s3, bucket, site, web):
    home = site("/")
    assert (home.status_code, home.content, home.headers["content-type"]) == (200, b"home", "text/html")
    assert site("/docs/").content == b"docs"
    assert (site("/docs").status_code, site("/docs").headers["location"]) == (302, "/docs/")
    assert site("/old/a").headers["location"].endswith("/docs/a")
    assert (site("/moved").status_code, site("/moved").headers["location"]) == (301, "/docs/")
    assert (site("/nothing").status_code, site("/nothing").content) == (404, b"oops")
    assert site("/", If_None_Match=home.headers["etag"]).status_code == 304
    assert (site("/", "HEAD").content, site("/", "HEAD").headers["content-length"]) == (b"", "4")
    assert site("/", "POST").status_code == 405
    assert web("GET", f"/_aws/s3-website/{bucket}/docs/").content == b"docs"
    assert web("GET", "/", Host=f"{bucket}.s3-website.localhost").content == b"home"
    s3.delete_bucket_policy(Bucket=bucket)
    assert site("/").status_code == 403
    s3.delete_bucket_website(Bucket=bucket)
    assert "NoSuchWebsiteConfiguration" in site("/").text


def test_a_website_may_only_redirect(s3, bucket, web):
    redirect = {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=redirect)
    answer = web("GET", "/a", Host=f"{bucket}.s3-website.localhost")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://example.com/a")


def test_buckets_in_the_host(s3, bucket, signer):
    s3.put_object(Bucket=bucket, Key="k", Body=b"by host")
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(url).content == b"by host"
