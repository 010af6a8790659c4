"""Keys, signatures and AWS's answers to those that do not stand."""

import datetime
import json
import re
from unittest import mock

import pytest
from by_hand import raw, signed_post
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError


def code(error):
    return error.value.response["Error"]["Code"]


def message(error):
    return error.value.response["Error"]["Message"]


def status(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def at(moment):
    """Makes botocore sign as if it were then."""
    return mock.patch("botocore.auth.get_current_datetime", return_value=moment)


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def test_test_is_root_of_the_first_account(cloud):
    identity = cloud.client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"


def test_twelve_digits_are_an_account(cloud):
    identity = cloud.client("sts", key="123456789012", secret="whatever").get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert identity["Arn"] == "arn:aws:iam::123456789012:root"


def test_a_wrong_secret(cloud):
    with pytest.raises(ClientError) as error:
        cloud.client("sts", secret="wrong").get_caller_identity()
    assert (code(error), status(error)) == ("SignatureDoesNotMatch", 403)
    assert "The Canonical String for this request should have been\n'POST\n/\n" in message(error)
    assert "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n" in message(error)


@pytest.mark.parametrize(
    ("service", "operation", "expected", "expected_status"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId", 403),
        ("iam", "list_users", "InvalidClientTokenId", 403),
        ("dynamodb", "list_tables", "UnrecognizedClientException", 400),
        ("lambda", "list_functions", "UnrecognizedClientException", 403),
        ("ec2", "describe_instances", "AuthFailure", 401),
        ("s3", "list_buckets", "InvalidAccessKeyId", 403),
    ],
)
def test_an_unknown_key_in_every_protocol(cloud, service, operation, expected, expected_status):
    with pytest.raises(ClientError) as error:
        getattr(cloud.client(service, key="AKIAIOSFODNN7EXAMPLE"), operation)()
    assert (code(error), status(error)) == (expected, expected_status)


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("dynamodb", "list_tables", "InvalidSignatureException"),
        ("lambda", "list_functions", "InvalidSignatureException"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
    ],
)
def test_a_bad_signature_in_every_protocol(cloud, service, operation, expected):
    with pytest.raises(ClientError) as error:
        getattr(cloud.client(service, secret="wrong"), operation)()
    assert code(error) == expected


def test_an_old_signature(cloud):
    with at(now() - datetime.timedelta(minutes=16)), pytest.raises(ClientError) as error:
        cloud.client("sts").get_caller_identity()
    assert code(error) == "SignatureDoesNotMatch"
    assert re.match(r"Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)", message(error))


def test_a_signature_of_the_future(cloud):
    with at(now() + datetime.timedelta(minutes=16)), pytest.raises(ClientError) as error:
        cloud.client("dynamodb").list_tables()
    assert code(error) == "InvalidSignatureException"
    assert message(error).startswith("Signature not yet current: ")


def test_s3_and_the_clock(cloud):
    with at(now() - datetime.timedelta(minutes=16)), pytest.raises(ClientError) as error:
        cloud.client("s3").list_buckets()
    assert (code(error), status(error)) == ("RequestTimeTooSkewed", 403)


def test_s3_says_what_it_signed(cloud):
    with pytest.raises(ClientError) as error:
        cloud.client("s3", secret="wrong").list_buckets()
    told = error.value.response["Error"]
    assert told["AWSAccessKeyId"] == "test"
    assert told["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    assert told["CanonicalRequest"].startswith("GET\n/\n")
    assert bytes.fromhex(told["StringToSignBytes"]).decode() == told["StringToSign"]
    with pytest.raises(ClientError) as error:
        cloud.client("s3", key="AKIAIOSFODNN7EXAMPLE").list_buckets()
    assert error.value.response["Error"]["AWSAccessKeyId"] == "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_quarter_of_an_hour_is_tolerated(cloud, minutes):
    with at(now() + datetime.timedelta(minutes=minutes)):
        cloud.client("sts").get_caller_identity()


def test_the_clouds_clock_does_not_matter_to_signatures(own_cloud):
    running = own_cloud().wait_until_ready()
    raw(running, 
        "POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n" + '{"advance":"30d"}'
    )
    assert running.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_no_signature(cloud):
    unsigned = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    with pytest.raises(ClientError) as error:
        cloud.client("sts", config=unsigned).get_caller_identity()
    assert (code(error), status(error)) == ("MissingAuthenticationToken", 403)


def test_a_scope_of_another_service(cloud):
    status, answer = signed_post(cloud, "sts", "DynamoDB_20120810.ListTables", b"{}")
    answer = json.loads(answer)
    assert (status, answer["__type"]) == (400, "InvalidSignatureException")
    assert answer["message"] == "Credential should be scoped to correct service: 'dynamodb'. "


def authorization_answer(cloud, authorization, date="20260101T000000Z"):
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    return raw(cloud, 
        f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Amz-Date: {date}\r\n"
        f"Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).decode()


def test_headers_that_are_none(cloud):
    answer = authorization_answer(cloud, "AWS4-HMAC-SHA256 nonsense")
    assert "IncompleteSignature" in answer
    assert "Authorization header requires &apos;Credential&apos; parameter." in answer.replace("'", "&apos;")
    scope = "20260101/us-east-1/sts"
    answer = authorization_answer(cloud, f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=00")
    assert "Credential must have exactly 5 slash-delimited elements" in answer
    sigv4a = "AWS4-ECDSA-P256-SHA256 Credential=test/20260101/sts/aws4_request, SignedHeaders=host, Signature=00"
    assert "SigV4A" in authorization_answer(cloud, sigv4a)
    for nonsense in ["", "x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ====,,,;;;", "\x7f" * 100, "A" * 8000]:
        assert authorization_answer(cloud, nonsense).startswith("HTTP/1.1 4")


def test_presigned_calls(cloud):
    client = cloud.client("sts")
    url = client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    assert b"<Account>000000000000</Account>" in cloud.get(url.removeprefix(cloud.url)).read()
    with at(now() - datetime.timedelta(minutes=2)):
        old = client.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    answer = raw(cloud, f"GET {old.removeprefix(cloud.url)} HTTP/1.1\r\nHost: 127.0.0.1:{cloud.port}\r\n\r\n")
    assert b"403 Forbidden" in answer and b"Signature expired" in answer


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_objects(cloud, needs, version):
    needs("s3")
    s3 = cloud.client("s3", region="us-east-1", config=Config(signature_version=version, s3={"addressing_style": "path"}))
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="a b+c/ü", Body=b"hello")
    parameters = {"Bucket": "presigned", "Key": "a b+c/ü"}
    url = s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=60)
    assert cloud.get(url.removeprefix(cloud.url)).read() == b"hello"
    stolen = url.replace("presigned/a", "presigned/x", 1)
    answer = raw(cloud, f"GET {stolen.removeprefix(cloud.url)} HTTP/1.1\r\nHost: 127.0.0.1:{cloud.port}\r\n\r\n")
    assert b"SignatureDoesNotMatch" in answer


def test_issued_keys(cloud, needs):
    needs("iam")
    iam = cloud.client("iam")
    iam.create_user(UserName="signatures")
    key = iam.create_access_key(UserName="signatures")["AccessKey"]
    own = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    assert cloud.client("sts", **own).get_caller_identity()["Arn"].endswith(":user/signatures")
    with pytest.raises(ClientError) as error:
        cloud.client("sts", key=key["AccessKeyId"], secret="wrong").get_caller_identity()
    assert code(error) == "SignatureDoesNotMatch"
    iam.update_access_key(UserName="signatures", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with pytest.raises(ClientError) as error:
        cloud.client("sts", **own).get_caller_identity()
    assert code(error) == "InvalidClientTokenId"


def test_session_keys_expire_by_the_clouds_clock(own_cloud, needs):
    needs("sts", "iam")
    running = own_cloud().wait_until_ready()
    iam = running.client("iam")
    iam.create_user(UserName="signatures")
    key = iam.create_access_key(UserName="signatures")["AccessKey"]
    user = running.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    session = user.get_session_token(DurationSeconds=900)["Credentials"]
    own = {"key": session["AccessKeyId"], "secret": session["SecretAccessKey"]}
    assert own["key"].startswith("ASIA")
    token = session["SessionToken"]
    running.client("sts", **own, token=token).get_caller_identity()
    for wrong in (None, "wrong", token + "x"):
        with pytest.raises(ClientError) as error:
            running.client("sts", **own, token=wrong).get_caller_identity()
        assert code(error) == "InvalidClientTokenId"
    raw(running, 'POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n16m')
    with pytest.raises(ClientError) as error:
        running.client("sts", **own, token=token).get_caller_identity()
    assert code(error) == "ExpiredToken"
    with pytest.raises(ClientError) as error:
        running.client("dynamodb", **own, token=token).list_tables()
    assert code(error) == "ExpiredTokenException"
