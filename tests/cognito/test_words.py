"""Errors in Cognito's own words: programs compare them, and people translate them."""

import uuid

import pytest
from botocore.exceptions import ClientError
from cognito_calls import PASSWORD, message

NOBODY = "Username/client id combination not found."


def refused_by(call, code, words, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert (refused.value.response["Error"]["Code"], message(refused)) == (code, words)


def test_nobody_of_that_name(pool):
    calls = {
        pool.open.forgot_password: {},
        pool.open.resend_confirmation_code: {},
        pool.open.confirm_sign_up: {"ConfirmationCode": "123456"},
        pool.open.confirm_forgot_password: {"ConfirmationCode": "123456", "Password": PASSWORD},
    }
    for call, more in calls.items():
        refused_by(call, "UserNotFoundException", NOBODY, ClientId=pool.client_id, Username="nobody", **more)


def test_flows_that_are_not_enabled(pools):
    pool = pools(client={"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]})
    words = {
        "USER_SRP_AUTH": "USER_SRP_AUTH is not enabled for the client.",
        "CUSTOM_AUTH": "CUSTOM_AUTH is not enabled for the client.",
        "USER_PASSWORD_AUTH": "USER_PASSWORD_AUTH flow not enabled for this client",
        "USER_AUTH": "USER_AUTH flow not enabled for this client",
    }
    for flow, text in words.items():
        parameters = {"USERNAME": "jane", "PASSWORD": PASSWORD, "SRP_A": "ab"}
        refused_by(pool.open.initiate_auth, "InvalidParameterException", text, ClientId=pool.client_id, AuthFlow=flow, AuthParameters=parameters)
    refused_by(pool.api.admin_initiate_auth, "InvalidParameterException", words["USER_SRP_AUTH"], UserPoolId=pool.id, ClientId=pool.client_id,
               AuthFlow="USER_SRP_AUTH", AuthParameters={"USERNAME": "jane", "SRP_A": "ab"})


def test_challenges_without_functions(pool):
    pool.user("jane")
    refused_by(pool.open.initiate_auth, "InvalidParameterException", "Custom auth lambda trigger is not configured for the user pool.",
               ClientId=pool.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "jane"})


def test_attributes_that_are_not_there(pool):
    pool.user("jane")
    one = {"UserPoolId": pool.id, "Username": "jane"}
    unknown = [{"Name": "custom:x", "Value": "1"}]
    words = "user.custom:x: Attribute does not exist in the schema.\n"
    refused_by(pool.api.admin_update_user_attributes, "InvalidParameterException", words, **one, UserAttributes=unknown)
    refused_by(pool.api.admin_delete_user_attributes, "InvalidParameterException", words, **one, UserAttributeNames=["custom:x"])
    refused_by(pool.open.update_user_attributes, "InvalidParameterException", words,
               AccessToken=pool.tokens("jane")["AccessToken"], UserAttributes=unknown)
    listing = {"UserPoolId": pool.id}
    refused_by(pool.api.list_users, "InvalidParameterException", "One or more requested attributes do not exist.",
               **listing, AttributesToGet=["nope"])
    refused_by(pool.api.list_users, "InvalidParameterException", "Invalid search attribute: custom:x", **listing, Filter='custom:x = "1"')


def test_passwords_that_take_anothers_place(pool):
    pool.user("jane")
    words = "Password does not conform to policy: Password not long enough"
    refused_by(pool.api.admin_set_user_password, "InvalidPasswordException", words, UserPoolId=pool.id, Username="jane", Password="short1")
    refused_by(pool.open.change_password, "InvalidPasswordException", words, AccessToken=pool.tokens("jane")["AccessToken"],
               PreviousPassword=PASSWORD, ProposedPassword="short1")


def test_what_was_given_stays(pools):
    required = [{"Name": name, "AttributeDataType": "String", "Required": True} for name in ("given_name", "family_name")]
    pool = pools(Schema=required)
    pool.api.admin_create_user(UserPoolId=pool.id, Username="jane", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS",
                               UserAttributes=[{"Name": "given_name", "Value": "Jane"}])
    answers = {"USERNAME": "jane", "NEW_PASSWORD": PASSWORD + "2", "userAttributes.family_name": "Doe"}
    respond = lambda **more: pool.respond("NEW_PASSWORD_REQUIRED", pool.sign_in("jane"), **answers, **more)
    refused_by(respond, "NotAuthorizedException", "Cannot modify an already provided given_name", **{"userAttributes.given_name": "Janet"})
    assert respond()["AuthenticationResult"]


@pytest.mark.parametrize("settings, typed", [
    ({"UsernameAttributes": ["email"]}, "{}@example.com"),
    ({"AliasAttributes": ["email"]}, "{}@example.com"),
    ({"UsernameAttributes": ["phone_number"]}, "+12065550{}"),
])
def test_made_up_names_of_hidden_users(pools, settings, typed):
    """Who signs in by an address hears a name that is none, whether there is such a user or not."""
    pool = pools(client={"PreventUserExistenceErrors": "ENABLED"}, **settings)
    name = typed.format("199")

    def begin(flow="USER_SRP_AUTH", **more):
        return pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow=flow, AuthParameters={"USERNAME": name, **more})

    exchange = pool.srp(name)
    told = begin(**exchange.get_auth_params())["ChallengeParameters"]
    assert uuid.UUID(told["USERNAME"]) == uuid.UUID(told["USER_ID_FOR_SRP"])
    assert told["USERNAME"] == begin(**exchange.get_auth_params())["ChallengeParameters"]["USERNAME"]
    assert begin("USER_AUTH")["ChallengeParameters"]["USERNAME"] == told["USERNAME"]
    refused_by(pool.srp(name).authenticate_user, "NotAuthorizedException", "Incorrect username or password.")


def test_codes_and_invitations_that_cannot_go_again(pool):
    pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD)
    refused_by(pool.open.resend_confirmation_code, "NotAuthorizedException", "Cannot resend codes. Auto verification not turned on.",
               ClientId=pool.client_id, Username="jane")
    refused_by(pool.api.admin_create_user, "UnsupportedUserStateException", "Resend not possible. jane status is not FORCE_CHANGE_PASSWORD",
               UserPoolId=pool.id, Username="jane", MessageAction="RESEND")


def test_codes_that_go_nowhere_look_like_others(pools):
    pool = pools(client={"PreventUserExistenceErrors": "ENABLED"}, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    pool.user("jane", email="jane@example.com", email_verified="true")
    begin = lambda name: pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="USER_AUTH", AuthParameters={
        "USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"})
    somebody, nobody = begin("jane"), begin("nobody")
    assert somebody["ChallengeParameters"].keys() == nobody["ChallengeParameters"].keys() and somebody.keys() == nobody.keys()
    refused_by(pool.respond, "CodeMismatchException", "Invalid code or auth state for the user.",
               name="EMAIL_OTP", answer=nobody, USERNAME="nobody", EMAIL_OTP_CODE="123456")


def test_recovering_what_cannot_be_recovered(pools):
    """Source: "Managing user existence error responses"."""
    pool = pools(client={"PreventUserExistenceErrors": "ENABLED"}, AutoVerifiedAttributes=["phone_number"])
    pool.user("plain")
    pool.user("gone", email="gone@example.com", email_verified="true")
    pool.api.admin_disable_user(UserPoolId=pool.id, Username="gone")
    forget = lambda name: pool.open.forgot_password(ClientId=pool.client_id, Username=name)["CodeDeliveryDetails"]
    for name in ("plain", "gone", "nobody"):
        assert forget(name) == forget(name) and forget(name)["DeliveryMedium"] == "SMS"
    assert forget("x@example.com") == {"Destination": "x***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    assert forget("+12065550177")["Destination"] == "+*******0177"
    assert pool.messages("gone@example.com") == []
    for name in ("gone", "nobody"):
        refused_by(pool.open.confirm_forgot_password, "CodeMismatchException", "Invalid verification code provided, please try again.",
                   ClientId=pool.client_id, Username=name, ConfirmationCode="123456", Password=PASSWORD)
    refused_by(pool.open.confirm_forgot_password, "ExpiredCodeException", "Invalid code provided, please request a code again.",
               ClientId=pool.client_id, Username="plain", ConfirmationCode="123456", Password=PASSWORD)
