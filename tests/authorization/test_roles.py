"""Roles: who may take one on, who may hand one on, and what services may do in one."""

import io
import json
import zipfile

import pytest
from people import ACCOUNT, LAMBDA, Person, allow, deny, document, refused, role, session, table, trust

NEIGHBOUR = "111122223333"


def package(code):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", code)
    return packed.getvalue()


@pytest.fixture
def functions(cloud):
    made = []

    def make(name, role_arn, code, client=None, **settings):
        made.append(name)
        return (client or cloud.client("lambda")).create_function(
            FunctionName=name, Role=role_arn, Runtime="python3.12", Handler="app.handler", Code={"ZipFile": package(code)}, Timeout=20, **settings
        )["FunctionArn"]

    yield make
    for name in made:
        try:
            cloud.client("lambda").delete_function(FunctionName=name)
        except cloud.client("lambda").exceptions.ResourceNotFoundException:
            pass


def value(client, name, event=None):
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def test_a_session_has_what_its_role_has(cloud, name):
    one = table(cloud, name)
    arn = role(cloud, name, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, allow("dynamodb:PutItem", one))
    client = session(cloud, cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="one"))
    client("dynamodb").put_item(TableName=name, Item={"id": {"S": "a"}})
    said = refused(client("dynamodb").scan, TableName=name)
    assert said.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/one is not authorized to perform: dynamodb:Scan")
    refused(client("iam").list_users, code="AccessDenied")
    # What is taken from the role is taken from its sessions at once.
    cloud.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow("s3:*")))
    refused(client("dynamodb").put_item, TableName=name, Item={"id": {"S": "a"}})


def test_a_role_trusts_whom_it_names(cloud, name):
    person = Person(cloud, name)
    other = Person(cloud, f"{name}-2", allow("sts:AssumeRole"))
    arn = role(cloud, name, {"AWS": person.arn})
    person.client("sts").assume_role(RoleArn=arn, RoleSessionName="one")
    refused(other.client("sts").assume_role, RoleArn=arn, RoleSessionName="one", says="sts:AssumeRole")
    # The account's name delegates: then one's own policies count.
    iam = cloud.client("iam")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust({"AWS": ACCOUNT}))
    refused(person.client("sts").assume_role, RoleArn=arn, RoleSessionName="one", says="no identity-based policy allows")
    other.client("sts").assume_role(RoleArn=arn, RoleSessionName="one")
    refused(cloud.client("sts").assume_role, RoleArn=arn + "-none", RoleSessionName="one")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(LAMBDA))
    refused(other.client("sts").assume_role, RoleArn=arn, RoleSessionName="one")


def test_a_role_of_another_account_and_its_external_id(cloud, name):
    iam = cloud.client("iam", key=NEIGHBOUR)
    condition = {"StringEquals": {"sts:ExternalId": "42"}}
    policy = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Condition=condition)
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    person = Person(cloud, name, allow("sts:AssumeRole", arn))
    sts = person.client("sts")
    refused(sts.assume_role, RoleArn=arn, RoleSessionName="one")
    refused(sts.assume_role, RoleArn=arn, RoleSessionName="one", ExternalId="41")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="one", ExternalId="42")
    assert session(cloud, answer)("sts").get_caller_identity()["Account"] == NEIGHBOUR
    stranger = Person(cloud, f"{name}-2")
    refused(stranger.client("sts").assume_role, RoleArn=arn, RoleSessionName="one", ExternalId="42")


def test_handing_a_role_on_needs_pass_role(cloud, functions, name):
    arn = role(cloud, name, LAMBDA)
    person = Person(cloud, name, allow("lambda:*"))
    client = person.client("lambda")
    with pytest.raises(client.exceptions.ClientError, match="is not authorized to perform: iam:PassRole on resource: " + arn):
        functions(name, arn, "def handler(e, c): return 1", client=client)
    only = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    person.may(allow("lambda:*"), allow("iam:PassRole", arn, Condition=only))
    with pytest.raises(client.exceptions.ClientError, match="iam:PassRole"):
        functions(name, arn, "def handler(e, c): return 1", client=client)
    only = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    person.may(allow("lambda:*"), allow("iam:PassRole", arn, Condition=only))
    functions(name, arn, "def handler(e, c): return 1", client=client)
    assert value(client, name) == 1


WRITER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    try:
        boto3.client("dynamodb").put_item(TableName=event, Item={"id": {"S": "a"}})
        return "written"
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
"""


def test_a_function_may_what_its_role_may(cloud, functions, name):
    one = table(cloud, name)
    arn = role(cloud, name, LAMBDA)
    functions(name, arn, WRITER)
    client = cloud.client("lambda")
    code, message = value(client, name, name)
    assert code == "AccessDeniedException"
    assert message.startswith(f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{name} is not authorized to perform: dynamodb:PutItem on resource: {one}")
    cloud.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow("dynamodb:PutItem", one)))
    assert value(client, name, name) == "written"


def test_invoking_over_accounts_needs_the_functions_policy(cloud, functions, name):
    arn = functions(name, role(cloud, name, LAMBDA), "def handler(e, c): return 7")
    neighbour = cloud.client("lambda", key=NEIGHBOUR)
    refused(neighbour.invoke, FunctionName=arn, says="no resource-based policy allows the lambda:InvokeFunction action")
    cloud.client("lambda").add_permission(FunctionName=name, StatementId="n", Action="lambda:InvokeFunction", Principal=NEIGHBOUR)
    assert value(neighbour, arn) == 7
    person = Person(cloud, name, deny("lambda:InvokeFunction"))
    refused(person.client("lambda").invoke, FunctionName=name, says="explicit deny")


def test_a_stack_works_in_its_callers_name_or_in_its_role(cloud, name):
    template = json.dumps({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": "v"}}}})
    person = Person(cloud, name, allow("cloudformation:*"))
    stacks = person.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=template, OnFailure="DO_NOTHING")
    with pytest.raises(Exception):
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    reasons = [event.get("ResourceStatusReason", "") for event in stacks.describe_stack_events(StackName=name)["StackEvents"]]
    assert any("is not authorized to perform: ssm:PutParameter" in reason for reason in reasons), reasons
    cloud.client("cloudformation").delete_stack(StackName=name)

    maker = role(cloud, name, {"Service": "cloudformation.amazonaws.com"}, allow("ssm:*"))
    refused(stacks.create_stack, StackName=f"{name}-2", TemplateBody=template, RoleARN=maker, says="iam:PassRole")
    person.may(allow("cloudformation:*"), allow("iam:PassRole", maker))
    stacks.create_stack(StackName=f"{name}-2", TemplateBody=template, RoleARN=maker)
    stacks.get_waiter("stack_create_complete").wait(StackName=f"{name}-2", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "v"
    refused(person.client("ssm").get_parameter, Name=name)

    # What the template's parameters name is read in the role, too: so the CDK finds its images.
    template = json.dumps({
        "Parameters": {"Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": name}},
        "Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"{name}-3", "Type": "String", "Value": {"Ref": "Stored"}}}},
    })
    with pytest.raises(Exception, match="Unable to fetch parameters"):
        stacks.create_stack(StackName=f"{name}-3", TemplateBody=template)
    stacks.create_stack(StackName=f"{name}-3", TemplateBody=template, RoleARN=maker)
    stacks.get_waiter("stack_create_complete").wait(StackName=f"{name}-3", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert cloud.client("ssm").get_parameter(Name=f"{name}-3")["Parameter"]["Value"] == "v"


def test_only_through_a_service(cloud, name):
    via = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}
    person = Person(cloud, name, allow("cloudformation:*"), allow("ssm:*", Condition=via))
    refused(person.client("ssm").put_parameter, Name=f"{name}-own", Value="v", Type="String")
    template = json.dumps({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": "v"}}}})
    stacks = person.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=template)
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
