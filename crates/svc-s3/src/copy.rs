//! CopyObject and UploadPartCopy: bytes that are here already, read and taken in again.

use kogumo_base::Timestamp;
use kogumo_door::Context;
use kogumo_model::s3;
use kogumo_sigv4::hex;
use kogumo_store::{Read, Snapshot};
use kogumo_wire::{Body, Fault, decode};

use crate::blobs::Blobs;
use crate::conditions::{Conditions, Verdict};
use crate::describe::{self, Wish};
use crate::put::{self, MOST_BYTES, New};
use crate::record::{Part, Version, Versioning};
use crate::sums::{self, Expected, Sums};
use crate::{access, faults, multipart, range, restore, sse, versions};

/// `x-amz-copy-source`: `/bucket/key?versionId=id`, percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    bucket: String,
    key: String,
    version: Option<String>,
}

impl Source {
    fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = || {
            let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
            faults::invalid_argument(message)
        };
        let (path, version) = match text.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (text, None),
        };
        let path = decode(path, false);
        let path = path.strip_prefix('/').unwrap_or(&path);
        let path = path.strip_prefix("arn:aws:s3:::").unwrap_or(path);
        match path.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
                Ok(Source { bucket: bucket.to_owned(), key: key.to_owned(), version })
            }
            _ => Err(invalid()),
        }
    }

    /// The version that is meant, and its id if the bucket has versions.
    fn find(
        &self,
        read: &dyn Read,
        owner: Option<&String>,
        conditions: &Conditions<'_>,
        now: Timestamp,
    ) -> Result<(Version, Option<String>), Fault> {
        let version = self.version.as_deref();
        let bucket = access::bucket(read, &self.bucket, owner)?;
        let version = versions::object(read, &self.bucket, &self.key, version)?;
        match conditions.judge(&version.etag, version.modified) {
            Verdict::Go => {}
            Verdict::NotModified | Verdict::Failed(_) => return Err(faults::precondition_failed()),
        }
        restore::check_readable(&version, now)?;
        let id = (bucket.versioning != Versioning::Never).then(|| version.id.clone());
        Ok((version, id))
    }
}

async fn bytes(cx: &Context, snapshot: &Snapshot, version: &Version, range: Option<(u64, u64)>) -> Result<Body, Fault> {
    let (first, last) = match range {
        Some(range) => range,
        None if version.size == 0 => return Ok(Body::Empty),
        None => (0, version.size - 1),
    };
    let cipher = sse::open(cx, &version.described).await?;
    Ok(cx.cloud.part::<Blobs>()?.read(snapshot, &version.parts, first, last, cipher).await?)
}

pub async fn copy_object(cx: Context, mut input: s3::CopyObjectRequest) -> Result<s3::CopyObjectOutput, Fault> {
    if input.copy_source_sse_customer_key.is_some() {
        return Err(Fault::not_implemented("Server-side encryption with customer-provided keys (SSE-C)"));
    }
    let source = Source::parse(&input.copy_source)?;
    let conditions = Conditions {
        if_match: input.copy_source_if_match.as_deref(),
        if_none_match: input.copy_source_if_none_match.as_deref(),
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let snapshot = cx.snapshot();
    let owner = input.expected_source_bucket_owner.as_ref();
    let (version, source_id) = source.find(&snapshot, owner, &conditions, cx.now())?;
    if version.size > MOST_BYTES {
        let message = format!(
            "The specified copy source is larger than the maximum allowable size for a copy source: {MOST_BYTES}"
        );
        return Err(faults::invalid_request(message));
    }
    let algorithm = match (&input.checksum_algorithm, &version.checksum) {
        (Some(name), _) => sums::by_name(name)?,
        (None, Some(sum)) => sum.algorithm().unwrap_or(sums::DEFAULT),
        (None, None) => sums::DEFAULT,
    };
    let replaces = directive(input.metadata_directive.as_deref(), "metadata")?;
    let replaces_tags = directive(input.tagging_directive.as_deref(), "tagging")?;
    let same = source.bucket == input.bucket && source.key == input.key && source.version.is_none();
    let wish = Wish::from(&mut input);
    let changes_something = replaces
        || wish.described.storage_class.is_some()
        || wish.described.website_redirect.is_some()
        || wish.encryption.is_some();
    if same && !changes_something {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(faults::invalid_request(message));
    }
    let new = New {
        wish: wish_of_copy(wish, &version, replaces, replaces_tags),
        bucket: input.bucket,
        key: input.key,
        expected_owner: input.expected_bucket_owner,
        expected: Expected::new(None, Some(&algorithm.name().to_owned()), None, sums::DEFAULT)?,
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        event: "s3:ObjectCreated:Copy",
    };
    let body = bytes(&cx, &snapshot, &version, None).await?;
    let made = put::make(&cx, new, body, MOST_BYTES).await?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(&made.described);
    let mut result = s3::CopyObjectResult {
        e_tag: describe::quoted(&made.etag),
        last_modified: Some(made.modified),
        checksum_type: Some(made.sum.kind().to_owned()),
        ..Default::default()
    };
    result.show(Some(&made.sum));
    Ok(s3::CopyObjectOutput {
        copy_object_result: Some(result),
        expiration: made.expiration,
        copy_source_version_id: source_id,
        version_id: made.version_id,
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..Default::default()
    })
}

/// Whether the copy gets what the request says (`REPLACE`), not what the source has (`COPY`).
fn directive(text: Option<&str>, what: &str) -> Result<bool, Fault> {
    match text {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(faults::invalid_argument(format!("Unknown {what} directive."))),
    }
}

/// What the copy is told: its storage class, encryption, lock and access are always the request's.
fn wish_of_copy(wish: Wish, source: &Version, replaces: bool, replaces_tags: bool) -> Wish {
    let mut wish = wish;
    if !replaces {
        let own = wish.described;
        wish.described = source.described.clone();
        wish.described.storage_class = own.storage_class;
        wish.described.website_redirect = own.website_redirect;
        wish.described.acl = own.acl;
    }
    if !replaces_tags {
        let encode = |text: &str| percent(text);
        let pairs = source.tags.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value)));
        wish.tagging = Some(pairs.collect::<Vec<_>>().join("&"));
    }
    wish
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub async fn upload_part_copy(
    cx: Context,
    input: s3::UploadPartCopyRequest,
) -> Result<s3::UploadPartCopyOutput, Fault> {
    if input.sse_customer_key.is_some() || input.copy_source_sse_customer_key.is_some() {
        return Err(Fault::not_implemented("Server-side encryption with customer-provided keys (SSE-C)"));
    }
    let number = multipart::part_number(input.part_number)?;
    let source = Source::parse(&input.copy_source)?;
    let conditions = Conditions {
        if_match: input.copy_source_if_match.as_deref(),
        if_none_match: input.copy_source_if_none_match.as_deref(),
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    let snapshot = cx.snapshot();
    let owner = input.expected_bucket_owner.as_ref();
    access::bucket(&snapshot, &input.bucket, owner)?;
    let upload = multipart::find(&snapshot, &input.bucket, &input.key, &input.upload_id)?;
    let source_owner = input.expected_source_bucket_owner.as_ref();
    let (version, source_id) = source.find(&snapshot, source_owner, &conditions, cx.now())?;
    let part_of_it = input.copy_source_range.as_deref().map(|text| {
        range::of_copy_source(text, version.size).ok_or_else(|| {
            let message = format!("Range specified is not valid for source object of size: {}", version.size);
            faults::invalid_argument(message)
        })
    });
    let body = bytes(&cx, &snapshot, &version, part_of_it.transpose()?).await?;
    let algorithm = upload.checksum_algorithm.as_deref().map_or(Ok(sums::DEFAULT), sums::by_name)?;
    let expected = Expected::new(None, None, None, algorithm)?;
    let cipher = sse::open(&cx, &upload.described).await?;
    let blobs = cx.cloud.part::<Blobs>()?;
    let fresh = blobs.receive(body, MOST_BYTES, &[algorithm], cipher.as_ref()).await.map_err(put::unreceived)?;
    let sum = expected.compare(fresh.sums.first().map_or(&[], Vec::as_slice), &fresh.md5)?;
    cx.write(|cx| {
        multipart::find(cx.store(), &input.bucket, &input.key, &input.upload_id)?;
        let part = Part { number, checksum: Some(sum.clone()), ..fresh.part.clone() };
        multipart::put_part(cx, &input.upload_id, part, &fresh)
    })?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(&upload.described);
    let mut result = s3::CopyPartResult {
        e_tag: describe::quoted(&hex(&fresh.md5)),
        last_modified: Some(Timestamp::from_seconds(cx.now().seconds())),
        ..Default::default()
    };
    if upload.checksum_algorithm.is_some() {
        result.show(Some(&sum));
    }
    Ok(s3::UploadPartCopyOutput {
        copy_source_version_id: source_id,
        copy_part_result: Some(result),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        let source = |text: &str| Source::parse(text).ok().map(|source| (source.bucket, source.key, source.version));
        assert_eq!(source("b/k"), Some(("b".into(), "k".into(), None)));
        assert_eq!(source("/b/a%20b/%E6%97%A5"), Some(("b".into(), "a b/日".into(), None)));
        assert_eq!(source("b/a+b"), Some(("b".into(), "a+b".into(), None)));
        assert_eq!(source("b/k?versionId=v1"), Some(("b".into(), "k".into(), Some("v1".into()))));
        assert_eq!(source("b%2Fk%3Fx"), Some(("b".into(), "k?x".into(), None)));
        assert_eq!(source("b"), None);
        assert_eq!(source("b/"), None);
    }
}
