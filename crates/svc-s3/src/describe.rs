//! What requests say of an object that is to be, and what answers say of one that is: the same words in several operations.

use std::collections::BTreeMap;

use kogumo_base::{Timestamp, Trouble};
use kogumo_model::s3;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::record::{Bucket, DEFAULT_RETENTION, Described, EVERYWHERE, Encryption, Retention};
use crate::{faults, names, object_acl, tagging};

/// User metadata may have 2 KB, names and values together.
const MOST_METADATA: usize = 2048;
/// What an object may be called in storage; the first is the default, which answers leave out.
const STORAGE_CLASSES: [&str; 9] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
    "EXPRESS_ONEZONE",
];

/// All that a new object is told, whichever operation makes it.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub described: Described,
    /// As a query string.
    pub tagging: Option<String>,
    pub lock_mode: Option<String>,
    pub lock_until: Option<Timestamp>,
    pub legal_hold: Option<String>,
    pub encryption: Option<String>,
    pub kms_key: Option<String>,
    pub bucket_key: Option<bool>,
    /// What the request adds to the encryption context: JSON in Base64.
    pub encryption_context: Option<String>,
    /// Keys that the customer keeps, and single grants: neither is built.
    pub customer_key: bool,
    pub single_grants: bool,
}

/// A wish that S3 will fulfil.
#[derive(Clone, Debug)]
pub struct Granted {
    pub described: Described,
    pub tags: BTreeMap<String, String>,
    pub retention: Option<Retention>,
    pub legal_hold: Option<bool>,
}

impl Wish {
    /// Judges a wish for an object in `bucket`.
    ///
    /// # Errors
    /// S3's errors for what cannot be.
    pub fn grant(self, read: &dyn Read, bucket: &Bucket, key: &str, now: Timestamp) -> Result<Granted, Fault> {
        let mut described = self.described;
        check_key(key)?;
        if self.customer_key {
            return Err(Fault::not_implemented("Server-side encryption with customer-provided keys (SSE-C)"));
        }
        if self.single_grants {
            return Err(Fault::not_implemented("An access control list of single grants"));
        }
        let metadata: usize = described.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        if metadata > MOST_METADATA {
            let message = "Your metadata headers exceed the maximum allowed metadata size";
            return Err(Fault::coded("MetadataTooLarge", 400, message));
        }
        if described.storage_class.as_ref().is_some_and(|class| !STORAGE_CLASSES.contains(&class.as_str())) {
            let message = "The storage class you specified is not valid";
            return Err(Fault::coded("InvalidStorageClass", 400, message));
        }
        if let Some(location) = &described.website_redirect
            && !["/", "http://", "https://"].iter().any(|start| location.starts_with(start))
        {
            let message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
            return Err(Fault::coded("InvalidRedirectLocation", 400, message));
        }
        object_acl::check_new(read, bucket, described.acl.as_deref())?;
        described.encryption = encryption(bucket, self.encryption, self.kms_key, self.bucket_key)?;
        Ok(Granted {
            described,
            tags: self.tagging.map_or(Ok(BTreeMap::new()), |text| tagging::from_query(&text))?,
            retention: retention(read, bucket, self.lock_mode, self.lock_until, now)?,
            legal_hold: legal_hold(bucket, self.legal_hold)?,
        })
    }
}

/// Whether an object may be called so.
pub fn check_key(key: &str) -> Result<(), Fault> {
    if key.len() > names::LONGEST_KEY {
        return Err(Fault::coded("KeyTooLongError", 400, "Your key is too long"));
    }
    Ok(())
}

fn encryption(
    bucket: &Bucket,
    algorithm: Option<String>,
    key: Option<String>,
    bucket_key: Option<bool>,
) -> Result<Option<Encryption>, Fault> {
    if key.is_some() && algorithm.as_deref().is_none_or(|algorithm| algorithm == "AES256") {
        return Err(faults::invalid_argument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        ));
    }
    match algorithm {
        None => Ok(bucket.encryption.clone()),
        Some(algorithm) if matches!(algorithm.as_str(), "AES256" | "aws:kms" | "aws:kms:dsse") => {
            Ok(Some(Encryption { algorithm, key, bucket_key, ..Encryption::default() }))
        }
        Some(_) => {
            let message = "The encryption method specified is not supported";
            Err(Fault::coded("InvalidEncryptionAlgorithmError", 400, message))
        }
    }
}

fn retention(
    read: &dyn Read,
    bucket: &Bucket,
    mode: Option<String>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Retention>, Fault> {
    match (mode, until) {
        (None, None) if !bucket.object_lock => Ok(None),
        (None, None) => Ok(default_retention(read, bucket, now)?),
        _ if !bucket.object_lock => Err(faults::invalid_request("Bucket is missing Object Lock Configuration")),
        (Some(mode), Some(until)) if until > now => Ok(Some(Retention { mode, until })),
        (Some(_), Some(_)) => Err(faults::invalid_argument("The retain until date must be in the future!")),
        _ => {
            let message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
            Err(faults::invalid_argument(message))
        }
    }
}

fn default_retention(read: &dyn Read, bucket: &Bucket, now: Timestamp) -> Result<Option<Retention>, Trouble> {
    let default = DEFAULT_RETENTION.get(read, &EVERYWHERE, &bucket.name)?;
    Ok(default.map(|default| {
        let days = i64::from(default.days.unwrap_or(0)) + i64::from(default.years.unwrap_or(0)) * 365;
        Retention { mode: default.mode, until: now.plus_seconds(days * 86_400) }
    }))
}

fn legal_hold(bucket: &Bucket, status: Option<String>) -> Result<Option<bool>, Fault> {
    match status.as_deref() {
        None => Ok(None),
        _ if !bucket.object_lock => Err(faults::invalid_request("Bucket is missing Object Lock Configuration")),
        Some("ON") => Ok(Some(true)),
        Some("OFF") => Ok(Some(false)),
        Some(_) => Err(faults::invalid_argument("Unknown legal hold status.")),
    }
}

/// The class as answers show it: the default is left out.
pub fn shown_storage_class(described: &Described) -> Option<String> {
    described.storage_class.clone().filter(|class| class != "STANDARD")
}

/// The class as lists show it: always.
pub fn listed_storage_class(described: &Described) -> Option<String> {
    described.storage_class.clone().or_else(|| Some("STANDARD".into()))
}

/// The entity tag in its quotes.
pub fn quoted(etag: &str) -> Option<String> {
    Some(format!("\"{etag}\""))
}

/// How an answer says that the object is encrypted: S3 encrypts everything.
pub fn shown_encryption(described: &Described) -> (Option<String>, Option<String>, Option<bool>) {
    match &described.encryption {
        Some(encryption) => (Some(encryption.algorithm.clone()), encryption.key.clone(), encryption.bucket_key),
        None => (Some("AES256".into()), None, None),
    }
}

// The model spells the same members out in each of these structures, and nothing else tells that they belong together.
macro_rules! wishes {
    ($($structure:ident)*) => {$(
        impl From<&mut s3::$structure> for Wish {
            fn from(input: &mut s3::$structure) -> Self {
                Wish {
                    described: Described {
                        content_type: input.content_type.take(),
                        content_encoding: without_chunking(input.content_encoding.take()),
                        content_language: input.content_language.take(),
                        content_disposition: input.content_disposition.take(),
                        cache_control: input.cache_control.take(),
                        expires: input.expires.take(),
                        metadata: input.metadata.take().unwrap_or_default(),
                        storage_class: input.storage_class.take(),
                        website_redirect: input.website_redirect_location.take(),
                        encryption: None,
                        acl: input.acl.take(),
                    },
                    tagging: input.tagging.take(),
                    lock_mode: input.object_lock_mode.take(),
                    lock_until: input.object_lock_retain_until_date,
                    legal_hold: input.object_lock_legal_hold_status.take(),
                    encryption: input.server_side_encryption.take(),
                    kms_key: input.ssekms_key_id.take(),
                    bucket_key: input.bucket_key_enabled,
                    encryption_context: input.ssekms_encryption_context.take(),
                    customer_key: input.sse_customer_algorithm.is_some() || input.sse_customer_key.is_some(),
                    single_grants: input.grant_full_control.is_some()
                        || input.grant_read.is_some()
                        || input.grant_read_acp.is_some()
                        || input.grant_write_acp.is_some(),
                }
            }
        }
    )*};
}

wishes! { PutObjectRequest CreateMultipartUploadRequest CopyObjectRequest }

/// `aws-chunked` is how the body travelled, not what the object is.
fn without_chunking(encoding: Option<String>) -> Option<String> {
    let encoding = encoding?;
    let kept: Vec<_> = encoding.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
    Some(kept.join(",")).filter(|kept| !kept.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunking_is_left_out() {
        assert_eq!(without_chunking(Some("aws-chunked".into())), None);
        assert_eq!(without_chunking(Some("aws-chunked, gzip".into())).as_deref(), Some("gzip"));
        assert_eq!(without_chunking(None), None);
    }
}
