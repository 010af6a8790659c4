"""Whom policies name: people who are there, under the names that they have now."""

import io
import zipfile

import pytest
from people import ACCOUNT, LAMBDA, REGION, Person, allow, document, refused, role, session, trust

# SNS has a word of its own.
REFUSALS = {"publish": "AuthorizationError"}
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


def kept_policies(cloud, name, arn):
    """Policies of resources that name somebody, by service: functions that read them."""
    s3, sqs, sns, kms = (cloud.client(service) for service in ("s3", "sqs", "sns", "kms"))
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    s3.put_bucket_policy(Bucket=name, Policy=document(statement({"AWS": [arn, ACCOUNT]}, "s3:GetObject", f"arn:aws:s3:::{name}/*")))
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(statement({"AWS": arn}, "sqs:SendMessage"))})
    topic = sns.create_topic(Name=name)["TopicArn"]
    policy = document(statement({"AWS": arn}, "sns:Publish", topic))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    policy = document(statement({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*"), statement({"AWS": arn}, "kms:Encrypt"))
    key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["GenerateDataKey"])
    function(cloud, name).add_permission(FunctionName=name, StatementId="one", Action="lambda:InvokeFunction", Principal=arn)
    reads = {
        "s3": lambda: s3.get_bucket_policy(Bucket=name)["Policy"],
        "sqs": lambda: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"],
        "sns": lambda: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"],
        "kms": lambda: kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
        "grants": lambda: kms.list_grants(KeyId=key)["Grants"][0]["GranteePrincipal"],
        "lambda": lambda: cloud.client("lambda").get_policy(FunctionName=name)["Policy"],
    }

    def uses(client):
        """What these policies let somebody do."""
        return [
            (client("s3").get_object, {"Bucket": name, "Key": "a"}),
            (client("sqs").send_message, {"QueueUrl": queue, "MessageBody": "a"}),
            (client("sns").publish, {"TopicArn": topic, "Message": "a"}),
            (client("kms").encrypt, {"KeyId": key, "Plaintext": b"a"}),
            (client("kms").generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
            (client("lambda").invoke, {"FunctionName": name}),
        ]

    return reads, uses


def test_resources_keep_the_id_of_a_role_that_has_gone(cloud, name):
    iam, sts = cloud.client("iam"), cloud.client("sts")
    arn = role(cloud, f"{name}-r", {"AWS": ACCOUNT})
    unique = iam.get_role(RoleName=f"{name}-r")["Role"]["RoleId"]
    reads, uses = kept_policies(cloud, name, arn)
    first = session(cloud, sts.assume_role(RoleArn=arn, RoleSessionName="tests"))
    for call, arguments in uses(first):
        call(**arguments)
    for read in reads.values():
        assert arn in read() and unique not in read()
    iam.delete_role(RoleName=f"{name}-r")
    for service, read in reads.items():
        assert arn not in read() and unique in read(), service
    # Whoever gets the name again is somebody else, and no session of the old one becomes his.
    role(cloud, f"{name}-r", {"AWS": ACCOUNT}, allow("dynamodb:ListTables"))
    second = session(cloud, sts.assume_role(RoleArn=arn, RoleSessionName="tests"))
    for call, arguments in uses(second):
        refused(call, code=REFUSALS.get(call.__name__), **arguments)
    second("dynamodb").list_tables()
    refused(first("dynamodb").list_tables)


def test_resources_follow_a_user_who_is_renamed_and_keep_the_id_when_he_has_gone(cloud, name):
    iam = cloud.client("iam")
    person = Person(cloud, f"{name}-u")
    unique = iam.get_user(UserName=f"{name}-u")["User"]["UserId"]
    reads, uses = kept_policies(cloud, name, person.arn)
    iam.update_user(UserName=f"{name}-u", NewUserName=f"{name}-v")
    for read in reads.values():
        assert f"{name}-v" in read() and f"{name}-u" not in read()
    for call, arguments in uses(person.client):
        call(**arguments)
    iam.delete_access_key(UserName=f"{name}-v", AccessKeyId=person.key["key"])
    iam.delete_user(UserName=f"{name}-v")
    for service, read in reads.items():
        assert f"{name}-v" not in read() and unique in read(), service
    for call, arguments in uses(Person(cloud, f"{name}-v").client):
        refused(call, code=REFUSALS.get(call.__name__), **arguments)
    # An id of nobody cannot be written into a policy again.
    s3 = cloud.client("s3")
    refused(s3.put_bucket_policy, Bucket=name, Policy=reads["s3"](), code="MalformedPolicy", says="Invalid principal in policy")


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


def function(cloud, name):
    """Makes a function; the client that made it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr("i.py", "def h(event, context): return 1")
    functions = cloud.client("lambda")
    own = role(cloud, name, LAMBDA)
    functions.create_function(FunctionName=name, Role=own, Runtime="python3.11", Handler="i.h", Code={"ZipFile": packed.getvalue()})
    return functions


def test_functions_trust_nobody_who_is_not_there(cloud, name):
    functions = function(cloud, name)
    own = functions.get_function_configuration(FunctionName=name)["Role"]
    permit = {"FunctionName": name, "StatementId": "one", "Action": "lambda:InvokeFunction"}
    said = "The provided principal was invalid. Please check the principal and try again."
    for principal in (NOBODY, "nonsense"):
        refused(functions.add_permission, **permit, Principal=principal, code="InvalidParameterValueException", says=said)
    functions.add_permission(**permit, Principal=own)
