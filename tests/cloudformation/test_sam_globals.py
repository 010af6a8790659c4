"""The sections that SAM has for itself: Globals, as every template of `sam init` has them."""

import json

from botocore.exceptions import ClientError

GLOBALS = {"Function": {"Timeout": 7, "Tags": {"team": "blue"}}}
CODE = "def handler(event, context): return 1"
TEMPLATE = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Globals": GLOBALS,
    "Resources": {
        "Hello": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Runtime": "python3.11", "Handler": "index.handler", "InlineCode": CODE},
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "Hello"}}},
}
CONSENT = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def test_globals_reach_the_functions(cloud, name):
    stacks = cloud.client("cloudformation")
    body = json.dumps(TEMPLATE)
    change = {"StackName": name, "ChangeSetName": "first", "ChangeSetType": "CREATE"}
    stacks.create_change_set(**change, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    stacks.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName="first", WaiterConfig={"Delay": 1})
    stacks.execute_change_set(StackName=name, ChangeSetName="first")
    stacks.create_stack(StackName=f"{name}-2", TemplateBody=body, Capabilities=CONSENT)
    for stack in (name, f"{name}-2"):
        stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
        function = stacks.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"][0]["OutputValue"]
        made = cloud.client("lambda").get_function(FunctionName=function)
        assert made["Configuration"]["Timeout"] == 7 and made["Tags"]["team"] == "blue"
        stacks.delete_stack(StackName=stack)
    assert stacks.validate_template(TemplateBody=body)["Capabilities"]


def test_without_a_transform_globals_are_nothing(cloud, name):
    plain = json.dumps({"Globals": GLOBALS, "Resources": {"Wait": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
    try:
        cloud.client("cloudformation").create_stack(StackName=name, TemplateBody=plain)
        raise AssertionError("it was taken")
    except ClientError as error:
        assert "Invalid template property or properties [Globals]" in error.response["Error"]["Message"]
