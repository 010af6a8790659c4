"""Second factors and devices."""

import base64
import datetime
import hashlib
import hmac
import os

import pytest
from botocore.exceptions import ClientError
from cognito_calls import PASSWORD, attributes, message, secret_hash, totp
from pycognito.aws_srp import G_HEX, N_HEX, hash_sha256, hex_hash, hex_to_long, long_to_hex, pad_hex

N = hex_to_long(N_HEX)
K = hex_to_long(hex_hash("00" + N_HEX + "0" + G_HEX))
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}


def with_factors(pools, mode, **more):
    pool = pools(SmsConfiguration=SMS, **more)
    set_to = pool.api.set_user_pool_mfa_config(
        UserPoolId=pool.id, MfaConfiguration=mode, SoftwareTokenMfaConfiguration={"Enabled": True},
        SmsMfaConfiguration={"SmsConfiguration": SMS, "SmsAuthenticationMessage": "Your code: {####}"},
        EmailMfaConfiguration={"Message": "Mail code {####}", "Subject": "Code"})
    assert set_to["MfaConfiguration"] == mode
    assert pool.api.get_user_pool_mfa_config(UserPoolId=pool.id)["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    return pool


def associate(pool, name):
    token = pool.tokens(name)["AccessToken"]
    secret = pool.open.associate_software_token(AccessToken=token)["SecretCode"]
    with pytest.raises(pool.errors.EnableSoftwareTokenMFAException):
        pool.open.verify_software_token(AccessToken=token, UserCode="000000" if totp(secret) != "000000" else "111111")
    assert pool.open.verify_software_token(AccessToken=token, UserCode=totp(secret, -1))["Status"] == "SUCCESS"
    return token, secret


def test_authenticators(pools):
    pool = with_factors(pools, "OPTIONAL")
    pool.user("jane")
    token, secret = associate(pool, "jane")
    pool.open.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    user = pool.open.get_user(AccessToken=token)
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA" and user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool.open.get_user_auth_factors(AccessToken=token)["ConfiguredUserAuthFactors"] == ["PASSWORD"]
    challenged = pool.sign_in("jane")
    assert challenged["ChallengeName"] == "SOFTWARE_TOKEN_MFA" and "AuthenticationResult" not in challenged
    code = totp(secret)
    with pytest.raises(pool.errors.CodeMismatchException) as wrong:
        pool.respond("SOFTWARE_TOKEN_MFA", challenged, USERNAME="jane", SOFTWARE_TOKEN_MFA_CODE="000000" if code != "000000" else "111111")
    assert message(wrong) == "Invalid code received for user"
    assert pool.respond("SOFTWARE_TOKEN_MFA", challenged, USERNAME="jane", SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]
    with pytest.raises(pool.errors.ExpiredCodeException) as twice:
        pool.respond("SOFTWARE_TOKEN_MFA", pool.sign_in("jane"), USERNAME="jane", SOFTWARE_TOKEN_MFA_CODE=code)
    assert message(twice) == "Your software token has already been used once."
    pool.api.admin_delete_software_token(UserPoolId=pool.id, Username="jane")
    assert "AuthenticationResult" in pool.sign_in("jane")


def test_choice_text_messages_and_mail(pools):
    pool = with_factors(pools, "OPTIONAL")
    phone, mail = "+8190" + str(int.from_bytes(os.urandom(4)))[:8].zfill(8), f"mfa-{pool.id[-9:]}@example.com".lower()
    pool.user("jane", phone_number=phone, phone_number_verified="true", email=mail, email_verified="true")
    both = {"SMSMfaSettings": {"Enabled": True}, "EmailMfaSettings": {"Enabled": True}}
    pool.api.admin_set_user_mfa_preference(UserPoolId=pool.id, Username="jane", **both)
    choice = pool.sign_in("jane")
    assert choice["ChallengeName"] == "SELECT_MFA_TYPE"
    texted = pool.respond("SELECT_MFA_TYPE", choice, USERNAME="jane", ANSWER="SMS_MFA")
    assert texted["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "+" + "*" * (len(phone) - 5) + phone[-4:]
    assert pool.messages(phone)[-1]["text"].startswith("Your code: ")
    assert pool.respond("SMS_MFA", texted, USERNAME="jane", SMS_MFA_CODE=pool.code(phone))["AuthenticationResult"]
    pool.api.admin_set_user_mfa_preference(UserPoolId=pool.id, Username="jane", EmailMfaSettings={"Enabled": True, "PreferredMfa": True})
    mailed = pool.sign_in("jane")
    assert mailed["ChallengeName"] == "EMAIL_OTP" and pool.messages(mail)[-1]["subject"] == "Code"
    assert pool.respond("EMAIL_OTP", mailed, USERNAME="jane", EMAIL_OTP_CODE=pool.code(mail))["AuthenticationResult"]


def test_setting_up_codes_by_mail_on_the_way_in(pools):
    pool = with_factors(pools, "ON")
    pool.user("jane")
    mail = f"setup-{pool.id[-9:]}@example.com".lower()
    asked = pool.sign_in("jane")
    assert asked["ChallengeName"] == "MFA_SETUP" and "EMAIL_OTP" in asked["ChallengeParameters"]["MFAS_CAN_SETUP"]
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.respond("MFA_SETUP", asked, USERNAME="jane", EMAIL="no address")
    mailed = pool.respond("MFA_SETUP", asked, USERNAME="jane", EMAIL=mail)
    assert mailed["ChallengeName"] == "EMAIL_OTP"
    assert pool.respond("EMAIL_OTP", mailed, USERNAME="jane", EMAIL_OTP_CODE=pool.code(mail))["AuthenticationResult"]
    user = pool.api.admin_get_user(UserPoolId=pool.id, Username="jane")
    assert attributes(user["UserAttributes"])["email_verified"] == "true" and user["UserMFASettingList"] == ["EMAIL_OTP"]
    assert pool.sign_in("jane")["ChallengeName"] == "EMAIL_OTP"


def test_the_old_way_to_ask_for_text_messages(pools):
    pool = with_factors(pools, "OPTIONAL")
    pool.user("jane", phone_number="+81900000001")
    by_message = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    pool.open.set_user_settings(AccessToken=pool.tokens("jane")["AccessToken"], MFAOptions=by_message)
    assert pool.sign_in("jane")["ChallengeName"] == "SMS_MFA"
    pool.api.admin_set_user_settings(UserPoolId=pool.id, Username="jane", MFAOptions=[])
    assert pool.tokens("jane")
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.admin_set_user_settings(UserPoolId=pool.id, Username="jane", MFAOptions=[{"DeliveryMedium": "EMAIL", "AttributeName": "email"}])


def test_a_factor_must_be_set_up_first(pools):
    pool = with_factors(pools, "ON")
    pool.user("jane")
    asked = pool.sign_in("jane")
    assert asked["ChallengeName"] == "MFA_SETUP" and "SOFTWARE_TOKEN_MFA" in asked["ChallengeParameters"]["MFAS_CAN_SETUP"]
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.respond("MFA_SETUP", asked, USERNAME="jane")
    associated = pool.open.associate_software_token(Session=asked["Session"])
    verified = pool.open.verify_software_token(Session=associated["Session"], UserCode=totp(associated["SecretCode"]))
    assert pool.respond("MFA_SETUP", verified, USERNAME="jane")["AuthenticationResult"]["AccessToken"]
    assert pool.sign_in("jane")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def make_device(group, key):
    """What a client makes of a new device: its password, and salt and verifier to confirm it with."""
    password = base64.b64encode(os.urandom(40)).decode()
    inner = hash_sha256(f"{group}{key}:{password}".encode())
    salt = pad_hex(os.urandom(16).hex())
    verifier = pow(hex_to_long(G_HEX), hex_to_long(hex_hash(salt + inner)), N)
    encode = lambda digits: base64.b64encode(bytes.fromhex(pad_hex(digits))).decode()
    return password, {"Salt": encode(salt), "PasswordVerifier": encode(long_to_hex(verifier))}


def prove_device(pool, asked, group, key, password, proof=None, **more):
    """DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER."""
    client = pool.srp("jane")
    opened = pool.respond("DEVICE_SRP_AUTH", asked, USERNAME="jane", DEVICE_KEY=key, SRP_A=long_to_hex(client.large_a_value), **(proof or {}))
    assert opened["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
    given = opened["ChallengeParameters"]
    b_value, salt = hex_to_long(given["SRP_B"]), given["SALT"]
    u_value = hex_to_long(hex_hash(pad_hex(client.large_a_value) + pad_hex(b_value)))
    x_value = hex_to_long(hex_hash(pad_hex(salt) + hash_sha256(f"{group}{key}:{password}".encode())))
    base = b_value - K * pow(2, x_value, N)
    shared = pow(base, client.small_a_value + u_value * x_value, N)
    secret = hmac.new(hmac.new(bytes.fromhex(pad_hex(long_to_hex(u_value))), bytes.fromhex(pad_hex(shared)), hashlib.sha256).digest(),
                      b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]
    stamp = datetime.datetime.now(datetime.UTC).strftime("%a %b %-d %H:%M:%S UTC %Y")
    claim = group.encode() + key.encode() + base64.b64decode(given["SECRET_BLOCK"]) + stamp.encode()
    return pool.open.respond_to_auth_challenge(
        ClientId=pool.client_id, ChallengeName="DEVICE_PASSWORD_VERIFIER", **more,
        ChallengeResponses={**(proof or {}), "USERNAME": "jane", "DEVICE_KEY": key, "TIMESTAMP": stamp, "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
                            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.new(secret, claim, hashlib.sha256).digest()).decode()})


def test_where_a_user_is(pools):
    """What a program says of its user's address counts where it keeps a secret and is believed."""
    with pytest.raises(ClientError):
        pools(client={"EnablePropagateAdditionalUserContextData": True})
    pool = pools(DeviceConfiguration={"ChallengeRequiredOnNewDevice": False}, client={"GenerateSecret": True})
    pool.user("jane")
    proof = {"SECRET_HASH": secret_hash(pool.client, "jane")}
    tokens = pool.tokens("jane", parameters=proof)
    key, group = tokens["NewDeviceMetadata"]["DeviceKey"], tokens["NewDeviceMetadata"]["DeviceGroupKey"]
    password, config = make_device(group, key)
    pool.open.confirm_device(AccessToken=tokens["AccessToken"], DeviceKey=key, DeviceSecretVerifierConfig=config)

    def seen():
        asked = pool.sign_in("jane", parameters={"DEVICE_KEY": key, **proof})
        prove_device(pool, asked, group, key, password, proof, UserContextData={"IpAddress": "203.0.113.7"})
        device = pool.api.admin_get_device(UserPoolId=pool.id, Username="jane", DeviceKey=key)["Device"]
        return attributes(device["DeviceAttributes"])["last_ip_used"]

    assert seen() == "127.0.0.1"
    same = {name: pool.client[name] for name in ("ClientName", "ExplicitAuthFlows")}
    pool.api.update_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id, EnablePropagateAdditionalUserContextData=True, **same)
    assert seen() == "203.0.113.7"


def test_devices(pools):
    pool = with_factors(pools, "OPTIONAL", DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False})
    pool.user("jane")
    tokens = pool.tokens("jane")
    device = tokens["NewDeviceMetadata"]
    key, group, token = device["DeviceKey"], device["DeviceGroupKey"], tokens["AccessToken"]
    assert pool.verified(token)["device_key"] == key
    password, config = make_device(group, key)
    api = pool.open
    confirmed = api.confirm_device(AccessToken=token, DeviceKey=key, DeviceSecretVerifierConfig=config, DeviceName="laptop")
    assert confirmed["UserConfirmationNecessary"] is False
    assert api.get_device(AccessToken=token, DeviceKey=key)["Device"]["DeviceKey"] == key
    assert len(api.list_devices(AccessToken=token)["Devices"]) == 1
    _, secret = associate(pool, "jane")
    api.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    asked = pool.sign_in("jane", parameters={"DEVICE_KEY": key})
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    with pytest.raises(pool.errors.NotAuthorizedException):
        prove_device(pool, asked, group, key, "another password")
    asked = pool.sign_in("jane", parameters={"DEVICE_KEY": key})
    result = prove_device(pool, asked, group, key, password)["AuthenticationResult"]
    assert pool.verified(result["AccessToken"])["device_key"] == key and "NewDeviceMetadata" not in result
    api.update_device_status(AccessToken=token, DeviceKey=key, DeviceRememberedStatus="not_remembered")
    asked = pool.sign_in("jane", parameters={"DEVICE_KEY": key})
    assert prove_device(pool, asked, group, key, password)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    admin = {"UserPoolId": pool.id, "Username": "jane"}
    pool.api.admin_update_device_status(**admin, DeviceKey=key, DeviceRememberedStatus="remembered")
    assert pool.api.admin_get_device(**admin, DeviceKey=key)["Device"]["DeviceKey"] == key
    pool.api.admin_forget_device(**admin, DeviceKey=key)
    assert pool.api.admin_list_devices(**admin)["Devices"] == []
    with pytest.raises(pool.errors.ResourceNotFoundException):
        api.forget_device(AccessToken=token, DeviceKey=key)
    assert pool.sign_in("jane", parameters={"DEVICE_KEY": key})["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_device_that_is_not_known(pools):
    """amazon-cognito-identity-js then forgets the device's key and proves the password once more, by the same exchange."""
    pool = with_factors(pools, "OFF", DeviceConfiguration={"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False})
    pool.user("jane")
    exchange = pool.srp("jane")
    asked = pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=exchange.get_auth_params())
    answers = exchange.process_challenge(asked["ChallengeParameters"], exchange.get_auth_params())
    respond = lambda **more: pool.open.respond_to_auth_challenge(
        ClientId=pool.client_id, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses={**answers, **more})
    with pytest.raises(pool.errors.ResourceNotFoundException) as unknown:
        respond(DEVICE_KEY=f"{pool.id.split('_')[0]}_7c9e6679-7425-40de-944b-e07fc1f90ae7")
    assert message(unknown) == "Device does not exist."
    assert respond()["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"]
