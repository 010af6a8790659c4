//! Object lock: a bucket's default retention, a version's retention and legal hold.
//! Source: "Locking objects with Object Lock", Amazon S3 User Guide.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::bucket_config::{reading, writing};
use crate::record::{BUCKETS, Bucket, DEFAULT_RETENTION, DefaultRetention, EVERYWHERE, Retention, Version, Versioning};
use crate::{access, faults, versions};

pub fn get_object_lock_configuration(
    cx: &Reader,
    input: s3::GetObjectLockConfigurationRequest,
) -> Result<s3::GetObjectLockConfigurationOutput, Fault> {
    let bucket = reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    if !bucket.object_lock {
        let message = "Object Lock configuration does not exist for this bucket";
        return Err(Fault::coded("ObjectLockConfigurationNotFoundError", 404, message));
    }
    let default = DEFAULT_RETENTION.get(cx.store, &EVERYWHERE, &input.bucket)?;
    let rule = default.map(|default| s3::ObjectLockRule {
        default_retention: Some(s3::DefaultRetention {
            mode: Some(default.mode),
            days: default.days,
            years: default.years,
            ..Default::default()
        }),
    });
    let configuration = s3::ObjectLockConfiguration { object_lock_enabled: Some("Enabled".into()), rule };
    Ok(s3::GetObjectLockConfigurationOutput { object_lock_configuration: Some(configuration) })
}

pub fn put_object_lock_configuration(
    cx: &mut Writer,
    input: s3::PutObjectLockConfigurationRequest,
) -> Result<s3::PutObjectLockConfigurationOutput, Fault> {
    let bucket = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let asked = input.object_lock_configuration.ok_or_else(faults::malformed_xml)?;
    if asked.object_lock_enabled.as_deref() != Some("Enabled") {
        return Err(faults::malformed_xml());
    }
    if bucket.versioning != Versioning::Enabled {
        let message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
        return Err(Fault::coded("InvalidBucketState", 409, message));
    }
    match asked.rule.and_then(|rule| rule.default_retention) {
        Some(default) => {
            let default = kept(default)?;
            DEFAULT_RETENTION.put(cx.tx, &EVERYWHERE, &input.bucket, &default)?;
        }
        None => drop(DEFAULT_RETENTION.delete(cx.tx, &EVERYWHERE, &input.bucket)?),
    }
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { object_lock: true, ..bucket })?;
    Ok(s3::PutObjectLockConfigurationOutput::default())
}

fn kept(default: s3::DefaultRetention) -> Result<DefaultRetention, Fault> {
    if default.default_event_hold.is_some() {
        return Err(Fault::not_implemented("Event holds of object lock"));
    }
    let mode = default.mode.ok_or_else(faults::malformed_xml)?;
    match (default.days, default.years) {
        (Some(days), None) if days > 0 => Ok(DefaultRetention { mode, days: Some(days), years: None }),
        (None, Some(years)) if years > 0 => Ok(DefaultRetention { mode, days: None, years: Some(years) }),
        (Some(_), None) | (None, Some(_)) => {
            Err(faults::invalid_argument("Default retention period must be a positive integer value."))
        }
        _ => Err(faults::malformed_xml()),
    }
}

pub fn get_object_retention(
    cx: &Reader,
    input: s3::GetObjectRetentionRequest,
) -> Result<s3::GetObjectRetentionOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let version = lockable(cx.store, &bucket, &input.key, input.version_id.as_deref())?;
    let retention = version.retention.ok_or_else(no_lock)?;
    let retention = s3::ObjectLockRetention {
        mode: Some(retention.mode),
        retain_until_date: Some(retention.until),
        ..Default::default()
    };
    Ok(s3::GetObjectRetentionOutput { retention: Some(retention) })
}

pub fn put_object_retention(
    cx: &mut Writer,
    input: s3::PutObjectRetentionRequest,
) -> Result<s3::PutObjectRetentionOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, owner)?;
    let mut version = lockable(cx.store(), &bucket, &input.key, input.version_id.as_deref())?;
    let asked = input.retention.unwrap_or_default();
    if asked.event_hold.is_some() || asked.event_hold_duration.is_some() {
        return Err(Fault::not_implemented("Event holds of object lock"));
    }
    let wanted = match (asked.mode, asked.retain_until_date) {
        (Some(mode), Some(until)) if until > cx.now => Some(Retention { mode, until }),
        (Some(_), Some(_)) => {
            return Err(faults::invalid_argument("The retain until date must be in the future!"));
        }
        (None, None) => None,
        _ => return Err(faults::malformed_xml()),
    };
    let bypass = input.bypass_governance_retention == Some(true);
    if let Some(held) = version.retention.as_ref().filter(|held| held.until > cx.now)
        && loosens(held, wanted.as_ref())
        && !(bypass && held.mode == "GOVERNANCE")
    {
        return Err(faults::object_locked());
    }
    version.retention = wanted;
    versions::replace(cx.tx, &input.bucket, &input.key, &version)?;
    Ok(s3::PutObjectRetentionOutput::default())
}

/// Whether a new retention would hold less than the old one.
fn loosens(held: &Retention, wanted: Option<&Retention>) -> bool {
    wanted.is_none_or(|wanted| wanted.until < held.until || (held.mode == "COMPLIANCE" && wanted.mode != held.mode))
}

pub fn get_object_legal_hold(
    cx: &Reader,
    input: s3::GetObjectLegalHoldRequest,
) -> Result<s3::GetObjectLegalHoldOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let version = lockable(cx.store, &bucket, &input.key, input.version_id.as_deref())?;
    let status = if version.legal_hold.ok_or_else(no_lock)? { "ON" } else { "OFF" };
    Ok(s3::GetObjectLegalHoldOutput { legal_hold: Some(s3::ObjectLockLegalHold { status: Some(status.into()) }) })
}

pub fn put_object_legal_hold(
    cx: &mut Writer,
    input: s3::PutObjectLegalHoldRequest,
) -> Result<s3::PutObjectLegalHoldOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, owner)?;
    let mut version = lockable(cx.store(), &bucket, &input.key, input.version_id.as_deref())?;
    version.legal_hold = match input.legal_hold.and_then(|hold| hold.status).as_deref() {
        Some("ON") => Some(true),
        Some("OFF") => Some(false),
        _ => return Err(faults::malformed_xml()),
    };
    versions::replace(cx.tx, &input.bucket, &input.key, &version)?;
    Ok(s3::PutObjectLegalHoldOutput::default())
}

fn lockable(read: &dyn Read, bucket: &Bucket, key: &str, id: Option<&str>) -> Result<Version, Fault> {
    if !bucket.object_lock {
        return Err(faults::invalid_request("Bucket is missing Object Lock Configuration"));
    }
    versions::object(read, &bucket.name, key, id)
}

fn no_lock() -> Fault {
    let message = "The specified object does not have a ObjectLock configuration";
    Fault::coded("NoSuchObjectLockConfiguration", 404, message)
}
