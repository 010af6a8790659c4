"""Lifecycle rules act by the cloud's clock. Each test has a cloud of its own: it moves the clock."""

import pytest


@pytest.fixture
def own(own_cloud):
    return own_cloud("--ephemeral").wait_until_ready()


@pytest.fixture
def s3(own):
    return own.client("s3", region="us-east-1")


def rules(*rules):
    return {"Rules": [{"ID": f"r{number}", "Status": "Enabled", **rule} for number, rule in enumerate(rules)]}


def keys(s3, bucket):
    return {found["Key"]: found["StorageClass"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_objects_cool_down_and_expire(own, s3, bucket, eventually):
    configuration = rules(
        {"Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 10}},
        {"Filter": {"Tag": {"Key": "cold", "Value": "yes"}}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]},
        {"Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
    )
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)
    shown = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert sorted(shown, key=lambda rule: rule["ID"]) == configuration["Rules"]
    s3.put_object(Bucket=bucket, Key="tmp/a", Body=b"x")
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    s3.put_object(Bucket=bucket, Key="cold", Body=b"x", Tagging="cold=yes")
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    assert 'rule-id="r0"' in s3.head_object(Bucket=bucket, Key="tmp/a")["Expiration"]
    own.advance("9d")
    eventually(lambda: "Uploads" not in s3.list_multipart_uploads(Bucket=bucket))
    assert "tmp/a" in keys(s3, bucket)
    own.advance("2d")
    eventually(lambda: "tmp/a" not in keys(s3, bucket))
    own.advance("30d")
    eventually(lambda: keys(s3, bucket) == {"kept": "STANDARD", "cold": "GLACIER"})


def test_archived_objects_are_restored_first(own, s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"cold", StorageClass="GLACIER")
    with refused("InvalidObjectState", 403):
        s3.get_object(Bucket=bucket, Key="k")
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 2})
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"] == 'ongoing-request="true"'
    with refused("RestoreAlreadyInProgress", 409):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 2})
    own.advance("6h")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"cold" and 'ongoing-request="false"' in got["Restore"]
    own.advance("4d")
    with refused("InvalidObjectState", 403):
        s3.get_object(Bucket=bucket, Key="k")


def test_versions_expire(own, s3, bucket, eventually):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    configuration = rules(
        {
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": 5},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 1},
        },
        {"Filter": {"Prefix": ""}, "Expiration": {"ExpiredObjectDeleteMarker": True}},
    )
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)
    for body in [b"1", b"2", b"3"]:
        s3.put_object(Bucket=bucket, Key="k", Body=body)

    def versions():
        listed = s3.list_object_versions(Bucket=bucket)
        return len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))

    assert versions() == (3, 0)
    own.advance("4d")
    eventually(lambda: versions() == (2, 0))
    own.advance("2d")
    eventually(lambda: versions()[1] == 1)


def test_configurations_are_judged(s3, bucket, refused):
    for code, rule in [
        ("MalformedXML", {"Expiration": {"Days": 1}}),
        ("InvalidRequest", {"Filter": {"Prefix": ""}}),
        ("InvalidArgument", {"Filter": {"Prefix": ""}, "Expiration": {"Days": 0}}),
    ]:
        with refused(code, 400):
            s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=rules(rule))
