//! The `x-amz-expiration` header: when and by which rule an object will go.

use crate::lifecycle::{self, Rule, Subject};
use crate::record::Version;

/// The header for a version, if a rule expires it.
pub fn header(rules: &[Rule], key: &str, version: &Version) -> Option<String> {
    let (moment, rule) = lifecycle::expiration(rules, &subject(key, version))?;
    Some(format!("expiry-date=\"{}\", rule-id=\"{rule}\"", moment.http_date()))
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
