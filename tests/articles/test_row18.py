"""Row 18, the article about a Cognito identity pool that is given another pool's roles.

Two pools share the roles that were made for the first one. Credentials of the second are refused until the second pool's id
is added to the roles' trust.
"""

import json

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

REFUSED = "Invalid identity pool configuration. Check assigned IAM roles for this pool."


def trust(audience, kind):
    """The article's document."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"cognito-identity.amazonaws.com:aud": audience},
                    "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": kind},
                },
            }
        ],
    }


def credentials_of(cognito, pool):
    identity = cognito.get_id(IdentityPoolId=pool)["IdentityId"]
    return cognito.get_credentials_for_identity(IdentityId=identity)["Credentials"]


@pytest.mark.parametrize("spelling", ["string", "array"])
def test_a_pool_with_another_pools_role(cloud, name, spelling):
    iam, cognito, s3 = cloud.client("iam"), cloud.client("cognito-identity"), cloud.client("s3")
    bucket = name.replace("_", "-")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_object(Bucket=bucket, Key="hello", Body=b"world")
    first = cognito.create_identity_pool(IdentityPoolName="testIdPool", AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    second = cognito.create_identity_pool(IdentityPoolName="testIdPool2", AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    document = trust(first if spelling == "string" else [first], "unauthenticated")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [read]}))
    for pool in (first, second):
        cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"unauthenticated": role, "authenticated": role})

    # People in a browser have no keys.
    guest = boto3.client("cognito-identity", endpoint_url=cloud.url, region_name="ap-northeast-1", config=Config(signature_version=UNSIGNED))
    assert credentials_of(guest, first)["AccessKeyId"].startswith("ASIA")
    with pytest.raises(ClientError) as refused:
        credentials_of(guest, second)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("InvalidIdentityPoolConfigurationException", REFUSED)

    # The cure: both ids.
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust([first, second], "unauthenticated")))
    for pool in (first, second):
        keys = credentials_of(guest, pool)
        own = {"key": keys["AccessKeyId"], "secret": keys["SecretKey"], "token": keys["SessionToken"]}
        assert cloud.client("sts", **own).get_caller_identity()["Arn"] == f"arn:aws:sts::000000000000:assumed-role/{name}/CognitoIdentityCredentials"
        assert cloud.client("s3", **own).get_object(Bucket=bucket, Key="hello")["Body"].read() == b"world"

    # Guests are no users: the condition on amr counts, too.
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust([first, second], "authenticated")))
    with pytest.raises(ClientError) as refused:
        credentials_of(guest, first)
    assert refused.value.response["Error"]["Message"] == REFUSED
