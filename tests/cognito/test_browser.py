"""The hosted pages in a real browser, in English and Japanese: sign up, confirm, sign in, second factors, forgotten
passwords, the code's exchange with PKCE, other providers, sign out."""

import base64
import hashlib
import http.server
import re
import secrets
import shutil
import threading
import urllib.parse

import pytest
import requests
from chromium import Chromium
from cognito_calls import PASSWORD, totp

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")

WORDS = {
    "en": {
        "title": "Sign in", "up": "Sign up", "need": "Need an account?", "forgot": "Forgot your password?",
        "wrong": "Incorrect username or password", "changed": "password",
    },
    "ja": {
        "title": "サインイン", "up": "サインアップ", "need": "アカウントをお持ちでない場合", "forgot": "パスワードをお忘れですか",
        "wrong": "ユーザー名またはパスワード", "changed": "パスワード",
    },
}


class Landing(http.server.BaseHTTPRequestHandler):
    """Where the app lives: an empty page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture
def app():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Landing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()


@pytest.fixture
def browsers(cloud):
    opened = []

    def make(language="en"):
        opened.append(Chromium(urllib.parse.urlsplit(cloud.url).port, language=language))
        return opened[-1]

    yield make
    for browser in opened:
        browser.close()


class Site:
    """An app client with a domain, as an app uses it."""

    def __init__(self, pools, app, name, client=None, **settings):
        self.app = app
        client = {
            "CallbackURLs": [f"{app}/in"], "LogoutURLs": [f"{app}/out"], "AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email"], "SupportedIdentityProviders": ["COGNITO"],
            "PreventUserExistenceErrors": "ENABLED", **(client or {}),
        }
        self.pool = pools(client=client, **settings)
        self.label = re.sub("[^a-z0-9]", "-", name.lower())[:40] + secrets.token_hex(3)
        self.pool.api.create_user_pool_domain(Domain=self.label, UserPoolId=self.pool.id)
        self.base = f"https://{self.label}.auth.ap-northeast-1.amazoncognito.com"
        self.verifier = secrets.token_urlsafe(48)

    def address(self, page="oauth2/authorize", **more):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": self.pool.client_id, "response_type": "code", "scope": "openid email", "redirect_uri": f"{self.app}/in",
            "state": "st", "code_challenge": challenge, "code_challenge_method": "S256", **more,
        }
        return f"{self.base}/{page}?{urllib.parse.urlencode(query)}"

    def landed(self, browser):
        """The tokens for the code that the browser brought home."""
        browser.until(f"location.href.startsWith('{self.app}/in')")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.url).query))
        assert query["state"] == "st", query
        form = {"grant_type": "authorization_code", "client_id": self.pool.client_id, "code": query["code"], "redirect_uri": f"{self.app}/in"}
        token = f"{self.pool.cloud.url}/{self.pool.id}/oauth2/token"
        assert requests.post(token, data={**form, "code_verifier": "x" * 50}).status_code == 400, "PKCE is held to"
        return form, token


@pytest.mark.parametrize("language", ["en", "ja"])
def test_from_sign_up_to_sign_out(pools, app, browsers, name, language):
    site, browser, words = Site(pools, app, name, AutoVerifiedAttributes=["email"]), browsers(language), WORDS[language]
    browser.open(site.address())
    assert browser.run("document.documentElement.lang") == language and words["title"] in browser.text
    browser.submit(username="jane", password=PASSWORD)
    assert words["wrong"] in browser.text
    browser.follow(words["need"])
    assert words["up"] in browser.text
    browser.submit(username="jane", email="jane@example.com", password=PASSWORD)
    browser.submit(**{browser.run("document.querySelector('input:not([type=hidden])').name"): site.pool.code("jane@example.com")})
    if not browser.url.startswith(app):
        browser.submit(username="jane", password=PASSWORD)
    form, token = site.landed(browser)
    browser.open(site.address())
    form, token = site.landed(browser)
    browser.open(site.address("logout", logout_uri=f"{app}/out"))
    browser.until(f"location.href.startsWith('{app}/out')")
    browser.open(site.address())
    assert words["title"] in browser.text, "signed out is signed out"

    browser.follow(words["forgot"])
    browser.submit(username="jane")
    names = browser.run("[...document.querySelectorAll('input:not([type=hidden])')].map(one => one.name)")
    code = site.pool.code("jane@example.com")
    browser.submit(**{one: code if "code" in one.lower() else "New" + PASSWORD for one in names})
    if not browser.url.startswith(app):
        browser.submit(username="jane", password="New" + PASSWORD)
    browser.until(f"location.href.startsWith('{app}/in')")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.url).query))
    answer = requests.post(token, data={**form, "code": query["code"], "code_verifier": site.verifier})
    assert answer.status_code == 200, answer.text
    assert site.pool.verified(answer.json()["id_token"], audience=site.pool.client_id)["email"] == "jane@example.com"


def test_second_factors(pools, app, browsers, name):
    """Required: set up by the page, then asked for; with several, the page lets choose."""
    mail = {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:ap-northeast-1:000000000000:identity/a@example.com"}}
    site, browser = Site(pools, app, name, **mail), browsers("ja")
    pool = site.pool
    pool.api.set_user_pool_mfa_config(UserPoolId=pool.id, SoftwareTokenMfaConfiguration={"Enabled": True}, EmailMfaConfiguration={}, MfaConfiguration="ON")
    pool.user("jane")
    browser.open(site.address())
    browser.submit(username="jane", password=PASSWORD)
    assert "認証アプリの設定" in browser.text
    secret = browser.run("document.querySelector('input[name=secret]').value")
    assert secret in browser.text
    browser.submit(code="000000")
    assert secret in browser.text, "a wrong code leaves the key as it is"
    browser.submit(code=totp(secret))
    site.landed(browser)
    verified = [{"Name": "email", "Value": "jane@example.com"}, {"Name": "email_verified", "Value": "true"}]
    pool.api.admin_update_user_attributes(UserPoolId=pool.id, Username="jane", UserAttributes=verified)
    enabled = {"Enabled": True, "PreferredMfa": False}
    pool.api.admin_set_user_mfa_preference(UserPoolId=pool.id, Username="jane", SoftwareTokenMfaSettings=enabled, EmailMfaSettings=enabled)
    browser.open(site.address("logout", logout_uri=f"{app}/out"))
    browser.open(site.address())
    browser.submit(username="jane", password=PASSWORD)
    assert "認証方法の選択" in browser.text, browser.text
    browser.run("document.querySelector('input[value=EMAIL_OTP]').click(); 1")
    browser.submit()
    browser.submit(EMAIL_OTP_CODE="000000")
    assert "j***@e***" in browser.text
    browser.submit(EMAIL_OTP_CODE=pool.code("jane@example.com"))
    site.landed(browser)


def test_a_new_password(pools, app, browsers, name):
    site, browser = Site(pools, app, name), browsers("en")
    site.pool.api.admin_create_user(UserPoolId=site.pool.id, Username="jane", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS")
    browser.open(site.address())
    browser.submit(username="jane", password=PASSWORD)
    assert "Change password" in browser.text
    browser.submit(NEW_PASSWORD="short")
    assert "Password" in browser.text and not browser.url.startswith(app)
    browser.submit(NEW_PASSWORD="New" + PASSWORD)
    site.landed(browser)


def test_another_pool_is_the_provider(pools, app, browsers, name):
    """Federation by OpenID Connect, end to end: the provider is another pool with its own page."""
    home, browser = Site(pools, app, name), browsers("en")
    other = Site(pools, app, f"other-{name}", client={"GenerateSecret": True, "CallbackURLs": [f"{home.base}/oauth2/idpresponse"]})
    other.pool.user("jane", email="jane@example.com", email_verified="true")
    issuer = f"https://cognito-idp.ap-northeast-1.amazonaws.com/{other.pool.id}"
    details = {
        "client_id": other.pool.client_id, "client_secret": other.pool.client["ClientSecret"], "attributes_request_method": "GET",
        "oidc_issuer": issuer, "authorize_scopes": "openid email",
    }
    home.pool.api.create_identity_provider(
        UserPoolId=home.pool.id, ProviderName="Other", ProviderType="OIDC", ProviderDetails=details,
        AttributeMapping={"email": "email", "username": "sub"},
    )
    home.pool.api.update_user_pool_client(
        UserPoolId=home.pool.id, ClientId=home.pool.client_id, SupportedIdentityProviders=["COGNITO", "Other"], CallbackURLs=[f"{app}/in"],
        LogoutURLs=[f"{app}/out"], AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"], AllowedOAuthScopes=["openid", "email"],
    )
    browser.open(home.address())
    browser.follow("Continue with Other")
    assert browser.url.startswith(other.base), browser.url
    browser.submit(username="jane", password=PASSWORD)
    form, token = home.landed(browser)
    browser.open(home.address())
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.url).query))
    answer = requests.post(token, data={**form, "code": query["code"], "code_verifier": home.verifier}).json()
    claims = home.pool.verified(answer["id_token"], audience=home.pool.client_id)
    assert claims["email"] == "jane@example.com" and claims["identities"][0]["providerName"] == "Other"
    assert claims["cognito:username"].startswith("Other_")


def test_managed_login_lets_choose(pools, app, browsers, name):
    """Name first, then a password, a code by mail, or a passkey, which is registered on a page of its own."""
    choice = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}
    site, browser = Site(pools, app, name, Policies=choice), browsers("en")
    pool = site.pool
    pool.user("jane", email="jane@example.com", email_verified="true")
    pool.api.update_user_pool_domain(UserPoolId=pool.id, Domain=site.label, ManagedLoginVersion=2)
    pool.api.create_managed_login_branding(UserPoolId=pool.id, ClientId=pool.client_id, UseCognitoProvidedValues=True)
    authenticator = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                     "isUserVerified": True, "automaticPresenceSimulation": True}
    browser.ask("WebAuthn.enable")
    browser.ask("WebAuthn.addVirtualAuthenticator", options=authenticator)

    def choose(factor):
        browser.open(site.address())
        browser.submit(username="jane")
        browser.run(f"document.querySelector('input[value={factor}]').click(); 1")

    choose("PASSWORD")
    assert browser.run("document.querySelectorAll('input[type=radio]').length") == 2, "she has no passkey yet"
    browser.submit()
    browser.submit(PASSWORD="wrong")
    assert "Incorrect username or password" in browser.text
    choose("PASSWORD")
    browser.submit()
    browser.submit(PASSWORD=PASSWORD)
    site.landed(browser)
    browser.ask("Page.navigate", url=site.address("passkeys/add"))
    browser.until(f"location.href.startsWith('{app}/in') && !location.search")
    assert "WEB_AUTHN" in pool.api.admin_get_user_auth_factors(UserPoolId=pool.id, Username="jane")["ConfiguredUserAuthFactors"]
    browser.open(site.address("logout", logout_uri=f"{app}/out"))
    choose("WEB_AUTHN")
    browser.run("document.querySelector('button[type=submit]').click(); 1")
    form, token = site.landed(browser)
    browser.open(site.address("logout", logout_uri=f"{app}/out"))
    choose("EMAIL_OTP")
    browser.submit()
    browser.submit(EMAIL_OTP_CODE=pool.code("jane@example.com"))
    site.landed(browser)
