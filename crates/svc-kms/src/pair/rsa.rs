//! RSA: signatures over digests that somebody else may have made, and OAEP. `ring` hashes by itself and cannot decrypt.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use kogumo_base::Trouble;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, Pkcs1v15Sign, Pss, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::{Hash, Padding};
use crate::spec::Spec;

fn random() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub fn generate(spec: Spec) -> Result<Vec<u8>, Trouble> {
    let bits = match spec {
        Spec::Rsa3072 => 3072,
        Spec::Rsa4096 => 4096,
        _ => 2048,
    };
    let key = RsaPrivateKey::new(&mut random(), bits);
    let key = key.map_err(|error| Trouble::from_cause("cannot make an RSA key", error.to_string()))?;
    let der = key.to_pkcs8_der();
    Ok(der.map_err(|error| Trouble::from_cause("cannot encode an RSA key", error.to_string()))?.as_bytes().to_vec())
}

fn read(private: &[u8]) -> Result<RsaPrivateKey, Trouble> {
    RsaPrivateKey::from_pkcs8_der(private)
        .map_err(|error| Trouble::from_cause("cannot read an RSA key", error.to_string()))
}

pub fn public(private: &[u8]) -> Result<Vec<u8>, Trouble> {
    let der = read(private)?.to_public_key().to_public_key_der();
    Ok(der.map_err(|error| Trouble::from_cause("cannot encode an RSA key", error.to_string()))?.into_vec())
}

pub fn sign(private: &[u8], padding: Padding, hash: Hash, digest: &[u8]) -> Result<Vec<u8>, Trouble> {
    let (key, random) = (read(private)?, &mut random());
    let signature = match (padding, hash) {
        (Padding::Pss, Hash::Sha256) => key.sign_with_rng(random, Pss::<Sha256>::new(), digest),
        (Padding::Pss, Hash::Sha384) => key.sign_with_rng(random, Pss::<Sha384>::new(), digest),
        (Padding::Pss, Hash::Sha512) => key.sign_with_rng(random, Pss::<Sha512>::new(), digest),
        (_, hash) => key.sign_with_rng(random, pkcs1(hash), digest),
    };
    signature.map_err(|error| Trouble::from_cause("cannot sign with RSA", error.to_string()))
}

pub fn verify(private: &[u8], padding: Padding, hash: Hash, digest: &[u8], signature: &[u8]) -> Result<bool, Trouble> {
    let key = read(private)?.to_public_key();
    let verdict = match (padding, hash) {
        (Padding::Pss, Hash::Sha256) => key.verify(Pss::<Sha256>::new(), digest, signature),
        (Padding::Pss, Hash::Sha384) => key.verify(Pss::<Sha384>::new(), digest, signature),
        (Padding::Pss, Hash::Sha512) => key.verify(Pss::<Sha512>::new(), digest, signature),
        (_, hash) => key.verify(pkcs1(hash), digest, signature),
    };
    Ok(verdict.is_ok())
}

fn pkcs1(hash: Hash) -> Pkcs1v15Sign {
    match hash {
        Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
        Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
    }
}

/// Encrypts with the public half.
///
/// # Errors
/// The plaintext is too long (see [`longest_plaintext`]), or the bytes are no key.
pub fn encrypt(private: &[u8], algorithm: &str, plaintext: &[u8]) -> Result<Vec<u8>, Trouble> {
    let (key, random) = (read(private)?.to_public_key(), &mut random());
    let sealed = match is_sha1(algorithm) {
        true => key.encrypt(random, Oaep::<Sha1>::new(), plaintext),
        false => key.encrypt(random, Oaep::<Sha256>::new(), plaintext),
    };
    sealed.map_err(|error| Trouble::from_cause("cannot encrypt with RSA", error.to_string()))
}

/// What was encrypted with the public half; `None` if it was not, or in another way.
///
/// # Errors
/// The bytes are no key.
pub fn decrypt(private: &[u8], algorithm: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, Trouble> {
    let (key, random) = (read(private)?, &mut random());
    let opened = match is_sha1(algorithm) {
        true => key.decrypt_blinded(random, Oaep::<Sha1>::new(), sealed),
        false => key.decrypt_blinded(random, Oaep::<Sha256>::new(), sealed),
    };
    Ok(opened.ok())
}

/// So many bytes fit in a ciphertext.
///
/// # Errors
/// The bytes are no key.
pub fn longest_plaintext(private: &[u8], algorithm: &str) -> Result<usize, Trouble> {
    let hash = if is_sha1(algorithm) { 20 } else { 32 };
    Ok(read(private)?.size().saturating_sub(2 * hash + 2))
}

fn is_sha1(algorithm: &str) -> bool {
    algorithm.ends_with("SHA_1")
}
