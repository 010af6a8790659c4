//! GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext: pairs for others to use, the private half under a KMS key.

use bytes::Bytes;
use kogumo_door::Context;
use kogumo_model::kms::{
    GenerateDataKeyPairRequest, GenerateDataKeyPairResponse, GenerateDataKeyPairWithoutPlaintextRequest,
    GenerateDataKeyPairWithoutPlaintextResponse,
};
use kogumo_wire::Fault;

use crate::data_key::symmetric;
use crate::encrypt::seal;
use crate::encryption_context::EncryptionContext;
use crate::grant::check_tokens;
use crate::spec::Spec;
use crate::{faults, pair, secret};

/// What both operations ask for.
struct Wanted {
    key: String,
    spec: String,
    context: Option<EncryptionContext>,
    tokens: Option<Vec<String>>,
    dry_run: bool,
}

/// A pair, and the KMS key that its private half is encrypted under.
struct Made {
    private: Vec<u8>,
    sealed: Bytes,
    public: Bytes,
    key: String,
    material: String,
}

pub async fn generate_data_key_pair(
    cx: Context,
    input: GenerateDataKeyPairRequest,
) -> Result<GenerateDataKeyPairResponse, Fault> {
    if input.recipient.is_some() {
        return Err(Fault::not_implemented("Recipient, the attestation of a Nitro enclave,"));
    }
    let wanted = Wanted {
        key: input.key_id,
        spec: input.key_pair_spec.clone(),
        context: input.encryption_context,
        tokens: input.grant_tokens,
        dry_run: input.dry_run.unwrap_or_default(),
    };
    let made = make(&cx, wanted, "GenerateDataKeyPair").await?;
    Ok(GenerateDataKeyPairResponse {
        private_key_ciphertext_blob: Some(made.sealed),
        private_key_plaintext: Some(made.private.into()),
        public_key: Some(made.public),
        key_id: Some(made.key),
        key_pair_spec: Some(input.key_pair_spec),
        key_material_id: Some(made.material),
        ..GenerateDataKeyPairResponse::default()
    })
}

pub async fn generate_data_key_pair_without_plaintext(
    cx: Context,
    input: GenerateDataKeyPairWithoutPlaintextRequest,
) -> Result<GenerateDataKeyPairWithoutPlaintextResponse, Fault> {
    let wanted = Wanted {
        key: input.key_id,
        spec: input.key_pair_spec.clone(),
        context: input.encryption_context,
        tokens: input.grant_tokens,
        dry_run: input.dry_run.unwrap_or_default(),
    };
    let made = make(&cx, wanted, "GenerateDataKeyPairWithoutPlaintext").await?;
    Ok(GenerateDataKeyPairWithoutPlaintextResponse {
        private_key_ciphertext_blob: Some(made.sealed),
        public_key: Some(made.public),
        key_id: Some(made.key),
        key_pair_spec: Some(input.key_pair_spec),
        key_material_id: Some(made.material),
    })
}

async fn make(cx: &Context, wanted: Wanted, operation: &str) -> Result<Made, Fault> {
    check_tokens(wanted.tokens.as_deref())?;
    let spec = Spec::named(&wanted.spec).filter(|spec| spec.secret_length().is_none());
    let spec = spec.ok_or_else(|| Fault::not_implemented(&format!("A data key pair of spec {}", wanted.spec)))?;
    cx.read(|r| symmetric(r, &wanted.key, operation).map(drop))?;
    if wanted.dry_run {
        return Err(faults::dry_run());
    }
    let private = secret::make(spec).await?;
    let public = pair::public(spec, &private)?;
    let (sealed, material, key) = cx.read(|r| -> Result<_, Fault> {
        let target = symmetric(r, &wanted.key, operation)?;
        let (sealed, material) = seal(r, &target, wanted.context.as_ref(), &private)?;
        Ok((sealed, material, target.arn()))
    })?;
    Ok(Made { private, sealed: sealed.into(), public: public.into(), key, material })
}
