"""Threat protection as far as it is real: what users did, addresses that are kept out, and lines of a log group."""

import json

import pytest
from clouds import eventually
from cognito_calls import PASSWORD, message


def audited(pools, mode="AUDIT", **more):
    return pools(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": mode}, AutoVerifiedAttributes=["email"], **more)


def events(pool, name="jane"):
    return pool.api.admin_list_user_auth_events(UserPoolId=pool.id, Username=name)["AuthEvents"]


def test_what_users_did(pools):
    pool = audited(pools)
    pool.user("jane")
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.sign_in("jane", "wrong")
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.srp("jane", "wrong").authenticate_user()
    token = pool.tokens("jane")["AccessToken"]
    pool.open.change_password(AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=PASSWORD + "2")
    found = events(pool)
    assert [(one["EventType"], one["EventResponse"]) for one in found] == [
        ("PasswordChange", "Pass"), ("SignIn", "Pass"), ("SignIn", "Fail"), ("SignIn", "Fail")]
    passed, failed = found[1], found[3]
    assert passed["EventId"] == pool.verified(token)["event_id"]
    assert passed["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]
    assert failed["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Failure"}]
    assert passed["EventContextData"]["IpAddress"] == "127.0.0.1" and "Boto3" in passed["EventContextData"]["DeviceName"]
    one = {"UserPoolId": pool.id, "Username": "jane"}
    pool.api.admin_update_auth_event_feedback(**one, EventId=failed["EventId"], FeedbackValue="Invalid")
    feedback = [one.get("EventFeedback", {}).get("FeedbackValue") for one in events(pool)]
    assert feedback == [None, None, None, "Invalid"]
    first = pool.api.admin_list_user_auth_events(**one, MaxResults=3)
    rest = pool.api.admin_list_user_auth_events(**one, MaxResults=3, NextToken=first["NextToken"])
    assert [len(first["AuthEvents"]), len(rest["AuthEvents"])] == [3, 1]
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.admin_update_auth_event_feedback(**one, EventId="nothing", FeedbackValue="Valid")


def test_what_users_did_is_told_for_two_years(own_cloud):
    cloud = own_cloud().wait_until_ready()
    api = cloud.client("cognito-idp")
    pool = api.create_user_pool(PoolName="p", UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"})["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = api.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=flows)["UserPoolClient"]["ClientId"]
    api.admin_create_user(UserPoolId=pool, Username="jane", MessageAction="SUPPRESS")
    api.admin_set_user_password(UserPoolId=pool, Username="jane", Password=PASSWORD, Permanent=True)

    def sign_in():
        parameters = {"USERNAME": "jane", "PASSWORD": PASSWORD}
        api.admin_initiate_auth(UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters)
        return [one["EventId"] for one in api.admin_list_user_auth_events(UserPoolId=pool, Username="jane")["AuthEvents"]]

    (first,) = sign_in()
    cloud.advance("400d")
    second, again = sign_in()
    assert again == first
    cloud.advance("331d")
    assert [one["EventId"] for one in api.admin_list_user_auth_events(UserPoolId=pool, Username="jane")["AuthEvents"]] == [second]
    assert sign_in()[1:] == [second]


def test_without_it(pools):
    pool = pools()
    pool.user("jane")
    with pytest.raises(pool.errors.UserPoolAddOnNotEnabledException):
        events(pool)
    with pytest.raises(pool.errors.FeatureUnavailableInTierException) as small:
        pools(UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"})
    assert message(small) == "The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection"


def test_addresses_that_are_kept_out(pools):
    pool = audited(pools, "ENFORCED")
    pool.user("jane")
    exceptions = lambda **ranges: pool.api.set_risk_configuration(UserPoolId=pool.id, RiskExceptionConfiguration=ranges)
    exceptions(BlockedIPRangeList=["127.0.0.0/8"])
    with pytest.raises(pool.errors.NotAuthorizedException) as kept_out:
        pool.sign_in("jane")
    assert message(kept_out) == "Unable to login because of security reasons."
    assert events(pool)[0]["EventRisk"]["RiskDecision"] == "Block"
    exceptions(BlockedIPRangeList=["127.0.0.0/8"], SkippedIPRangeList=["127.0.0.1/32"])
    assert pool.tokens("jane")
    kept = pool.api.describe_risk_configuration(UserPoolId=pool.id)["RiskConfiguration"]["RiskExceptionConfiguration"]
    assert kept == {"BlockedIPRangeList": ["127.0.0.0/8"], "SkippedIPRangeList": ["127.0.0.1/32"]}
    # A client's own exceptions stand in the pool's place.
    pool.api.set_risk_configuration(UserPoolId=pool.id, ClientId=pool.client_id, RiskExceptionConfiguration={"BlockedIPRangeList": ["127.0.0.1/32"]})
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.sign_in("jane")
    pool.api.set_risk_configuration(UserPoolId=pool.id, ClientId=pool.client_id)
    assert pool.tokens("jane")
    with pytest.raises(pool.errors.InvalidParameterException):
        exceptions(BlockedIPRangeList=["somewhere"])


def test_lines_of_a_log_group(cloud, pools, name):
    pool = audited(pools)
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=name)
    group = {"LogGroupArn": f"arn:aws:logs:ap-northeast-1:000000000000:log-group:{name}"}
    wanted = [{"LogLevel": "INFO", "EventSource": "userAuthEvents", "CloudWatchLogsConfiguration": group},
              {"LogLevel": "ERROR", "EventSource": "userNotification", "CloudWatchLogsConfiguration": group}]
    pool.api.set_log_delivery_configuration(UserPoolId=pool.id, LogConfigurations=wanted)
    assert pool.api.get_log_delivery_configuration(UserPoolId=pool.id)["LogDeliveryConfiguration"]["LogConfigurations"] == wanted
    pool.user("jane")
    pool.tokens("jane")
    lines = eventually(lambda: logs.filter_log_events(logGroupName=name)["events"])
    line = json.loads(lines[0]["message"])
    assert (line["eventSource"], line["logLevel"], line["logSourceId"]) == ("USER_ACTIVITY", "INFO", {"userPoolId": pool.id})
    assert (line["message"]["eventType"], line["message"]["userName"], line["message"]["clientId"]) == ("SignIn", "jane", pool.client_id)
    # A message that cannot go out leaves a line, too.
    pool.trigger("CustomMessage", "def handler(event, context):\n    raise Exception('No words')\n", UserPoolTier="PLUS",
                 UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"}, AutoVerifiedAttributes=["email"])
    with pytest.raises(pool.errors.UserLambdaValidationException):
        pool.open.sign_up(ClientId=pool.client_id, Username="john", Password=PASSWORD,
                          UserAttributes=[{"Name": "email", "Value": "john@example.com"}])
    found = [json.loads(line["message"]) for line in logs.filter_log_events(logGroupName=name)["events"]]
    assert "CustomMessage failed with error No words." in [one["message"].get("details") for one in found]
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.set_log_delivery_configuration(UserPoolId=pool.id, LogConfigurations=[{**wanted[0], "LogLevel": "ERROR"}])
