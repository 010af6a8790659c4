"""A page of a foreign origin cannot drive the cloud."""

import contextlib
import functools
import http.server
import shutil
import subprocess
import threading

import pytest
from by_hand import raw

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)


def ask(cloud, method="GET", path="/_kogumo/health", host=None, body="", **headers):
    headers = {"Host": host or f"127.0.0.1:{cloud.port}", "Content-Length": len(body), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return raw(cloud, f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}")


def status(answer):
    return int(answer.split(b" ")[1])


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "b.s3.localhost", "sts.amazonaws.com"])
def test_our_own_names(cloud, name):
    assert status(ask(cloud, host=f"{name}:{cloud.port}")) == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "localhost.evil.example", "evil-localhost", "amazonaws.com.evil.example", "10.1.2.3", "0.0.0.0"]
)
def test_a_rebound_name(cloud, name):
    assert status(ask(cloud, host=f"{name}:{cloud.port}")) == 403
    assert status(ask(cloud, host=name, path="/")) == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1", "http://localhost"])
def test_a_foreign_origin(cloud, origin):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    action = "Action=CreateUser&UserName=evil&Version=2010-05-08"
    for answer in [
        ask(cloud, "POST", "/_kogumo/reset", Origin=origin),
        ask(cloud, "GET", "/_kogumo/health", Origin=origin),
        ask(cloud, "POST", "/", body=action, Origin=origin, **form),
        ask(cloud, "OPTIONS", "/", Origin=origin, Access_Control_Request_Method="POST"),
    ]:
        assert status(answer) == 403
        assert b"access-control-allow-origin" not in answer.lower()


def test_our_own_origin(cloud):
    assert status(ask(cloud, "GET", Origin=cloud.url)) == 200


def test_a_foreign_page_without_an_origin_header(cloud):
    """An image or a link: browsers say at least where it comes from. A presigned URL with the known key must not help."""
    url = cloud.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET").removeprefix(cloud.url)
    assert status(ask(cloud, path=url)) == 200
    for site in ("cross-site", "same-site"):
        assert status(ask(cloud, path=url, Sec_Fetch_Site=site)) == 403
        assert status(ask(cloud, "POST", "/_kogumo/reset", Sec_Fetch_Site=site)) == 403
    assert status(ask(cloud, path=url, Sec_Fetch_Site="none")) == 200
    assert status(ask(cloud, path="/_kogumo/health", Sec_Fetch_Site="cross-site")) == 200


def test_an_origin_that_the_operator_allows(own_cloud):
    origin = "http://localhost:3000"
    running = own_cloud("--ephemeral", "--allow-origin", origin).wait_until_ready()
    answer = ask(running, "OPTIONS", "/", Origin=origin, Access_Control_Request_Headers="x-amz-target,authorization")
    assert status(answer) == 200
    assert b"access-control-allow-headers: x-amz-target,authorization" in answer.lower()
    url = running.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET").removeprefix(running.url)
    answer = ask(running, path=url, Origin=origin)
    assert status(answer) == 200 and b"access-control-allow-origin: http://localhost:3000" in answer.lower()
    assert status(ask(running, path=url, Origin="http://localhost:3001")) == 403


def test_s3_lets_in_whom_its_rules_name(cloud, needs):
    needs("s3")
    s3 = cloud.client("s3", region="us-east-1")
    s3.create_bucket(Bucket="cors")
    origin = "http://friend.example"
    preflight = {"Origin": origin, "Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "content-type"}
    assert status(ask(cloud, "OPTIONS", "/cors/key", **preflight)) == 403
    rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 60}
    s3.put_bucket_cors(Bucket="cors", CORSConfiguration={"CORSRules": [rule]})
    answer = ask(cloud, "OPTIONS", "/cors/key", **preflight)
    assert status(answer) == 200
    assert b"access-control-allow-origin: http://friend.example" in answer.lower()
    assert status(ask(cloud, "OPTIONS", "/cors/key", **{**preflight, "Origin": "http://evil.example"})) == 403
    put = s3.generate_presigned_url("put_object", Params={"Bucket": "cors", "Key": "key"}).removeprefix(cloud.url)
    assert status(ask(cloud, "PUT", put, body="hi", Origin="http://evil.example")) == 403
    answer = ask(cloud, "PUT", put, body="hi", Origin=origin)
    assert status(answer) == 200 and b"access-control-allow-origin" in answer.lower()


PAGE = """<!doctype html><body><script>
async function attack() {
  const said = [];
  for (const options of [{}, {mode: 'no-cors'}, {method: 'POST', mode: 'no-cors', body: 'x'}]) {
    try {
      const answer = await fetch('CLOUD/_kogumo/reset', {method: 'POST', ...options});
      said.push(answer.type + answer.status);
    } catch (error) { said.push('refused'); }
    try {
      const answer = await fetch('CLOUD/_kogumo/health', options);
      said.push(answer.type + answer.status);
    } catch (error) { said.push('refused'); }
  }
  document.title = 'done';
  document.body.textContent = said.join(' ');
}
attack();
</script>"""


@contextlib.contextmanager
def page_of_another_origin(directory):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(directory)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_real_browser(own_cloud, tmp_path):
    """In a cloud of its own: even a second ahead makes tokens that are not valid yet for libraries elsewhere."""
    cloud = own_cloud().wait_until_ready()
    (tmp_path / "evil.html").write_text(PAGE.replace("CLOUD", cloud.url))
    sts = cloud.client("sts")
    sts.get_caller_identity()
    raw(cloud, "POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n1s")
    ahead = cloud.get("/_kogumo/clock").read()
    with page_of_another_origin(tmp_path) as site:
        shown = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
             "--virtual-time-budget=10000", "--dump-dom", f"{site}/evil.html"],
            capture_output=True, text=True, timeout=90, check=False,
        ).stdout
    assert "refused" in shown and "basic200" not in shown and "cors200" not in shown
    # A reset would have set the clock back.
    assert b'"aheadMillis":0' not in ahead
    assert b'"aheadMillis":0' not in cloud.get("/_kogumo/clock").read()
