"""Multipart uploads."""

import hashlib
import io
import os

import pytest

PART = 5 * 1024 * 1024


@pytest.fixture
def upload(s3, bucket):
    """Begins an upload and feeds it: answers its id and what completing it takes."""

    def begin(bodies, **more):
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", **more)["UploadId"]
        sum_up = {name: more[name] for name in more if name == "ChecksumAlgorithm"}
        parts = []
        for number, body in enumerate(bodies, 1):
            put = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=number, Body=body, **sum_up)
            sums = {name: put[name] for name in put if name.startswith("Checksum")}
            parts.append({"PartNumber": number, "ETag": put["ETag"], **sums})
        return upload_id, parts

    return begin


def test_parts_become_an_object(s3, bucket, upload):
    bodies = [os.urandom(PART), os.urandom(PART), b"the end"]
    upload_id, parts = upload(bodies, ContentType="text/x", Metadata={"a": "1"})
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload_id, MaxParts=2)
    assert [part["Size"] for part in listed["Parts"]] == [PART, PART] and listed["IsTruncated"]
    assert [found["UploadId"] for found in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload_id]
    done = s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id, MultipartUpload={"Parts": parts})
    digests = b"".join(hashlib.md5(body).digest() for body in bodies)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"".join(bodies) and got["ContentType"] == "text/x"
    third = s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    assert (third["Body"].read(), third["PartsCount"]) == (b"the end", 3)
    across = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={PART - 2}-{PART + 1}")
    assert across["Body"].read() == bodies[0][-2:] + bodies[1][:2]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_checksums_of_parts_and_of_the_whole(s3, bucket, upload):
    bodies = [os.urandom(PART), b"rest"]
    for algorithm, kind in [("SHA256", "COMPOSITE"), ("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT")]:
        upload_id, parts = upload(bodies, ChecksumAlgorithm=algorithm, ChecksumType=kind)
        done = s3.complete_multipart_upload(
            Bucket=bucket, Key="k", UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
        assert done["ChecksumType"] == kind
        assert done[f"Checksum{algorithm}"].endswith("-2") == (kind == "COMPOSITE")
        if kind == "FULL_OBJECT":
            whole = s3.put_object(Bucket=bucket, Key="whole", Body=b"".join(bodies), ChecksumAlgorithm=algorithm)
            assert whole[f"Checksum{algorithm}"] == done[f"Checksum{algorithm}"]
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts"])
    assert attributes["ObjectParts"]["TotalPartsCount"] == 2


def test_uploads_that_cannot_be_completed(s3, bucket, upload, refused):
    upload_id, parts = upload([b"too small", b"rest"])

    def complete(parts):
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id, MultipartUpload={"Parts": parts})

    with refused("EntityTooSmall", 400):
        complete(parts)
    with refused("InvalidPartOrder", 400):
        complete(parts[::-1])
    with refused("InvalidPart", 400):
        complete([{**parts[0], "ETag": '"0"'}])
    with refused("InvalidPart", 400):
        complete([{**parts[0], "PartNumber": 7}])
    with refused("MalformedXML", 400):
        complete([])
    complete(parts[1:])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"rest"
    with refused("NoSuchUpload", 404):
        complete(parts[1:])


def test_an_upload_is_given_up(s3, bucket, upload, refused):
    upload_id, _ = upload([b"x"])
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
    with refused("NoSuchUpload", 404):
        s3.upload_part(Bucket=bucket, Key="k", UploadId=upload_id, PartNumber=1, Body=b"")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")


def test_parts_are_copied(s3, bucket):
    body = os.urandom(PART + 100)
    s3.put_object(Bucket=bucket, Key="source", Body=body)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    parts = []
    for number, span in enumerate([f"bytes=0-{PART - 1}", f"bytes={PART}-{PART + 99}"], 1):
        copied = s3.upload_part_copy(
            Bucket=bucket,
            Key="k",
            UploadId=upload_id,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": "source"},
            CopySourceRange=span,
        )
        parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_transfers_of_boto3(s3, bucket):
    body = os.urandom(20 * 1024 * 1024 + 7)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big")
    down = io.BytesIO()
    s3.download_fileobj(bucket, "big", down)
    assert down.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy")
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(body)
