"""Bodies on their way: `aws-chunked`, signed chunks, trailing checksums, streams that are never held whole."""

import base64
import binascii
import datetime
import hashlib
import hmac
import io
import socket

import pytest
import xxhash
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from by_hand import answer_is_whole

EMPTY = hashlib.sha256(b"").hexdigest()
BUCKET = "gateway-bodies"


@pytest.fixture
def s3(cloud, needs):
    needs("s3")
    client = cloud.client("s3", region="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Upload:
    """A PUT in `aws-chunked` encoding, signed chunk by chunk as AWS documents it."""

    def __init__(self, cloud, key, payload, headers):
        self.cloud = cloud
        self.request = AWSRequest("PUT", f"{cloud.url}/{BUCKET}/{key}", data=b"", headers=headers)
        signer = S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1")
        signer.payload = lambda request: payload
        signer.add_auth(self.request)
        self.moment = self.request.context["timestamp"]
        self.scope = f"{self.moment[:8]}/us-east-1/s3/aws4_request"
        self.previous = self.request.headers["Authorization"].rsplit("=", 1)[1]
        key = b"AWS4test"
        for part in [self.moment[:8], "us-east-1", "s3", "aws4_request"]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        self.key = key

    def sign(self, *lines):
        text = "\n".join([lines[0], self.moment, self.scope, self.previous, *lines[1:]])
        self.previous = hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
        return self.previous

    def chunk(self, data):
        signature = self.sign("AWS4-HMAC-SHA256-PAYLOAD", EMPTY, sha256(data))
        end = b"\r\n" if data else b""
        return f"{len(data):x};chunk-signature={signature}\r\n".encode() + data + end

    def trailer(self, name, value):
        signature = self.sign("AWS4-HMAC-SHA256-TRAILER", sha256(f"{name}:{value}\n".encode()))
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n".encode()

    def send(self, body, length=None):
        head = f"PUT {self.request.url.removeprefix(self.cloud.url)} HTTP/1.1\r\nHost: 127.0.0.1:{self.cloud.port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.request.headers.items())
        head += f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.cloud.port), timeout=10) as connection:
            connection.sendall(head.encode() + body)
            if length is not None:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while not answer_is_whole(received):
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
        return received


SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
TRAILED = SIGNED + "-TRAILER"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def signed_upload(cloud, key, data, piece=16384):
    upload = Upload(cloud, key, SIGNED, {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(len(data))})
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)] + [b""]
    return upload, b"".join(upload.chunk(part) for part in pieces) + b"\r\n"


def test_signed_chunks(cloud, s3):
    data = bytes(range(256)) * 300
    upload, body = signed_upload(cloud, "signed", data)
    assert upload.send(body).startswith(b"HTTP/1.1 200")
    answer = s3.get_object(Bucket=BUCKET, Key="signed")
    assert answer["Body"].read() == data
    assert "aws-chunked" not in answer.get("ContentEncoding", "")


def test_a_changed_chunk_leaves_nothing(cloud, s3):
    upload, body = signed_upload(cloud, "changed", b"a" * 50_000)
    changed = body.replace(b"aaaa", b"aaab", 1)
    answer = upload.send(changed)
    assert answer.startswith(b"HTTP/1.1 403") and b"SignatureDoesNotMatch" in answer
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="changed")


def crc32(data):
    return base64.b64encode(binascii.crc32(data).to_bytes(4, "big")).decode()


def test_signed_trailers(cloud, s3):
    data = b"hello " * 5000
    headers = {
        "Content-Encoding": "gzip,aws-chunked",
        "X-Amz-Decoded-Content-Length": str(len(data)),
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    upload = Upload(cloud, "trailed", TRAILED, headers)
    body = upload.chunk(data) + upload.chunk(b"") + upload.trailer("x-amz-checksum-crc32", crc32(data)) + b"\r\n"
    answer = upload.send(body)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    found = s3.get_object(Bucket=BUCKET, Key="trailed")
    assert (found["Body"].read(), found["ContentEncoding"]) == (data, "gzip")

    upload = Upload(cloud, "forged", TRAILED, headers)
    forged = crc32(data[:-1] + b"x")
    body = upload.chunk(data) + upload.chunk(b"") + upload.trailer("x-amz-checksum-crc32", forged) + b"\r\n"
    assert b"BadDigest" in upload.send(body)
    upload = Upload(cloud, "forged", TRAILED, headers)
    body = upload.chunk(data) + upload.chunk(b"") + upload.trailer("x-amz-checksum-crc32", crc32(data)) + b"\r\n"
    assert b"SignatureDoesNotMatch" in upload.send(body.replace(upload.previous.encode(), b"0" * 64))
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="forged")


def unsigned(cloud, key, body, decoded, trailer="x-amz-checksum-crc32", length=None):
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(decoded), "X-Amz-Trailer": trailer}
    return Upload(cloud, key, UNSIGNED, headers).send(body, length)


def test_unsigned_trailers(cloud, s3):
    good = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + crc32(b"hello").encode() + b"\r\n\r\n"
    assert unsigned(cloud, "unsigned", good, 5).startswith(b"HTTP/1.1 200")
    assert s3.get_object(Bucket=BUCKET, Key="unsigned")["Body"].read() == b"hello"
    name, value = b"x-amz-checksum-xxhash3", base64.b64encode(xxhash.xxh3_64(b"hello").digest())
    other = b"5\r\nhello\r\n0\r\n" + name + b":" + value + b"\r\n\r\n"
    assert unsigned(cloud, "xxhash", other, 5, name.decode()).startswith(b"HTTP/1.1 200")
    assert b"BadDigest" in unsigned(cloud, "bad", other.replace(b"hello", b"hallo"), 5, name.decode())
    bad = good.replace(b"hello", b"hallo")
    assert b"BadDigest" in unsigned(cloud, "bad", bad, 5)
    assert b"MalformedTrailerError" in unsigned(cloud, "bad", b"5\r\nhello\r\n0\r\n\r\n", 5)
    assert b"IncompleteBody" in unsigned(cloud, "bad", good, 6)
    assert b"IncompleteBody" in unsigned(cloud, "bad", b"zz\r\nhello\r\n0\r\n\r\n", 5)
    assert b"IncompleteBody" in unsigned(cloud, "bad", b"5\r\nhel", 5)
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="bad")


def test_a_body_that_ends_early_leaves_nothing(cloud, s3):
    data = b"x" * 100_000
    upload, body = signed_upload(cloud, "early", data)
    upload.send(body[: len(body) // 2], length=len(body))
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="early")


def test_another_body_than_the_one_that_was_hashed(cloud, s3):
    upload = Upload(cloud, "hashed", sha256(b"one"), {})
    assert b"XAmzContentSHA256Mismatch" in upload.send(b"two")
    with pytest.raises(ClientError):
        s3.head_object(Bucket=BUCKET, Key="hashed")
    assert Upload(cloud, "hashed", sha256(b"one"), {}).send(b"one").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("stream", [False, True])
def test_the_checksums_of_sdks(cloud, s3, algorithm, stream):
    body = io.BytesIO(b"checked" * 1000) if stream else b"checked" * 1000
    key = f"sdk-{algorithm}-{stream}"
    put = s3.put_object(Bucket=BUCKET, Key=key, Body=body, ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"checked" * 1000
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]


def test_trailing_checksums_over_tls(cloud, s3, authority):
    """Over TLS botocore sends unsigned chunks with a trailer."""
    secure = cloud.client("s3", region="us-east-1", url=f"https://localhost:{cloud.port}", verify=authority)
    secure.put_object(Bucket=BUCKET, Key="tls", Body=io.BytesIO(b"over tls"))
    assert s3.get_object(Bucket=BUCKET, Key="tls")["Body"].read() == b"over tls"


def test_large_bodies_are_streamed(own_cloud):
    # A cloud of its own: the most memory that it ever took is this test's doing.
    cloud = own_cloud().wait_until_ready()
    cloud.client("s3", region="us-east-1").create_bucket(Bucket=BUCKET)
    size = 300 << 20
    block = bytes(1 << 20)

    class Zeros(io.RawIOBase):
        at = 0

        def read(self, n=-1):
            n = min(n if n >= 0 else size, size - self.at, len(block))
            self.at += n
            return block[:n]

        def seekable(self):
            return True

        def seek(self, to, whence=0):
            self.at = to if whence == 0 else self.at + to if whence == 1 else size + to
            return self.at

        def tell(self):
            return self.at

    config = Config(request_checksum_calculation="when_required", s3={"payload_signing_enabled": False, "addressing_style": "path"})
    client = cloud.client("s3", region="us-east-1", config=config)
    client.put_object(Bucket=BUCKET, Key="large", Body=Zeros(), ContentLength=size)
    got = client.get_object(Bucket=BUCKET, Key="large")
    assert got["ContentLength"] == size
    assert sum(len(chunk) for chunk in got["Body"].iter_chunks(1 << 20)) == size
    with open(f"/proc/{cloud.process.pid}/status") as file:
        peak = next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM"))
    assert peak < 250, f"{peak} MiB at the most"


@pytest.mark.parametrize("host", ["{bucket}.s3.localhost", "{bucket}.localhost", "{bucket}.s3.us-east-1.amazonaws.com"])
def test_virtual_hosts(cloud, s3, host):
    s3.put_object(Bucket=BUCKET, Key="dir/a b", Body=b"virtual")
    name = f"{host.format(bucket=BUCKET)}:{cloud.port}"
    request = AWSRequest("GET", f"http://{name}/dir/a%20b")
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    head = f"GET /dir/a%20b HTTP/1.1\r\nHost: {name}\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(head.encode() + b"\r\n")
        assert connection.recv(65536).endswith(b"\r\n\r\nvirtual")


def test_a_moment_in_the_date_header(cloud, s3):
    """Old clients sign `Date` and send no `X-Amz-Date`."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    request = AWSRequest("GET", f"{cloud.url}/{BUCKET}", headers={"Date": now})
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    assert "X-Amz-Date" not in request.headers
    head = f"GET /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1:{cloud.port}\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in request.headers.items())
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(head.encode() + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
