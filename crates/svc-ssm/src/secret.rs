//! Secure strings: KMS encrypts them, on behalf of who calls, bound to the parameter's ARN.
//!
//! A standard parameter's value goes to KMS itself. An advanced one's may be larger than KMS takes: it is encrypted here,
//! under a data key that KMS makes and that is kept, encrypted, before it.
//! Source: "AWS KMS encryption for Parameter Store SecureString parameters", Systems Manager User Guide.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kogumo_base::Trouble;
use kogumo_door::{Client, Context};
use kogumo_model::kms;
use kogumo_model::ssm::INVALID_KEY_ID;
use kogumo_wire::{Fault, Protocol};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::record::Tier;

/// The key that is used when a request names none.
pub const DEFAULT_KEY: &str = "alias/aws/ssm";

/// What KMS takes at most, in bytes.
const LONGEST: usize = 4096;

/// What an envelope begins with; KMS's own ciphertexts begin otherwise.
const ENVELOPE: u8 = 0x02;

/// Encrypts a value under a key. `arn` is the parameter's.
///
/// # Errors
/// There is no such key, it does not work, or the caller may not use it.
pub async fn seal(cx: &Context, key: &str, arn: &str, value: &str, tier: Tier) -> Result<String, Fault> {
    let client = client(cx);
    let (key_id, encryption_context) = (key.to_owned(), Some(context(arn)));
    if tier == Tier::Standard && value.len() <= LONGEST {
        let plaintext = value.to_owned().into();
        let request = kms::EncryptRequest { key_id, plaintext, encryption_context, ..Default::default() };
        let sealed = client.call::<kms::Encrypt>(request).await.map_err(told)?;
        return Ok(BASE64_STANDARD.encode(sealed.ciphertext_blob.unwrap_or_default()));
    }
    let key_spec = Some("AES_256".to_owned());
    let request = kms::GenerateDataKeyRequest { key_id, key_spec, encryption_context, ..Default::default() };
    let made = client.call::<kms::GenerateDataKey>(request).await.map_err(told)?;
    let data_key = made.ciphertext_blob.unwrap_or_default();
    Ok(BASE64_STANDARD.encode(enclose(&made.plaintext.unwrap_or_default(), &data_key, arn, value)?))
}

/// What `seal` was given.
///
/// # Errors
/// As above.
pub async fn open(cx: &Context, arn: &str, sealed: &str) -> Result<String, Fault> {
    let broken = || Trouble::new(format!("the secure string of {arn} cannot be decrypted"));
    let bytes = BASE64_STANDARD.decode(sealed).map_err(|_| broken())?;
    let envelope = Envelope::read(&bytes);
    let blob = envelope.as_ref().map_or(bytes.as_slice(), |envelope| envelope.data_key);
    let request = kms::DecryptRequest {
        ciphertext_blob: Some(blob.to_vec().into()),
        encryption_context: Some(context(arn)),
        ..Default::default()
    };
    let opened = client(cx).call::<kms::Decrypt>(request).await.map_err(told)?.plaintext.unwrap_or_default();
    let value = match envelope {
        Some(envelope) => envelope.open(&opened, arn).ok_or_else(broken)?,
        None => opened.to_vec(),
    };
    Ok(String::from_utf8(value).map_err(|_| broken())?)
}

fn client(cx: &Context) -> Client {
    Client::new(cx.cloud.clone(), cx.caller.through("ssm.amazonaws.com"))
}

fn context(arn: &str) -> BTreeMap<String, String> {
    [("PARAMETER_ARN".to_owned(), arn.to_owned())].into()
}

/// KMS's errors as Parameter Store passes them on.
fn told(fault: Fault) -> Fault {
    let code = fault.code(Protocol::Json11).to_owned();
    let message = format!("{} (Service: AWSKMS; Status Code: 400; Error Code: {code})", fault.message);
    match code.as_str() {
        "AccessDeniedException" => Fault::access_denied(message),
        _ if !fault.sender(Protocol::Json11) => fault,
        _ => INVALID_KEY_ID.because(message),
    }
}

/// A value encrypted here: the data key as KMS encrypted it, then a nonce and the ciphertext.
struct Envelope<'a> {
    data_key: &'a [u8],
    nonce: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[ENVELOPE])?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (data_key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        Some(Envelope { data_key, nonce, sealed })
    }

    fn open(&self, key: &[u8], arn: &str) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(self.nonce).ok()?;
        let mut bytes = self.sealed.to_vec();
        let opened = cipher(key).ok()?.open_in_place(nonce, Aad::from(arn.as_bytes()), &mut bytes).ok()?.len();
        bytes.truncate(opened);
        Some(bytes)
    }
}

fn enclose(key: &[u8], data_key: &[u8], arn: &str, value: &str) -> Result<Vec<u8>, Trouble> {
    let nonce = kogumo_base::random_bytes::<NONCE_LEN>();
    let mut sealed = value.as_bytes().to_vec();
    cipher(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(arn.as_bytes()), &mut sealed)
        .map_err(|_| Trouble::new("a secure string cannot be encrypted"))?;
    let length = u16::try_from(data_key.len()).map_err(|error| Trouble::from_cause("a data key is too long", error))?;
    Ok([&[ENVELOPE][..], &length.to_be_bytes(), data_key, &nonce, &sealed].concat())
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Trouble> {
    let key =
        UnboundKey::new(&AES_256_GCM, key).map_err(|_| Trouble::new("the data key of a secure string is no key"))?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_open_only_in_their_place() -> Result<(), Trouble> {
        let sealed = enclose(&[7; 32], b"data key", "arn:a", "秘密")?;
        let envelope = Envelope::read(&sealed).ok_or_else(|| Trouble::new("no envelope"))?;
        assert_eq!(envelope.data_key, b"data key");
        assert_eq!(envelope.open(&[7; 32], "arn:a").as_deref(), Some("秘密".as_bytes()));
        assert_eq!(envelope.open(&[7; 32], "arn:b"), None);
        assert_eq!(envelope.open(&[8; 32], "arn:a"), None);
        assert!(
            (0..sealed.len())
                .all(|end| Envelope::read(&sealed[..end]).is_none_or(|cut| cut.open(&[7; 32], "arn:a").is_none()))
        );
        Ok(())
    }
}
