"""Passkeys: registered by a software authenticator and by Chromium's own, and used to sign in."""

import base64
import http.server
import json
import shutil
import threading
import urllib.parse

import pytest
from chromium import Chromium
from cognito_calls import message, totp
from soft_webauthn import SoftWebauthnDevice

DOMAIN = "login.example.com"
ORIGIN = f"https://{DOMAIN}"
FIRST = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}


def encoded(value):
    """What a browser's toJSON() makes of a credential."""
    if isinstance(value, dict):
        return {key: encoded(inside) for key, inside in value.items()}
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode() if isinstance(value, bytes) else value


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Device(SoftWebauthnDevice):
    """An authenticator before a browser that speaks JSON."""

    def register(self, options, origin=ORIGIN):
        options = {**options, "challenge": decoded(options["challenge"]), "user": {**options["user"], "id": decoded(options["user"]["id"])}}
        made = self.create({"publicKey": options}, origin)
        return encoded({**made, "id": made["rawId"]})

    def sign(self, options, origin=ORIGIN):
        options = {**options, "challenge": decoded(options["challenge"])}
        made = self.get({"publicKey": options}, origin)
        return json.dumps(encoded({**made, "id": made["rawId"]}))


@pytest.fixture
def pool(pools):
    made = pools(Policies=FIRST)
    made.api.set_user_pool_mfa_config(UserPoolId=made.id, WebAuthnConfiguration={"RelyingPartyId": DOMAIN, "UserVerification": "preferred"})
    made.user("jane", email="jane@example.com")
    return made


def registered(pool, device, username="jane"):
    token = pool.tokens(username)["AccessToken"]
    options = pool.open.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    pool.open.complete_web_authn_registration(AccessToken=token, Credential=device.register(options))
    return token


def asked(pool, username="jane", preferred="WEB_AUTHN"):
    answer = pool.open.initiate_auth(
        ClientId=pool.client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": username, "PREFERRED_CHALLENGE": preferred})
    return answer, json.loads(answer["ChallengeParameters"].get("CREDENTIAL_REQUEST_OPTIONS", "null"))


def test_registered_used_and_deleted(pool):
    device = Device()
    token = pool.tokens("jane")["AccessToken"]
    options = pool.open.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    assert options["rp"] == {"id": DOMAIN, "name": DOMAIN} and options["user"]["name"] == "jane" and options["excludeCredentials"] == []
    assert {"type": "public-key", "alg": -7} in options["pubKeyCredParams"] and options["authenticatorSelection"]["userVerification"] == "preferred"
    pool.open.complete_web_authn_registration(AccessToken=token, Credential=device.register(options))
    listed = pool.open.list_web_authn_credentials(AccessToken=token)["Credentials"]
    assert [one["RelyingPartyId"] for one in listed] == [DOMAIN] and listed[0]["CredentialId"] == encoded(device.credential_id)
    assert "WEB_AUTHN" in pool.open.get_user_auth_factors(AccessToken=token)["ConfiguredUserAuthFactors"]
    again = pool.open.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    assert again["excludeCredentials"] == [{"type": "public-key", "id": listed[0]["CredentialId"]}]

    for _ in range(2):
        challenge, options = asked(pool)
        assert challenge["ChallengeName"] == "WEB_AUTHN" and options["rpId"] == DOMAIN
        done = pool.respond("WEB_AUTHN", challenge, USERNAME="jane", CREDENTIAL=device.sign(options))
        assert pool.verified(done["AuthenticationResult"]["IdToken"])["email"] == "jane@example.com"

    pool.open.delete_web_authn_credential(AccessToken=token, CredentialId=listed[0]["CredentialId"])
    with pytest.raises(pool.errors.ResourceNotFoundException):
        pool.open.delete_web_authn_credential(AccessToken=token, CredentialId=listed[0]["CredentialId"])
    challenge, _ = asked(pool)
    assert challenge["ChallengeName"] == "SELECT_CHALLENGE" and "WEB_AUTHN" not in challenge["AvailableChallenges"]


def test_chosen_among_others(pool):
    device = Device()
    registered(pool, device)
    challenge, _ = asked(pool, preferred="SMS_OTP")
    assert set(challenge["AvailableChallenges"]) == {"PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"}
    challenge = pool.respond("SELECT_CHALLENGE", challenge, USERNAME="jane", ANSWER="WEB_AUTHN")
    options = json.loads(challenge["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    done = pool.respond("WEB_AUTHN", challenge, USERNAME="jane", CREDENTIAL=device.sign(options))
    assert pool.verified(done["AuthenticationResult"]["AccessToken"])["username"] == "jane"


def test_what_is_not_the_answer(pool):
    device, thief = Device(), Device()
    registered(pool, device)
    challenge, options = asked(pool)
    good = device.sign(options)
    thief.cred_init(DOMAIN, device.user_handle)
    thief.credential_id = device.credential_id
    other, _ = asked(pool)

    def refused(challenge, credential, words):
        with pytest.raises(pool.errors.NotAuthorizedException) as raised:
            pool.respond("WEB_AUTHN", challenge, USERNAME="jane", CREDENTIAL=credential)
        assert words in message(raised)

    refused(other, good, "another challenge")
    pool.respond("WEB_AUTHN", challenge, USERNAME="jane", CREDENTIAL=good)
    refused(challenge, good, "used once")
    challenge, options = asked(pool)
    refused(challenge, thief.sign(options), "signature")
    challenge, options = asked(pool)
    refused(challenge, device.sign(options, "https://login.example.com.evil.org"), "origin")
    device.sign_count = 0
    challenge, options = asked(pool)
    refused(challenge, device.sign(options), "counter")
    challenge, options = asked(pool)
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.respond("WEB_AUTHN", challenge, USERNAME="jane", CREDENTIAL="not json")


def test_registrations_that_are_refused(pools, pool):
    plain = pools()
    plain.user("jane")
    with pytest.raises(plain.errors.WebAuthnNotEnabledException):
        plain.open.start_web_authn_registration(AccessToken=plain.tokens("jane")["AccessToken"])
    homeless = pools(Policies=FIRST)
    homeless.user("jane")
    with pytest.raises(homeless.errors.WebAuthnConfigurationMissingException):
        homeless.open.start_web_authn_registration(AccessToken=homeless.tokens("jane")["AccessToken"])

    token, device = pool.tokens("jane")["AccessToken"], Device()
    complete = lambda credential: pool.open.complete_web_authn_registration(AccessToken=token, Credential=credential)
    begin = lambda: pool.open.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    old = begin()
    stale = device.register(old)
    with pytest.raises(pool.errors.WebAuthnOriginNotAllowedException):
        complete(device.register(old, "https://evil.example"))
    with pytest.raises(pool.errors.WebAuthnRelyingPartyMismatchException):
        complete(device.register({**old, "rp": {"id": "example.com"}}))
    begin()
    with pytest.raises(pool.errors.WebAuthnChallengeNotFoundException):
        complete(stale)
    with pytest.raises(pool.errors.InvalidParameterException):
        complete({"id": "x"})
    pool.api.set_user_pool_mfa_config(UserPoolId=pool.id, WebAuthnConfiguration={"RelyingPartyId": DOMAIN, "UserVerification": "required"})
    options = begin()
    assert options["authenticatorSelection"]["userVerification"] == "required"
    with pytest.raises(pool.errors.WebAuthnCredentialNotSupportedException):
        complete(device.register(options))
    assert pool.open.list_web_authn_credentials(AccessToken=token)["Credentials"] == []


class Page(http.server.BaseHTTPRequestHandler):
    """Where the app lives."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")
def test_a_browser_and_two_factors_in_one(pools):
    """Chromium registers and asserts by its own authenticator, which verifies its user: that stands for two factors."""
    pool = pools(Policies=FIRST)
    pool.user("jane")
    token = pool.tokens("jane")["AccessToken"]
    secret = pool.open.associate_software_token(AccessToken=token)["SecretCode"]
    pool.open.verify_software_token(AccessToken=token, UserCode=totp(secret))
    settings = {"RelyingPartyId": "localhost", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
    pool.api.set_user_pool_mfa_config(
        UserPoolId=pool.id, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL", WebAuthnConfiguration=settings)
    assert pool.api.get_user_pool_mfa_config(UserPoolId=pool.id)["WebAuthnConfiguration"] == settings
    with pytest.raises(pool.errors.InvalidParameterException):
        pool.open.set_user_mfa_preference(AccessToken=token, WebAuthnMfaSettings={"Enabled": True})
    pool.open.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True}, WebAuthnMfaSettings={"Enabled": True})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = Chromium(urllib.parse.urlsplit(pool.cloud.url).port)
    try:
        browser.ask("WebAuthn.enable")
        authenticator = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                         "isUserVerified": True, "automaticPresenceSimulation": True}
        browser.ask("WebAuthn.addVirtualAuthenticator", options=authenticator)
        browser.open(f"http://localhost:{server.server_port}/")
        options = pool.open.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
        make = "navigator.credentials.create({{publicKey: PublicKeyCredential.parseCreationOptionsFromJSON({})}}).then(it => it.toJSON())"
        pool.open.complete_web_authn_registration(AccessToken=token, Credential=browser.run(make.format(json.dumps(options))))
        listed = pool.open.list_web_authn_credentials(AccessToken=token)["Credentials"][0]
        assert listed["AuthenticatorTransports"] == ["internal"] and listed["AuthenticatorAttachment"] == "platform"
        get = "navigator.credentials.get({{publicKey: PublicKeyCredential.parseRequestOptionsFromJSON({})}}).then(it => JSON.stringify(it.toJSON()))"
        challenge, options = asked(pool)
        done = pool.respond("WEB_AUTHN", challenge, USERNAME="jane", CREDENTIAL=browser.run(get.format(json.dumps(options))))
        assert pool.verified(done["AuthenticationResult"]["AccessToken"])["username"] == "jane"
    finally:
        browser.close()
        server.shutdown()
    pool.open.set_user_mfa_preference(AccessToken=token, WebAuthnMfaSettings={"Enabled": False})
    challenge, _ = asked(pool)
    assert challenge["ChallengeName"] == "SELECT_CHALLENGE" and "WEB_AUTHN" not in challenge["AvailableChallenges"]
