//! Encrypt, Decrypt, ReEncrypt.

use bytes::Bytes;
use kogumo_base::{Scope, Trouble};
use kogumo_door::Reader;
use kogumo_model::kms::{
    DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse, ReEncryptRequest, ReEncryptResponse,
};
use kogumo_store::Value;
use kogumo_wire::Fault;

use crate::ciphertext::{self, Blob, Home};
use crate::encryption_context::EncryptionContext;
use crate::grant::check_tokens;
use crate::key::{KEYS, MATERIALS};
use crate::sign::private;
use crate::spec::Usage;
use crate::target::{self, Aliases, Target};
use crate::{faults, pair};

/// The algorithm of symmetric keys.
pub const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

pub fn encrypt(r: &Reader, input: EncryptRequest) -> Result<EncryptResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let target = target::read(r, &input.key_id, Aliases::Taken)?;
    target.check_usable(Usage::EncryptDecrypt, "Encrypt")?;
    let algorithm = algorithm(&target, input.encryption_algorithm)?;
    let (blob, _) = close(r, &target, &algorithm, input.encryption_context.as_ref(), &input.plaintext)?;
    Ok(EncryptResponse {
        ciphertext_blob: Some(blob.into()),
        key_id: Some(target.arn()),
        encryption_algorithm: Some(algorithm),
    })
}

pub fn decrypt(r: &Reader, input: DecryptRequest) -> Result<DecryptResponse, Fault> {
    if input.recipient.is_some() {
        return Err(Fault::not_implemented("Recipient, the attestation of a Nitro enclave,"));
    }
    check_tokens(input.grant_tokens.as_deref())?;
    let named = input.key_id.as_deref().map(|key| target::read(r, key, Aliases::Taken)).transpose()?;
    let blob = input.ciphertext_blob.ok_or_else(|| Fault::validation("CiphertextBlob is required."))?;
    let opened = open(r, named, &blob, input.encryption_context.as_ref(), input.encryption_algorithm, "Decrypt")?;
    Ok(DecryptResponse {
        key_id: Some(opened.target.arn()),
        plaintext: Some(opened.plaintext),
        encryption_algorithm: Some(opened.algorithm),
        key_material_id: opened.material,
        ..DecryptResponse::default()
    })
}

pub fn re_encrypt(r: &Reader, input: ReEncryptRequest) -> Result<ReEncryptResponse, Fault> {
    check_tokens(input.grant_tokens.as_deref())?;
    let source = input.source_key_id.as_deref().map(|key| target::read(r, key, Aliases::Taken)).transpose()?;
    let blob = input.ciphertext_blob.ok_or_else(|| Fault::validation("CiphertextBlob is required."))?;
    let context = input.source_encryption_context.as_ref();
    let opened = open(r, source, &blob, context, input.source_encryption_algorithm, "ReEncrypt")?;
    let target = target::read(r, &input.destination_key_id, Aliases::Taken)?;
    target.check_usable(Usage::EncryptDecrypt, "ReEncrypt")?;
    let algorithm = algorithm(&target, input.destination_encryption_algorithm)?;
    let context = input.destination_encryption_context.as_ref();
    let (blob, material) = close(r, &target, &algorithm, context, &opened.plaintext)?;
    Ok(ReEncryptResponse {
        ciphertext_blob: Some(blob.into()),
        source_key_id: Some(opened.target.arn()),
        key_id: Some(target.arn()),
        source_encryption_algorithm: Some(opened.algorithm),
        destination_encryption_algorithm: Some(algorithm),
        source_key_material_id: opened.material,
        destination_key_material_id: material,
    })
}

/// The algorithm that is asked for, if the key has it.
fn algorithm(target: &Target, wanted: Option<String>) -> Result<String, Fault> {
    let wanted = wanted.unwrap_or_else(|| SYMMETRIC.to_owned());
    target.check_algorithm(&wanted)?;
    Ok(wanted)
}

/// Encrypts in the way that the key has. Answers the blob and, of a symmetric key, the material's id.
fn close(
    r: &Reader,
    target: &Target,
    algorithm: &str,
    context: Option<&EncryptionContext>,
    plaintext: &[u8],
) -> Result<(Vec<u8>, Option<String>), Fault> {
    if target.key.spec.is_symmetric() {
        let (blob, material) = seal(r, target, context, plaintext)?;
        return Ok((blob, Some(material)));
    }
    refuse_context(context)?;
    let private = private(r, target)?;
    let longest = pair::longest_plaintext(&private, algorithm)?;
    if plaintext.len() > longest {
        return Err(Fault::validation(format!(
            "Plaintext is too long for algorithm {algorithm}: at most {longest} bytes can be encrypted."
        )));
    }
    Ok((pair::encrypt(&private, algorithm, plaintext)?, None))
}

/// Nothing but symmetric encryption takes a context.
fn refuse_context(context: Option<&EncryptionContext>) -> Result<(), Fault> {
    match context.is_some_and(|context| !context.is_empty()) {
        false => Ok(()),
        true => Err(Fault::validation("EncryptionContext is not supported for asymmetric KMS keys.")),
    }
}

/// Encrypts under the current material of a symmetric key. Answers the blob and the material's id.
///
/// # Errors
/// The key has no material.
pub fn seal(
    r: &Reader,
    target: &Target,
    context: Option<&EncryptionContext>,
    plaintext: &[u8],
) -> Result<(Vec<u8>, String), Fault> {
    let material = target.key.current().ok_or_else(|| Trouble::new("an enabled key has no material"))?;
    let secret = secret(r, target, &material.id)?.ok_or_else(|| Trouble::new("a key's material is not there"))?;
    let home =
        Home { account: target.scope.account.clone(), key: target.key.id.clone(), material: material.id.clone() };
    Ok((ciphertext::seal(&home, &secret, context, plaintext)?, home.material))
}

/// The bytes of a key's material.
///
/// # Errors
/// Trouble with the store.
pub fn secret(r: &Reader, target: &Target, material: &str) -> Result<Option<Value>, Fault> {
    // A key that AWS manages may have been made after this reader's snapshot was taken.
    let found = MATERIALS.get(r.store, &target.scope, &target.key.id, material)?;
    if found.is_some() || !target.key.is_managed_by_aws() {
        return Ok(found);
    }
    Ok(MATERIALS.get(&r.cloud.store.read(), &target.scope, &target.key.id, material)?)
}

/// A ciphertext that was opened.
struct Opened {
    target: Target,
    plaintext: Bytes,
    algorithm: String,
    material: Option<String>,
}

/// Opens a ciphertext with the key that it names itself, which must be the one that the request names, if it names one.
fn open(
    r: &Reader,
    named: Option<Target>,
    bytes: &[u8],
    context: Option<&EncryptionContext>,
    algorithm: Option<String>,
    operation: &str,
) -> Result<Opened, Fault> {
    if let Some(named) = &named {
        named.check_usable(Usage::EncryptDecrypt, operation)?;
        self::algorithm(named, algorithm.clone())?;
    }
    if let Some(target) = named.clone().filter(|named| !named.key.spec.is_symmetric()) {
        return open_with_pair(r, target, bytes, context, algorithm);
    }
    let blob = Blob::read(bytes).ok_or_else(faults::invalid_ciphertext)?;
    let target = match (find(r, &blob.home)?, named) {
        (Some(own), Some(named)) if (&own.scope, &own.key.id) != (&named.scope, &named.key.id) => {
            return Err(faults::incorrect_key());
        }
        (None, Some(_)) => return Err(faults::incorrect_key()),
        (Some(own), _) => own,
        (None, None) => return Err(faults::unknown_ciphertext_key()),
    };
    target.check_usable(Usage::EncryptDecrypt, operation)?;
    let algorithm = self::algorithm(&target, algorithm)?;
    let secret = secret(r, &target, &blob.home.material)?.ok_or_else(faults::invalid_ciphertext)?;
    let plaintext = blob.open(&secret, context).ok_or_else(faults::invalid_ciphertext)?;
    Ok(Opened { target, plaintext: plaintext.into(), algorithm, material: Some(blob.home.material) })
}

/// Opens what somebody has encrypted with a public key.
fn open_with_pair(
    r: &Reader,
    target: Target,
    bytes: &[u8],
    context: Option<&EncryptionContext>,
    algorithm: Option<String>,
) -> Result<Opened, Fault> {
    refuse_context(context)?;
    let algorithm = self::algorithm(&target, algorithm)?;
    let opened = pair::decrypt(&private(r, &target)?, &algorithm, bytes)?;
    let plaintext = opened.ok_or_else(faults::invalid_ciphertext)?.into();
    Ok(Opened { target, plaintext, algorithm, material: None })
}

/// The key that a blob names, in the caller's region.
fn find(r: &Reader, home: &Home) -> Result<Option<Target>, Trouble> {
    let scope = Scope::new(&home.account, r.caller.region());
    let key = KEYS.get(r.store, &scope, home.key.as_str())?;
    Ok(key.map(|key| Target { scope, key }))
}
