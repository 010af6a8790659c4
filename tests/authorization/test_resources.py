"""Policies of resources, other accounts, and people without a name."""

import json
import urllib.error
import urllib.request

import pytest
from people import ACCOUNT, Person, allow, deny, document, refused

NEIGHBOUR = "111122223333"
HERE = {"LocationConstraint": "ap-northeast-1"}


def bucket(cloud, name, *statements, open_to_public=False):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE)
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    if open_to_public:
        s3.delete_public_access_block(Bucket=name)
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=document(*statements))
    return f"arn:aws:s3:::{name}"


def to(principal, action, resource, effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


def fetch(cloud, path):
    with urllib.request.urlopen(f"{cloud.url}/{path}", timeout=10) as answer:
        return answer.read()


def test_a_bucket_of_another_account_needs_both(cloud, name):
    arn = f"arn:aws:s3:::{name}"
    bucket(cloud, name)
    neighbour = cloud.client("s3", key=NEIGHBOUR)
    refused(neighbour.get_object, Bucket=name, Key="a", says="no resource-based policy allows the s3:GetObject action")
    root = cloud.client("s3")
    root.put_bucket_policy(Bucket=name, Policy=document(to({"AWS": NEIGHBOUR}, "s3:GetObject", f"{arn}/*")))
    assert neighbour.get_object(Bucket=name, Key="a")["Body"].read() == b"a"
    refused(neighbour.put_object, Bucket=name, Key="b", Body=b"b")
    # A user over there needs its own account's word, too.
    iam = cloud.client("iam", key=NEIGHBOUR)
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = cloud.client("s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    refused(user.get_object, Bucket=name, Key="a", says="no identity-based policy allows")
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(allow("s3:*")))
    assert user.get_object(Bucket=name, Key="a")["Body"].read() == b"a"
    refused(user.put_object, Bucket=name, Key="b", Body=b"b", says="no resource-based policy allows the s3:PutObject action")


def test_a_bucket_names_a_user_of_its_own_account(cloud, name):
    person = Person(cloud, name)
    arn = f"arn:aws:s3:::{name}"
    bucket(cloud, name, to({"AWS": person.arn}, "s3:GetObject", f"{arn}/*"))
    s3 = person.client("s3")
    assert s3.get_object(Bucket=name, Key="a")["Body"].read() == b"a"
    refused(s3.put_object, Bucket=name, Key="b", Body=b"b")
    person.may(deny("s3:GetObject"))
    refused(s3.get_object, Bucket=name, Key="a", says="explicit deny in an identity-based policy")


def test_a_bucket_denies_even_root_and_root_takes_it_back(cloud, name):
    arn = f"arn:aws:s3:::{name}"
    bucket(cloud, name, to("*", "s3:*", [arn, f"{arn}/*"], effect="Deny"))
    root = cloud.client("s3")
    refused(root.get_object, Bucket=name, Key="a", says="with an explicit deny in a resource-based policy")
    root.delete_bucket_policy(Bucket=name)
    assert root.get_object(Bucket=name, Key="a")["Body"].read() == b"a"


def test_people_without_a_name(cloud, name):
    arn = f"arn:aws:s3:::{name}"
    bucket(cloud, name)
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(cloud, f"{name}/a")
    assert caught.value.code == 403 and b"<Code>AccessDenied</Code>" in caught.value.read()
    root = cloud.client("s3")
    policy = document(to("*", "s3:GetObject", f"{arn}/*", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.1/32"}}))
    root.put_bucket_policy(Bucket=name, Policy=policy)
    assert fetch(cloud, f"{name}/a") == b"a"
    elsewhere = document(to("*", "s3:GetObject", f"{arn}/*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}))
    root.put_bucket_policy(Bucket=name, Policy=elsewhere)
    with pytest.raises(urllib.error.HTTPError):
        fetch(cloud, f"{name}/a")


def test_public_policies_are_blocked(cloud, name):
    arn = f"arn:aws:s3:::{name}"
    open_policy = to("*", "s3:GetObject", f"{arn}/*")
    bucket(cloud, name)
    root = cloud.client("s3")
    refused(root.put_bucket_policy, Bucket=name, Policy=document(open_policy), says="BlockPublicPolicy")
    root.delete_public_access_block(Bucket=name)
    root.put_bucket_policy(Bucket=name, Policy=document(open_policy))
    assert fetch(cloud, f"{name}/a") == b"a"
    restricted = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": True}
    root.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=restricted)
    with pytest.raises(urllib.error.HTTPError):
        fetch(cloud, f"{name}/a")


def test_tags_of_objects(cloud, name):
    bucket(cloud, name)
    cloud.client("s3").put_object(Bucket=name, Key="secret", Body=b"s", Tagging="class=secret")
    condition = {"StringNotEquals": {"s3:ExistingObjectTag/class": "secret"}}
    s3 = Person(cloud, name, allow("s3:GetObject", f"arn:aws:s3:::{name}/*", Condition=condition)).client("s3")
    s3.get_object(Bucket=name, Key="a")
    refused(s3.get_object, Bucket=name, Key="secret")


def test_copying_reads_and_writes(cloud, name):
    bucket(cloud, name)
    person = Person(cloud, name, allow("s3:PutObject", f"arn:aws:s3:::{name}/*"))
    s3 = person.client("s3")
    refused(s3.copy_object, Bucket=name, Key="b", CopySource=f"{name}/a", says="s3:GetObject")
    person.may(allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{name}/*"))
    s3.copy_object(Bucket=name, Key="b", CopySource=f"{name}/a")


def test_the_policy_in_the_words_of_the_account(cloud, name):
    arn = bucket(cloud, name)
    policy = to({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "s3:GetObject", f"{arn}/*")
    cloud.client("s3").put_bucket_policy(Bucket=name, Policy=document(policy))
    person = Person(cloud, name)
    # The account's name gives its people nothing by itself.
    refused(person.client("s3").get_object, Bucket=name, Key="a", says="no identity-based policy allows")
    assert json.loads(cloud.client("s3").get_bucket_policy(Bucket=name)["Policy"])["Statement"]
