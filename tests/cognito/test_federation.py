"""Users whom another provider vouches for: signed in by it, linked to it, and what functions make of it."""

import json
import time
import urllib.parse

import pytest
import requests
from cognito_calls import PASSWORD, message
from pages import CALLBACK, Browser, exchange, returned


@pytest.fixture
def two(hosted):
    return pair(hosted)


def pair(hosted, **settings):
    """A pool that is the provider of another one."""
    there, here = hosted(), hosted(**settings)
    for who in (there, here):
        who.pages = f"{who.cloud.url}/{who.id}"
    there.api.update_user_pool_client(UserPoolId=there.id, ClientId=there.client_id, AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
                                      AllowedOAuthScopes=["openid", "email", "profile"], CallbackURLs=[f"{here.pages}/oauth2/idpresponse"])
    details = {"client_id": there.client_id, "client_secret": "", "oidc_issuer": f"https://cognito-idp.ap-northeast-1.amazonaws.com/{there.id}",
               "authorize_scopes": "openid email profile", "attributes_request_method": "GET", "authorize_url": f"{there.pages}/oauth2/authorize",
               "token_url": f"{there.pages}/oauth2/token", "jwks_uri": f"{there.pages}/.well-known/jwks.json",
               "attributes_url": f"{there.pages}/oauth2/userInfo"}
    here.api.create_identity_provider(UserPoolId=here.id, ProviderName="There", ProviderType="OIDC", ProviderDetails=details,
                                      AttributeMapping={"email": "email", "nickname": "name"})
    here.api.update_user_pool_client(UserPoolId=here.id, ClientId=here.client_id, AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
                                     AllowedOAuthScopes=["openid", "email", "profile"], CallbackURLs=[CALLBACK], SupportedIdentityProviders=["COGNITO", "There"])
    return there, here


def came_home(browser, there, here):
    """Signs jane in there: where the provider sends the browser, and where it lands."""
    away = browser.get("oauth2/authorize?" + urllib.parse.urlencode({**here.query, "scope": "openid profile", "identity_provider": "There"}))
    assert away.headers["Location"].startswith(f"{there.pages}/oauth2/authorize?")
    answer = browser.session.get(away.headers["Location"])
    # Who is signed in there already goes straight back.
    back = browser.submit(answer, username="jane", password=PASSWORD) if answer.url.startswith(there.pages) else answer
    return back, browser.session.get(back.headers["Location"], allow_redirects=False)


def claims_of(browser, here, arrived):
    tokens = exchange(browser, here, code=returned(arrived)["code"]).json()
    return here.verified(tokens["id_token"], audience=here.client_id)


def test_signing_in_by_another_provider(two):
    """The browser goes there and comes back."""
    there, here = two
    browser = Browser(here)
    assert "Continue with There" in browser.get("login?" + urllib.parse.urlencode(here.query)).text
    back, arrived = came_home(browser, there, here)
    claims = claims_of(browser, here, arrived)
    assert claims["cognito:username"].startswith("There_") and claims["nickname"] == "Jane" and claims["email"] == "jane@example.com"
    assert claims["identities"][0]["providerName"] == "There" and claims["cognito:groups"] == [f"{here.id}_There"]
    user = here.api.admin_get_user(UserPoolId=here.id, Username=claims["cognito:username"])
    assert user["UserStatus"] == "EXTERNAL_PROVIDER"
    replayed = browser.session.get(back.headers["Location"], allow_redirects=False)
    assert replayed.status_code == 400
    here.api.update_user_pool_client(UserPoolId=here.id, ClientId=here.client_id, AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
                                     AllowedOAuthScopes=["openid"], CallbackURLs=[CALLBACK], SupportedIdentityProviders=["There"])
    straight = Browser(here).get("login?" + urllib.parse.urlencode({**here.query, "scope": "openid"}))
    assert straight.headers["Location"].startswith(there.pages)
    allowed = requests.options(f"{here.pages}/oauth2/userInfo", headers={"Origin": "https://app.example"})
    assert "authorization" in allowed.headers["Access-Control-Allow-Headers"]


def test_linked_by_an_attribute(two):
    """A local user whom the provider knows by the mail address."""
    there, here = two
    source = {"ProviderName": "There", "ProviderAttributeName": "email", "ProviderAttributeValue": "jane@example.com"}
    link = lambda source: here.api.admin_link_provider_for_user(
        UserPoolId=here.id, SourceUser=source, DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "jane"})
    with pytest.raises(here.errors.InvalidParameterException):
        link({**source, "ProviderAttributeName": "phone_number"})
    link(source)
    with pytest.raises(here.errors.InvalidParameterException) as refused:
        link(source)
    assert message(refused).startswith("Merging is not currently supported")
    browser = Browser(here)
    claims = claims_of(browser, here, came_home(browser, there, here)[1])
    assert claims["cognito:username"] == "jane" and claims["nickname"] == "Jane" and claims["identities"][0]["providerName"] == "There"
    here.api.admin_disable_user(UserPoolId=here.id, Username="jane")
    assert "not enabled" in returned(came_home(Browser(here), there, here)[1])["error_description"]
    here.api.admin_enable_user(UserPoolId=here.id, Username="jane")
    here.api.admin_disable_provider_for_user(UserPoolId=here.id, User=source)
    browser = Browser(here)
    assert claims_of(browser, here, came_home(browser, there, here)[1])["cognito:username"].startswith("There_")


def test_what_the_schema_asks_of_strangers(hosted):
    """Required attributes must come from the provider; what cannot be changed must not come twice."""
    there, here = pair(hosted, schema=[
        {"Name": "family_name", "AttributeDataType": "String", "Required": True}, {"Name": "fixed", "AttributeDataType": "String", "Mutable": False}])
    refused = lambda: returned(came_home(Browser(here), there, here)[1])["error_description"]
    assert refused() == "attributes required: [family_name]"
    mapping = lambda **more: here.api.update_identity_provider(
        UserPoolId=here.id, ProviderName="There", AttributeMapping={"email": "email", "family_name": "name", **more})
    mapping(**{"custom:fixed": "email"})
    browser = Browser(here)
    assert claims_of(browser, here, came_home(browser, there, here)[1])["family_name"] == "Jane"
    mapping(**{"custom:fixed": "name"})
    assert refused() == "user.custom:fixed: Attribute cannot be updated."


def test_google(hosted):
    """The browser is sent to Google, for the client that Google knows; what comes after is OpenID Connect."""
    pool = hosted()
    details = {"client_id": "1234.apps.googleusercontent.com", "client_secret": "s", "authorize_scopes": "email profile openid"}
    make = lambda **more: pool.api.create_identity_provider(**{
        "UserPoolId": pool.id, "ProviderName": "Google", "ProviderType": "Google", "ProviderDetails": details, "AttributeMapping": {"email": "email"}, **more})
    for wrong in ({"ProviderName": "Other"}, {"ProviderDetails": {"client_id": "x"}}):
        with pytest.raises(pool.errors.InvalidParameterException):
            make(**wrong)
    made = make()["IdentityProvider"]
    assert made["ProviderDetails"]["oidc_issuer"] == "https://accounts.google.com" and made["AttributeMapping"]["username"] == "sub"
    pool.api.update_user_pool_client(UserPoolId=pool.id, ClientId=pool.client_id, AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
                                     AllowedOAuthScopes=["openid", "email"], CallbackURLs=[CALLBACK], SupportedIdentityProviders=["Google"])
    away = urllib.parse.urlsplit(Browser(pool).get("oauth2/authorize?" + urllib.parse.urlencode(pool.query)).headers["Location"])
    asked = dict(urllib.parse.parse_qsl(away.query))
    assert (away.netloc, away.path) == ("accounts.google.com", "/o/oauth2/v2/auth")
    assert asked["client_id"] == details["client_id"] and asked["scope"] == "email profile openid" and asked["response_type"] == "code"
    assert asked["redirect_uri"].endswith("/oauth2/idpresponse")


def test_functions_on_the_way_in(two):
    there, here = two
    functions, name = here.trigger("PreSignUp", """
import json
def handler(event, context):
    print("EVENT " + json.dumps(event))
    if event["triggerSource"] == "InboundFederation_ExternalProvider":
        said = event["request"]["attributes"]
        event["response"]["userAttributesToMap"] = {"sub": said["idToken"]["sub"], "email": "own@example.com", "name": said["userInfo"]["name"] + "!"}
    return event
""")
    config = here.api.describe_user_pool(UserPoolId=here.id)["UserPool"]["LambdaConfig"]
    arn = config["PreSignUp"]
    inbound = {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": arn}}
    after = dict.fromkeys(["PostConfirmation", "PreAuthentication", "PostAuthentication"], arn)
    here.api.update_user_pool(UserPoolId=here.id, LambdaConfig={**config, **inbound, **after})

    def sources(count):
        for _ in range(100):
            found = [json.loads(line.split("EVENT ", 1)[1]) for line in functions.messages(name) if "EVENT " in line]
            if len(found) >= count:
                return found
            time.sleep(0.1)
        raise AssertionError([event["triggerSource"] for event in found])

    browser = Browser(here)
    claims = claims_of(browser, here, came_home(browser, there, here)[1])
    assert claims["email"] == "own@example.com" and claims["nickname"] == "Jane!"
    told = sources(3)
    assert [event["triggerSource"] for event in told] == [
        "InboundFederation_ExternalProvider", "PreSignUp_ExternalProvider", "PostConfirmation_ConfirmSignUp"]
    request = told[0]["request"]
    assert told[0]["version"] == "1" and request["providerName"] == "There" and request["providerType"] == "OIDC"
    assert request["attributes"]["tokenResponse"]["token_type"] == "Bearer" and request["attributes"]["idToken"]["sub"] == told[0]["userName"]
    browser = Browser(here)
    claims_of(browser, here, came_home(browser, there, here)[1])
    assert [event["triggerSource"] for event in sources(6)[3:]] == [
        "InboundFederation_ExternalProvider", "PreAuthentication_Authentication", "PostAuthentication_Authentication"]
