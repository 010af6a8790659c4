"""What is done with stacks besides making them: change sets, policies, signals, lists, going back."""

import json

import pytest
from botocore.exceptions import ClientError
from clouds import eventually
from stacks import Stacks

HANDLE = "H: {Type: 'AWS::CloudFormation::WaitConditionHandle'}"
WAIT = "W: {Type: 'AWS::CloudFormation::WaitCondition', DependsOn: [%s], Properties: {Handle: !Ref H, Timeout: %d}}"
P = "P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: %s}}"


@pytest.fixture
def stacks(cloud):
    return Stacks(cloud)


def resources(*lines):
    return "Resources:\n" + "".join(f"  {line}\n" for line in lines)


def refused(call, **more):
    with pytest.raises(ClientError) as error:
        call(**more)
    return error.value.response["Error"]["Message"]


def value_of(stacks, name):
    physical = stacks.api.describe_stack_resource(StackName=name, LogicalResourceId="P")["StackResourceDetail"]["PhysicalResourceId"]
    return stacks.cloud.client("ssm").get_parameter(Name=physical)["Parameter"]["Value"]


def test_change_sets(stacks, name):
    api = stacks.api
    stacks.create(name, resources(P % "one"))
    for label, value in [("good", "two"), ("other", "three")]:
        api.create_change_set(StackName=name, ChangeSetName=label, TemplateBody=resources(P % value))
        api.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName=label, WaiterConfig={"Delay": 1})
    assert sorted(one["ChangeSetName"] for one in api.list_change_sets(StackName=name)["Summaries"]) == ["good", "other"]
    change = api.describe_change_set(StackName=name, ChangeSetName="good")["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["LogicalResourceId"], change["Replacement"]) == ("Modify", "P", "False")
    assert "two" in api.get_template(StackName=name, ChangeSetName="good")["TemplateBody"]
    api.delete_change_set(StackName=name, ChangeSetName="other")
    assert [one["ChangeSetName"] for one in api.list_change_sets(StackName=name)["Summaries"]] == ["good"]
    assert value_of(stacks, name) == "one"
    api.execute_change_set(StackName=name, ChangeSetName="good")
    stacks.expect(name, "UPDATE_COMPLETE")
    assert value_of(stacks, name) == "two"
    with pytest.raises(api.exceptions.ChangeSetNotFoundException):
        api.describe_change_set(StackName=name, ChangeSetName="other")
    api.create_change_set(StackName=name, ChangeSetName="same", TemplateBody=resources(P % "two"))
    same = eventually(lambda: (one := api.describe_change_set(StackName=name, ChangeSetName="same"))["Status"] == "FAILED" and one)
    assert same["StatusReason"].startswith("The submitted information didn't contain changes.")
    stacks.delete(name)


def test_an_update_is_cancelled(stacks, name):
    stacks.create(name, resources(P % "one"))
    stacks.api.update_stack(StackName=name, TemplateBody=resources(P % "two", HANDLE, WAIT % ("P", 60)))
    eventually(lambda: value_of(stacks, name) == "two")
    stacks.api.cancel_update_stack(StackName=name)
    stacks.expect(name, "UPDATE_ROLLBACK_COMPLETE")
    assert value_of(stacks, name) == "one"
    assert "cannot be called" in refused(stacks.api.cancel_update_stack, StackName=name)
    stacks.delete(name)


def test_a_rollback_that_is_stuck_goes_on(stacks, name):
    role = "R: {Type: 'AWS::IAM::Role', Properties: {RoleName: %s, Description: %s, AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]}}}"
    stacks.create(name, resources(role % (name, "one"), P % "one"))
    iam = stacks.cloud.client("iam")
    stacks.api.update_stack(
        StackName=name, TemplateBody=resources(role % (name, "two"), P % "two", HANDLE, WAIT % ("R, P", 3)), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    eventually(lambda: iam.get_role(RoleName=name)["Role"]["Description"] == "two")
    iam.delete_role(RoleName=name)
    stacks.expect(name, "UPDATE_ROLLBACK_FAILED")
    assert "UPDATE_ROLLBACK_FAILED" in refused(stacks.api.update_stack, StackName=name, TemplateBody=resources(P % "three"))
    stacks.api.continue_update_rollback(StackName=name, ResourcesToSkip=["R"])
    stacks.expect(name, "UPDATE_ROLLBACK_COMPLETE")
    assert value_of(stacks, name) == "one"


def test_a_policy_protects_resources(stacks, name):
    deny = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "Update:Modify", "Principal": "*", "Resource": "LogicalResourceId/P"}]}
    stacks.create(name, resources(P % "one"))
    assert "StackPolicyBody" not in stacks.api.get_stack_policy(StackName=name)
    stacks.api.set_stack_policy(StackName=name, StackPolicyBody=json.dumps(deny))
    assert json.loads(stacks.api.get_stack_policy(StackName=name)["StackPolicyBody"]) == deny
    stacks.update(name, resources(P % "two"), "UPDATE_ROLLBACK_COMPLETE")
    assert value_of(stacks, name) == "one"
    assert any("Action denied by stack policy" in line for line in stacks.reasons(name))
    stacks.delete(name)


def test_termination_protection(stacks, name):
    stacks.create(name, resources(P % "one"))
    stacks.api.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    assert "cannot be deleted while TerminationProtection is enabled" in refused(stacks.api.delete_stack, StackName=name)
    stacks.api.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    stacks.delete(name)


def test_resources_are_signalled(stacks, name):
    wait = "W: {Type: 'AWS::CloudFormation::WaitCondition', CreationPolicy: {ResourceSignal: {Count: 2, Timeout: PT30S}}}"
    stacks.api.create_stack(StackName=name, TemplateBody=resources(wait))
    signal = dict(StackName=name, LogicalResourceId="W", Status="SUCCESS")

    def waits():
        found = stacks.api.describe_stack_resources(StackName=name)["StackResources"]
        return [one for one in found if one["ResourceStatus"] == "CREATE_IN_PROGRESS"]

    eventually(waits)
    stacks.api.signal_resource(**signal, UniqueId="1")
    stacks.api.signal_resource(**signal, UniqueId="1")
    assert waits()
    stacks.api.signal_resource(**signal, UniqueId="2")
    stacks.expect(name, "CREATE_COMPLETE")
    assert "invalid state for signaling" in refused(stacks.api.signal_resource, **signal, UniqueId="3")
    stacks.delete(name)


def test_lists_and_templates(stacks, name):
    template = resources(P % "one") + f"Outputs: {{O: {{Value: !Ref P, Export: {{Name: {name}}}}}}}\nDescription: d\nParameters: {{A: {{Type: String, Default: x}}}}\n"
    stacks.create(name, template)
    assert stacks.api.get_template(StackName=name)["TemplateBody"] == template
    exports = {one["Name"]: one for one in stacks.api.list_exports()["Exports"]}
    assert exports[name]["ExportingStackId"] == stacks.settled(name)["StackId"]
    assert name in [one["StackName"] for one in stacks.api.list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]]
    assert name not in [one["StackName"] for one in stacks.api.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]]
    stacks.delete(name)
    assert name in [one["StackName"] for one in stacks.api.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]]
    assert name not in [one["Name"] for one in stacks.api.list_exports()["Exports"]]
    validated = stacks.api.validate_template(TemplateBody=template)
    assert validated["Description"] == "d" and validated["Parameters"][0]["DefaultValue"] == "x"
    assert "Unresolved resource dependencies [Nope]" in refused(stacks.api.validate_template, TemplateBody="Resources: {P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref Nope}}}")
    limits = {one["Name"]: one["Value"] for one in stacks.api.describe_account_limits()["AccountLimits"]}
    assert limits["StackLimit"] > 0


def test_what_is_refused_before_anything_is_made(stacks, name):
    create = stacks.api.create_stack
    resource = "Resources: {P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: %s}}}"
    for bad in ("1-begins-with-a-digit", "under_score"):
        with pytest.raises(ClientError, match=r"failed to satisfy constraint: .*\[a-zA-Z\]\[-a-zA-Z0-9\]\*"):
            create(StackName=bad, TemplateBody=resource % "x")
    mappings = "Mappings: {M: {us-east-1: {v: x}}}\n" + resource % "!FindInMap [M, !Ref 'AWS::Region', v]"
    with pytest.raises(ClientError, match="Template error: Unable to get mapping for M::ap-northeast-1::v"):
        create(StackName=name, TemplateBody=mappings)
    unused = "Mappings: {M: {us-east-1: {v: x}}}\nConditions: {C: !Equals [a, b]}\n" + resource % "!If [C, !FindInMap [M, none, v], y]"
    stacks.create(name, unused)
    stacks.delete(name)
