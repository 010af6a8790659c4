"""Tags decide in every service that has them: those that a resource has, and those that it is to get."""

import json

import pytest
from people import Person, allow, refused

HAS = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
GETS = {"StringEquals": {"aws:RequestTag/team": "blue"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
BLUE = {"team": "blue"}
NOTHING = json.dumps({"Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})


def user_pool(cloud, name, tags):
    made = cloud.client("cognito-idp").create_user_pool(PoolName=name, UserPoolTags=tags)
    return {"UserPoolId": made["UserPool"]["Id"]}


def identity_pool(cloud, name, tags):
    made = cloud.client("cognito-identity").create_identity_pool(
        IdentityPoolName="tests", AllowUnauthenticatedIdentities=False, IdentityPoolTags=tags
    )
    return {"IdentityPoolId": made["IdentityPoolId"]}


def rest_api(cloud, name, tags):
    return {"restApiId": cloud.client("apigateway").create_rest_api(name=name, tags=tags)["id"]}


def http_api(cloud, name, tags):
    return {"ApiId": cloud.client("apigatewayv2").create_api(Name=name, ProtocolType="HTTP", Tags=tags)["ApiId"]}


def stack(cloud, name, tags):
    stack = f"{name}-{len(tags)}"
    tags = [{"Key": key, "Value": value} for key, value in tags.items()]
    cloud.client("cloudformation").create_stack(StackName=stack, TemplateBody=NOTHING, Tags=tags)
    cloud.client("cloudformation").get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    return {"StackName": stack}


@pytest.mark.parametrize(
    ("make", "service", "operation"),
    [
        (user_pool, "cognito-idp", "describe_user_pool"),
        (identity_pool, "cognito-identity", "describe_identity_pool"),
        (rest_api, "apigateway", "get_resources"),
        (http_api, "apigatewayv2", "get_api"),
        (stack, "cloudformation", "describe_stack_resources"),
    ],
)
def test_tags_that_resources_have(cloud, name, make, service, operation):
    person = Person(cloud, name, allow("*", Condition=HAS))
    look = getattr(person.client(service), operation)
    look(**make(cloud, name, BLUE))
    refused(look, **make(cloud, name, {}))


def test_tags_that_pools_get(cloud, name):
    person = Person(cloud, name, allow("*", Condition=GETS))
    user_pool(person, name, BLUE)
    identity_pool(person, name, BLUE)
    with pytest.raises(Exception, match="CreateUserPool"):
        user_pool(person, name, {"team": "red"})


def test_a_stack_is_meant_by_its_whole_arn(cloud, name):
    made = stack(cloud, name, {})
    arn = cloud.client("cloudformation").describe_stacks(**made)["Stacks"][0]["StackId"]
    stacks = Person(cloud, name, allow("cloudformation:DescribeStacks", arn)).client("cloudformation")
    stacks.describe_stacks(**made)
    refused(stacks.describe_stacks, StackName=f"{name}-other")


def test_where_buckets_may_be(cloud, name):
    here = {"StringEquals": {"s3:locationconstraint": "eu-west-1"}}
    s3 = Person(cloud, name, allow("s3:CreateBucket", Condition=here)).client("s3", region="eu-west-1")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    elsewhere = cloud.client("s3")  # The bucket's owner is root's account: only the place differs.
    elsewhere.delete_bucket(Bucket=name)
    refused(s3.create_bucket, Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})


def test_a_policy_of_a_stack_is_somebodys(cloud, name):
    document = {"Version": "2012-10-17", "Statement": [allow("s3:*")]}
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": name, "PolicyDocument": document}}
    stacks = cloud.client("cloudformation")
    template = json.dumps({"Resources": {"Lonely": policy}})
    stacks.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"], OnFailure="DO_NOTHING")
    with pytest.raises(Exception, match="CREATE_FAILED|terminal failure"):
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    assert any("At least one of [Groups,Roles,Users] must be non-empty" in event.get("ResourceStatusReason", "") for event in events)


def test_arns_that_name_no_policy(cloud, name):
    iam = cloud.client("iam")
    Person(cloud, name)
    refused(
        iam.attach_user_policy,
        UserName=name,
        PolicyArn="AmazonS3ReadOnlyAccess",
        code="InvalidInput",
        says="ARN AmazonS3ReadOnlyAccess is not valid.",
    )


@pytest.mark.parametrize("alias", ["-begins", "ends-", "two--dashes", "Capital"])
def test_aliases_that_accounts_may_not_have(cloud, alias):
    refused(cloud.client("iam").create_account_alias, AccountAlias=alias, code="ValidationError", says="accountAlias")
