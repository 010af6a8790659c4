"""Requests by hand: bytes on a socket, and bodies that botocore signs as they are."""

import contextlib
import socket
import urllib.error
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def raw(cloud, text, wait=5):
    """Sends bytes over a fresh connection and returns all that comes back until the server closes or goes quiet."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=wait) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(text if isinstance(text, bytes) else text.encode())
        received = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
                if answer_is_whole(received):
                    break
        return received


def signed_post(cloud, service, target, body, **headers):
    """A request signed by botocore, with the body as it is."""
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target, **headers}
    request = AWSRequest(method="POST", url=cloud.url + "/", data=body, headers=headers)
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    try:
        answer = urllib.request.urlopen(urllib.request.Request(prepared.url, body, dict(prepared.headers)), timeout=20)
        return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answer_is_whole(received):
    head, found, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and bool(lengths) and len(body) >= int(lengths[0])
