"""The issuer's documents and the hosted pages, as a browser and an OpenID Connect client use them."""

import base64
import hashlib
import socket
import ssl
import urllib.parse

import pytest
import requests
from cognito_calls import PASSWORD, message, totp
from pages import CALLBACK, OUT, Browser, Forms, exchange, returned


def test_codes_with_pkce(hosted):
    pool = hosted()
    browser = Browser(pool)
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {**pool.query, "code_challenge": challenge, "code_challenge_method": "S256", "nonce": "n-1"}
    back = returned(browser.sign_in(query))
    assert back["state"] == "s t&te"
    assert exchange(browser, pool, code=back["code"], code_verifier="x" * 50).json() == {"error": "invalid_grant"}
    again = returned(browser.sign_in(query))
    assert exchange(browser, pool, code=again["code"], redirect_uri=OUT, code_verifier=verifier).json() == {"error": "invalid_grant"}
    tokens = exchange(browser, pool, code=again["code"], code_verifier=verifier).json()
    claims = pool.verified(tokens["id_token"], audience=pool.client_id)
    assert claims["nonce"] == "n-1" and claims["email"] == "jane@example.com" and "name" not in claims and "at_hash" in claims
    assert set(pool.verified(tokens["access_token"])["scope"].split()) == {"openid", "email"}
    assert exchange(browser, pool, code=again["code"], code_verifier=verifier).json() == {"error": "invalid_grant"}

    info = lambda token: browser.session.get(f"{browser.base}/oauth2/userInfo", headers={"Authorization": f"Bearer {token}"})
    assert info(tokens["access_token"]).json() == {"sub": claims["sub"], "email": "jane@example.com", "email_verified": "true", "username": "jane"}
    fresh = exchange(browser, pool, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert pool.verified(fresh["access_token"])["sub"] == claims["sub"]
    revoked = browser.session.post(f"{browser.base}/oauth2/revoke", data={"token": tokens["refresh_token"], "client_id": pool.client_id})
    assert revoked.status_code == 200
    assert info(fresh["access_token"]).status_code == 401
    assert exchange(browser, pool, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json() == {"error": "invalid_grant"}
    with pytest.raises(pool.errors.NotAuthorizedException):
        pool.open.get_user(AccessToken=fresh["access_token"])


def test_a_browser_stays_signed_in_until_it_signs_out(hosted):
    pool = hosted()
    browser = Browser(pool)
    assert "code" in returned(browser.sign_in(pool.query))
    again = browser.get("oauth2/authorize?" + urllib.parse.urlencode(pool.query))
    assert "code" in returned(again)
    silent = {**pool.query, "prompt": "none"}
    assert "code" in returned(browser.get("oauth2/authorize?" + urllib.parse.urlencode(silent)))
    out = browser.get("logout?" + urllib.parse.urlencode({"client_id": pool.client_id, "logout_uri": OUT}))
    assert out.status_code == 302 and out.headers["Location"] == OUT
    assert returned(browser.get("oauth2/authorize?" + urllib.parse.urlencode(silent)))["error"] == "login_required"
    elsewhere = browser.get("logout?" + urllib.parse.urlencode({"client_id": pool.client_id, "logout_uri": "https://evil.example"}))
    assert elsewhere.status_code == 400


def test_a_session_is_revoked_with_its_tokens(hosted):
    """RevokeAssociatedSessions: the browser has to sign in again, the other tokens of the session stay."""
    pool = hosted()
    browser = Browser(pool)
    again = lambda: browser.get("oauth2/authorize?" + urllib.parse.urlencode({**pool.query, "prompt": "none"}))
    tokens = exchange(browser, pool, code=returned(browser.sign_in(pool.query))["code"]).json()
    others = exchange(browser, pool, code=returned(again())["code"]).json()
    assert "code" in returned(again())
    pool.open.revoke_token(ClientId=pool.client_id, Token=tokens["refresh_token"], RevokeAssociatedSessions="LINKED")
    assert returned(again())["error"] == "login_required"
    assert exchange(browser, pool, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 400
    assert exchange(browser, pool, grant_type="refresh_token", refresh_token=others["refresh_token"]).status_code == 200


PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def test_how_pages_look(hosted, name):
    """SetUICustomization, for all clients and for one."""
    pool = hosted()
    page = lambda client: Browser(pool).get("login?" + urllib.parse.urlencode({**pool.query, "client_id": client})).text
    css = ".submitButton-customizable { background-color: rebeccapurple }"
    with pytest.raises(pool.errors.InvalidParameterException) as refused:
        pool.api.set_ui_customization(UserPoolId=pool.id, CSS=css)
    assert "domain" in message(refused)
    pool.api.create_user_pool_domain(Domain=name, UserPoolId=pool.id)
    other = pool.add_client(**{key: pool.client[key] for key in (
        "CallbackURLs", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthFlows", "AllowedOAuthScopes", "SupportedIdentityProviders")})["ClientId"]
    pool.api.set_ui_customization(UserPoolId=pool.id, ClientId="ALL", CSS=css, ImageFile=PIXEL)
    assert css in page(pool.client_id) and css in page(other)
    look = pool.api.get_ui_customization(UserPoolId=pool.id, ClientId=other)["UICustomization"]
    assert look["CSS"] == css and look["ClientId"] == "ALL"
    image = urllib.parse.urlsplit(look["ImageUrl"])
    shown = requests.get(f"{pool.cloud.url}{image.path}?{image.query}", headers={"Host": image.netloc})
    assert shown.content == PIXEL and shown.headers["Content-Type"] == "image/png"
    assert "/assets/logo?" in page(other) and 'class="submitButton-customizable"' in page(other)
    pool.api.set_ui_customization(UserPoolId=pool.id, ClientId=other, CSS=".label-customizable{color:red}")
    assert css not in page(other) and css in page(pool.client_id)
    for wrong in ["body{display:none}", ".label-customizable{background:url(https://evil.example)}", "</style><script>"]:
        with pytest.raises(pool.errors.InvalidParameterException):
            pool.api.set_ui_customization(UserPoolId=pool.id, CSS=wrong)
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.set_ui_customization(UserPoolId=pool.id, ImageFile=b"<svg/>")


def test_tokens_in_the_fragment(hosted):
    pool = hosted()
    back = returned(Browser(pool).sign_in({**pool.query, "response_type": "token"}), "fragment")
    assert pool.verified(back["id_token"], audience=pool.client_id)["sub"] == pool.verified(back["access_token"])["sub"]
    assert back["token_type"] == "Bearer" and back["state"] == "s t&te"


@pytest.mark.parametrize("wrong, error", [
    ({"response_type": "id_token"}, "invalid_request"),
    ({"scope": "openid admin"}, "invalid_scope"),
    ({"scope": "email"}, "invalid_scope"),
    ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
])
def test_what_is_asked_is_checked(hosted, wrong, error):
    pool = hosted()
    answer = Browser(pool).get("oauth2/authorize?" + urllib.parse.urlencode({**pool.query, **wrong}))
    assert returned(answer)["error"] == error


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://evil.example/"}, {"client_id": "nobody"}, {"redirect_uri": CALLBACK + "/more"}])
def test_nobody_is_sent_elsewhere(hosted, wrong):
    pool = hosted()
    answer = Browser(pool).get("oauth2/authorize?" + urllib.parse.urlencode({**pool.query, **wrong}))
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_the_page_by_its_domain_in_two_languages(hosted, name):
    pool = hosted()
    domain = name.replace("cognito", "c")
    pool.api.create_user_pool_domain(Domain=domain, UserPoolId=pool.id)
    browser = Browser(pool, domain)
    page = browser.get("login?" + urllib.parse.urlencode(pool.query), headers={"Accept-Language": "ja,en;q=0.5"})
    shown = Forms(page.text)
    assert shown.language == "ja" and "サインイン" in shown.text and "パスワード" in shown.text
    assert Forms(browser.get("login?" + urllib.parse.urlencode(pool.query)).text).language == "en"
    wrong = browser.submit(page, username="jane", password="<b>wrong</b>")
    assert wrong.status_code == 400 and "<b>" not in wrong.text
    forged = browser.session.post(page.url, data={"username": "jane", "password": PASSWORD, "_csrf": "x"}, allow_redirects=False)
    assert "Location" not in forged.headers
    assert "code" in returned(browser.submit(page_again(browser, pool), username="jane", password=PASSWORD))
    document = requests.get(f"{pool.cloud.url}/{pool.id}/.well-known/openid-configuration").json()
    assert document["issuer"] == f"https://cognito-idp.ap-northeast-1.amazonaws.com/{pool.id}"
    assert document["token_endpoint"] == f"{pool.cloud.url}/{pool.id}/oauth2/token"
    by_name = requests.get(f"{pool.cloud.url}/{pool.id}/.well-known/openid-configuration",
                           headers={"Host": "cognito-idp.ap-northeast-1.amazonaws.com"}).json()
    assert by_name["authorization_endpoint"] == f"https://{domain}.auth.ap-northeast-1.amazoncognito.com/oauth2/authorize"
    assert by_name["jwks_uri"] == document["issuer"] + "/.well-known/jwks.json"


def page_again(browser, pool):
    return browser.get("login?" + urllib.parse.urlencode(pool.query))


def test_a_domain_of_ones_own(hosted, name):
    """The pages are at the customer's own name, with a certificate of this cloud's authority."""
    pool, domain = hosted(), f"{name}.example.com"
    here = {"UserPoolId": pool.id, "Domain": domain}
    config = {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/0b5b8a3e-0000-4000-8000-000000000000"}
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.create_user_pool_domain(**here)
    made = pool.api.create_user_pool_domain(**here, CustomDomainConfig=config)
    assert made["CloudFrontDomain"].endswith(".cloudfront.net")
    pool.api.create_user_pool_domain(UserPoolId=pool.id, Domain=name)
    described = pool.api.describe_user_pool_domain(Domain=domain)["DomainDescription"]
    assert described["CustomDomainConfig"] == config and described["CloudFrontDistribution"] == made["CloudFrontDomain"] and described["Status"] == "ACTIVE"
    shown = pool.api.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert (shown["Domain"], shown["CustomDomain"]) == (name, domain)

    browser = Browser(pool)
    browser.base, browser.session.headers["Host"] = pool.cloud.url, domain
    tokens = exchange(browser, pool, code=returned(browser.sign_in(pool.query))["code"]).json()
    assert pool.verified(tokens["id_token"], audience=pool.client_id)["email"] == "jane@example.com"
    published = requests.get(f"{pool.cloud.url}/{pool.id}/.well-known/openid-configuration", headers={"Host": "cognito-idp.ap-northeast-1.amazonaws.com"})
    assert published.json()["token_endpoint"] == f"https://{domain}/oauth2/token"
    trusted = ssl.create_default_context(cadata=requests.get(f"{pool.cloud.url}/_kogumo/ca.pem").text)
    address = urllib.parse.urlsplit(pool.cloud.url)
    with socket.create_connection((address.hostname, address.port)) as plain, trusted.wrap_socket(plain, server_hostname=domain) as secure:
        assert ("DNS", domain) in secure.getpeercert()["subjectAltName"]

    pool.api.update_user_pool_domain(**here, CustomDomainConfig={**config, "SecurityPolicy": "TLS_V1_2_2021"})
    pool.api.delete_user_pool_domain(UserPoolId=pool.id, Domain=name)
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.api.delete_user_pool(UserPoolId=pool.id)
    pool.api.delete_user_pool_domain(**here)
    assert pool.api.describe_user_pool_domain(Domain=domain)["DomainDescription"] == {}
    assert browser.get("login?" + urllib.parse.urlencode(pool.query)).status_code in (400, 403, 404, 421)


def test_a_second_factor_and_a_new_password_in_the_browser(hosted):
    pool = hosted(AllowedOAuthScopes=["openid", "aws.cognito.signin.user.admin"])
    pool.api.set_user_pool_mfa_config(UserPoolId=pool.id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    token = pool.tokens("jane")["AccessToken"]
    secret = pool.open.associate_software_token(AccessToken=token)["SecretCode"]
    pool.open.verify_software_token(AccessToken=token, UserCode=totp(secret, -1))
    pool.open.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
    pool.api.admin_set_user_password(UserPoolId=pool.id, Username="jane", Password="Temp0rary!", Permanent=False)
    browser = Browser(pool)
    query = {**pool.query, "scope": "openid"}
    page = browser.sign_in(query, password="Temp0rary!")
    assert "NEW_PASSWORD" in Forms(page.text).inputs
    page = browser.submit(page, NEW_PASSWORD="Ch0sen-password")
    assert "SOFTWARE_TOKEN_MFA_CODE" in Forms(page.text).inputs
    page = browser.submit(page, SOFTWARE_TOKEN_MFA_CODE="000000" if totp(secret) != "000000" else "111111")
    assert page.status_code == 400
    assert "code" in returned(browser.submit(page, SOFTWARE_TOKEN_MFA_CODE=totp(secret)))


def test_signing_up_and_forgetting_in_the_browser(hosted):
    pool = hosted()
    pool.api.update_user_pool(UserPoolId=pool.id, AutoVerifiedAttributes=["email"])
    browser = Browser(pool)
    to = f"new-{pool.id[-9:]}@example.com".lower()
    page = browser.get("signup?" + urllib.parse.urlencode(pool.query))
    page = browser.get(browser.submit(page, username="newcomer", email=to, password=PASSWORD).headers["Location"])
    assert browser.submit(page, code=pool.code(to)).status_code == 302
    assert "code" in returned(browser.sign_in(pool.query, username="newcomer"))
    page = browser.get("forgotPassword?" + urllib.parse.urlencode(pool.query))
    page = browser.get(browser.submit(page, username="newcomer").headers["Location"])
    assert browser.submit(page, code=pool.code(to), password="An0ther-one").status_code == 302
    other = Browser(pool)
    assert "code" in returned(other.sign_in(pool.query, username="newcomer", password="An0ther-one"))


def test_programs_without_users(pools):
    pool = pools()
    pool.api.create_resource_server(UserPoolId=pool.id, Identifier="api", Name="API", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}])
    machine = pool.add_client(ClientName="machine", GenerateSecret=True, AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["api/read"],
                              AllowedOAuthFlowsUserPoolClient=True)
    ask = lambda secret, **form: requests.post(f"{pool.cloud.url}/{pool.id}/oauth2/token", auth=(machine["ClientId"], secret),
                                               data={"grant_type": "client_credentials", **form})
    told = ask(machine["ClientSecret"], scope="api/read").json()
    claims = pool.verified(told["access_token"])
    assert claims["scope"] == "api/read" and claims["sub"] == claims["client_id"] == machine["ClientId"] and "username" not in claims
    assert set(told) == {"access_token", "expires_in", "token_type"}
    assert ask("wrong").json() == {"error": "invalid_client"}
    assert ask(machine["ClientSecret"], scope="api/write").json() == {"error": "invalid_scope"}
    assert ask(machine["ClientSecret"], grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_programs_that_do_not_ask_the_pages(pools):
    pool = pools()
    pool.api.create_resource_server(UserPoolId=pool.id, Identifier="api", Name="API", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}])
    program = pool.add_client(GenerateSecret=True, ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"])
    ask = lambda **more: pool.api.get_client_token(**{"ClientId": program["ClientId"], "Secret": program["ClientSecret"], "Scopes": ["api/read"], **more})
    told = ask()["ClientAuthenticationResult"]
    claims = pool.verified(told["AccessToken"])
    assert (claims["sub"], claims["scope"], claims["token_use"]) == (program["ClientId"], "api/read", "access")
    with pytest.raises(pool.errors.NotAuthorizedException):
        ask(Secret="a" * 51)
    with pytest.raises(pool.errors.InvalidParameterException):
        ask(Scopes=["api/write"])
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.add_client(GenerateSecret=True, ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"])


def test_pages_of_other_origins_may_sign_their_users_in(pool):
    pool.user("jane")
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent"}
    host = {"Host": "cognito-idp.ap-northeast-1.amazonaws.com"}
    preflight = requests.options(pool.cloud.url, headers={**headers, **host})
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    signed = {**headers, **host, "Access-Control-Request-Headers": "authorization,x-amz-target"}
    assert "Access-Control-Allow-Origin" not in requests.options(pool.cloud.url, headers=signed).headers
    answer = requests.post(pool.cloud.url, headers={
        **host, "Origin": "https://app.example", "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"},
        json={"ClientId": pool.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "jane", "PASSWORD": PASSWORD}})
    assert answer.json()["AuthenticationResult"] and answer.headers["Access-Control-Allow-Origin"] == "*"
