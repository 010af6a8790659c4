//! Tags of objects, and the rules for tags of buckets too. Source: "Categorizing your objects using tags", Amazon S3
//! User Guide.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_store::Read;
use kogumo_wire::{Fault, parse_query};

use crate::record::{Bucket, Version, Versioning};
use crate::{access, notify, versions};

/// How many tags an object may have.
pub const MOST_OF_AN_OBJECT: usize = 10;
/// How many tags a bucket may have.
pub const MOST_OF_A_BUCKET: usize = 50;

pub fn get_object_tagging(
    cx: &Reader,
    input: s3::GetObjectTaggingRequest,
) -> Result<s3::GetObjectTaggingOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let version = versions::object(cx.store, &input.bucket, &input.key, input.version_id.as_deref())?;
    Ok(s3::GetObjectTaggingOutput { version_id: shown_id(&bucket, &version), tag_set: listed(version.tags) })
}

pub fn put_object_tagging(
    cx: &mut Writer,
    input: s3::PutObjectTaggingRequest,
) -> Result<s3::PutObjectTaggingOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, owner)?;
    let tags = checked(input.tagging.tag_set, MOST_OF_AN_OBJECT)?;
    let version = with_tags(cx.store(), &input.bucket, &input.key, input.version_id.as_deref(), tags)?;
    versions::replace(cx.tx, &input.bucket, &input.key, &version)?;
    let id = shown_id(&bucket, &version);
    notify::tell(cx, &bucket, "s3:ObjectTagging:Put", &input.key, Some(&version), id.as_deref())?;
    Ok(s3::PutObjectTaggingOutput { version_id: shown_id(&bucket, &version) })
}

pub fn delete_object_tagging(
    cx: &mut Writer,
    input: s3::DeleteObjectTaggingRequest,
) -> Result<s3::DeleteObjectTaggingOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, owner)?;
    let none = BTreeMap::new();
    let version = with_tags(cx.store(), &input.bucket, &input.key, input.version_id.as_deref(), none)?;
    versions::replace(cx.tx, &input.bucket, &input.key, &version)?;
    let id = shown_id(&bucket, &version);
    notify::tell(cx, &bucket, "s3:ObjectTagging:Delete", &input.key, Some(&version), id.as_deref())?;
    Ok(s3::DeleteObjectTaggingOutput { version_id: shown_id(&bucket, &version) })
}

fn with_tags(
    read: &dyn Read,
    bucket: &str,
    key: &str,
    id: Option<&str>,
    tags: BTreeMap<String, String>,
) -> Result<Version, Fault> {
    Ok(Version { tags, ..versions::object(read, bucket, key, id)? })
}

fn shown_id(bucket: &Bucket, version: &Version) -> Option<String> {
    (bucket.versioning != Versioning::Never).then(|| version.id.clone())
}

/// Tags as a list.
pub fn listed(tags: BTreeMap<String, String>) -> Vec<s3::Tag> {
    tags.into_iter().map(|(key, value)| s3::Tag { key, value }).collect()
}

/// Tags of a request, if S3 takes them.
///
/// # Errors
/// `BadRequest` for too many, `InvalidTag` for ones that cannot be.
pub fn checked(tags: Vec<s3::Tag>, most: usize) -> Result<BTreeMap<String, String>, Fault> {
    check(tags.into_iter().map(|tag| (tag.key, tag.value)), most)
}

/// Tags of an `x-amz-tagging` header: `a=1&b=2`.
///
/// # Errors
/// As [`checked`].
pub fn from_query(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    check(parse_query(text, true), MOST_OF_AN_OBJECT)
}

fn check(tags: impl IntoIterator<Item = (String, String)>, most: usize) -> Result<BTreeMap<String, String>, Fault> {
    let invalid = |message: &str| Fault::coded("InvalidTag", 400, message);
    let mut checked = BTreeMap::new();
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(invalid("The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(invalid("The TagValue you have provided is invalid"));
        }
        if key.starts_with("aws:") {
            return Err(invalid("System tags cannot be added/updated by requester"));
        }
        if checked.insert(key, value).is_some() {
            return Err(invalid("Cannot provide multiple Tags with the same key"));
        }
    }
    if checked.len() > most {
        let what = if most == MOST_OF_AN_OBJECT { "Object" } else { "Bucket" };
        return Err(Fault::coded("BadRequest", 400, format!("{what} tags cannot be greater than {most}")));
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_judged() {
        let tags = from_query("a=1&b=x+y&c=%E6%97%A5").expect("tags");
        assert_eq!(tags.get("b").map(String::as_str), Some("x y"));
        assert_eq!(tags.get("c").map(String::as_str), Some("日"));
        assert!(from_query("a=1&a=2").is_err());
        assert!(from_query("aws:a=1").is_err());
        assert!(from_query(&format!("{}=1", "k".repeat(129))).is_err());
        let many: Vec<_> = (0..11).map(|number| format!("k{number}=v")).collect();
        assert!(from_query(&many.join("&")).is_err());
    }
}
