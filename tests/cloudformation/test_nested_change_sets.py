"""Change sets of nested stacks: made with the root's, executed and deleted with it."""

import time

import pytest
from botocore.exceptions import ClientError
from stacks import Stacks, outputs

LEAF = """
Parameters: {V: {Type: String}}
Resources: {P: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref V}}}
Outputs: {V: {Value: !GetAtt P.Value}}
"""


@pytest.fixture
def stacks(cloud):
    return Stacks(cloud)


def urls(cloud, name, **templates):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    for key, template in templates.items():
        s3.put_object(Bucket=name, Key=key, Body=template)
    return lambda key: f"https://s3.ap-northeast-1.amazonaws.com/{name}/{key}"


def nested(url, value):
    return f"{{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: '{url}', Parameters: {{V: {value}}}}}}}"


def changes(api, change_set):
    found = api.describe_change_set(ChangeSetName=change_set)
    return found, {change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"] for change in found["Changes"]}


def executed(api, change_set):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        status = api.describe_change_set(ChangeSetName=change_set)["ExecutionStatus"]
        if status != "EXECUTE_IN_PROGRESS":
            return status
        time.sleep(0.05)
    return status


def test_a_tree_of_stacks(cloud, stacks, name):
    api = stacks.api
    url = urls(cloud, name, leaf=LEAF)
    middle = f"Parameters: {{V: {{Type: String}}}}\nResources: {{L: {nested(url('leaf'), '!Ref V')}}}\nOutputs: {{V: {{Value: !GetAtt L.Outputs.V}}}}"
    cloud.client("s3").put_object(Bucket=name, Key="middle", Body=middle)

    def root(value):
        resources = f"{{M: {nested(url('middle'), value)}, N: {nested(url('leaf'), 'same')}, O: {nested(url('leaf'), '!GetAtt M.Outputs.V')}}}"
        return f"Resources: {resources}\nOutputs: {{V: {{Value: !GetAtt O.Outputs.V}}}}"

    made = api.create_change_set(StackName=name, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=root("one"), IncludeNestedStacks=True)
    top, resources = changes(api, made["Id"])
    assert top["Status"] == "CREATE_COMPLETE" and top["IncludeNestedStacks"] is True and "ParentChangeSetId" not in top
    inner, below = changes(api, resources["M"]["ChangeSetId"])
    assert (inner["ParentChangeSetId"], inner["RootChangeSetId"]) == (made["Id"], made["Id"])
    leaf, parameter = changes(api, below["L"]["ChangeSetId"])
    assert (leaf["ParentChangeSetId"], leaf["RootChangeSetId"]) == (inner["ChangeSetId"], made["Id"])
    assert list(parameter) == ["P"] and parameter["P"]["Action"] == "Add"
    assert stacks.api.describe_stacks(StackName=inner["StackId"])["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    for refused in (api.execute_change_set, api.delete_change_set):
        with pytest.raises(ClientError) as error:
            refused(ChangeSetName=inner["ChangeSetId"])
        assert error.value.response["Error"]["Code"] == "InvalidChangeSetStatus" and made["Id"] in str(error.value)

    api.execute_change_set(ChangeSetName=made["Id"])
    assert outputs(stacks.expect(name, "CREATE_COMPLETE"))["V"] == "one"
    physical = api.describe_stack_resource(StackName=name, LogicalResourceId="M")["StackResourceDetail"]["PhysicalResourceId"]
    assert physical == inner["StackId"], "the stack that was reviewed is the one that is made"
    assert [executed(api, one) for one in (made["Id"], inner["ChangeSetId"], leaf["ChangeSetId"])] == ["EXECUTE_COMPLETE"] * 3
    assert api.describe_stacks(StackName=leaf["StackId"])["Stacks"][0]["RootId"] == made["StackId"]

    changed = api.create_change_set(StackName=name, ChangeSetName="d", TemplateBody=root("two"), IncludeNestedStacks=True)
    _, resources = changes(api, changed["Id"])
    assert set(resources) == {"M", "O"}, "a nested stack that stays as it is does not appear"
    _, below = changes(api, resources["M"]["ChangeSetId"])
    assert below["L"]["Action"] == "Modify"
    _, parameter = changes(api, below["L"]["ChangeSetId"])
    assert parameter["P"]["Details"][0]["CausingEntity"] == "V"
    api.execute_change_set(ChangeSetName=changed["Id"])
    assert outputs(stacks.expect(name, "UPDATE_COMPLETE"))["V"] == "two"

    nothing = api.create_change_set(StackName=name, ChangeSetName="e", TemplateBody=root("two"), IncludeNestedStacks=True)
    found = api.describe_change_set(ChangeSetName=nothing["Id"])
    assert found["Status"] == "FAILED" and "didn't contain changes" in found["StatusReason"]
    stacks.delete(name)


def test_it_goes_with_its_root(cloud, stacks, name):
    api = stacks.api
    url = urls(cloud, name, leaf=LEAF, bad="Resources: {A: {Type: 'AWS::No::Such'}}")
    made = api.create_change_set(StackName=name, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=f"Resources: {{N: {nested(url('leaf'), 'x')}}}", IncludeNestedStacks=True)
    _, resources = changes(api, made["Id"])
    inner = api.describe_change_set(ChangeSetName=resources["N"]["ChangeSetId"])
    api.delete_change_set(ChangeSetName=made["Id"])
    with pytest.raises(ClientError, match="does not exist"):
        api.describe_change_set(ChangeSetName=inner["ChangeSetId"])
    assert api.describe_stacks(StackName=inner["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    bad = api.create_change_set(StackName=name, ChangeSetName="b", ChangeSetType="CREATE", TemplateBody=f"Resources: {{N: {nested(url('bad'), 'x')}}}", IncludeNestedStacks=True)
    found = api.describe_change_set(ChangeSetName=bad["Id"])
    assert found["Status"] == "FAILED" and "Nested change set" in found["StatusReason"]
    api.delete_stack(StackName=name)
