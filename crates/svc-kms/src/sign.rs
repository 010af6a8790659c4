//! Sign, Verify, GetPublicKey.

use kogumo_base::Trouble;
use kogumo_door::Reader;
use kogumo_model::kms::{
    GetPublicKeyRequest, GetPublicKeyResponse, KMS_INVALID_SIGNATURE_EXCEPTION, SignRequest, SignResponse,
    VerifyRequest, VerifyResponse,
};
use kogumo_store::Value;
use kogumo_wire::Fault;

use crate::grant::check_tokens;
use crate::pair::{self, Hash};
use crate::spec::Usage;
use crate::target::{self, Aliases, Target};
use crate::{encrypt, faults};

pub fn sign(r: &Reader, input: SignRequest) -> Result<SignResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target::read(r, &input.key_id, Aliases::Taken)?;
    target.check_usable(Usage::SignVerify, "Sign")?;
    let algorithm = input.signing_algorithm;
    target.check_algorithm(&algorithm)?;
    let digest = digest(&algorithm, input.message_type.as_deref(), &input.message)?;
    let signature = pair::sign(target.key.spec, &private(r, &target)?, &algorithm, &digest)?;
    Ok(SignResponse {
        key_id: Some(target.arn()),
        signature: Some(signature.into()),
        signing_algorithm: Some(algorithm),
    })
}

pub fn verify(r: &Reader, input: VerifyRequest) -> Result<VerifyResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target::read(r, &input.key_id, Aliases::Taken)?;
    target.check_usable(Usage::SignVerify, "Verify")?;
    let algorithm = input.signing_algorithm;
    target.check_algorithm(&algorithm)?;
    let digest = digest(&algorithm, input.message_type.as_deref(), &input.message)?;
    let private = private(r, &target)?;
    match pair::verify(target.key.spec, &private, &algorithm, &digest, &input.signature)? {
        true => Ok(VerifyResponse {
            key_id: Some(target.arn()),
            signature_valid: Some(true),
            signing_algorithm: Some(algorithm),
        }),
        false => Err(KMS_INVALID_SIGNATURE_EXCEPTION.because("")),
    }
}

pub fn get_public_key(r: &Reader, input: GetPublicKeyRequest) -> Result<GetPublicKeyResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target::read(r, &input.key_id, Aliases::Taken)?;
    let (spec, usage) = (target.key.spec, target.key.usage);
    if spec.secret_length().is_some() {
        return Err(faults::unsupported(""));
    }
    target.key.check_usable(&target.arn())?;
    let algorithms = || Some(spec.algorithms(usage).iter().map(|name| (*name).to_owned()).collect());
    let of = |wanted| if usage == wanted { algorithms() } else { None };
    Ok(GetPublicKeyResponse {
        key_id: Some(target.arn()),
        public_key: Some(pair::public(spec, &private(r, &target)?)?.into()),
        customer_master_key_spec: Some(spec.name().into()),
        key_spec: Some(spec.name().into()),
        key_usage: Some(usage.name().into()),
        encryption_algorithms: of(Usage::EncryptDecrypt),
        signing_algorithms: of(Usage::SignVerify),
        ..GetPublicKeyResponse::default()
    })
}

/// The private key, as PKCS #8.
///
/// # Errors
/// It is not there.
pub fn private(r: &Reader, target: &Target) -> Result<Value, Fault> {
    let material = target.key.current().ok_or_else(|| Trouble::new("an enabled key has no material"))?;
    let secret = encrypt::secret(r, target, &material.id)?;
    Ok(secret.ok_or_else(|| Trouble::new("a key's material is not there"))?)
}

/// The digest of a message, or the message where it is one.
fn digest(algorithm: &str, kind: Option<&str>, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let hash = Hash::of(algorithm);
    match kind {
        None | Some("RAW") => Ok(hash.digest(message)),
        Some("DIGEST") if message.len() == hash.length() => Ok(message.to_vec()),
        Some("DIGEST") => Err(Fault::validation(format!("Digest is invalid length for algorithm {algorithm}."))),
        Some(other) => {
            Err(Fault::validation(format!("MessageType {other} is not supported for algorithm {algorithm}.")))
        }
    }
}
