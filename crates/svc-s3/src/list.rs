//! ListObjects and ListObjectsV2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kogumo_base::Trouble;
use kogumo_door::Reader;
use kogumo_model::s3;
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::listing::{self, Page, Position, Query};
use crate::record::{Bucket, CURRENT, EVERYWHERE, Version};
use crate::{access, bucket, describe, faults};

/// The longest page.
const MOST: usize = 1000;

pub fn list_objects(cx: &Reader, input: s3::ListObjectsRequest) -> Result<s3::ListObjectsOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let encoding = Encoding::new(input.encoding_type.as_deref())?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        max: max(input.max_keys)?,
        marker: input.marker.as_deref().unwrap_or_default(),
    };
    let page = page(cx, &bucket, &query)?;
    let next = page.last().filter(|_| page.truncated).map(|last| encoding.apply(last));
    Ok(s3::ListObjectsOutput {
        is_truncated: Some(page.truncated),
        marker: Some(encoding.apply(query.marker)),
        // Without a delimiter the last key is the marker, and S3 does not repeat it.
        next_marker: next.filter(|_| !query.delimiter.is_empty()),
        contents: Some(contents(&page, &encoding, Some(&bucket.owner))),
        common_prefixes: Some(common_prefixes(&page, &encoding)),
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.apply(query.prefix)),
        delimiter: input.delimiter.as_deref().map(|delimiter| encoding.apply(delimiter)),
        max_keys: i32::try_from(query.max).ok(),
        encoding_type: input.encoding_type.clone(),
        ..Default::default()
    })
}

pub fn list_objects_v2(cx: &Reader, input: s3::ListObjectsV2Request) -> Result<s3::ListObjectsV2Output, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let encoding = Encoding::new(input.encoding_type.as_deref())?;
    let continued = input.continuation_token.as_deref().map(from_token).transpose()?;
    let query = Query {
        prefix: input.prefix.as_deref().unwrap_or_default(),
        delimiter: input.delimiter.as_deref().unwrap_or_default(),
        max: max(input.max_keys)?,
        marker: continued.as_deref().or(input.start_after.as_deref()).unwrap_or_default(),
    };
    let page = page(cx, &bucket, &query)?;
    let shown_owner = (input.fetch_owner == Some(true)).then_some(&bucket.owner);
    Ok(s3::ListObjectsV2Output {
        is_truncated: Some(page.truncated),
        key_count: i32::try_from(page.entries.len() + page.prefixes.len()).ok(),
        next_continuation_token: page.last().filter(|_| page.truncated).map(to_token),
        contents: Some(contents(&page, &encoding, shown_owner)),
        common_prefixes: Some(common_prefixes(&page, &encoding)),
        name: Some(input.bucket.clone()),
        prefix: Some(encoding.apply(query.prefix)),
        delimiter: input.delimiter.as_deref().map(|delimiter| encoding.apply(delimiter)),
        max_keys: i32::try_from(query.max).ok(),
        encoding_type: input.encoding_type.clone(),
        continuation_token: input.continuation_token.clone(),
        start_after: input.start_after.as_deref().map(|start| encoding.apply(start)),
        ..Default::default()
    })
}

fn page(cx: &Reader, bucket: &Bucket, query: &Query<'_>) -> Result<Page<Version>, Trouble> {
    listing::page(query, |position| {
        let range = range(&bucket.name, query.prefix, query.marker, position);
        CURRENT.scan(cx.store, &EVERYWHERE, &range).filter_map(|row| match row {
            Ok((_, version)) if version.marker => None,
            Ok((key, version)) => Some(name_of(&key).map(|name| (name, version))),
            Err(trouble) => Some(Err(trouble)),
        })
    })
}

/// The rows of a bucket whose keys begin with a prefix, from a position on.
pub fn range(bucket: &str, prefix: &str, marker: &str, position: &Position) -> Range {
    let range = Range::prefix(Key::new().str(bucket).then_open_str(prefix));
    match position {
        Position::Start if marker.is_empty() => range,
        Position::Start => range.after_prefix(Key::new().str(bucket).str(marker)),
        Position::AfterPrefix(prefix) => range.after_prefix(Key::new().str(bucket).then_open_str(prefix)),
    }
}

/// The object's key in a row's key.
pub fn name_of(key: &Key) -> Result<String, Trouble> {
    let mut parts = key.reader();
    let name = parts.str().and_then(|_| parts.str());
    name.ok_or_else(|| Trouble::new("a row of S3 has no key"))
}

/// How many keys a page may show.
///
/// # Errors
/// `InvalidArgument`.
pub fn max(asked: Option<i32>) -> Result<usize, Fault> {
    match usize::try_from(asked.unwrap_or(1000)) {
        Ok(max) => Ok(max.min(MOST)),
        Err(_) => Err(faults::invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647")),
    }
}

fn contents(page: &Page<Version>, encoding: &Encoding, owner: Option<&String>) -> Vec<s3::Object> {
    let shown = |(key, version): &(String, Version)| s3::Object {
        key: Some(encoding.apply(key)),
        last_modified: Some(version.modified),
        e_tag: describe::quoted(&version.etag),
        checksum_algorithm: version.checksum.as_ref().map(|sum| vec![sum.algorithm.clone()]),
        checksum_type: version.checksum.as_ref().map(|sum| sum.kind().to_owned()),
        size: i64::try_from(version.size).ok(),
        storage_class: describe::listed_storage_class(&version.described),
        owner: owner.map(|account| bucket::owner(account)),
        restore_status: None,
    };
    page.entries.iter().map(shown).collect()
}

/// The common prefixes of a page.
pub fn common_prefixes<T>(page: &Page<T>, encoding: &Encoding) -> Vec<s3::CommonPrefix> {
    page.prefixes.iter().map(|prefix| s3::CommonPrefix { prefix: Some(encoding.apply(prefix)) }).collect()
}

/// Continuation tokens are the last key, written so that nobody takes them for one.
fn to_token(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

fn from_token(token: &str) -> Result<String, Fault> {
    let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| faults::invalid_argument("The continuation token provided is incorrect"))
}

/// How keys are written in lists: as they are, or percent-encoded for clients whose XML cannot hold every character.
pub struct Encoding {
    url: bool,
}

impl Encoding {
    /// # Errors
    /// `InvalidArgument` for any but `url`.
    pub fn new(kind: Option<&str>) -> Result<Self, Fault> {
        match kind {
            None | Some("") => Ok(Encoding { url: false }),
            Some("url") => Ok(Encoding { url: true }),
            Some(_) => Err(faults::invalid_argument("Invalid Encoding Method specified in Request")),
        }
    }

    pub fn apply(&self, text: &str) -> String {
        if !self.url {
            return text.to_owned();
        }
        let mut encoded = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' | b'/' => {
                    encoded.push(char::from(byte));
                }
                b' ' => encoded.push('+'),
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
        }
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_does() {
        let url = Encoding::new(Some("url")).expect("known");
        assert_eq!(url.apply("a b/日+*.txt"), "a+b/%E6%97%A5%2B*.txt");
        assert!(Encoding::new(Some("x")).is_err());
    }

    #[test]
    fn tokens_come_back() {
        assert_eq!(from_token(&to_token("photos/")).expect("decoded"), "photos/");
        assert!(from_token("~").is_err());
    }
}
