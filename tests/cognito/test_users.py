"""Users: signing up, codes by mail, forgotten passwords, attributes, lists."""

import re

import pytest
import requests
from clouds import eventually
from cognito_calls import PASSWORD, attributes, message


def test_sign_up_by_code(pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    api, errors = pool.open, pool.errors
    to = f"jane-{pool.id[-9:]}@example.com".lower()
    mine = [{"Name": "email", "Value": to}, {"Name": "name", "Value": "Jane"}]
    signed = api.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD, UserAttributes=mine)
    assert signed["UserConfirmed"] is False
    assert signed["CodeDeliveryDetails"] == {"Destination": "j***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    assert pool.messages(to)[0]["subject"] == "Your verification code"
    with pytest.raises(errors.UsernameExistsException) as taken:
        api.sign_up(ClientId=pool.client_id, Username="Jane", Password=PASSWORD, UserAttributes=mine)
    assert message(taken) == "User already exists"
    with pytest.raises(errors.UserNotConfirmedException) as early:
        pool.sign_in("jane")
    assert message(early) == "User is not confirmed."
    code = pool.code(to)
    with pytest.raises(errors.CodeMismatchException) as wrong:
        api.confirm_sign_up(ClientId=pool.client_id, Username="jane", ConfirmationCode="000000" if code != "000000" else "111111")
    assert message(wrong) == "Invalid verification code provided, please try again."
    again = api.resend_confirmation_code(ClientId=pool.client_id, Username="jane")["CodeDeliveryDetails"]
    assert again["AttributeName"] == "email" and len(pool.messages(to)) == 2
    api.confirm_sign_up(ClientId=pool.client_id, Username="jane", ConfirmationCode=pool.code(to))
    with pytest.raises(errors.NotAuthorizedException) as twice:
        api.confirm_sign_up(ClientId=pool.client_id, Username="jane", ConfirmationCode=code)
    assert message(twice) == "User cannot be confirmed. Current status is CONFIRMED"
    user = api.get_user(AccessToken=pool.tokens("jane")["AccessToken"])
    assert attributes(user["UserAttributes"]) == {"email": to, "email_verified": "true", "name": "Jane", "sub": signed["UserSub"]}
    api.delete_user(AccessToken=pool.tokens("jane")["AccessToken"])
    with pytest.raises(errors.UserNotFoundException) as gone:
        pool.sign_in("jane")
    assert message(gone) == "User does not exist."


def test_codes_expire_by_the_clouds_clock(own_cloud, name):
    from cognito_calls import Pool

    pool = Pool(own_cloud().wait_until_ready(), name, AutoVerifiedAttributes=["email"])
    mine = [{"Name": "email", "Value": "late@example.com"}]
    pool.open.sign_up(ClientId=pool.client_id, Username="late", Password=PASSWORD, UserAttributes=mine)
    pool.cloud.advance("25h")
    with pytest.raises(pool.errors.ExpiredCodeException) as late:
        pool.open.confirm_sign_up(ClientId=pool.client_id, Username="late", ConfirmationCode=pool.code("late@example.com"))
    assert message(late) == "Invalid code provided, please request a code again."
    pool.api.admin_confirm_sign_up(UserPoolId=pool.id, Username="late")
    tokens = pool.tokens("late")
    pool.cloud.advance("2h")
    with pytest.raises(pool.errors.NotAuthorizedException) as expired:
        pool.open.get_user(AccessToken=tokens["AccessToken"])
    assert message(expired) == "Access Token has expired"
    pool.cloud.advance("31d")
    with pytest.raises(pool.errors.NotAuthorizedException) as expired:
        pool.open.initiate_auth(ClientId=pool.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]})
    assert message(expired) == "Refresh Token has expired"


@pytest.mark.parametrize("password, objection", [
    ("short", "Password not long enough"),
    ("nouppercase1!", "Password must have uppercase characters"),
    ("NOLOWERCASE1!", "Password must have lowercase characters"),
    ("NoNumbers!", "Password must have numeric characters"),
    ("NoSymbols1", "Password must have symbol characters"),
])
def test_password_policy(pool, password, objection):
    with pytest.raises(pool.errors.InvalidPasswordException) as refused:
        pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=password)
    assert message(refused) == f"Password did not conform with policy: {objection}"


def test_forgotten_password(pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    to = f"forgetful-{pool.id[-9:]}@example.com".lower()
    pool.user("jane", email=to, email_verified="true")
    details = pool.open.forgot_password(ClientId=pool.client_id, Username="jane")["CodeDeliveryDetails"]
    assert details["Destination"] == "f***@e***"
    with pytest.raises(pool.errors.InvalidPasswordException):
        pool.open.confirm_forgot_password(ClientId=pool.client_id, Username="jane", ConfirmationCode=pool.code(to), Password="short")
    pool.open.confirm_forgot_password(ClientId=pool.client_id, Username="jane", ConfirmationCode=pool.code(to), Password="N3w-password")
    with pytest.raises(pool.errors.NotAuthorizedException) as old:
        pool.sign_in("jane")
    assert message(old) == "Incorrect username or password."
    token = pool.tokens("jane", "N3w-password")["AccessToken"]
    pool.open.change_password(AccessToken=token, PreviousPassword="N3w-password", ProposedPassword="An0ther-one")
    pool.tokens("jane", "An0ther-one")
    pool.api.admin_reset_user_password(UserPoolId=pool.id, Username="jane")
    with pytest.raises(pool.errors.PasswordResetRequiredException) as reset:
        pool.sign_in("jane", "An0ther-one")
    assert message(reset) == "Password reset required for the user"
    pool.user("nowhere")
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.open.forgot_password(ClientId=pool.client_id, Username="nowhere")
    assert message(refused) == "Cannot reset password for the user as there is no registered/verified email or phone_number"


def test_guessing_codes_is_limited(pools):
    pool = pools()
    to = f"guess-{pool.id[-9:]}@example.com".lower()
    pool.user("jane", email=to, email_verified="true")
    pool.open.forgot_password(ClientId=pool.client_id, Username="jane")
    code = pool.code(to)
    wrong = "123456" if code != "123456" else "654321"
    for _ in range(5):
        with pytest.raises(pool.errors.CodeMismatchException):
            pool.open.confirm_forgot_password(ClientId=pool.client_id, Username="jane", ConfirmationCode=wrong, Password=PASSWORD)
    with pytest.raises(pool.errors.LimitExceededException) as limited:
        pool.open.confirm_forgot_password(ClientId=pool.client_id, Username="jane", ConfirmationCode=code, Password=PASSWORD)
    assert message(limited) == "Attempt limit exceeded, please try after some time."


def test_invitations(pool):
    to = f"invited-{pool.id[-9:]}@example.com".lower()
    api = pool.api
    mine = [{"Name": "email", "Value": to}, {"Name": "email_verified", "Value": "true"}]
    made = api.admin_create_user(UserPoolId=pool.id, Username="guest", UserAttributes=mine, DesiredDeliveryMediums=["EMAIL"])["User"]
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD" and made["Enabled"]
    sent = pool.messages(to)[-1]
    temporary = re.fullmatch(r"Your username is guest and temporary password is (\S+)\.", sent["text"])[1]
    with pytest.raises(pool.errors.UsernameExistsException) as taken:
        api.admin_create_user(UserPoolId=pool.id, Username="guest")
    assert message(taken) == "User account already exists"
    challenged = pool.sign_in("guest", temporary)
    assert challenged["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    with pytest.raises(pool.errors.InvalidPasswordException):
        pool.respond("NEW_PASSWORD_REQUIRED", challenged, USERNAME="guest", NEW_PASSWORD="short")
    done = pool.respond("NEW_PASSWORD_REQUIRED", challenged, USERNAME="guest", NEW_PASSWORD=PASSWORD)
    assert pool.verified(done["AuthenticationResult"]["IdToken"])["cognito:username"] == "guest"
    with pytest.raises(pool.errors.NotAuthorizedException) as twice:
        pool.respond("NEW_PASSWORD_REQUIRED", challenged, USERNAME="guest", NEW_PASSWORD=PASSWORD)
    assert message(twice) == "Invalid session for the user, session can only be used once."
    with pytest.raises(pool.errors.UnsupportedUserStateException):
        api.admin_create_user(UserPoolId=pool.id, Username="guest", MessageAction="RESEND")


def test_what_administrators_do(pool):
    api = pool.api
    pool.user("jane", email="jane@example.com")
    tokens = pool.tokens("jane")
    api.admin_disable_user(UserPoolId=pool.id, Username="jane")
    with pytest.raises(pool.errors.NotAuthorizedException) as disabled:
        pool.sign_in("jane")
    assert message(disabled) == "User is disabled."
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.open.get_user(AccessToken=tokens["AccessToken"])
    api.admin_enable_user(UserPoolId=pool.id, Username="jane")
    pool.tokens("jane")
    new = [{"Name": "name", "Value": "Jane"}, {"Name": "email_verified", "Value": "true"}]
    api.admin_update_user_attributes(UserPoolId=pool.id, Username="jane", UserAttributes=new)
    api.admin_delete_user_attributes(UserPoolId=pool.id, Username="jane", UserAttributeNames=["name"])
    seen = api.admin_get_user(UserPoolId=pool.id, Username="jane")
    assert attributes(seen["UserAttributes"])["email_verified"] == "true" and "name" not in attributes(seen["UserAttributes"])
    assert seen["UserStatus"] == "CONFIRMED"
    tokens = pool.tokens("jane")
    api.admin_user_global_sign_out(UserPoolId=pool.id, Username="jane")
    with pytest.raises(pool.errors.NotAuthorizedException) as revoked:
        pool.open.get_user(AccessToken=tokens["AccessToken"])
    assert message(revoked) == "Access Token has been revoked"
    api.admin_delete_user(UserPoolId=pool.id, Username="jane")
    with pytest.raises(pool.errors.UserNotFoundException):
        api.admin_get_user(UserPoolId=pool.id, Username="jane")


def test_users_change_their_own_attributes(pools):
    first = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    pool = pools(AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=first)
    old, new = (f"{word}-{pool.id[-9:]}@example.com".lower() for word in ("old", "new"))
    pool.user("jane", email=old, email_verified="true")
    token = pool.tokens("jane")["AccessToken"]
    api = pool.open
    api.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email", "Value": new}, {"Name": "name", "Value": "J"}])
    mine = attributes(api.get_user(AccessToken=token)["UserAttributes"])
    assert mine["email"] == old and mine["email_verified"] == "true" and mine["name"] == "J"
    details = api.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")["CodeDeliveryDetails"]
    assert details["Destination"] == "n***@e***"
    api.verify_user_attribute(AccessToken=token, AttributeName="email", Code=pool.code(new))
    mine = attributes(api.get_user(AccessToken=token)["UserAttributes"])
    assert mine["email"] == new and mine["email_verified"] == "true"
    api.delete_user_attributes(AccessToken=token, UserAttributeNames=["name"])
    assert "name" not in attributes(api.get_user(AccessToken=token)["UserAttributes"])
    with pytest.raises(pool.errors.NotAuthorizedException) as refused:
        api.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email_verified", "Value": "true"}])
    assert message(refused) == "A client attempted to write unauthorized attribute"
    api.global_sign_out(AccessToken=token)
    with pytest.raises(pool.errors.NotAuthorizedException):
        api.get_user(AccessToken=token)


def test_names_and_aliases(pools):
    by_mail = pools(UsernameAttributes=["email"])
    made = by_mail.user("Jane@example.com")
    assert made == attributes(by_mail.api.admin_get_user(UserPoolId=by_mail.id, Username="jane@example.com")["UserAttributes"])["sub"]
    by_mail.tokens("jane@EXAMPLE.com")
    with pytest.raises(by_mail.errors.InvalidParameterException) as refused:
        by_mail.open.sign_up(ClientId=by_mail.client_id, Username="jane", Password=PASSWORD)
    assert message(refused) == "Username should be an email."
    with pytest.raises(by_mail.errors.UsernameExistsException) as taken:
        by_mail.open.sign_up(ClientId=by_mail.client_id, Username="jane@example.com", Password=PASSWORD)
    assert message(taken) == "An account with the given email already exists."

    aliased = pools(AliasAttributes=["email"])
    aliased.user("jane", email="jane@example.com", email_verified="true")
    aliased.user("john", email="jane@example.com")
    assert aliased.verified(aliased.tokens("jane@example.com")["AccessToken"])["username"] == "jane"
    with pytest.raises(aliased.errors.AliasExistsException):
        aliased.api.admin_update_user_attributes(UserPoolId=aliased.id, Username="john",
                                                 UserAttributes=[{"Name": "email_verified", "Value": "true"}])
    with pytest.raises(aliased.errors.InvalidParameterException) as refused:
        aliased.user("me@example.com")
    assert message(refused) == "Username cannot be of email format, since user pool is configured for email alias."


def test_lists_and_filters(pool):
    for number in range(5):
        pool.user(f"user-{number}", email=f"user{number}@example.com", name="Odd" if number % 2 else "Even")
    api = pool.api
    names = lambda **more: [one["Username"] for one in api.list_users(UserPoolId=pool.id, **more)["Users"]]
    assert names(Filter='email = "user3@example.com"') == ["user-3"]
    assert names(Filter='username ^= "user-"') == [f"user-{number}" for number in range(5)]
    assert names(Filter='name = "Odd"') == ["user-1", "user-3"]
    assert names(Filter='status = "Enabled"', Limit=2) == ["user-0", "user-1"]
    pages = api.get_paginator("list_users").paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 2})
    assert [one["Username"] for page in pages for one in page["Users"]] == [f"user-{number}" for number in range(5)]
    only = api.list_users(UserPoolId=pool.id, AttributesToGet=["email"], Limit=1)["Users"][0]["Attributes"]
    assert only == [{"Name": "email", "Value": "user0@example.com"}]
    with pytest.raises(pool.errors.InvalidParameterException):
        names(Filter='custom:x = "1"')


def test_required_attributes(pools):
    pool = pools(Schema=[{"Name": "email", "Required": True}])
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD)
    assert message(refused).strip() == "Attributes did not conform to the schema: email: The attribute is required"
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.open.sign_up(ClientId=pool.client_id, Username="jane", Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": "x"}])
    assert message(refused) == "Invalid email address format."


def test_importing_users(pools):
    pool = pools(AutoVerifiedAttributes=["email"])
    api = pool.api
    header = api.get_csv_header(UserPoolId=pool.id)["CSVHeader"]
    assert header[0] == "name" and header[-2:] == ["cognito:mfa_enabled", "cognito:username"]
    pool.user("old")

    def line(**fields):
        return ",".join(f'"{fields.get(column.replace(":", "_"), "")}"' for column in header)

    to = f"imported-{pool.id[-9:]}@example.com".lower()
    good = {"email_verified": "TRUE", "cognito_mfa_enabled": "FALSE"}
    rows = [
        line(cognito_username="new", email=to, name="山田, 太郎", **good),
        line(cognito_username="old", email="old@example.com", **good),
        line(cognito_username="unproved", email="x@example.com"),
    ]
    role = "arn:aws:iam::000000000000:role/import"
    job = api.create_user_import_job(UserPoolId=pool.id, JobName="first", CloudWatchLogsRoleArn=role)["UserImportJob"]
    one = {"UserPoolId": pool.id, "JobId": job["JobId"]}
    with pytest.raises(pool.errors.PreconditionNotMetException):
        api.start_user_import_job(**one)
    text = "\r\n".join([",".join(header), *rows]).encode()
    assert requests.put(job["PreSignedUrl"][:-1] + "x", data=text).status_code == 403
    assert requests.put(job["PreSignedUrl"], data=text).status_code == 200
    assert api.start_user_import_job(**one)["UserImportJob"]["Status"] == "Pending"
    done = eventually(lambda: (job := api.describe_user_import_job(**one)["UserImportJob"])["Status"] == "Succeeded" and job)
    assert (done["ImportedUsers"], done["SkippedUsers"], done["FailedUsers"]) == (1, 1, 1)
    user = api.admin_get_user(UserPoolId=pool.id, Username="new")
    assert user["UserStatus"] == "RESET_REQUIRED" and attributes(user["UserAttributes"])["name"] == "山田, 太郎"
    pool.open.forgot_password(ClientId=pool.client_id, Username="new")
    pool.open.confirm_forgot_password(ClientId=pool.client_id, Username="new", ConfirmationCode=pool.code(to), Password=PASSWORD)
    pool.tokens("new")
    other = api.create_user_import_job(UserPoolId=pool.id, JobName="second", CloudWatchLogsRoleArn=role)["UserImportJob"]
    assert api.stop_user_import_job(UserPoolId=pool.id, JobId=other["JobId"])["UserImportJob"]["Status"] == "Stopped"
    assert len(api.list_user_import_jobs(UserPoolId=pool.id, MaxResults=10)["UserImportJobs"]) == 2
