"""One port: HTTP/1.1, HTTP/2, TLS, and all that clients and attackers do with HTTP."""

import concurrent.futures
import gzip
import json
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from by_hand import raw, signed_post

HEALTH = "GET /_kogumo/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def curl(cloud, *arguments):
    command = ["curl", "-s", "--max-time", "20", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def status_of(answer):
    return int(answer.split(b" ")[1]) if answer else None


def test_health_is_json(cloud):
    answer = cloud.get("/_kogumo/health")
    assert (answer.status, json.load(answer)["status"]) == (200, "ready")


def test_http_2_with_prior_knowledge(cloud):
    url = cloud.url + "/_kogumo/health"
    assert curl(cloud, "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", "-o", "/dev/null", url) == "2 200"


def test_an_upgrade_that_is_not_served_is_answered_in_http_1(cloud):
    assert curl(cloud, "--http2", "-w", "%{http_code}", "-o", "/dev/null", cloud.url + "/_kogumo/health") == "200"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "sts.us-east-1.amazonaws.com", "b.s3.localhost"])
def test_tls_with_a_certificate_for_each_name(cloud, authority, name):
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", cloud.port)) as plain, context.wrap_socket(plain, server_hostname=name) as tls:
        tls.sendall(HEALTH.encode())
        assert tls.recv(100).startswith(b"HTTP/1.1 200")


def test_tls_speaks_http_2(cloud, authority):
    url = f"https://localhost:{cloud.port}/_kogumo/health"
    version = curl(cloud, "--cacert", authority, "-w", "%{http_version}", "-o", "/dev/null", url)
    assert version == "2"


def test_openssl_verifies_the_chain(cloud, authority):
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{cloud.port}", "-servername", "dynamodb.eu-west-1.amazonaws.com",
         "-CAfile", authority, "-verify_return_error", "-verify_hostname", "dynamodb.eu-west-1.amazonaws.com"],
        input="", capture_output=True, text=True, timeout=20, check=False,
    )
    assert "Verify return code: 0 (ok)" in shown.stdout


def test_no_certificate_for_a_name_that_is_not_ours(cloud, authority):
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", cloud.port)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="evil.example")


def test_boto3_over_tls(cloud, authority):
    client = cloud.client("sts", url=f"https://localhost:{cloud.port}", verify=authority)
    assert client.get_caller_identity()["Account"] == "000000000000"


def test_the_authority_outlives_a_restart(own_cloud, tmp_path):
    seen = []
    for _ in range(2):
        running = own_cloud("--data", str(tmp_path)).wait_until_ready()
        seen.append(running.get("/_kogumo/ca.pem").read())
        running.stop()
    assert seen[0] == seen[1]


def test_keep_alive_and_pipelining(cloud):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(HEALTH.encode() * 20)
        received = b""
        while received.count(b"HTTP/1.1 200") < 20:
            received += connection.recv(65536)


def test_expect_100_continue(cloud):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(b"POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"0s")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")


def sts_form(cloud, body, headers=""):
    """An unsigned form: what is refused for want of a signature was read and understood."""
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n"
    return raw(cloud, head.encode() + body)


def test_a_body_in_chunks(cloud):
    body = b"10\r\nAction=GetCaller\r\n1b\r\nIdentity&Version=2011-06-15\r\n0\r\n\r\n"
    assert b"MissingAuthenticationToken" in sts_form(cloud, body, "Transfer-Encoding: chunked\r\n")


def test_a_compressed_body(cloud, needs):
    needs("dynamodb")
    body = gzip.compress(b'{"Limit": 5}')
    status, answer = signed_post(cloud, "dynamodb", "DynamoDB_20120810.ListTables", body, **{"Content-Encoding": "gzip"})
    assert status == 200, answer


def test_a_bomb_does_no_harm(cloud):
    bomb = gzip.compress(gzip.compress(b"\0" * (1 << 30), 9)[:0] + b"\0" * (200 << 20), 9)
    assert len(bomb) < 1 << 20
    before = resident_megabytes(cloud)
    status, answer = signed_post(cloud, "dynamodb", "DynamoDB_20120810.ListTables", bomb, **{"Content-Encoding": "gzip"})
    assert (status, b"RequestEntityTooLarge" in answer) == (413, True)
    assert resident_megabytes(cloud) < before + 150


def test_broken_compression(cloud):
    status, _ = signed_post(cloud, "dynamodb", "DynamoDB_20120810.ListTables", b"no gzip", **{"Content-Encoding": "gzip"})
    assert status == 400


def resident_megabytes(cloud):
    with open(f"/proc/{cloud.process.pid}/status") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmRSS"))


def test_forty_megabytes_of_headers(cloud):
    before = resident_megabytes(cloud)
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * (40 << 20) + b"\r\n\r\n"
    answer = raw(cloud, head)
    assert answer == b"" or status_of(answer) == 431
    assert resident_megabytes(cloud) - before < 30
    assert cloud.get("/_kogumo/health").status == 200


def test_too_many_headers(cloud):
    head = "GET / HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"X-{n}: y\r\n" for n in range(5000)) + "\r\n"
    assert status_of(raw(cloud, head)) == 431


def test_a_body_that_is_too_large_is_refused_at_once(cloud):
    answer = sts_form(cloud, b"", f"Content-Length: {1 << 40}\r\n")
    assert status_of(answer) == 413


def test_a_body_that_breaks_off(cloud):
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nAction"
        )
    assert cloud.get("/_kogumo/health").status == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + b"\0" * 100,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"GET /%ff%fe%00?%zz=%&&=&+ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_nonsense_is_survived(cloud, nonsense):
    answer = raw(cloud, nonsense, wait=2)
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert cloud.get("/_kogumo/health").status == 200


def test_many_connections_at_once(cloud):
    clients = [cloud.client("sts") for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        accounts = list(pool.map(lambda n: clients[n % 8].get_caller_identity()["Account"], range(300)))
    assert set(accounts) == {"000000000000"}


def test_unknown_pages_services_and_operations(cloud):
    assert status_of(raw(cloud, "GET /_kogumo/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 404
    assert status_of(raw(cloud, "DELETE /_kogumo/health HTTP/1.1\r\nHost: localhost\r\n\r\n")) == 405
    status, answer = signed_post(cloud, "dynamodb", "DynamoDB_20120810.NoSuchOperation", b"{}")
    assert (status, json.loads(answer)["__type"]) == (400, "UnknownOperationException")
    status, answer = signed_post(cloud, "nosuch", "NoSuch_20200101.Thing", b"{}")
    assert status == 501 and "nosuch" in json.loads(answer)["message"]


def test_operations_that_are_not_built_name_themselves(cloud):
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as error:
        cloud.client("secretsmanager").list_secrets()
    assert "secretsmanager:ListSecrets is not implemented by Kogumo" in str(error.value)


def test_a_strangers_address_needs_strict(own_cloud):
    running = own_cloud(host="0.0.0.0")
    assert running.process.wait(10) != 0
    assert b"strict" in running.log.read_bytes()


def test_strict_knows_issued_keys_only(own_cloud):
    from botocore.exceptions import ClientError

    running = own_cloud("--ephemeral", "--strict", host="0.0.0.0").wait_until_ready()
    for key in ("test", "123456789012"):
        with pytest.raises(ClientError) as error:
            running.client("sts", key=key).get_caller_identity()
        assert error.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_the_clock(own_cloud):
    running = own_cloud().wait_until_ready()
    before = json.load(running.get("/_kogumo/clock"))
    answer = raw(running, 'POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n{"advance":"30d"}')
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["aheadMillis"] == before["aheadMillis"] + 30 * 86_400_000
    answer = raw(running, "POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nfoo")
    assert status_of(answer) == 400
    assert status_of(raw(running, "POST /_kogumo/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")) == 200
    assert json.load(running.get("/_kogumo/clock"))["aheadMillis"] == 0


def test_a_stop_lets_requests_end(own_cloud):
    running = own_cloud().wait_until_ready()
    answers = []

    def slow_request():
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
            connection.sendall(b"POST /_kogumo/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n0")
            time.sleep(1)
            connection.sendall(b"s")
            answers.append(connection.recv(1000))

    thread = threading.Thread(target=slow_request)
    thread.start()
    time.sleep(0.3)
    running.process.send_signal(signal.SIGTERM)
    thread.join()
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert running.process.wait(10) == 0
