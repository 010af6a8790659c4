//! Pairs of keys, RSA and elliptic curves: made, kept as PKCS #8, and used to sign and to encrypt. Pure.

mod ecc;
mod rsa;

use kogumo_base::Trouble;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::spec::Spec;

/// How a message is hashed before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// A way to sign with RSA; elliptic curves have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    Pkcs1,
    Pss,
    None,
}

impl Hash {
    /// Of a signing algorithm: what its name ends with.
    pub fn of(algorithm: &str) -> Self {
        match algorithm.rsplit('_').next() {
            Some("384") => Hash::Sha384,
            Some("512") => Hash::Sha512,
            _ => Hash::Sha256,
        }
    }

    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha256 => Sha256::digest(message).to_vec(),
            Hash::Sha384 => Sha384::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    pub fn length(self) -> usize {
        match self {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }
}

impl Padding {
    pub fn of(algorithm: &str) -> Self {
        match algorithm {
            _ if algorithm.starts_with("RSASSA_PSS") => Padding::Pss,
            _ if algorithm.starts_with("RSASSA_PKCS1") => Padding::Pkcs1,
            _ => Padding::None,
        }
    }
}

/// A new private key as PKCS #8. RSA takes a second or more of pure computing: not for threads that answer requests.
///
/// # Errors
/// No pair is of that kind.
pub fn generate(spec: Spec) -> Result<Vec<u8>, Trouble> {
    if spec.is_rsa() { rsa::generate(spec) } else { ecc::generate(spec) }
}

/// The public key as SubjectPublicKeyInfo.
///
/// # Errors
/// The bytes are no such key.
pub fn public(spec: Spec, private: &[u8]) -> Result<Vec<u8>, Trouble> {
    if spec.is_rsa() { rsa::public(private) } else { ecc::public(spec, private) }
}

/// Signs a digest.
///
/// # Errors
/// The bytes are no such key.
pub fn sign(spec: Spec, private: &[u8], algorithm: &str, digest: &[u8]) -> Result<Vec<u8>, Trouble> {
    match spec.is_rsa() {
        true => rsa::sign(private, Padding::of(algorithm), Hash::of(algorithm), digest),
        false => ecc::sign(spec, private, digest),
    }
}

/// Whether a signature of a digest is this key's.
///
/// # Errors
/// The bytes are no such key.
pub fn verify(spec: Spec, private: &[u8], algorithm: &str, digest: &[u8], signature: &[u8]) -> Result<bool, Trouble> {
    match spec.is_rsa() {
        true => rsa::verify(private, Padding::of(algorithm), Hash::of(algorithm), digest, signature),
        false => ecc::verify(spec, private, digest, signature),
    }
}

pub use rsa::{decrypt, encrypt, longest_plaintext};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pair_signs_it_verifies() -> Result<(), Trouble> {
        for (spec, algorithm) in [
            (Spec::EccP256, "ECDSA_SHA_256"),
            (Spec::EccP384, "ECDSA_SHA_384"),
            (Spec::EccK256, "ECDSA_SHA_256"),
            (Spec::Rsa2048, "RSASSA_PSS_SHA_384"),
            (Spec::Rsa2048, "RSASSA_PKCS1_V1_5_SHA_512"),
        ] {
            let private = generate(spec)?;
            let digest = Hash::of(algorithm).digest(b"message");
            let signature = sign(spec, &private, algorithm, &digest)?;
            assert!(verify(spec, &private, algorithm, &digest, &signature)?, "{algorithm}");
            let other = Hash::of(algorithm).digest(b"another");
            assert!(!verify(spec, &private, algorithm, &other, &signature)?, "{algorithm}");
            assert!(!verify(spec, &private, algorithm, &digest, b"nonsense")?, "{algorithm}");
        }
        Ok(())
    }

    #[test]
    fn what_is_encrypted_with_rsa_is_decrypted() -> Result<(), Trouble> {
        let private = generate(Spec::Rsa2048)?;
        for algorithm in ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] {
            let sealed = encrypt(&private, algorithm, b"secret")?;
            assert_eq!(decrypt(&private, algorithm, &sealed)?.as_deref(), Some(b"secret".as_slice()));
        }
        let sealed = encrypt(&private, "RSAES_OAEP_SHA_1", b"secret")?;
        assert_eq!(decrypt(&private, "RSAES_OAEP_SHA_256", &sealed)?, None);
        Ok(())
    }
}
