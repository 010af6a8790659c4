"""Pairs of keys and HMAC keys: what KMS signs others verify, what others encrypt KMS decrypts."""

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from people import refused


@pytest.fixture
def kms(cloud):
    return cloud.client("kms")


def made(kms, spec, usage):
    return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]


@pytest.mark.parametrize(
    ("spec", "algorithm", "digest", "curve"),
    [
        ("ECC_NIST_P256", "ECDSA_SHA_256", hashes.SHA256(), ec.SECP256R1),
        ("ECC_NIST_P384", "ECDSA_SHA_384", hashes.SHA384(), ec.SECP384R1),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256", hashes.SHA256(), ec.SECP256K1),
    ],
)
def test_elliptic_curves_sign(kms, spec, algorithm, digest, curve):
    key = made(kms, spec, "SIGN_VERIFY")
    assert key["SigningAlgorithms"] == [algorithm] and "EncryptionAlgorithms" not in key
    answer = kms.get_public_key(KeyId=key["KeyId"])
    public = load_der_public_key(answer["PublicKey"])
    assert isinstance(public.curve, curve) and answer["SigningAlgorithms"] == [algorithm]
    signature = kms.sign(KeyId=key["KeyId"], Message=b"message", SigningAlgorithm=algorithm)["Signature"]
    public.verify(signature, b"message", ec.ECDSA(digest))
    with pytest.raises(InvalidSignature):
        public.verify(signature, b"another", ec.ECDSA(digest))
    hashed = hashlib.new(digest.name, b"message").digest()
    signature = kms.sign(KeyId=key["KeyId"], Message=hashed, MessageType="DIGEST", SigningAlgorithm=algorithm)["Signature"]
    public.verify(signature, hashed, ec.ECDSA(utils.Prehashed(digest)))
    asked = {"KeyId": key["KeyId"], "Signature": signature, "SigningAlgorithm": algorithm}
    assert kms.verify(Message=b"message", **asked)["SignatureValid"] is True
    refused(kms.verify, Message=b"another", **asked, code="KMSInvalidSignatureException")
    refused(kms.sign, KeyId=key["KeyId"], Message=b"x", MessageType="DIGEST", SigningAlgorithm=algorithm, code="ValidationException")
    refused(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", code="InvalidKeyUsageException", says="key usage is SIGN_VERIFY which is not valid for Encrypt")


def test_rsa_signs(kms):
    key = made(kms, "RSA_2048", "SIGN_VERIFY")
    public = load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    assert public.key_size == 2048
    for name, digest in [("256", hashes.SHA256()), ("384", hashes.SHA384()), ("512", hashes.SHA512())]:
        for kind, how in [
            ("PKCS1_V1_5", padding.PKCS1v15()),
            ("PSS", padding.PSS(padding.MGF1(digest), digest.digest_size)),
        ]:
            algorithm = f"RSASSA_{kind}_SHA_{name}"
            signature = kms.sign(KeyId=key["KeyId"], Message=b"message", SigningAlgorithm=algorithm)["Signature"]
            public.verify(signature, b"message", how, digest)
            assert kms.verify(KeyId=key["KeyId"], Message=b"message", Signature=signature, SigningAlgorithm=algorithm)["SignatureValid"]
    refused(kms.sign, KeyId=key["KeyId"], Message=b"x", SigningAlgorithm="ECDSA_SHA_256", code="InvalidKeyUsageException")


def test_rsa_decrypts_what_others_encrypted(kms):
    key = made(kms, "RSA_3072", "ENCRYPT_DECRYPT")
    public = load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    assert public.key_size == 3072
    for algorithm, digest in [("RSAES_OAEP_SHA_1", hashes.SHA1()), ("RSAES_OAEP_SHA_256", hashes.SHA256())]:
        oaep = padding.OAEP(padding.MGF1(digest), digest, None)
        asked = {"KeyId": key["KeyId"], "EncryptionAlgorithm": algorithm}
        assert kms.decrypt(CiphertextBlob=public.encrypt(b"secret", oaep), **asked)["Plaintext"] == b"secret"
        own = kms.encrypt(Plaintext=b"own", **asked)["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=own, **asked)["Plaintext"] == b"own"
    refused(kms.decrypt, CiphertextBlob=b"x" * 384, **asked, code="InvalidCiphertextException")
    refused(kms.encrypt, KeyId=key["KeyId"], Plaintext=b"x", code="InvalidKeyUsageException")
    refused(kms.sign, KeyId=key["KeyId"], Message=b"x", SigningAlgorithm="RSASSA_PSS_SHA_256", code="InvalidKeyUsageException")
    refused(kms.generate_data_key, KeyId=key["KeyId"], KeySpec="AES_256", code="InvalidKeyUsageException")


def test_hmac(kms):
    for bits, digest in [(224, "sha224"), (256, "sha256"), (384, "sha384"), (512, "sha512")]:
        key = made(kms, f"HMAC_{bits}", "GENERATE_VERIFY_MAC")
        assert key["MacAlgorithms"] == [f"HMAC_SHA_{bits}"]
        asked = {"KeyId": key["KeyId"], "Message": b"message", "MacAlgorithm": f"HMAC_SHA_{bits}"}
        mac = kms.generate_mac(**asked)["Mac"]
        assert len(mac) == hashlib.new(digest).digest_size and kms.generate_mac(**asked)["Mac"] == mac
        assert kms.verify_mac(**asked, Mac=mac)["MacValid"] is True
        refused(kms.verify_mac, **{**asked, "Message": b"another"}, Mac=mac, code="KMSInvalidMacException")
    refused(kms.generate_mac, KeyId=key["KeyId"], Message=b"x", MacAlgorithm="HMAC_SHA_256", code="InvalidKeyUsageException")
    refused(kms.get_public_key, KeyId=key["KeyId"], code="UnsupportedOperationException")


def test_data_key_pairs(kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for spec, kind in [("ECC_NIST_P256", ec.EllipticCurvePrivateKey), ("RSA_2048", rsa.RSAPrivateKey)]:
        pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, EncryptionContext={"a": "1"})
        private = load_der_private_key(pair["PrivateKeyPlaintext"], None)
        assert isinstance(private, kind) and private.public_key() == load_der_public_key(pair["PublicKey"])
        opened = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "1"})["Plaintext"]
        assert opened == pair["PrivateKeyPlaintext"]
    sealed = kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="ECC_NIST_P384")
    assert "PrivateKeyPlaintext" not in sealed
    private = load_der_private_key(kms.decrypt(CiphertextBlob=sealed["PrivateKeyCiphertextBlob"])["Plaintext"], None)
    assert private.public_key() == load_der_public_key(sealed["PublicKey"])
    refused(kms.generate_data_key_pair, KeyId=key, KeyPairSpec="RSA_2048", DryRun=True, code="DryRunOperationException")


def test_imported_hmac_material_is_what_signs(kms):
    key = kms.create_key(Origin="EXTERNAL", KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    given = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_1", WrappingKeySpec="RSA_2048")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    wrapped = load_der_public_key(given["PublicKey"]).encrypt(b"k" * 32, oaep)
    kms.import_key_material(KeyId=key, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    mac = kms.generate_mac(KeyId=key, Message=b"message", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert mac == hmac.new(b"k" * 32, b"message", hashlib.sha256).digest()


def test_a_usage_must_be_said(kms):
    refused(kms.create_key, KeySpec="RSA_2048", code="ValidationException", says="You must specify a KeyUsage value")
    refused(kms.create_key, KeySpec="ECC_NIST_P256", KeyUsage="ENCRYPT_DECRYPT", code="ValidationException")
