"""Key pairs, judged by OpenSSH itself."""

import base64
import hashlib
import hmac
import struct
import subprocess

import pytest
from asking import by, one, refused, tagged


def ssh_keygen(*words, input=None):
    done = subprocess.run(["ssh-keygen", *words], input=input, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def save(folder, material):
    file = folder / "key.pem"
    file.write_text(material)
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("kind, begins", [("rsa", "-----BEGIN RSA PRIVATE KEY-----"), ("ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----")])
def test_a_made_key_is_a_key(ec2, tmp_path, name, kind, begins):
    made = ec2.create_key_pair(KeyName=name, KeyType=kind, TagSpecifications=tagged("key-pair", Team="blue"))
    assert made["KeyMaterial"].startswith(begins)
    public = ssh_keygen("-y", "-f", str(save(tmp_path, made["KeyMaterial"])))
    shown = one(ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True), "KeyPairs")
    assert shown["PublicKey"].split()[:2] == public.split()[:2]
    assert (shown["KeyPairId"], shown["KeyType"]) == (made["KeyPairId"], kind)
    assert shown["Tags"] == [{"Key": "Team", "Value": "blue"}]
    if kind == "ed25519":
        printed = ssh_keygen("-l", "-f", "-", input=public).split()[1].removeprefix("SHA256:")
        assert shown["KeyFingerprint"].rstrip("=") == printed
    else:
        der = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER"], input=made["KeyMaterial"].encode(), capture_output=True)
        digest = subprocess.run(["openssl", "sha1", "-c"], input=der.stdout, capture_output=True, text=False).stdout.decode()
        assert shown["KeyFingerprint"] == digest.split("= ")[-1].strip()


def test_keys_are_imported(ec2, tmp_path, name):
    for kind in ("rsa", "ed25519"):
        file = tmp_path / kind
        ssh_keygen("-q", "-t", kind, "-N", "", "-f", str(file))
        public = (tmp_path / f"{kind}.pub").read_bytes()
        made = ec2.import_key_pair(KeyName=f"{name}-{kind}", PublicKeyMaterial=public)
        if kind == "rsa":
            pem = ssh_keygen("-e", "-m", "PKCS8", "-f", f"{file}.pub")
            der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem.encode(), capture_output=True).stdout
            md5 = subprocess.run(["openssl", "md5", "-c"], input=der, capture_output=True).stdout.decode().split("= ")[-1].strip()
            assert made["KeyFingerprint"] == md5
            again = ec2.import_key_pair(KeyName=f"{name}-pem", PublicKeyMaterial=pem.encode())
            assert again["KeyFingerprint"] == md5
    with refused("InvalidKey.Format"):
        ec2.import_key_pair(KeyName="odd", PublicKeyMaterial=b"ssh-rsa AAAA")
    names = {pair["KeyName"] for pair in ec2.describe_key_pairs(Filters=by("key-name", f"{name}*"))["KeyPairs"]}
    assert names == {f"{name}-rsa", f"{name}-ed25519", f"{name}-pem"}


def test_names_are_taken_once_and_deleted_quietly(ec2, name):
    pair = ec2.create_key_pair(KeyName=name, KeyType="ed25519")
    with refused("InvalidKeyPair.Duplicate", f"The keypair already exists: {name}"):
        ec2.create_key_pair(KeyName=name)
    assert ec2.delete_key_pair(KeyName=name)["KeyPairId"] == pair["KeyPairId"]
    ec2.delete_key_pair(KeyName=name)
    with refused("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist"):
        ec2.describe_key_pairs(KeyNames=[name])
    with refused("DryRunOperation"):
        ec2.create_key_pair(KeyName=name, KeyType="ed25519", DryRun=True)
    with refused("InvalidKeyPair.NotFound"):
        ec2.describe_key_pairs(KeyNames=[name])


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_keys_for_putty(ec2, name, kind):
    """The public half is the one that is kept, and the file's code covers both halves (PuTTY manual, appendix C)."""
    made = ec2.create_key_pair(KeyName=name, KeyType=kind, KeyFormat="ppk")
    lines = made["KeyMaterial"].splitlines()
    algorithm = {"rsa": "ssh-rsa", "ed25519": "ssh-ed25519"}[kind]
    assert lines[:3] == [f"PuTTY-User-Key-File-2: {algorithm}", "Encryption: none", f"Comment: {name}"]

    def block(label):
        at = next(index for index, line in enumerate(lines) if line.startswith(label))
        return base64.b64decode("".join(lines[at + 1 : at + 1 + int(lines[at].split()[1])]))

    public, private = block("Public-Lines:"), block("Private-Lines:")
    kept = one(ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True), "KeyPairs")["PublicKey"]
    assert kept.split()[:2] == [algorithm, base64.b64encode(public).decode()]
    covered = b"".join(struct.pack(">I", len(part)) + part for part in [algorithm.encode(), b"none", name.encode(), public, private])
    code = hmac.new(hashlib.sha1(b"putty-private-key-file-mac-key").digest(), covered, hashlib.sha1).hexdigest()
    assert lines[-1] == f"Private-MAC: {code}"
    if kind == "rsa":
        numbers, rest = [], private + public[len(algorithm) + 4 :]
        while rest:
            length = struct.unpack(">I", rest[:4])[0]
            numbers.append(int.from_bytes(rest[4 : 4 + length]))
            rest = rest[4 + length :]
        d, p, q, inverse, exponent, modulus = numbers
        assert p * q == modulus and q * inverse % p == 1 and pow(pow(12345, exponent, modulus), d, modulus) == 12345


def test_a_key_in_plain_der(ec2, tmp_path, name):
    ssh_keygen("-q", "-t", "rsa", "-N", "", "-m", "PEM", "-f", str(tmp_path / "key"))
    der = subprocess.run(["openssl", "rsa", "-in", tmp_path / "key", "-pubout", "-outform", "DER"], capture_output=True).stdout
    made = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=base64.b64encode(der))
    assert made["KeyFingerprint"].replace(":", "") == hashlib.md5(der).hexdigest()
