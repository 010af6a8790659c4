//! The `x-amz-expiration` header: when and by which rule an object will go.

use kogumo_base::Trouble;
use kogumo_store::Read;

use crate::lifecycle::{self, Subject};
use crate::record::{Bucket, EVERYWHERE, LIFECYCLE, Version};

/// The header for a version, if a rule of its bucket expires it.
///
/// # Errors
/// Trouble with the store.
pub fn header(read: &dyn Read, bucket: &Bucket, key: &str, version: &Version) -> Result<Option<String>, Trouble> {
    if !bucket.has_lifecycle {
        return Ok(None);
    }
    let rules = LIFECYCLE.get(read, &EVERYWHERE, &bucket.name)?.unwrap_or_default();
    let first = lifecycle::expiration(&rules, &subject(key, version));
    Ok(first.map(|(moment, rule)| format!("expiry-date=\"{}\", rule-id=\"{rule}\"", moment.http_date())))
}

/// A version as lifecycle rules look at it.
pub fn subject<'a>(key: &'a str, version: &'a Version) -> Subject<'a> {
    Subject {
        key,
        size: version.size,
        tags: &version.tags,
        storage_class: version.described.storage_class.as_deref().unwrap_or("STANDARD"),
        modified: version.modified,
    }
}
