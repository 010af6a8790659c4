//! Versioning, tags and default encryption of buckets.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_wire::{Fault, Unit};

use crate::record::{BUCKET_TAGS, BUCKETS, Bucket, EVERYWHERE, Encryption, Versioning};
use crate::{access, faults, tagging};

/// The bucket of a request that reads its settings.
pub fn reading(cx: &Reader, name: &str, owner: Option<&String>) -> Result<Bucket, Fault> {
    access::bucket(cx.store, name, owner)
}

/// The bucket of a request that changes its settings.
pub fn writing(cx: &Writer, name: &str, owner: Option<&String>) -> Result<Bucket, Fault> {
    access::bucket(cx.store(), name, owner)
}

pub fn get_bucket_versioning(
    cx: &Reader,
    input: s3::GetBucketVersioningRequest,
) -> Result<s3::GetBucketVersioningOutput, Fault> {
    let bucket = reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let status = match bucket.versioning {
        Versioning::Never => None,
        Versioning::Enabled => Some("Enabled".into()),
        Versioning::Suspended => Some("Suspended".into()),
    };
    Ok(s3::GetBucketVersioningOutput { status, mfa_delete: None })
}

pub fn put_bucket_versioning(cx: &mut Writer, input: s3::PutBucketVersioningRequest) -> Result<Unit, Fault> {
    let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let asked = input.versioning_configuration;
    if asked.mfa_delete.as_deref() == Some("Enabled") {
        return Err(Fault::not_implemented("MFA Delete"));
    }
    let versioning = match asked.status.as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") if bucket.object_lock => {
            let message =
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.";
            return Err(Fault::coded("InvalidBucketState", 409, message));
        }
        Some("Suspended") => Versioning::Suspended,
        _ => {
            let message = "The Versioning element must be specified";
            return Err(Fault::coded("IllegalVersioningConfigurationException", 400, message));
        }
    };
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { versioning, ..bucket })?;
    Ok(Unit)
}

pub fn get_bucket_tagging(
    cx: &Reader,
    input: s3::GetBucketTaggingRequest,
) -> Result<s3::GetBucketTaggingOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    match BUCKET_TAGS.get(cx.store, &EVERYWHERE, &input.bucket)? {
        Some(tags) => Ok(s3::GetBucketTaggingOutput { tag_set: tagging::listed(tags) }),
        None => Err(Fault::coded("NoSuchTagSet", 404, "The TagSet does not exist")),
    }
}

pub fn put_bucket_tagging(cx: &mut Writer, input: s3::PutBucketTaggingRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let tags = tagging::checked(input.tagging.tag_set, tagging::MOST_OF_A_BUCKET)?;
    BUCKET_TAGS.put(cx.tx, &EVERYWHERE, &input.bucket, &tags)?;
    Ok(Unit)
}

pub fn delete_bucket_tagging(cx: &mut Writer, input: s3::DeleteBucketTaggingRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    BUCKET_TAGS.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

pub fn get_bucket_encryption(
    cx: &Reader,
    input: s3::GetBucketEncryptionRequest,
) -> Result<s3::GetBucketEncryptionOutput, Fault> {
    let bucket = reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    // Every bucket encrypts with S3's own keys if it was not told otherwise.
    let own = Encryption { algorithm: "AES256".into(), bucket_key: Some(false), ..Encryption::default() };
    let encryption = bucket.encryption.unwrap_or(own);
    let rule = s3::ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(s3::ServerSideEncryptionByDefault {
            sse_algorithm: encryption.algorithm,
            kms_master_key_id: encryption.key,
        }),
        bucket_key_enabled: encryption.bucket_key,
        ..Default::default()
    };
    let configuration = s3::ServerSideEncryptionConfiguration { rules: vec![rule] };
    Ok(s3::GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) })
}

pub fn put_bucket_encryption(cx: &mut Writer, input: s3::PutBucketEncryptionRequest) -> Result<Unit, Fault> {
    let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let mut rules = input.server_side_encryption_configuration.rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(faults::malformed_xml()) };
    if rule.blocked_encryption_types.is_some() {
        return Err(Fault::not_implemented("BlockedEncryptionTypes of a bucket"));
    }
    let default = rule.apply_server_side_encryption_by_default.unwrap_or_else(|| s3::ServerSideEncryptionByDefault {
        sse_algorithm: "AES256".into(),
        kms_master_key_id: None,
    });
    if default.sse_algorithm == "AES256" && default.kms_master_key_id.is_some() {
        let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        return Err(faults::invalid_argument(message));
    }
    let encryption = Encryption {
        algorithm: default.sse_algorithm,
        key: default.kms_master_key_id,
        bucket_key: rule.bucket_key_enabled.or(Some(false)),
        ..Encryption::default()
    };
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { encryption: Some(encryption), ..bucket })?;
    Ok(Unit)
}

pub fn delete_bucket_encryption(cx: &mut Writer, input: s3::DeleteBucketEncryptionRequest) -> Result<Unit, Fault> {
    let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { encryption: None, ..bucket })?;
    Ok(Unit)
}
