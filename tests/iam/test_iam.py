"""IAM with boto3: what is made is found again, what is in use is not deleted, pages end where they should."""

import json

import pytest
from iam_calls import DOCUMENT, POLICY, TRUST, refused


@pytest.fixture
def iam(cloud):
    return cloud.client("iam")


def test_users_groups_and_their_policies(iam, name):
    iam.create_user(UserName=name, Path="/people/", Tags=[{"Key": "team", "Value": "blue"}])
    user = iam.get_user(UserName=name)["User"]
    assert user["Arn"] == f"arn:aws:iam::000000000000:user/people/{name}" and user["Tags"] == [{"Key": "team", "Value": "blue"}]
    refused("EntityAlreadyExists", iam.create_user, UserName=name.upper())
    iam.tag_user(UserName=name, Tags=[{"Key": "team", "Value": "red"}])
    iam.untag_user(UserName=name, TagKeys=["none"])
    assert iam.list_user_tags(UserName=name)["Tags"] == [{"Key": "team", "Value": "red"}]
    assert name in [one["UserName"] for one in iam.list_users(PathPrefix="/people/")["Users"]]

    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert [one["UserName"] for one in iam.get_group(GroupName=name)["Users"]] == [name]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=name)["Groups"]] == [name]
    assert name in [one["GroupName"] for one in iam.list_groups()["Groups"]]
    iam.update_group(GroupName=name, NewGroupName=f"{name}-2")
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=name)["Groups"]] == [f"{name}-2"]
    iam.update_group(GroupName=f"{name}-2", NewGroupName=name)
    refused("DeleteConflict", iam.delete_group, GroupName=name)

    for kind in ("user", "group"):
        owner = {f"{kind.capitalize()}Name": name}
        getattr(iam, f"put_{kind}_policy")(**owner, PolicyName="inline", PolicyDocument=POLICY)
        assert getattr(iam, f"get_{kind}_policy")(**owner, PolicyName="inline")["PolicyDocument"] == DOCUMENT
        assert getattr(iam, f"list_{kind}_policies")(**owner)["PolicyNames"] == ["inline"]
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.attach_group_policy(GroupName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert iam.list_attached_user_policies(UserName=name)["AttachedPolicies"][0]["PolicyName"] == "ReadOnlyAccess"
    assert iam.list_attached_group_policies(GroupName=name)["AttachedPolicies"][0]["PolicyName"] == "ReadOnlyAccess"
    holders = iam.list_entities_for_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert name in [one["UserName"] for one in holders["PolicyUsers"]] and name in [one["GroupName"] for one in holders["PolicyGroups"]]
    refused("DeleteConflict", iam.delete_user, UserName=name)

    iam.detach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.detach_group_policy(GroupName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.delete_user_policy(UserName=name, PolicyName="inline")
    iam.delete_group_policy(GroupName=name, PolicyName="inline")
    refused("NoSuchEntity", iam.get_user_policy, UserName=name, PolicyName="inline")
    iam.remove_user_from_group(GroupName=name, UserName=name)
    iam.delete_group(GroupName=name)
    iam.update_user(UserName=name, NewUserName=f"{name}-2")
    iam.delete_user(UserName=f"{name}-2")
    assert refused("NoSuchEntity", iam.get_user, UserName=name) == f"The user with name {name} cannot be found."


def test_access_keys(iam, cloud, name):
    iam.create_user(UserName=name)
    keys = [iam.create_access_key(UserName=name)["AccessKey"] for _ in range(2)]
    refused("LimitExceeded", iam.create_access_key, UserName=name)
    own = cloud.client("sts", key=keys[0]["AccessKeyId"], secret=keys[0]["SecretAccessKey"])
    assert own.get_caller_identity()["Arn"].endswith(f":user/{name}")
    iam.update_access_key(UserName=name, AccessKeyId=keys[0]["AccessKeyId"], Status="Inactive")
    refused("InvalidClientTokenId", own.get_caller_identity)
    assert sorted(one["Status"] for one in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]) == ["Active", "Inactive"]
    refused("DeleteConflict", iam.delete_user, UserName=name)
    for key in keys:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_roles_and_instance_profiles(iam, name):
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Description="one", MaxSessionDuration=7200, PermissionsBoundary=boundary)
    role = iam.get_role(RoleName=name)["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST) and role["MaxSessionDuration"] == 7200
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    iam.delete_role_permissions_boundary(RoleName=name)
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    iam.update_role(RoleName=name, Description="two")
    assert iam.update_role_description(RoleName=name, Description="three")["Role"]["Description"] == "three"
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName=name, PolicyDocument="{")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST)
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.untag_role(RoleName=name, TagKeys=["a"])
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=POLICY)
    assert iam.get_role_policy(RoleName=name, PolicyName="inline")["PolicyDocument"] == DOCUMENT
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["inline"]
    iam.delete_role_policy(RoleName=name, PolicyName="inline")
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    assert name in [one["RoleName"] for page in iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}) for one in page["Roles"]]

    iam.create_instance_profile(InstanceProfileName=name, Tags=[{"Key": "a", "Value": "1"}])
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    refused("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName=name, RoleName=name)
    assert iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"][0]["RoleName"] == name
    assert [one["InstanceProfileName"] for one in iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"]] == [name]
    assert name in [one["InstanceProfileName"] for one in iam.list_instance_profiles()["InstanceProfiles"]]
    iam.tag_instance_profile(InstanceProfileName=name, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_instance_profile(InstanceProfileName=name, TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName=name)["Tags"] == [{"Key": "b", "Value": "2"}]
    refused("DeleteConflict", iam.delete_role, RoleName=name)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    iam.delete_instance_profile(InstanceProfileName=name)
    iam.delete_role(RoleName=name)
    linked = iam.create_service_linked_role(AWSServiceName="lex.amazonaws.com", CustomSuffix=name)["Role"]
    assert linked["Path"] == "/aws-service-role/lex.amazonaws.com/"


def test_managed_policies_and_versions(iam, name):
    arn = iam.create_policy(PolicyName=name, PolicyDocument=POLICY, Tags=[{"Key": "a", "Value": "1"}])["Policy"]["Arn"]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=POLICY, SetAsDefault=True)
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == DOCUMENT
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == [("v2", False), ("v1", True)]
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v1")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert name in [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]]
    assert len([one for page in iam.get_paginator("list_policies").paginate(Scope="AWS") for one in page["Policies"]]) > 500
    iam.create_user(UserName=name, PermissionsBoundary=arn)
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_user_permissions_boundary(UserName=name)
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    iam.delete_user(UserName=name)
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)


def test_the_account(cloud):
    iam = cloud.client("iam", key="123456789012", secret="any")
    iam.create_account_alias(AccountAlias="kogumo-tests")
    assert iam.list_account_aliases()["AccountAliases"] == ["kogumo-tests"]
    assert cloud.client("iam").list_account_aliases()["AccountAliases"] == []
    iam.delete_account_alias(AccountAlias="kogumo-tests")
    iam.create_user(UserName="only-here")
    assert iam.get_account_summary()["SummaryMap"]["Users"] == 1
    refused("NoSuchEntity", cloud.client("iam").get_user, UserName="only-here")


def test_policies_that_are_part_of_users_and_groups(iam, name):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    user, group = dict(UserName=name), dict(GroupName=name)
    for put, get, ask, remove, whose in [
        (iam.put_user_policy, lambda **of: iam.get_user_policy(**of), lambda **of: iam.list_user_policies(**of), iam.delete_user_policy, user),
        (lambda **of: iam.put_group_policy(**of), lambda **of: iam.get_group_policy(**of), lambda **of: iam.list_group_policies(**of), iam.delete_group_policy, group),
    ]:
        for policy in ["b", "a"]:
            put(**whose, PolicyName=policy, PolicyDocument=json.dumps(document))
        assert get(**whose, PolicyName="a")["PolicyDocument"] == document
        assert ask(**whose)["PolicyNames"] == ["a", "b"]
        remove(**whose, PolicyName="a")
        assert ask(**whose)["PolicyNames"] == ["b"]
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            get(**whose, PolicyName="a")
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
            put(**whose, PolicyName="a", PolicyDocument="{}")
        with pytest.raises(iam.exceptions.DeleteConflictException):
            (iam.delete_user if whose is user else iam.delete_group)(**whose)
