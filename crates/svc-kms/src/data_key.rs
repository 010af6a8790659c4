//! GenerateDataKey and GenerateDataKeyWithoutPlaintext: keys for others to encrypt with, and the same under a KMS key.

use kogumo_door::Reader;
use kogumo_model::kms::{
    GenerateDataKeyRequest, GenerateDataKeyResponse, GenerateDataKeyWithoutPlaintextRequest,
    GenerateDataKeyWithoutPlaintextResponse,
};
use kogumo_wire::Fault;

use crate::encrypt::{SYMMETRIC, seal};
use crate::grant::check_tokens;
use crate::secret;
use crate::spec::Usage;
use crate::target::{self, Aliases, Target};

pub fn generate_data_key(r: &Reader, input: GenerateDataKeyRequest) -> Result<GenerateDataKeyResponse, Fault> {
    if input.recipient.is_some() {
        return Err(Fault::not_implemented("Recipient, the attestation of a Nitro enclave,"));
    }
    check_tokens(input.grant_tokens.as_deref())?;
    let target = symmetric(r, &input.key_id, "GenerateDataKey")?;
    let plaintext = secret::random(length(input.key_spec.as_deref(), input.number_of_bytes)?);
    let (blob, material) = seal(r, &target, input.encryption_context.as_ref(), &plaintext)?;
    Ok(GenerateDataKeyResponse {
        ciphertext_blob: Some(blob.into()),
        plaintext: Some(plaintext.into()),
        key_id: Some(target.arn()),
        key_material_id: Some(material),
        ..GenerateDataKeyResponse::default()
    })
}

pub fn generate_data_key_without_plaintext(
    r: &Reader,
    input: GenerateDataKeyWithoutPlaintextRequest,
) -> Result<GenerateDataKeyWithoutPlaintextResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = symmetric(r, &input.key_id, "GenerateDataKeyWithoutPlaintext")?;
    let plaintext = secret::random(length(input.key_spec.as_deref(), input.number_of_bytes)?);
    let (blob, material) = seal(r, &target, input.encryption_context.as_ref(), &plaintext)?;
    Ok(GenerateDataKeyWithoutPlaintextResponse {
        ciphertext_blob: Some(blob.into()),
        key_id: Some(target.arn()),
        key_material_id: Some(material),
    })
}

/// The symmetric key that a data key is to be made under.
///
/// # Errors
/// No such key, or one that cannot do it.
pub fn symmetric(r: &Reader, key: &str, operation: &str) -> Result<Target, Fault> {
    let target = target::read(r, key, Aliases::Taken)?;
    target.check_usable(Usage::EncryptDecrypt, operation)?;
    target.check_algorithm(SYMMETRIC)?;
    Ok(target)
}

/// The length of a data key in bytes.
fn length(spec: Option<&str>, bytes: Option<i32>) -> Result<usize, Fault> {
    match (spec, bytes) {
        (Some("AES_256"), None) => Ok(32),
        (Some(_), None) => Ok(16),
        (None, Some(bytes)) => Ok(usize::try_from(bytes).unwrap_or_default()),
        _ => Err(Fault::validation("Please specify either number of bytes or key spec.")),
    }
}
