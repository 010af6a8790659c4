"""Stacks by boto3, with the waiting done."""

import time

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class Stacks:
    """Stacks by name; each call waits until nothing is in progress and answers the stack."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.api = cloud.client("cloudformation")

    def settled(self, name, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            stack = self.api.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(0.02)
        raise AssertionError(f"{name} is still {stack['StackStatus']}: {self.reasons(name)}")

    def create(self, name, template, status="CREATE_COMPLETE", **more):
        self.api.create_stack(StackName=name, TemplateBody=template, Capabilities=CAPABILITIES, **more)
        return self.expect(name, status)

    def update(self, name, template, status="UPDATE_COMPLETE", **more):
        self.api.update_stack(StackName=name, TemplateBody=template, Capabilities=CAPABILITIES, **more)
        return self.expect(name, status)

    def delete(self, name, status="DELETE_COMPLETE", **more):
        stack = self.settled(name)
        self.api.delete_stack(StackName=name, **more)
        return self.expect(stack["StackId"], status)

    def expect(self, name, status):
        stack = self.settled(name)
        assert stack["StackStatus"] == status, self.reasons(name)
        return stack

    def reasons(self, name):
        """`LogicalId STATUS reason` of whatever failed, oldest first."""
        events = self.api.get_paginator("describe_stack_events").paginate(StackName=name).build_full_result()["StackEvents"]
        lines = [f"{e['LogicalResourceId']} {e['ResourceStatus']} {e.get('ResourceStatusReason', '')}".strip() for e in reversed(events)]
        return [line for line in lines if "FAILED" in line or "ROLLBACK" in line]


def outputs(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
