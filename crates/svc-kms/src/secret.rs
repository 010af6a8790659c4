//! Makes what keys are made of.

use kogumo_base::random_bytes;
use kogumo_wire::Fault;

use crate::spec::Spec;

/// New secret material for a key of that kind: random bytes.
pub async fn make(spec: Spec) -> Result<Vec<u8>, Fault> {
    match spec.secret_length() {
        Some(length) => Ok(random(length)),
        None => Err(Fault::not_implemented(&format!("A KMS key of spec {}", spec.name()))),
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
