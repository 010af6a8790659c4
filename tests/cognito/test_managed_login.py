"""Managed login: a client's style on its pages, and the documents that it links to."""

import base64
import urllib.parse

import pytest
from pages import Browser, Forms, returned

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
RED = {"components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "aa0000ff"}}}}}


@pytest.fixture
def managed(hosted, name):
    pool = hosted()
    pool.api.create_user_pool_domain(UserPoolId=pool.id, Domain=name, ManagedLoginVersion=2)
    return pool


def page_of(pool, page="login"):
    return Browser(pool).get(f"{page}?" + urllib.parse.urlencode(pool.query))


def test_a_style_on_the_pages(managed, name):
    api, one = managed.api, {"UserPoolId": managed.id}
    assert api.describe_user_pool_domain(Domain=name)["DomainDescription"]["ManagedLoginVersion"] == 2
    assert "Login pages unavailable" in page_of(managed).text
    asset = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": PIXEL}
    made = api.create_managed_login_branding(**one, ClientId=managed.client_id, Settings=RED, Assets=[asset])["ManagedLoginBranding"]
    with pytest.raises(managed.errors.ManagedLoginBrandingExistsException):
        api.create_managed_login_branding(**one, ClientId=managed.client_id, UseCognitoProvidedValues=True)
    shown = page_of(managed).text
    assert "button{background-color:#aa0000ff}" in shown and "a{color:#0972d3ff}" in shown
    image = shown.split('class="logo logo-customizable" alt="" src="')[1].split('"')[0].replace("&amp;", "&")
    logo = Browser(managed).get(image)
    assert logo.content == PIXEL and logo.headers["Content-Type"] == "image/png"
    branding = {**one, "ManagedLoginBrandingId": made["ManagedLoginBrandingId"]}
    link = {"componentClasses": {"link": {"lightMode": {"defaults": {"textColor": "00aa00ff"}}}}}
    api.update_managed_login_branding(**branding, Settings=link)
    shown = page_of(managed).text
    assert "button{background-color:#aa0000ff}" in shown and "a{color:#00aa00ff}" in shown
    described = api.describe_managed_login_branding(**branding)["ManagedLoginBranding"]
    assert described["Settings"] == {**RED, **link} and described["Assets"][0]["Bytes"] == PIXEL
    merged = api.describe_managed_login_branding_by_client(**one, ClientId=managed.client_id, ReturnMergedResources=True)["ManagedLoginBranding"]
    assert merged["Settings"]["components"]["form"]["borderRadius"] == 8 and merged["Settings"]["components"]["primaryButton"]["lightMode"]["defaults"]["backgroundColor"] == "aa0000ff"
    api.update_managed_login_branding(**branding, UseCognitoProvidedValues=True)
    shown = page_of(managed).text
    assert "button{background-color:#0972d3ff}" in shown and "<img" not in shown
    assert "code" in returned(Browser(managed).sign_in(managed.query))
    api.delete_managed_login_branding(**branding)
    assert "Login pages unavailable" in page_of(managed).text
    with pytest.raises(managed.errors.ResourceNotFoundException):
        api.describe_managed_login_branding(**branding)
    # The classic pages need no style.
    api.update_user_pool_domain(**one, Domain=name, ManagedLoginVersion=1)
    assert "password" in Forms(page_of(managed).text).inputs


def test_documents_to_agree_to(managed):
    api, one = managed.api, {"UserPoolId": managed.id}
    api.create_managed_login_branding(**one, ClientId=managed.client_id, UseCognitoProvidedValues=True)
    same = {**one, "ClientId": managed.client_id, "TermsSource": "LINK", "Enforcement": "NONE"}
    uses = api.create_terms(**same, TermsName="terms-of-use", Links={"cognito:default": "https://example.com/terms"})["Terms"]
    assert "example.com/terms" not in page_of(managed, "signup").text
    links = {"cognito:default": "https://example.com/privacy", "cognito:japanese": "https://example.com/ja/privacy"}
    privacy = api.create_terms(**same, TermsName="privacy-policy", Links=links)["Terms"]
    english = page_of(managed, "signup").text
    assert 'href="https://example.com/terms"' in english and 'href="https://example.com/privacy"' in english
    managed.query["lang"] = "ja"
    assert 'href="https://example.com/ja/privacy"' in page_of(managed, "signup").text
    with pytest.raises(managed.errors.TermsExistsException):
        api.create_terms(**same, TermsName="privacy-policy", Links=links)
    api.update_terms(**one, TermsId=privacy["TermsId"], Links={"cognito:default": "https://example.com/new"})
    assert 'href="https://example.com/new"' in page_of(managed, "signup").text
    assert api.describe_terms(**one, TermsId=uses["TermsId"])["Terms"]["ClientId"] == managed.client_id
    by_client = api.describe_terms_by_client(**one, ClientId=managed.client_id, TermsName="privacy-policy")["Terms"]
    assert by_client["TermsId"] == privacy["TermsId"]
    assert sorted(terms["TermsName"] for terms in api.list_terms(**one, MaxResults=10)["Terms"]) == ["privacy-policy", "terms-of-use"]
    api.delete_terms(**one, TermsId=uses["TermsId"])
    assert "example.com" not in page_of(managed, "signup").text
    with pytest.raises(managed.errors.ResourceNotFoundException):
        api.describe_terms(**one, TermsId=uses["TermsId"])


def test_plans_and_versions(pools, name):
    small = pools(UserPoolTier="LITE")
    with pytest.raises(small.errors.FeatureUnavailableInTierException):
        small.api.create_user_pool_domain(UserPoolId=small.id, Domain=name, ManagedLoginVersion=2)
    with pytest.raises(small.errors.InvalidParameterException):
        small.api.create_user_pool_domain(UserPoolId=small.id, Domain=name, ManagedLoginVersion=3)
