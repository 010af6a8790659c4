"""Passwords, MFA devices, keys' last use, the credential report: what signs people in."""

import csv
import io
import struct

import pytest
from iam_calls import one_time_password, refused, with_mfa


@pytest.fixture
def iam(cloud):
    return cloud.client("iam")


def keys_of(cloud, iam, user, service):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return cloud.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"]), key["AccessKeyId"]


def test_a_password_must_fit_the_accounts_policy(cloud):
    iam = cloud.client("iam", key="222222222222", secret="any")
    refused("NoSuchEntity", iam.get_account_password_policy)
    iam.create_user(UserName="alice")
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName="alice", Password="password")
    rules = {"MinimumPasswordLength": 12, "RequireSymbols": True, "RequireNumbers": True, "PasswordReusePrevention": 2, "MaxPasswordAge": 90}
    iam.update_account_password_policy(**rules, AllowUsersToChangePassword=True)
    kept = iam.get_account_password_policy()["PasswordPolicy"]
    assert {name: kept[name] for name in rules} == rules and kept["ExpirePasswords"] is True and kept["RequireUppercaseCharacters"] is False
    assert "minimum length of 12" in refused("PasswordPolicyViolation", iam.create_login_profile, UserName="alice", Password="Sh0rt!")
    assert "symbol" in refused("PasswordPolicyViolation", iam.create_login_profile, UserName="alice", Password="no-symbols-1".replace("-", "x"))
    iam.create_login_profile(UserName="alice", Password="first-one-1!", PasswordResetRequired=True)
    refused("EntityAlreadyExists", iam.create_login_profile, UserName="alice", Password="first-one-1!")
    assert iam.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"] is True
    refused("PasswordPolicyViolation", iam.update_login_profile, UserName="alice", Password="first-one-1!")

    iam.update_login_profile(UserName="alice", PasswordResetRequired=True)

    own, _ = keys_of(cloud, iam, "alice", "iam")
    iam.update_account_password_policy(**rules, AllowUsersToChangePassword=False)
    refused("AccessDenied", own.get_account_password_policy)
    assert "iam:ChangePassword" in refused("AccessDenied", own.change_password, OldPassword="first-one-1!", NewPassword="second-one-2!")
    iam.update_account_password_policy(**rules, AllowUsersToChangePassword=True)
    assert own.get_account_password_policy()["PasswordPolicy"]["AllowUsersToChangePassword"] is True
    refused("AccessDenied", own.list_users)
    refused("AccessDenied", own.change_password, OldPassword="wrong", NewPassword="second-one-2!")
    own.change_password(OldPassword="first-one-1!", NewPassword="second-one-2!")
    assert iam.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"] is False
    refused("PasswordPolicyViolation", own.change_password, OldPassword="second-one-2!", NewPassword="first-one-1!")
    refused("InvalidUserType", iam.change_password, OldPassword="first-one-1!", NewPassword="second-one-2!")

    refused("DeleteConflict", iam.delete_user, UserName="alice")
    iam.delete_login_profile(UserName="alice")
    refused("NoSuchEntity", iam.get_login_profile, UserName="alice")
    iam.delete_account_password_policy()
    refused("NoSuchEntity", iam.delete_account_password_policy)


def test_mfa_devices(iam, name):
    iam.create_user(UserName=name)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name, Tags=[{"Key": "a", "Value": "1"}])["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"]
    assert serial == f"arn:aws:iam::000000000000:mfa/{name}" and len(seed) == 64
    assert device["QRCodePNG"].startswith(b"\x89PNG") and struct.unpack(">II", device["QRCodePNG"][16:24])[0] > 100
    refused("EntityAlreadyExists", iam.create_virtual_mfa_device, VirtualMFADeviceName=name)

    now, next_one = one_time_password(seed, -1), one_time_password(seed)
    refused("InvalidAuthenticationCode", iam.enable_mfa_device, UserName=name, SerialNumber=serial, AuthenticationCode1=now, AuthenticationCode2=now)
    refused("InvalidAuthenticationCode", iam.enable_mfa_device, UserName=name, SerialNumber=serial, AuthenticationCode1=next_one, AuthenticationCode2=now)
    assert iam.list_mfa_devices(UserName=name)["MFADevices"] == []
    iam.enable_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1=now, AuthenticationCode2=next_one)
    assert [one["SerialNumber"] for one in iam.list_mfa_devices(UserName=name)["MFADevices"]] == [serial]
    refused("EntityAlreadyExists", iam.enable_mfa_device, UserName=name, SerialNumber=serial, AuthenticationCode1=now, AuthenticationCode2=next_one)
    assert iam.get_mfa_device(SerialNumber=serial)["UserName"] == name
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert name in [one["User"]["UserName"] for one in assigned]
    iam.resync_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1=now, AuthenticationCode2=next_one)

    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["a"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "b", "Value": "2"}]
    refused("DeleteConflict", iam.delete_user, UserName=name)
    refused("DeleteConflict", iam.delete_virtual_mfa_device, SerialNumber=serial)
    iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)
    refused("NoSuchEntity", iam.deactivate_mfa_device, UserName=name, SerialNumber=serial)
    assert serial in [one["SerialNumber"] for one in iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]]
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    iam.delete_user(UserName=name)


def test_the_last_use_of_a_key_is_known(cloud, iam, name):
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")
    ssm, key = keys_of(cloud, iam, name, "ssm")
    unused = iam.get_access_key_last_used(AccessKeyId=key)
    assert unused["UserName"] == name and unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    ssm.describe_parameters()
    last = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert (last["ServiceName"], last["Region"]) == ("ssm", "ap-northeast-1") and last["LastUsedDate"]
    refused("NoSuchEntity", iam.get_access_key_last_used, AccessKeyId="AKIAAAAAAAAAAAAAAAAA")


def test_the_credential_report(cloud):
    iam = cloud.client("iam", key="333333333333", secret="any")
    refused("ReportNotPresent", iam.get_credential_report)
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password="Passw0rd!")
    with_mfa(iam, "alice")
    sts, _ = keys_of(cloud, iam, "alice", "sts")
    sts.get_caller_identity()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    rows = {row["user"]: row for row in csv.DictReader(io.StringIO(report["Content"].decode()))}
    assert report["ReportFormat"] == "text/csv" and set(rows) == {"<root_account>", "alice"}
    alice = rows["alice"]
    assert (alice["password_enabled"], alice["mfa_active"], alice["access_key_1_active"], alice["access_key_2_active"]) == ("true", "true", "true", "false")
    assert alice["access_key_1_last_used_service"] == "sts" and alice["cert_1_active"] == "false"


def test_the_summary_counts(cloud):
    iam = cloud.client("iam", key="444444444444", secret="any")
    iam.create_user(UserName="alice")
    with_mfa(iam, "alice")
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["MFADevices"], summary["MFADevicesInUse"], summary["UsersQuota"]) == (1, 1, 1, 5000)
