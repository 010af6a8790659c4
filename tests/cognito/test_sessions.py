"""User sessions: listed, revoked, bounded in number; and how long a browser's session stands for a sign-in."""

import pytest
from cognito_calls import message
from pages import Browser, exchange, returned


def tracked(pool, most=20):
    return pool.api.set_user_pool_session_configuration(
        UserPoolId=pool.id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": most})


def test_listed_and_revoked(pool):
    assert pool.api.get_user_pool_session_configuration(UserPoolId=pool.id)["TokenSession"] == {"MaxPerUser": 20}
    pool.user("jane")
    mine, other = pool.tokens("jane"), pool.tokens("jane")
    with pytest.raises(pool.errors.OperationNotEnabledException):
        pool.open.list_user_sessions(AccessToken=mine["AccessToken"])
    assert tracked(pool)["UserSessionTracking"] == "ENABLED"
    listed = pool.open.list_user_sessions(AccessToken=mine["AccessToken"])["Sessions"]
    assert sorted(one["IsCurrentSession"] for one in listed) == [False, True]
    assert all(one["SessionType"] == "TOKEN" and one["ClientId"] == pool.client_id and len(one["SessionId"]) == 28 for one in listed)
    assert all(one["LastIPAddress"] == "127.0.0.1" for one in listed)
    current, another = sorted((one["SessionId"] for one in listed), key=lambda name: name not in [
        one["SessionId"] for one in listed if one["IsCurrentSession"]])
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.open.revoke_user_session(AccessToken=mine["AccessToken"], SessionId=current)
    pool.open.revoke_user_session(AccessToken=mine["AccessToken"], SessionId=another)
    with pytest.raises(pool.errors.NotAuthorizedException) as gone:
        pool.open.get_user(AccessToken=other["AccessToken"])
    assert message(gone) == "Access Token has been revoked"
    admin = {"UserPoolId": pool.id, "Username": "jane"}
    assert [one["SessionId"] for one in pool.api.admin_list_user_sessions(**admin)["Sessions"]] == [current]
    pool.api.admin_revoke_user_session(**admin, SessionId=current)
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.open.get_user(AccessToken=mine["AccessToken"])
    with pytest.raises(pool.errors.ResourceNotFoundException):
        pool.api.admin_revoke_user_session(**admin, SessionId=current)


def test_so_many_and_no_more(pool):
    """The session that was not used the longest makes place for the next one."""
    tracked(pool, most=2)
    pool.user("jane")
    first, second = pool.tokens("jane"), pool.tokens("jane")
    refresh = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": first["RefreshToken"]}}
    pool.open.initiate_auth(ClientId=pool.client_id, **refresh)
    third = pool.tokens("jane")
    assert pool.open.get_user(AccessToken=first["AccessToken"]) and pool.open.get_user(AccessToken=third["AccessToken"])
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.open.get_user(AccessToken=second["AccessToken"])


def test_pools_that_are_too_small(pools):
    with pytest.raises(pools().errors.FeatureUnavailableInTierException):
        tracked(pools(UserPoolTier="LITE"))


def test_a_browsers_session(hosted):
    pool = hosted()
    tracked(pool)
    browser = Browser(pool)
    code = returned(browser.sign_in(pool.query))["code"]
    tokens = exchange(browser, pool, code=code).json()
    sessions = {one["SessionType"]: one for one in pool.api.admin_list_user_sessions(UserPoolId=pool.id, Username="jane")["Sessions"]}
    assert sessions["TOKEN"]["OriginSessionId"] == sessions["SSO"]["SessionId"] and sessions["SSO"]["SessionId"].startswith("sso")
    ask = lambda: browser.get("oauth2/authorize", params=pool.query).headers["Location"]
    assert "code=" in ask()
    client = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    assert pool.api.get_user_pool_client_session_configuration(**client)["SSOSession"] == {"MaxValidityMinutes": 60}
    pool.api.set_user_pool_client_session_configuration(**client, SSOSession={"MaxValidityMinutes": 0})
    assert "/login?" in ask()
    pool.api.set_user_pool_client_session_configuration(**client, SSOSession={"MaxValidityMinutes": 60})
    assert "code=" in ask()
    pool.api.admin_revoke_user_session(UserPoolId=pool.id, Username="jane", SessionId=sessions["SSO"]["SessionId"], RevokeAssociatedSessions="LINKED")
    assert "/login?" in ask()
    told = browser.session.get(f"{browser.base}/oauth2/userInfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert told.status_code == 401


def test_what_a_user_can_sign_in_by(pool):
    pool.user("jane", email="jane@example.com", email_verified="true")
    factors = pool.api.admin_get_user_auth_factors(UserPoolId=pool.id, Username="jane")
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD", "EMAIL_OTP"] and factors["Username"] == "jane"
