"""SSH public keys of users: OpenSSH's encoding and PEM, against ssh-keygen and a stock library."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key, load_ssh_public_key
from iam_calls import refused


def encoded(bits=2048):
    """A new key as OpenSSH writes it, and as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    ssh = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return ssh, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def iam(cloud, name):
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    return iam


def test_both_encodings_are_one_key(iam, name):
    ssh, pem = encoded()
    uploaded = iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody=f"{ssh} somebody@somewhere")["SSHPublicKey"]
    assert uploaded["Status"] == "Active" and uploaded["SSHPublicKeyId"].startswith("APKA")
    digest = hashlib.md5(base64.b64decode(ssh.split()[1])).hexdigest()
    assert uploaded["Fingerprint"] == ":".join(digest[at : at + 2] for at in range(0, 32, 2))
    which = {"UserName": name, "SSHPublicKeyId": uploaded["SSHPublicKeyId"]}
    shown = {kind: iam.get_ssh_public_key(**which, Encoding=kind)["SSHPublicKey"]["SSHPublicKeyBody"] for kind in ("SSH", "PEM")}
    assert shown["SSH"] == ssh
    assert load_pem_public_key(shown["PEM"].encode()) == load_ssh_public_key(ssh.encode())
    assert shown["PEM"] == pem
    refused("DuplicateSSHPublicKey", iam.upload_ssh_public_key, UserName=name, SSHPublicKeyBody=pem)
    refused("ValidationError", iam.get_ssh_public_key, **which, Encoding="DER")
    iam.update_ssh_public_key(**which, Status="Inactive")
    [listed] = iam.list_ssh_public_keys(UserName=name)["SSHPublicKeys"]
    assert listed["Status"] == "Inactive" and listed["SSHPublicKeyId"] == which["SSHPublicKeyId"]
    refused("DeleteConflict", iam.delete_user, UserName=name)
    iam.update_user(UserName=name, NewUserName=f"{name}-2")
    which["UserName"] = f"{name}-2"
    assert iam.get_ssh_public_key(**which, Encoding="SSH")["SSHPublicKey"]["UserName"] == f"{name}-2"
    iam.delete_ssh_public_key(**which)
    refused("NoSuchEntity", iam.delete_ssh_public_key, **which)
    refused("NoSuchEntity", iam.update_ssh_public_key, **which, Status="Active")
    iam.delete_user(UserName=f"{name}-2")


def test_what_is_no_key_is_refused(iam, name):
    other = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    for code, body in (
        ("UnrecognizedPublicKeyEncoding", "nonsense"),
        ("UnrecognizedPublicKeyEncoding", other),
        ("InvalidPublicKey", "ssh-rsa AAAAB3NzaC1yc2E="),
        ("InvalidPublicKey", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        ("InvalidPublicKey", encoded(1024)[0]),
    ):
        refused(code, iam.upload_ssh_public_key, UserName=name, SSHPublicKeyBody=body)
    refused("NoSuchEntity", iam.upload_ssh_public_key, UserName=f"{name}-none", SSHPublicKeyBody=encoded()[0])
    assert iam.list_ssh_public_keys(UserName=name)["SSHPublicKeys"] == []


def test_a_user_has_five(iam, name):
    for _ in range(5):
        iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody=encoded()[0])
    assert "SSHPublicKeysPerUser: 5" in refused("LimitExceeded", iam.upload_ssh_public_key, UserName=name, SSHPublicKeyBody=encoded()[0])
    first = iam.list_ssh_public_keys(UserName=name, MaxItems=3)
    assert first["IsTruncated"] and len(iam.list_ssh_public_keys(UserName=name, Marker=first["Marker"])["SSHPublicKeys"]) == 2
