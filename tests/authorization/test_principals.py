"""Whom policies name: people who are there, under the names that they have now."""

import io
import zipfile

import pytest
from people import ACCOUNT, LAMBDA, REGION, Person, allow, document, refused, role, trust

NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody-at-all"


def statement(principal, action, resource="*"):
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}


def principal_of(cloud, name):
    return cloud.client("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]


@pytest.mark.parametrize(
    ("principal", "said"),
    [
        ({"AWS": NOBODY}, f'"AWS":"{NOBODY}"'),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:group/people"}, f'"AWS":"arn:aws:iam::{ACCOUNT}:group/people"'),
        ({"AWS": "AIDA23456789ABCDEFGHI"}, '"AWS":"AIDA23456789ABCDEFGHI"'),
        ({"Service": "lambda"}, '"SERVICE":"lambda"'),
        ({"Federated": "somewhere"}, '"FEDERATED":"somewhere"'),
    ],
)
def test_roles_trust_nobody_who_is_not_there(cloud, name, principal, said):
    create = cloud.client("iam").create_role
    refused(
        create,
        RoleName=name,
        AssumeRolePolicyDocument=trust(principal),
        code="MalformedPolicyDocument",
        says=f"Invalid principal in policy: {said}",
    )


def test_resources_trust_nobody_who_is_not_there(cloud, name):
    s3, sqs, sns, kms = (cloud.client(service) for service in ("s3", "sqs", "sns", "kms"))
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    objects = f"arn:aws:s3:::{name}/*"
    policy = document(statement({"AWS": NOBODY}, "s3:GetObject", objects))
    refused(s3.put_bucket_policy, Bucket=name, Policy=policy, code="MalformedPolicy", says="Invalid principal in policy")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    policy = {"Policy": document(statement({"AWS": NOBODY}, "sqs:SendMessage"))}
    refused(sqs.set_queue_attributes, QueueUrl=queue, Attributes=policy, code="InvalidAttributeValue", says="Policy")
    topic = sns.create_topic(Name=name)["TopicArn"]
    policy = {"AttributeName": "Policy", "AttributeValue": document(statement({"AWS": NOBODY}, "sns:Publish", topic))}
    refused(sns.set_topic_attributes, TopicArn=topic, **policy, code="InvalidParameter", says="PrincipalNotFound")
    policy = document(statement({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*"), statement({"AWS": NOBODY}, "kms:*"))
    said = "Policy contains a statement with one or more invalid principals."
    refused(kms.create_key, Policy=policy, code="MalformedPolicyDocumentException", says=said)
    # Somebody who is there may be named, and so may CloudFront's own users.
    person = Person(cloud, name)
    origin = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2QWRUHEXAMPLE"
    s3.put_bucket_policy(Bucket=name, Policy=document(statement({"AWS": [person.arn, origin]}, "s3:GetObject", objects)))


def test_statements_of_buckets_have_a_place(cloud, name):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    bucket = f"arn:aws:s3:::{name}"
    nowhere = "Action does not apply to any resource(s) in statement"
    everybody = {"AWS": ACCOUNT}
    for action, resource in (("s3:ListBucket", bucket + "/*"), ("s3:GetObject", bucket)):
        policy = document(statement(everybody, action, resource))
        refused(s3.put_bucket_policy, Bucket=name, Policy=policy, code="MalformedPolicy", says=nowhere)
    for action, resource in (("s3:*", bucket), (["s3:ListBucket", "s3:getobject"], [bucket, bucket + "/*"])):
        s3.put_bucket_policy(Bucket=name, Policy=document(statement(everybody, action, resource)))


def test_a_user_who_comes_back_is_somebody_else(cloud, name):
    iam = cloud.client("iam")
    person = Person(cloud, name, allow("s3:*"))
    trusting = role(cloud, f"{name}-role", {"AWS": person.arn})
    person.client("sts").assume_role(RoleArn=trusting, RoleSessionName="tests")
    iam.update_user(UserName=name, NewUserName=f"{name}-2")
    assert principal_of(cloud, f"{name}-role") == {"AWS": f"{person.arn}-2"}
    unique = iam.get_user(UserName=f"{name}-2")["User"]["UserId"]
    iam.delete_access_key(UserName=f"{name}-2", AccessKeyId=person.key["key"])
    iam.delete_user_policy(UserName=f"{name}-2", PolicyName="own")
    iam.delete_user(UserName=f"{name}-2")
    assert principal_of(cloud, f"{name}-role") == {"AWS": unique}
    other = Person(cloud, f"{name}-2", allow("s3:*"))
    refused(other.client("sts").assume_role, RoleArn=trusting, RoleSessionName="tests")


def test_trust_asks_who_the_caller_is(cloud, name):
    """Condition keys of the caller in trust policies: his name, his tags, the role behind a session."""
    person = Person(cloud, name, allow("sts:*"), Tags=[{"Key": "team", "Value": "blue"}])
    own = {"StringEquals": {"sts:RoleSessionName": "${aws:username}", "aws:PrincipalTag/team": "blue"}}
    by_name = role(cloud, f"{name}-1", {"AWS": ACCOUNT}, allow("sts:*"))
    iam, sts = cloud.client("iam"), person.client("sts")
    iam.update_assume_role_policy(RoleName=f"{name}-1", PolicyDocument=trust({"AWS": ACCOUNT}, Condition=own))
    refused(sts.assume_role, RoleArn=by_name, RoleSessionName="other")
    keys = sts.assume_role(RoleArn=by_name, RoleSessionName=name)["Credentials"]
    behind = {"ArnEquals": {"aws:PrincipalArn": by_name}}
    iam.create_role(RoleName=f"{name}-2", AssumeRolePolicyDocument=trust({"AWS": "*"}, Condition=behind))
    second = cloud.client("sts", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    wanted = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}-2", "RoleSessionName": "tests"}
    second.assume_role(**wanted)
    refused(sts.assume_role, **wanted)


def test_functions_trust_nobody_who_is_not_there(cloud, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("i.py", "def h(event, context): return 1")
    functions = cloud.client("lambda")
    own = role(cloud, name, LAMBDA)
    functions.create_function(FunctionName=name, Role=own, Runtime="python3.11", Handler="i.h", Code={"ZipFile": packed.getvalue()})
    permit = {"FunctionName": name, "StatementId": "one", "Action": "lambda:InvokeFunction"}
    said = "The provided principal was invalid. Please check the principal and try again."
    for principal in (NOBODY, "nonsense"):
        refused(functions.add_permission, **permit, Principal=principal, code="InvalidParameterValueException", says=said)
    functions.add_permission(**permit, Principal=own)
