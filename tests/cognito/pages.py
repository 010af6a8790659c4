"""A pool's hosted pages as a browser without a screen visits them."""

import html.parser
import urllib.parse

import requests
from cognito_calls import PASSWORD

CALLBACK = "http://localhost:3000/callback"
OUT = "http://localhost:3000/bye"


class Forms(html.parser.HTMLParser):
    """The inputs and the words of a page."""

    def __init__(self, page):
        super().__init__()
        self.inputs, self.text, self.language = {}, "", None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "input":
            self.inputs[attributes["name"]] = attributes.get("value", "")
        if tag == "html":
            self.language = attributes["lang"]

    def handle_data(self, data):
        self.text += data


class Browser:
    """Visits a pool's pages, by the pool's id in the path or by the domain's name; it follows nothing by itself."""

    def __init__(self, pool, domain=None):
        self.session = requests.Session()
        self.base = pool.cloud.url if domain else f"{pool.cloud.url}/{pool.id}"
        if domain:
            self.session.headers["Host"] = f"{domain}.auth.ap-northeast-1.amazoncognito.com"

    def get(self, path, **more):
        return self.session.get(urllib.parse.urljoin(self.base + "/", path) if path.startswith("/") else f"{self.base}/{path}", allow_redirects=False, **more)

    def submit(self, page, **filled):
        """Fills in the form of a page and sends it to where the page came from."""
        return self.session.post(page.url, data={**Forms(page.text).inputs, **filled}, allow_redirects=False)

    def sign_in(self, query, username="jane", password=PASSWORD):
        answer = self.get("oauth2/authorize?" + urllib.parse.urlencode(query))
        if answer.headers.get("Location", "").startswith("http"):
            return answer
        page = self.get(answer.headers["Location"])
        assert page.status_code == 200
        return self.submit(page, username=username, password=password)


def returned(answer, part="query"):
    assert answer.status_code == 302, answer.text
    found = getattr(urllib.parse.urlsplit(answer.headers["Location"]), part)
    return dict(urllib.parse.parse_qsl(found))


def exchange(browser, pool, auth=None, **form):
    form = {"grant_type": "authorization_code", "client_id": pool.client_id, "redirect_uri": CALLBACK, **form}
    return browser.session.post(f"{browser.base}/oauth2/token", data=form, auth=auth)
