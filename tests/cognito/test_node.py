"""Clients in JavaScript: amazon-cognito-identity-js and aws-amplify."""
from cognito_calls import PASSWORD

def test_amazon_cognito_identity_js(cloud, node, pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    to = f"js-{pool.id[-9:]}@example.com".lower()
    told = node(cloud, "identity.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD, to)
    assert told == {"refused": "NotAuthorizedException", "username": "jane", "email": to, "refreshed": True}


def test_aws_amplify(cloud, node, pool):
    pool.user("jane", email="jane@example.com")
    told = node(cloud, "amplify.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD)
    assert told == {"refused": "NotAuthorizedException", "step": "DONE", "username": "jane", "email": "jane@example.com", "token": "access"}


def test_factors_with_aws_amplify(cloud, node, pools):
    """Sign-up into a session, an authenticator, a choice, codes by mail as first factor, and set up on the way in."""
    settings = {"SoftwareTokenMfaConfiguration": {"Enabled": True}, "EmailMfaConfiguration": {}}
    pool = pools(AutoVerifiedAttributes=["email"], Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    pool.api.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="OPTIONAL", **settings)
    strict = pools()
    strict.api.set_user_pool_mfa_config(UserPoolId=strict.id, MfaConfiguration="ON", **settings)
    strict.user("john")
    to = f"amplify-{pool.id[-9:]}@example.com".lower()
    steps = node(cloud, "factors.mjs", cloud.url, pool.id, pool.client_id, PASSWORD, to, strict.id, strict.client_id, "john")
    assert steps == [
        "CONFIRM_SIGN_UP", "COMPLETE_AUTO_SIGN_IN", "DONE",
        "CONTINUE_SIGN_IN_WITH_MFA_SELECTION", "CONFIRM_SIGN_IN_WITH_TOTP_CODE", "DONE",
        "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION", "CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "DONE",
        "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION", "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP", "CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "DONE",
    ]


def test_devices_with_amazon_cognito_identity_js(cloud, node, pools):
    """The client is told that its device is not known any more, forgets the key and signs in without it."""
    pool = pools(DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True})
    pool.api.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    pool.user("jane")
    assert node(cloud, "devices.mjs", cloud.url, pool.id, pool.client_id, "jane", PASSWORD) == ["in", "in", "asked", "a new key"]
