//! GetObject and HeadObject: what an object is, and its bytes.

use kogumo_door::{Context, Reader};
use kogumo_model::s3;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::blobs::Blobs;
use crate::conditions::{Conditions, Verdict};
use crate::describe;
use crate::range::{self, Wanted};
use crate::record::{Version, Versioning};
use crate::sums::Sums;
use crate::{access, expiration, faults, restore, sse, versions};

/// The part of an object that a request is about.
struct Chosen {
    version: Version,
    versioned: bool,
    first: u64,
    /// Included; of an empty object this is 0, too.
    last: u64,
    /// How many bytes.
    length: u64,
    content_range: Option<String>,
    /// Of how many parts one was asked for by its number.
    parts_count: Option<i32>,
    expiration: Option<String>,
}

pub async fn get_object(cx: Context, input: s3::GetObjectRequest) -> Result<s3::GetObjectOutput, Fault> {
    refuse_customer_key(input.sse_customer_key.as_ref())?;
    let snapshot = cx.snapshot();
    let chosen =
        choose(&snapshot, &input).map_err(|fault| access::hide_missing(&cx.cloud, &cx.caller, &input.bucket, fault))?;
    let version = &chosen.version;
    restore::check_readable(version, cx.now())?;
    let restore = restore::header(version, cx.now());
    // Also where there are no bytes: whoever may not use the key gets no answer.
    let cipher = sse::open(&cx, &version.described).await?;
    let body = match chosen.length {
        0 => kogumo_wire::Body::Empty,
        _ => cx.cloud.part::<Blobs>()?.read(&snapshot, &version.parts, chosen.first, chosen.last, cipher).await?,
    };
    let described = &version.described;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(described);
    let mut output = s3::GetObjectOutput {
        body,
        accept_ranges: Some("bytes".into()),
        restore,
        expiration: chosen.expiration,
        last_modified: Some(version.modified),
        content_length: i64::try_from(chosen.length).ok(),
        e_tag: describe::quoted(&version.etag),
        version_id: chosen.versioned.then(|| version.id.clone()),
        cache_control: input.response_cache_control.or_else(|| described.cache_control.clone()),
        content_disposition: input.response_content_disposition.or_else(|| described.content_disposition.clone()),
        content_encoding: input.response_content_encoding.or_else(|| described.content_encoding.clone()),
        content_language: input.response_content_language.or_else(|| described.content_language.clone()),
        content_type: Some(input.response_content_type.unwrap_or_else(|| content_type(version))),
        expires: input.response_expires.map(|moment| moment.http_date()).or_else(|| described.expires.clone()),
        content_range: chosen.content_range,
        website_redirect_location: described.website_redirect.clone(),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        metadata: Some(described.metadata.clone()),
        storage_class: describe::shown_storage_class(described),
        parts_count: chosen.parts_count,
        tag_count: count(version.tags.len()),
        object_lock_mode: version.retention.as_ref().map(|retention| retention.mode.clone()),
        object_lock_retain_until_date: version.retention.as_ref().map(|retention| retention.until),
        object_lock_legal_hold_status: version.legal_hold.map(|on| if on { "ON" } else { "OFF" }.to_owned()),
        ..Default::default()
    };
    if input.checksum_mode.is_some() && chosen.length == version.size {
        output.show(version.checksum.as_ref());
        output.checksum_type = version.checksum.as_ref().map(|sum| sum.kind().to_owned());
    }
    Ok(output)
}

pub fn head_object(cx: &Reader, input: s3::HeadObjectRequest) -> Result<s3::HeadObjectOutput, Fault> {
    refuse_customer_key(input.sse_customer_key.as_ref())?;
    let asked = s3::GetObjectRequest {
        bucket: input.bucket,
        key: input.key,
        version_id: input.version_id,
        expected_bucket_owner: input.expected_bucket_owner,
        range: input.range,
        part_number: input.part_number,
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
        ..Default::default()
    };
    let chosen =
        choose(cx.store, &asked).map_err(|fault| access::hide_missing(cx.cloud, cx.caller, &asked.bucket, fault))?;
    let version = &chosen.version;
    let restore = restore::header(version, cx.now);
    let described = &version.described;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) = describe::shown_encryption(described);
    let mut output = s3::HeadObjectOutput {
        accept_ranges: Some("bytes".into()),
        restore,
        expiration: chosen.expiration,
        last_modified: Some(version.modified),
        content_length: i64::try_from(chosen.length).ok(),
        e_tag: describe::quoted(&version.etag),
        version_id: chosen.versioned.then(|| version.id.clone()),
        cache_control: input.response_cache_control.or_else(|| described.cache_control.clone()),
        content_disposition: input.response_content_disposition.or_else(|| described.content_disposition.clone()),
        content_encoding: input.response_content_encoding.or_else(|| described.content_encoding.clone()),
        content_language: input.response_content_language.or_else(|| described.content_language.clone()),
        content_type: Some(input.response_content_type.unwrap_or_else(|| content_type(version))),
        expires: input.response_expires.map(|moment| moment.http_date()).or_else(|| described.expires.clone()),
        content_range: chosen.content_range,
        website_redirect_location: described.website_redirect.clone(),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        metadata: Some(described.metadata.clone()),
        storage_class: describe::shown_storage_class(described),
        parts_count: chosen.parts_count,
        tag_count: count(version.tags.len()),
        object_lock_mode: version.retention.as_ref().map(|retention| retention.mode.clone()),
        object_lock_retain_until_date: version.retention.as_ref().map(|retention| retention.until),
        object_lock_legal_hold_status: version.legal_hold.map(|on| if on { "ON" } else { "OFF" }.to_owned()),
        ..Default::default()
    };
    if input.checksum_mode.is_some() && chosen.length == version.size {
        output.show(version.checksum.as_ref());
        output.checksum_type = version.checksum.as_ref().map(|sum| sum.kind().to_owned());
    }
    Ok(output)
}

/// Finds the version, judges the conditions, and sees which bytes are wanted.
fn choose(read: &dyn Read, input: &s3::GetObjectRequest) -> Result<Chosen, Fault> {
    let id = input.version_id.as_deref();
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(read, &input.bucket, owner)?;
    let version = versions::object(read, &input.bucket, &input.key, id)?;
    let conditions = Conditions {
        if_match: input.if_match.as_deref(),
        if_none_match: input.if_none_match.as_deref(),
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    match conditions.judge(&version.etag, version.modified) {
        Verdict::Go => {}
        Verdict::NotModified => return Err(faults::not_modified()),
        Verdict::Failed(_) => return Err(faults::precondition_failed()),
    }
    let (first, length, parts_count) = match input.part_number {
        Some(_) if input.range.is_some() => {
            return Err(faults::invalid_request("Cannot specify both Range header and partNumber query parameter"));
        }
        Some(number) => part(&version, number)?,
        None => match range::wanted(input.range.as_deref(), version.size) {
            Wanted::Whole => (0, version.size, None),
            Wanted::Part { first, last } => (first, last + 1 - first, None),
            Wanted::Unsatisfiable => return Err(faults::invalid_range()),
        },
    };
    let whole = length == version.size && input.range.is_none() && parts_count.is_none();
    let last = (first + length).saturating_sub(1);
    Ok(Chosen {
        content_range: (!whole && length > 0).then(|| format!("bytes {first}-{last}/{}", version.size)),
        expiration: expiration::header(read, &bucket, &input.key, &version)?,
        versioned: bucket.versioning != Versioning::Never,
        first,
        last,
        length,
        parts_count,
        version,
    })
}

/// Where a part begins, how long it is, and how many there are. An object that came in one piece is its own part 1.
fn part(version: &Version, number: i32) -> Result<(u64, u64, Option<i32>), Fault> {
    if !version.multipart {
        return if number == 1 { Ok((0, version.size, None)) } else { Err(no_such_part()) };
    }
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let index = index.filter(|index| *index < version.parts.len()).ok_or_else(no_such_part)?;
    let before = version.parts.iter().take(index).map(|part| part.size).sum();
    let size = version.parts.get(index).map_or(0, |part| part.size);
    Ok((before, size, count(version.parts.len())))
}

fn no_such_part() -> Fault {
    Fault::coded("InvalidPartNumber", 416, "The requested partnumber is not satisfiable")
}

fn content_type(version: &Version) -> String {
    version.described.content_type.clone().unwrap_or_else(|| "binary/octet-stream".into())
}

fn count(number: usize) -> Option<i32> {
    i32::try_from(number).ok().filter(|number| *number > 0)
}

fn refuse_customer_key(key: Option<&String>) -> Result<(), Fault> {
    match key {
        Some(_) => Err(Fault::not_implemented("Server-side encryption with customer-provided keys (SSE-C)")),
        None => Ok(()),
    }
}
