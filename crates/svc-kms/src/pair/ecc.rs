//! Elliptic curves: ECDSA over digests, signatures in DER.

use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use kogumo_base::{Trouble, random_bytes};

use crate::spec::Spec;

/// A private key of one of the curves.
enum Private {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    K256(k256::SecretKey),
}

fn broken(error: impl std::fmt::Display) -> Trouble {
    Trouble::from_cause("an elliptic curve's key cannot be used", error.to_string())
}

pub fn generate(spec: Spec) -> Result<Vec<u8>, Trouble> {
    // Nearly every number is a key; one that is none is followed by another.
    let made = (0..16).find_map(|_| {
        Some(match spec {
            Spec::EccP256 => p256::SecretKey::from_slice(&random_bytes::<32>()).ok()?.to_pkcs8_der(),
            Spec::EccP384 => p384::SecretKey::from_slice(&random_bytes::<48>()).ok()?.to_pkcs8_der(),
            _ => k256::SecretKey::from_slice(&random_bytes::<32>()).ok()?.to_pkcs8_der(),
        })
    });
    let der = made.ok_or_else(|| broken("no number is a key"))?;
    Ok(der.map_err(broken)?.as_bytes().to_vec())
}

impl Private {
    fn read(spec: Spec, der: &[u8]) -> Result<Self, Trouble> {
        Ok(match spec {
            Spec::EccP256 => Private::P256(p256::SecretKey::from_pkcs8_der(der).map_err(broken)?),
            Spec::EccP384 => Private::P384(p384::SecretKey::from_pkcs8_der(der).map_err(broken)?),
            _ => Private::K256(k256::SecretKey::from_pkcs8_der(der).map_err(broken)?),
        })
    }
}

pub fn public(spec: Spec, private: &[u8]) -> Result<Vec<u8>, Trouble> {
    let der = match Private::read(spec, private)? {
        Private::P256(key) => key.public_key().to_public_key_der(),
        Private::P384(key) => key.public_key().to_public_key_der(),
        Private::K256(key) => key.public_key().to_public_key_der(),
    };
    Ok(der.map_err(broken)?.into_vec())
}

pub fn sign(spec: Spec, private: &[u8], digest: &[u8]) -> Result<Vec<u8>, Trouble> {
    match Private::read(spec, private)? {
        Private::P256(key) => {
            let signature: p256::ecdsa::Signature =
                p256::ecdsa::SigningKey::from(key).sign_prehash(digest).map_err(broken)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        Private::P384(key) => {
            let signature: p384::ecdsa::Signature =
                p384::ecdsa::SigningKey::from(key).sign_prehash(digest).map_err(broken)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
        Private::K256(key) => {
            let signature: k256::ecdsa::Signature =
                k256::ecdsa::SigningKey::from(key).sign_prehash(digest).map_err(broken)?;
            Ok(signature.to_der().as_bytes().to_vec())
        }
    }
}

pub fn verify(spec: Spec, private: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, Trouble> {
    let verdict = match Private::read(spec, private)? {
        Private::P256(key) => p256::ecdsa::Signature::from_der(signature)
            .and_then(|signature| p256::ecdsa::VerifyingKey::from(key.public_key()).verify_prehash(digest, &signature)),
        Private::P384(key) => p384::ecdsa::Signature::from_der(signature)
            .and_then(|signature| p384::ecdsa::VerifyingKey::from(key.public_key()).verify_prehash(digest, &signature)),
        // Of both numbers that are as good, the curve's own library takes the lower one only.
        Private::K256(key) => k256::ecdsa::Signature::from_der(signature).and_then(|signature| {
            let signature = signature.normalize_s();
            k256::ecdsa::VerifyingKey::from(key.public_key()).verify_prehash(digest, &signature)
        }),
    };
    Ok(verdict.is_ok())
}
