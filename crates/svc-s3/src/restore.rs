//! Archived objects: they cannot be read before they have been restored, which takes its time by the cloud's clock.
//! Source: "Working with archived objects" and "Archive retrieval options", Amazon S3 User Guide.

use kogumo_base::Timestamp;
use kogumo_door::Writer;
use kogumo_model::s3;
use kogumo_wire::Fault;

use crate::lifecycle::next_midnight;
use crate::record::{Restored, Version};
use crate::{access, faults, versions};

const HOUR: i64 = 3600;

/// How many seconds a restore takes: the upper end of what AWS says.
fn duration(class: &str, tier: &str) -> Option<i64> {
    match (class, tier) {
        ("GLACIER", "Expedited") => Some(5 * 60),
        ("GLACIER", "Standard") => Some(5 * HOUR),
        ("GLACIER", "Bulk") | ("DEEP_ARCHIVE", "Standard") => Some(12 * HOUR),
        ("DEEP_ARCHIVE", "Bulk") => Some(48 * HOUR),
        _ => None,
    }
}

/// The archive class of a version, if it is in one.
fn archive(version: &Version) -> Option<&str> {
    version.described.storage_class.as_deref().filter(|class| matches!(*class, "GLACIER" | "DEEP_ARCHIVE"))
}

/// Whether a version's bytes can be read now.
///
/// # Errors
/// `InvalidObjectState` for one that is archived.
pub fn check_readable(version: &Version, now: Timestamp) -> Result<(), Fault> {
    let Some(class) = archive(version) else { return Ok(()) };
    if version.restored.as_ref().is_some_and(|restored| restored.ready <= now && now < restored.expires) {
        return Ok(());
    }
    let fields = s3::InvalidObjectState { storage_class: Some(class.to_owned()), access_tier: None };
    let message = "The operation is not valid for the object's storage class";
    Err(Fault::with_fields(&s3::INVALID_OBJECT_STATE, message, fields))
}

/// The `x-amz-restore` header.
pub fn header(version: &Version, now: Timestamp) -> Option<String> {
    archive(version)?;
    let restored = version.restored.as_ref().filter(|restored| now < restored.expires)?;
    Some(match restored.ready <= now {
        true => format!("ongoing-request=\"false\", expiry-date=\"{}\"", restored.expires.http_date()),
        false => "ongoing-request=\"true\"".to_owned(),
    })
}

pub fn restore_object(cx: &mut Writer, input: s3::RestoreObjectRequest) -> Result<s3::RestoreObjectOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    access::bucket(cx.store(), &input.bucket, owner)?;
    let mut version = versions::object(cx.store(), &input.bucket, &input.key, input.version_id.as_deref())?;
    let asked = input.restore_request.ok_or_else(faults::malformed_xml)?;
    if asked.type_.is_some() || asked.select_parameters.is_some() || asked.output_location.is_some() {
        return Err(Fault::not_implemented("Restoring with a SELECT query"));
    }
    let days = asked.days.filter(|days| *days > 0).ok_or_else(faults::malformed_xml)?;
    let Some(class) = archive(&version) else {
        let message = "Restore is not allowed for the object's current storage class";
        return Err(Fault::coded("InvalidObjectState", 403, message));
    };
    let tier = asked.glacier_job_parameters.map(|parameters| parameters.tier).or(asked.tier);
    let tier = tier.unwrap_or_else(|| "Standard".into());
    let seconds = duration(class, &tier).ok_or_else(|| {
        faults::invalid_argument(format!("Retrieval option {tier} is not supported by the storage class {class}"))
    })?;
    let before = version.restored.take().filter(|restored| cx.now < restored.expires);
    let ready = match before {
        Some(restored) if restored.ready > cx.now => {
            let message = "Object restore is already in progress";
            return Err(Fault::coded("RestoreAlreadyInProgress", 409, message));
        }
        // One that is there already only stays longer.
        Some(restored) => restored.ready,
        None => cx.now.plus_seconds(seconds),
    };
    let from = ready.max(cx.now);
    let expires = next_midnight(from.plus_seconds(i64::from(days) * 24 * HOUR).plus_millis(-1));
    version.restored = Some(Restored { ready, expires });
    versions::replace(cx.tx, &input.bucket, &input.key, &version)?;
    Ok(s3::RestoreObjectOutput::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Described;

    #[test]
    fn archives_open_for_a_while() {
        let described = Described { storage_class: Some("GLACIER".into()), ..Described::default() };
        let restored = Some(Restored { ready: Timestamp(100), expires: Timestamp(200) });
        let version = Version { described, restored, ..Version::default() };
        let readable = |now| check_readable(&version, Timestamp(now)).is_ok();
        assert_eq!((readable(99), readable(100), readable(199), readable(200)), (false, true, true, false));
        assert_eq!(header(&version, Timestamp(50)).as_deref(), Some("ongoing-request=\"true\""));
        assert!(header(&version, Timestamp(150)).is_some_and(|text| text.starts_with("ongoing-request=\"false\"")));
        assert_eq!(header(&version, Timestamp(200)), None);
        assert!(check_readable(&Version::default(), Timestamp(0)).is_ok());
    }
}
