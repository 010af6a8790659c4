"""Objects: their bytes, what is said of them, ranges, conditions, checksums, tags, copies."""

import base64
import hashlib
import os

import pytest
import xxhash

KEY = "a/b c+日本'&<>.txt"


def test_an_object_comes_back_as_it_was_put(s3, bucket):
    put = s3.put_object(
        Bucket=bucket,
        Key=KEY,
        Body=b"hello",
        ContentType="text/plain",
        CacheControl="max-age=5",
        ContentDisposition="attachment",
        ContentLanguage="ja",
        ContentEncoding="identity",
        Metadata={"author": "kogumo"},
        StorageClass="STANDARD_IA",
    )
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    got = s3.get_object(Bucket=bucket, Key=KEY)
    assert got["Body"].read() == b"hello"
    head = s3.head_object(Bucket=bucket, Key=KEY)
    for answer in (got, head):
        assert (answer["ContentType"], answer["CacheControl"], answer["ContentLength"]) == ("text/plain", "max-age=5", 5)
        assert (answer["ContentDisposition"], answer["ContentLanguage"]) == ("attachment", "ja")
        assert (answer["Metadata"], answer["StorageClass"]) == ({"author": "kogumo"}, "STANDARD_IA")
        assert answer["ServerSideEncryption"] == "AES256"
    [listed] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["Key"], listed["Size"], listed["StorageClass"]) == (KEY, 5, "STANDARD_IA")
    assert listed["LastModified"] == head["LastModified"] and listed["ETag"] == put["ETag"]
    changed = s3.get_object(Bucket=bucket, Key=KEY, ResponseContentType="text/html")
    assert changed["ContentType"] == "text/html"


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 1024 * 1024, 6 * 1024 * 1024 + 1])
def test_any_size(s3, bucket, size):
    body = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_ranges(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    for asked, expected, shown in [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
    ]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
        assert (got["Body"].read(), got["ContentRange"]) == (expected, shown)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")
    large = os.urandom(3 * 1024 * 1024)
    s3.put_object(Bucket=bucket, Key="k", Body=large)
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=1000000-2500000")
    assert got["Body"].read() == large[1000000:2500001]


def test_conditions(s3, bucket, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)
    with refused("304", 304):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
    with refused("304", 304):
        s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=modified)
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket=bucket, Key="k", IfMatch='"other"')
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="new", Body=b"y", IfNoneMatch="*")
    s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfMatch=etag)
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"z", IfMatch=etag)
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="nothing", Body=b"z", IfMatch=etag)


def test_missing_things(s3, bucket, refused):
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="nothing")
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="nothing")
    s3.delete_object(Bucket=bucket, Key="nothing")
    with refused("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"")
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", StorageClass="LUKEWARM")


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_are_kept(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"sum me up", ChecksumAlgorithm=algorithm)
    shown = put[f"Checksum{algorithm}"]
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[f"Checksum{algorithm}"], head["ChecksumType"]) == (shown, "FULL_OBJECT")
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert attributes["Checksum"][f"Checksum{algorithm}"] == shown
    assert (attributes["ObjectSize"], attributes["ETag"]) == (9, put["ETag"].strip('"'))
    if algorithm.startswith("SHA"):
        expected = hashlib.new(algorithm.lower(), b"sum me up").digest()
        assert shown == base64.b64encode(expected).decode()


# What botocore cannot compute here is computed by the client.
OTHERS = {
    "SHA512": lambda data: hashlib.sha512(data).digest(),
    "MD5": lambda data: hashlib.md5(data).digest(),
    "XXHASH64": lambda data: xxhash.xxh64(data).digest(),
    "XXHASH3": lambda data: xxhash.xxh3_64(data).digest(),
    "XXHASH128": lambda data: xxhash.xxh3_128(data).digest(),
}


@pytest.mark.parametrize("algorithm", OTHERS)
def test_other_checksums_are_verified_and_kept(s3, bucket, refused, algorithm):
    body = os.urandom(70_000)
    value = base64.b64encode(OTHERS[algorithm](body)).decode()
    member = f"Checksum{algorithm}"
    put = s3.put_object(Bucket=bucket, Key="k", Body=body, **{member: value})
    assert put[member] == value
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")[member] == value
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"][member] == value
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ChecksumAlgorithm"] == [algorithm]
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=body[1:], **{member: value})
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=body, **{member: "AAAA"})
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/k", ChecksumAlgorithm=algorithm)
    assert copied["CopyObjectResult"][member] == value
    # An upload in parts: the sum of the parts' sums.
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", ChecksumAlgorithm=algorithm)
    assert (upload["ChecksumAlgorithm"], upload["ChecksumType"]) == (algorithm, "COMPOSITE")
    at = dict(Bucket=bucket, Key="m", UploadId=upload["UploadId"])
    part = s3.upload_part(**at, PartNumber=1, Body=body, **{member: value})
    assert part[member] == value
    done = s3.complete_multipart_upload(
        **at, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"], member: value}]}
    )
    assert done[member] == base64.b64encode(OTHERS[algorithm](OTHERS[algorithm](body))).decode() + "-1"


def test_wrong_checksums_are_refused(s3, bucket, refused):
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"this", ChecksumSHA256=other)
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"this", ContentMD5=base64.b64encode(b"0" * 16).decode())
    with refused("InvalidDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"this", ContentMD5="short")
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="k")


def test_tags(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=1&b=x%20y")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "c", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    many = [{"Key": str(number), "Value": ""} for number in range(11)]
    with refused("BadRequest", 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": many})


def test_copies(s3, bucket, refused):
    body = os.urandom(2 * 1024 * 1024)
    s3.put_object(Bucket=bucket, Key=KEY, Body=body, ContentType="text/x", Metadata={"a": "1"}, Tagging="t=1")
    source = {"Bucket": bucket, "Key": KEY}
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="copy")
    assert got["Body"].read() == body
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("text/x", {"a": "1"}, 1)
    s3.copy_object(
        Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"}, ContentType="text/y"
    )
    got = s3.head_object(Bucket=bucket, Key="copy")
    assert (got["ContentType"], got["Metadata"]) == ("text/y", {"b": "2"})
    with refused("InvalidRequest", 400):
        s3.copy_object(Bucket=bucket, Key=KEY, CopySource=source)
    with refused("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, CopySourceIfMatch='"other"')
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "nothing"})


def test_the_cli(cloud, s3, bucket, tmp_path):
    folder = tmp_path / "up"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "big").write_bytes(os.urandom(9_000_000))
    cloud.aws("s3", "cp", folder, f"s3://{bucket}/", "--recursive", "--quiet")
    assert "sub/big" in cloud.aws("s3", "ls", f"s3://{bucket}", "--recursive")
    cloud.aws("s3", "sync", f"s3://{bucket}", tmp_path / "down", "--quiet")
    assert (tmp_path / "down" / "sub" / "big").read_bytes() == (folder / "sub" / "big").read_bytes()
    cloud.aws("s3", "mv", f"s3://{bucket}/a.txt", f"s3://{bucket}/b.txt", "--quiet")
    assert cloud.run("curl", "-s", cloud.aws("s3", "presign", f"s3://{bucket}/b.txt").strip()).stdout == "a"
    cloud.aws("s3", "rb", f"s3://{bucket}", "--force")
    assert bucket not in [found["Name"] for found in s3.list_buckets()["Buckets"]]


def test_a_refused_body_does_not_disturb_what_comes_next(s3, bucket, refused):
    """boto3 waits for "100 Continue" before it sends a body: refused, it sends none, and goes on with the next request."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for _ in range(100):
        with refused("PreconditionFailed", 412):
            s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")
