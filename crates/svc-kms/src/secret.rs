//! Makes what keys are made of.

use kogumo_base::{Trouble, random_bytes};

use crate::pair;
use crate::spec::Spec;

/// New secret material for a key of that kind: random bytes, or a private key as PKCS #8. RSA computes for a while, on a
/// thread that answers nobody.
///
/// # Errors
/// The operating system has no randomness to give.
pub async fn make(spec: Spec) -> Result<Vec<u8>, Trouble> {
    match spec.secret_length() {
        Some(length) => Ok(random(length)),
        None if spec.is_rsa() => tokio::task::spawn_blocking(move || pair::generate(spec))
            .await
            .map_err(|error| Trouble::from_cause("an RSA key was not made", error))?,
        None => pair::generate(spec),
    }
}

/// So many random bytes.
pub fn random(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length.next_multiple_of(32));
    while bytes.len() < length {
        bytes.extend(random_bytes::<32>());
    }
    bytes.truncate(length);
    bytes
}
