"""Users whom a SAML provider vouches for: the browser goes there with a request, and posts a signed answer."""

import base64
import urllib.parse
import zlib
from xml.etree import ElementTree

import pytest
from cognito_calls import message
from pages import CALLBACK, Browser, exchange, returned
from saml_issuer import ENTITY, SamlIssuer, encoded


class Company:
    """A pool with a SAML provider."""

    def __init__(self, hosted):
        self.pool, self.issuer = hosted(), SamlIssuer()
        self.pool.pages = f"{self.pool.cloud.url}/{self.pool.id}"
        self.metadata = self.issuer.metadata().replace("HTTP-POST", "HTTP-Redirect")
        made = self.pool.api.create_identity_provider(UserPoolId=self.pool.id, ProviderName="Company", ProviderType="SAML",
                                                      ProviderDetails={"MetadataFile": self.metadata}, AttributeMapping={"email": "mail", "nickname": "groups"})
        assert made["IdentityProvider"]["ProviderDetails"]["SSORedirectBindingURI"] == f"{ENTITY}/sign-in"
        assert made["IdentityProvider"]["AttributeMapping"] == {"email": "mail", "nickname": "groups"}
        self.pool.api.update_user_pool_client(UserPoolId=self.pool.id, ClientId=self.pool.client_id, AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
                                              AllowedOAuthScopes=["openid"], CallbackURLs=[CALLBACK], SupportedIdentityProviders=["COGNITO", "Company"])
        self.browser = Browser(self.pool)

    def leave(self):
        """The request with which the browser comes to the provider, and the state that has to come back."""
        query = urllib.parse.urlencode({**self.pool.query, "scope": "openid", "identity_provider": "Company"})
        away = urllib.parse.urlparse(self.browser.get(f"oauth2/authorize?{query}").headers["Location"])
        assert f"{away.scheme}://{away.netloc}{away.path}" == f"{ENTITY}/sign-in"
        asked = dict(urllib.parse.parse_qsl(away.query))
        request = ElementTree.fromstring(zlib.decompress(base64.b64decode(asked["SAMLRequest"]), -15))
        assert request.get("AssertionConsumerServiceURL") == f"{self.pool.pages}/saml2/idpresponse"
        assert request[0].text == f"urn:amazon:cognito:sp:{self.pool.id}" and request.get("Destination") == f"{ENTITY}/sign-in"
        return request.get("ID"), asked["RelayState"]

    def response(self, request, **more):
        attributes = {"mail": ["alice@example.com"], "groups": ["a", "b"]}
        settings = {"audience": f"urn:amazon:cognito:sp:{self.pool.id}", "recipient": f"{self.pool.pages}/saml2/idpresponse"}
        assertion = self.issuer.assertion(attributes, prefix="", answers=f' InResponseTo="{request}"', **{**settings, **more})
        return encoded(self.issuer.response(self.issuer.sign(assertion)))

    def come_back(self, response, state):
        form = {"SAMLResponse": response, "RelayState": state}
        return self.browser.session.post(f"{self.pool.pages}/saml2/idpresponse", data=form, allow_redirects=False)


@pytest.fixture
def company(hosted):
    return Company(hosted)


def test_signing_in(company):
    pool, browser = company.pool, company.browser
    request, state = company.leave()
    response = company.response(request)
    arrived = company.come_back(response, state)
    tokens = exchange(browser, pool, code=returned(arrived)["code"]).json()
    claims = pool.verified(tokens["id_token"], audience=pool.client_id)
    assert claims["cognito:username"] == "Company_alice" and claims["email"] == "alice@example.com" and claims["nickname"] == "[a, b]"
    identity = claims["identities"][0]
    assert (identity["providerName"], identity["providerType"], identity["userId"]) == ("Company", "SAML", "alice")
    assert pool.api.admin_get_user(UserPoolId=pool.id, Username="Company_alice")["UserStatus"] == "EXTERNAL_PROVIDER"
    # Neither the state nor the answer counts twice.
    assert company.come_back(response, state).status_code == 400
    company.browser = Browser(pool)
    _, other = company.leave()
    assert company.come_back(response, other).status_code == 400


@pytest.mark.parametrize("more", [{"audience": "urn:amazon:cognito:sp:other"}, {"recipient": "https://other.example.com/saml2/idpresponse"}, {"expires": -120}, {"issued": 200}])
def test_answers_for_others(company, more):
    request, state = company.leave()
    assert company.come_back(company.response(request, **more), state).status_code == 400


def test_answers_of_others(company):
    request, state = company.leave()
    company.issuer = SamlIssuer()
    assert company.come_back(company.response(request), state).status_code == 400
    assert company.come_back("nonsense", "nonsense").status_code == 400


def test_what_providers_need(company):
    create = {"UserPoolId": company.pool.id, "ProviderName": "Other", "ProviderType": "SAML"}
    for details in ({}, {"MetadataFile": "<a/>"}, {"MetadataFile": company.issuer.metadata()}):
        with pytest.raises(company.pool.errors.InvalidParameterException) as wrong:
            company.pool.api.create_identity_provider(**create, ProviderDetails=details)
        assert "metadata" in message(wrong)
