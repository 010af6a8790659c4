"""Lambda triggers: what the functions are told and what their answers change."""

import json
import time

import pytest
import requests
from cognito_calls import PASSWORD, attributes, message

TELL = """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    {}
    return event
"""


def told(functions, name):
    """The events that a function was called with."""
    for _ in range(50):
        found = [json.loads(line.split("EVENT ", 1)[1]) for line in functions.messages(name) if "EVENT " in line]
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("the function was not called")


def test_signing_up(pools):
    pool = pools()
    functions, name = pool.trigger("PreSignUp", TELL.format("""
    if event["request"]["validationData"].get("stop"):
        raise Exception("Not today")
    event["response"].update(autoConfirmUser=True, autoVerifyEmail=True)"""))
    _, after = pool.trigger("PostConfirmation", TELL.format("pass"))
    sign_up = lambda **more: pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD,
                                               UserAttributes=[{"Name": "email", "Value": "jane@example.com"}], **more)
    with pytest.raises(pool.errors.UserLambdaValidationException) as refused:
        sign_up(ValidationData=[{"Name": "stop", "Value": "yes"}])
    assert message(refused) == "PreSignUp failed with error Not today."
    assert sign_up(ClientMetadata={"from": "test"})["UserConfirmed"] is True
    event = told(functions, name)[-1]
    assert event["version"] == "1" and event["triggerSource"] == "PreSignUp_SignUp" and event["userPoolId"] == pool.id
    assert event["callerContext"]["clientId"] == pool.client_id and event["request"]["clientMetadata"] == {"from": "test"}
    assert told(functions, after)[-1]["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert attributes(pool.api.admin_get_user(UserPoolId=pool.id, Username="jane")["UserAttributes"])["email_verified"] == "true"


def test_a_function_that_does_not_let_the_pool_call(pools):
    pool = pools()
    functions, name = pool.trigger("PreAuthentication", TELL.format("pass"))
    pool.user("jane")
    pool.tokens("jane")
    functions.client.remove_permission(FunctionName=name, StatementId="pool")
    with pytest.raises(pool.errors.UnexpectedLambdaException) as refused:
        pool.sign_in("jane")
    assert message(refused) == "PreAuthentication invocation failed due to error AccessDeniedException."


def test_a_function_that_takes_too_long_is_asked_again(pools, name):
    """The first call sleeps past the five seconds; it has left a mark, so that the second does not."""
    pool = pools()
    pool.trigger("PreSignUp", TELL.format("""
    import boto3, os, time
    store = boto3.client("ssm")
    try:
        store.put_parameter(Name="/MARK", Value="1", Type="String")
        time.sleep(8)
    except store.exceptions.ParameterAlreadyExists:
        event["response"]["autoConfirmUser"] = True""".replace("MARK", name)))
    began = time.monotonic()
    assert pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD)["UserConfirmed"] is True
    assert 5 <= time.monotonic() - began < 15


def test_signing_in_and_tokens(pools):
    pool = pools()
    functions, before = pool.trigger("PreAuthentication", TELL.format("pass"))
    _, after = pool.trigger("PostAuthentication", TELL.format("pass"))
    _, tokens = pool.trigger("PreTokenGeneration", TELL.format("""
    event["response"]["claimsOverrideDetails"] = {
        "claimsToAddOrOverride": {"team": "blue", "sub": "forged"}, "claimsToSuppress": ["email"],
        "groupOverrideDetails": {"groupsToOverride": ["a", "b"]}}"""))
    pool.user("jane", email="jane@example.com")
    claims = pool.verified(pool.tokens("jane")["IdToken"])
    assert claims["team"] == "blue" and "email" not in claims and claims["cognito:groups"] == ["a", "b"] and claims["sub"] != "forged"
    assert told(functions, before)[-1]["triggerSource"] == "PreAuthentication_Authentication"
    assert told(functions, after)[-1]["request"]["newDeviceUsed"] is False
    event = told(functions, tokens)[-1]
    assert event["triggerSource"] == "TokenGeneration_Authentication" and event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"


def test_access_tokens_with_version_2(pools):
    pool = pools()
    _, name = pool.trigger("PreTokenGeneration", TELL.format("""
    assert event["version"] == "2"
    event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": {
        "claimsToAddOrOverride": {"level": 7}, "scopesToAdd": ["api/read"], "scopesToSuppress": []}}"""))
    arn = pool.api.describe_user_pool(UserPoolId=pool.id)["UserPool"]["LambdaConfig"]["PreTokenGeneration"]
    pool.api.update_user_pool(UserPoolId=pool.id, LambdaConfig={"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn}})
    pool.user("jane")
    claims = pool.verified(pool.tokens("jane")["AccessToken"])
    assert claims["level"] == 7 and claims["scope"] == "aws.cognito.signin.user.admin api/read"


def test_tokens_of_programs_with_version_3(pools):
    """What a program says at the token endpoint comes to the function."""
    pool = pools()
    _, name = pool.trigger("PreTokenGeneration", TELL.format("""
    assert event["version"] == "3" and event["triggerSource"] == "TokenGeneration_ClientCredentials"
    event["response"]["claimsAndScopeOverrideDetails"] = {"accessTokenGeneration": {
        "claimsToAddOrOverride": {"stage": event["request"]["clientMetadata"]["stage"], "client_id": "another"}}}"""))
    arn = pool.api.describe_user_pool(UserPoolId=pool.id)["UserPool"]["LambdaConfig"]["PreTokenGeneration"]
    pool.api.update_user_pool(UserPoolId=pool.id, LambdaConfig={"PreTokenGenerationConfig": {"LambdaVersion": "V3_0", "LambdaArn": arn}})
    pool.api.create_resource_server(UserPoolId=pool.id, Identifier="api", Name="API", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}])
    program = pool.add_client(GenerateSecret=True, AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["api/read"])
    ask = lambda metadata: requests.post(
        f"{pool.cloud.url}/{pool.id}/oauth2/token", auth=(program["ClientId"], program["ClientSecret"]),
        data={"grant_type": "client_credentials", "aws_client_metadata": metadata})
    claims = pool.verified(ask('{"stage": "dev"}').json()["access_token"])
    assert claims["stage"] == "dev" and claims["client_id"] == program["ClientId"]
    assert ask("nonsense").json() == {"error": "invalid_request"}


def test_words_of_messages(pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    pool.trigger("CustomMessage", TELL.format("""
    event["response"]["emailSubject"] = "Hello " + event["userName"]
    event["response"]["emailMessage"] = "Use " + event["request"]["codeParameter"] + "!" """), AutoVerifiedAttributes=["email"])
    to = f"words-{pool.id[-9:]}@example.com".lower()
    pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": to}])
    sent = pool.messages(to)[-1]
    assert sent["subject"] == "Hello jane" and sent["text"] == f"Use {pool.code(to)}!"


def test_challenges_of_its_own(pools):
    pool = pools()
    pool.trigger("DefineAuthChallenge", TELL.format("""
    rounds = event["request"]["session"]
    if rounds and rounds[-1]["challengeResult"]:
        event["response"].update(issueTokens=True, failAuthentication=False)
    elif len(rounds) >= 2:
        event["response"].update(issueTokens=False, failAuthentication=True)
    else:
        event["response"].update(issueTokens=False, failAuthentication=False, challengeName="CUSTOM_CHALLENGE")"""))
    pool.trigger("CreateAuthChallenge", TELL.format("""
    event["response"].update(publicChallengeParameters={"question": "6 x 7"}, privateChallengeParameters={"answer": "42"}, challengeMetadata="SUM")"""))
    pool.trigger("VerifyAuthChallengeResponse", TELL.format("""
    event["response"]["answerCorrect"] = event["request"]["challengeAnswer"] == event["request"]["privateChallengeParameters"]["answer"]"""))
    pool.user("jane")
    begin = lambda: pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "jane"})
    asked = begin()
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE" and asked["ChallengeParameters"]["question"] == "6 x 7"
    again = pool.respond("CUSTOM_CHALLENGE", asked, USERNAME="jane", ANSWER="41")
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    done = pool.respond("CUSTOM_CHALLENGE", again, USERNAME="jane", ANSWER="42")
    assert pool.verified(done["AuthenticationResult"]["AccessToken"])["username"] == "jane"
    wrong = pool.respond("CUSTOM_CHALLENGE", begin(), USERNAME="jane", ANSWER="1")
    with pytest.raises(pool.errors.NotAuthorizedException) as failed:
        pool.respond("CUSTOM_CHALLENGE", wrong, USERNAME="jane", ANSWER="2")
    assert message(failed) == "Incorrect username or password."


def test_users_move_in(pools):
    pool = pools()
    pool.trigger("UserMigration", TELL.format("""
    if event["request"]["password"] != "0ld-password":
        raise Exception("Bad password")
    event["response"].update(userAttributes={"email": "moved@example.com", "email_verified": "true"}, finalUserStatus="CONFIRMED", messageAction="SUPPRESS")"""))
    with pytest.raises(pool.errors.UserNotFoundException) as failed:
        pool.sign_in("mover", "another")
    assert message(failed) == f"Exception migrating user in app client {pool.client_id}"
    hiding = pool.add_client(PreventUserExistenceErrors="ENABLED")["ClientId"]
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.open.initiate_auth(ClientId=hiding, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "mover", "PASSWORD": "another"})
    assert pool.verified(pool.tokens("mover", "0ld-password")["IdToken"])["email"] == "moved@example.com"
    assert pool.srp("mover", "0ld-password").authenticate_user()["AuthenticationResult"]
