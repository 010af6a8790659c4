//! Server-side encryption with KMS: each object has a data key, which KMS makes and opens on the caller's behalf, and its
//! bytes are encrypted under it before they are kept.
//!
//! AES-256 in counter mode lets any range be read alone. Each blob has a counter of its own, made of its random id, so that
//! the parts of an upload share a data key and no keystream. What alters the files of the data folder is not noticed.
//! Source: "Using server-side encryption with AWS KMS keys", Amazon S3 User Guide.

use std::collections::BTreeMap;
use std::sync::Arc;

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Caller, Client, Context};
use kogumo_model::kms;
use kogumo_wire::{Fault, Protocol};

use crate::faults;
use crate::record::{Bucket, Described, Encryption};

/// Encrypts and decrypts the bytes of one object's blobs: both are the same.
#[derive(Clone)]
pub struct Cipher([u8; 32]);

impl Cipher {
    fn new(key: &[u8]) -> Result<Self, Trouble> {
        let key = key.try_into().map_err(|_| Trouble::new("a data key is of another length than 32 bytes"))?;
        Ok(Cipher(key))
    }

    /// Bytes that stand at `offset` of a blob, the other way round. A blob is known by its random digits.
    pub fn turn(&self, digits: &str, offset: u64, bytes: Bytes) -> Bytes {
        let mut bytes = bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        let mut counter = [0; 16];
        // Twelve bytes name the blob; four count its blocks, enough for 64 GiB.
        for (byte, pair) in counter.iter_mut().take(12).zip(digits.as_bytes().chunks_exact(2)) {
            *byte =
                std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or_default();
        }
        let mut stream = Ctr128BE::<Aes256>::new(&self.0.into(), &counter.into());
        stream.seek(offset);
        stream.apply_keystream(&mut bytes);
        bytes.freeze()
    }
}

/// Makes a data key for a new object, where its encryption asks for one. What is to be kept of the encryption then names the
/// key by its ARN and holds the data key as KMS has encrypted it.
///
/// # Errors
/// The caller may not, or the key cannot.
pub async fn begin(
    cx: &Context,
    bucket: &Bucket,
    key: &str,
    wanted: Option<Encryption>,
    context: Option<&str>,
) -> Result<(Option<Encryption>, Option<Cipher>), Fault> {
    let wanted = match wanted {
        Some(wanted) if wanted.algorithm != "AES256" => wanted,
        own => return Ok((own, None)),
    };
    let context = encryption_context(bucket, key, wanted.bucket_key == Some(true), context)?;
    let request = kms::GenerateDataKeyRequest {
        key_id: wanted.key.clone().unwrap_or_else(|| "alias/aws/s3".to_owned()),
        key_spec: Some("AES_256".to_owned()),
        encryption_context: Some(context.clone()),
        ..Default::default()
    };
    let made = kms_client(cx, &bucket.region).call::<kms::GenerateDataKey>(request).await.map_err(told)?;
    let cipher = Cipher::new(&made.plaintext.unwrap_or_default())?;
    let kept =
        Encryption { key: made.key_id, data_key: made.ciphertext_blob.map(|blob| blob.to_vec()), context, ..wanted };
    Ok((Some(kept), Some(cipher)))
}

/// The cipher of an object that is there; none where its bytes lie as they are.
///
/// # Errors
/// The caller may not, or the key cannot.
pub async fn open(cx: &Context, described: &Described) -> Result<Option<Cipher>, Fault> {
    let Some(encryption) = &described.encryption else { return Ok(None) };
    let Some(data_key) = &encryption.data_key else { return Ok(None) };
    let region = encryption.key.as_deref().and_then(Arn::parse).map_or_else(String::new, |arn| arn.region);
    let request = kms::DecryptRequest {
        ciphertext_blob: Some(data_key.clone().into()),
        encryption_context: Some(encryption.context.clone()),
        key_id: encryption.key.clone(),
        ..Default::default()
    };
    let opened = kms_client(cx, &region).call::<kms::Decrypt>(request).await.map_err(told)?;
    Ok(Some(Cipher::new(&opened.plaintext.unwrap_or_default())?))
}

/// Whether KMS is needed to read an object.
pub fn needs_kms(described: &Described) -> bool {
    described.encryption.as_ref().is_some_and(|encryption| encryption.data_key.is_some())
}

/// What an object's data key is bound to: the object, or with a bucket key its bucket, and what the request adds.
fn encryption_context(
    bucket: &Bucket,
    key: &str,
    has_bucket_key: bool,
    given: Option<&str>,
) -> Result<BTreeMap<String, String>, Fault> {
    let broken = || {
        faults::invalid_argument(
            "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
        )
    };
    let mut context: BTreeMap<String, String> = match given {
        None => BTreeMap::new(),
        Some(text) => {
            let json = STANDARD.decode(text).map_err(|_| broken())?;
            serde_json::from_slice(&json).map_err(|_| broken())?
        }
    };
    let arn = match has_bucket_key {
        true => format!("arn:aws:s3:::{}", bucket.name),
        false => format!("arn:aws:s3:::{}/{key}", bucket.name),
    };
    context.insert("aws:s3:arn".to_owned(), arn);
    Ok(context)
}

/// KMS where the bucket is, for who calls.
fn kms_client(cx: &Context, region: &str) -> Client {
    let scope = Scope::new(cx.caller.account(), region);
    Client::new(Arc::clone(&cx.cloud), Caller { scope, ..cx.caller.through("s3.amazonaws.com") })
}

/// KMS's errors as S3 passes them on.
fn told(fault: Fault) -> Fault {
    match fault.code(Protocol::Json11) {
        "AccessDeniedException" => Fault::coded("AccessDenied", 403, fault.message),
        _ if !fault.sender(Protocol::Json11) => fault,
        code => Fault::coded(format!("KMS.{code}"), 400, fault.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "0123456789abcdef0123456789abcde";

    #[test]
    fn any_range_is_turned_back_alone() -> Result<(), Trouble> {
        let cipher = Cipher::new(&[7; 32])?;
        let plain: Vec<u8> = (0..1000u32).map(|number| number as u8).collect();
        let sealed = cipher.turn(DIGITS, 0, plain.clone().into());
        assert_ne!(sealed, plain);
        for (first, end) in [(0, 1000), (0, 1), (15, 17), (16, 32), (999, 1000), (123, 777)] {
            assert_eq!(cipher.turn(DIGITS, first as u64, sealed.slice(first..end)), plain[first..end]);
        }
        // In pieces as they come it is the same.
        let pieces = [
            cipher.turn(DIGITS, 0, plain[..333].to_vec().into()),
            cipher.turn(DIGITS, 333, plain[333..].to_vec().into()),
        ];
        assert_eq!(pieces.concat(), sealed);
        assert_ne!(cipher.turn("ff23456789abcdef0123456789abcde", 0, plain.into()), sealed);
        Ok(())
    }
}
