//! GenerateRandom.

use kogumo_door::Reader;
use kogumo_model::kms::{GenerateRandomRequest, GenerateRandomResponse};
use kogumo_wire::Fault;

use crate::secret;

pub fn generate_random(_: &Reader, input: GenerateRandomRequest) -> Result<GenerateRandomResponse, Fault> {
    if input.custom_key_store_id.is_some() {
        return Err(Fault::not_implemented("A custom key store of KMS"));
    }
    if input.recipient.is_some() {
        return Err(Fault::not_implemented("Recipient, the attestation of a Nitro enclave,"));
    }
    let length = input.number_of_bytes.ok_or_else(|| Fault::validation("NumberOfBytes is required."))?;
    let bytes = secret::random(usize::try_from(length).unwrap_or_default());
    Ok(GenerateRandomResponse { plaintext: Some(bytes.into()), ..GenerateRandomResponse::default() })
}
