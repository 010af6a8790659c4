"""AWS's own policies, service-linked roles, quotas, identity providers, and everything in one answer."""

import json

import pytest
from iam_calls import POLICY, TRUST, refused


@pytest.fixture
def iam(cloud):
    return cloud.client("iam")


def test_the_documents_of_awss_policies(iam):
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    assert version["Document"]["Statement"][0]["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    assert [one["VersionId"] for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]
    everything = iam.get_policy_version(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess", VersionId="v1")["PolicyVersion"]["Document"]
    assert everything["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    refused("NoSuchEntity", iam.get_policy, PolicyArn="arn:aws:iam::aws:policy/NoSuchThing")


def test_service_linked_roles(iam, name):
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=name)["Role"]
    assert role["RoleName"] == f"AWSServiceRoleForAutoScaling_{name}" and role["Path"] == "/aws-service-role/autoscaling.amazonaws.com/"
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=name)
    assert iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"][0]["PolicyName"] == "AutoScalingServiceRolePolicy"
    for call, arguments in [
        (iam.delete_role, {}),
        (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": POLICY}),
        (iam.attach_role_policy, {"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        (iam.update_assume_role_policy, {"PolicyDocument": TRUST}),
    ]:
        assert "only modifiable by AWS" in refused("UnmodifiableEntity", call, RoleName=role["RoleName"], **arguments)
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    refused("NoSuchEntity", iam.get_role, RoleName=role["RoleName"])
    refused("NoSuchEntity", iam.get_service_linked_role_deletion_status, DeletionTaskId=task.replace("task/", "task/x"))


def test_quotas(iam, name):
    def long(size):
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + "b" * size}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    assert refused("LimitExceeded", iam.create_policy, PolicyName=name, PolicyDocument=long(6200)) == "Cannot exceed quota for PolicySize: 6144"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="one", PolicyDocument=long(1000))
    assert "2048" in refused("LimitExceeded", iam.put_user_policy, UserName=name, PolicyName="two", PolicyDocument=long(1000))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=long(9000))
    groups = [f"{name}-{number}" for number in range(11)]
    for group in groups:
        iam.create_group(GroupName=group)
    for group in groups[:10]:
        iam.add_user_to_group(GroupName=group, UserName=name)
    assert refused("LimitExceeded", iam.add_user_to_group, GroupName=groups[10], UserName=name) == "Cannot exceed quota for GroupsPerUser: 10"
    refused("ValidationError", iam.create_role, RoleName=f"{name}-2", AssumeRolePolicyDocument=TRUST, MaxSessionDuration=43201)


def test_thousands_of_groups_are_too_many(cloud):
    iam = cloud.client("iam", key="555555555555", secret="any")
    for number in range(300):
        iam.create_group(GroupName=f"g{number}")
    assert refused("LimitExceeded", iam.create_group, GroupName="one-more") == "Cannot exceed quota for GroupsPerAccount: 300"
    iam.delete_group(GroupName="g7")
    iam.create_group(GroupName="one-more")


def test_identity_providers(iam, name):
    url = f"https://{name}.example.com/id"
    arn = iam.create_open_id_connect_provider(Url=url, ClientIDList=["one"], ThumbprintList=["a" * 40], Tags=[{"Key": "a", "Value": "1"}])["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::000000000000:oidc-provider/{name}.example.com/id"
    refused("EntityAlreadyExists", iam.create_open_id_connect_provider, Url=url)
    refused("InvalidInput", iam.create_open_id_connect_provider, Url="http://example.com")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["Url"], found["ClientIDList"], found["ThumbprintList"]) == (url.removeprefix("https://"), ["two"], ["b" * 40])
    assert arn in [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    refused("NoSuchEntity", iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)


def test_everything_in_one_answer(cloud):
    iam = cloud.client("iam", key="666666666666", secret="any")
    iam.create_group(GroupName="team")
    iam.create_user(UserName="alice")
    iam.add_user_to_group(GroupName="team", UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="inline", PolicyDocument=POLICY)
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.create_policy(PolicyName="own", PolicyDocument=POLICY)
    pages = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2}))
    every = {part: [one for page in pages for one in page[part]] for part in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")}
    assert every["UserDetailList"][0]["GroupList"] == ["team"]
    assert every["UserDetailList"][0]["UserPolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(POLICY)}]
    assert every["RoleDetailList"][0]["AttachedManagedPolicies"][0]["PolicyName"] == "ReadOnlyAccess"
    assert [one["PolicyName"] for one in every["Policies"]] == ["own", "ReadOnlyAccess"]
    assert every["Policies"][0]["PolicyVersionList"][0]["Document"] == json.loads(POLICY)
    only = iam.get_account_authorization_details(Filter=["Role"])
    assert only["UserDetailList"] == [] and only["RoleDetailList"][0]["RoleName"] == "worker"


def test_trust_names_who_is_there(iam, name):
    def trust(arn):
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}]})

    nobody = f"arn:aws:iam::000000000000:user/{name}"
    message = refused("MalformedPolicyDocument", iam.create_role, RoleName=name, AssumeRolePolicyDocument=trust([nobody]))
    assert message == f'Invalid principal in policy: "AWS":"{nobody}"'
    iam.create_user(UserName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(nobody))
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(["arn:aws:iam::999999999999:role/elsewhere", nobody]))
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName=name, PolicyDocument=trust(f"{nobody}-2"))


def test_a_groups_policies_are_simulated(iam, name):
    iam.create_group(GroupName=name)
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    iam.put_group_policy(GroupName=name, PolicyName="queues", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    arn = iam.get_group(GroupName=name)["Group"]["Arn"]
    secure = [{"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}]
    found = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["sqs:SendMessage", "s3:GetObject"], ContextEntries=secure)["EvaluationResults"]
    assert [one["EvalDecision"] for one in found] == ["allowed", "implicitDeny"]
    assert found[0]["MatchedStatements"][0]["SourcePolicyType"] == "group"
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"] == ["aws:SecureTransport"]
    refused("NoSuchEntity", iam.simulate_principal_policy, PolicySourceArn=f"{arn}-2", ActionNames=["sqs:SendMessage"])
