//! Tags of whatever has them.

use std::collections::BTreeMap;

use kogumo_model::iam::{INVALID_INPUT_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION, Tag};
use kogumo_wire::Fault;

const MOST: usize = 50;

/// Adds tags; a key that is there gets the new value.
///
/// # Errors
/// More than 50 tags; reserved keys; the same key twice in one request.
pub fn add(tags: &mut BTreeMap<String, String>, new: Vec<Tag>) -> Result<(), Fault> {
    let mut seen: Vec<String> = Vec::new();
    for tag in new {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(INVALID_INPUT_EXCEPTION.because("Added tags contain reserved keys: aws:"));
        }
        if seen.iter().any(|key| key.eq_ignore_ascii_case(&tag.key)) {
            return Err(INVALID_INPUT_EXCEPTION
                .because("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        seen.push(tag.key.clone());
        tags.retain(|key, _| !key.eq_ignore_ascii_case(&tag.key));
        tags.insert(tag.key, tag.value);
    }
    if tags.len() > MOST {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because("The number of tags has reached the maximum limit."));
    }
    Ok(())
}

pub fn made(new: Option<Vec<Tag>>) -> Result<BTreeMap<String, String>, Fault> {
    let mut tags = BTreeMap::new();
    add(&mut tags, new.unwrap_or_default())?;
    Ok(tags)
}

pub fn shown(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Responses leave an empty list out.
pub fn shown_if_any(tags: &BTreeMap<String, String>) -> Option<Vec<Tag>> {
    (!tags.is_empty()).then(|| shown(tags))
}
