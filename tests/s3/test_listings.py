"""Lists: pages, folders, versions, deletions in bulk."""

import pytest


@pytest.fixture
def filled(s3, bucket):
    keys = sorted([f"photos/{number:02}" for number in range(12)] + ["a", "b/1", "b/2", "photos", "z z+日"])
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket, keys


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_pages_together_are_the_whole(s3, filled, operation, size):
    bucket, keys = filled
    pages = s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
    assert [found["Key"] for page in pages for found in page.get("Contents", [])] == keys


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_folders(s3, filled, operation, size):
    bucket, _ = filled
    pages = list(
        s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": size})
    )
    assert [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])] == ["b/", "photos/"]
    assert [found["Key"] for page in pages for found in page.get("Contents", [])] == ["a", "photos", "z z+日"]
    inside = s3.list_objects_v2(Bucket=bucket, Prefix="photos/", Delimiter="/", MaxKeys=5)
    assert (inside["KeyCount"], inside["IsTruncated"]) == (5, True)
    assert s3.list_objects_v2(Bucket=bucket, StartAfter="photos/10")["Contents"][0]["Key"] == "photos/11"
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0


def test_versions(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"22")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")
    assert marker["DeleteMarker"]
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("MethodNotAllowed", 405):
        s3.get_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=bucket, Key="k", VersionId="A" * 32)
    with refused("InvalidArgument", 400):
        s3.get_object(Bucket=bucket, Key="k", VersionId="no-version")
    with refused("InvalidArgument", 400):
        s3.delete_object(Bucket=bucket, Key="k", VersionId="no-version")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"1"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    listed = s3.list_object_versions(Bucket=bucket)
    assert [version["VersionId"] for version in listed["Versions"]] == [second, first, "null"]
    assert [found["IsLatest"] for found in listed["DeleteMarkers"]] == [True]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"22"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"null again")
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [version["VersionId"] for version in listed] == ["null", second, first]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_versioned_bucket_is_emptied_while_it_is_listed(s3, bucket, size):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ["a", "b/1", "b/2"]:
        for body in [b"1", b"2"]:
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        s3.delete_object(Bucket=bucket, Key=key)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
    for page in pages:
        for found in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    s3.delete_bucket(Bucket=bucket)


def test_many_are_deleted_at_once(s3, filled):
    bucket, keys = filled
    asked = [{"Key": key} for key in keys + ["nothing"]]
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": asked})
    assert sorted(found["Key"] for found in deleted["Deleted"]) == sorted(keys + ["nothing"])
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": asked, "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
