//! GetObjectAttributes: what is known of an object, without its bytes.

use kogumo_door::Reader;
use kogumo_model::s3;
use kogumo_wire::Fault;

use crate::record::{Version, Versioning};
use crate::sums::Sums;
use crate::{access, describe, faults, versions};

pub fn get_object_attributes(
    cx: &Reader,
    input: s3::GetObjectAttributesRequest,
) -> Result<s3::GetObjectAttributesOutput, Fault> {
    if input.sse_customer_key.is_some() {
        return Err(Fault::not_implemented("Server-side encryption with customer-provided keys (SSE-C)"));
    }
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, owner)?;
    let version = versions::object(cx.store, &input.bucket, &input.key, input.version_id.as_deref())?;
    // Some clients send one header with commas, others one header each.
    let wanted: Vec<_> = input.object_attributes.iter().flat_map(|names| names.split(',')).map(str::trim).collect();
    if let Some(unknown) = wanted.iter().find(|name| !ATTRIBUTES.contains(name)) {
        return Err(faults::invalid_argument(format!("Invalid attribute name specified: {unknown}")));
    }
    let wants = |name: &str| wanted.contains(&name);
    Ok(s3::GetObjectAttributesOutput {
        last_modified: Some(version.modified),
        version_id: (bucket.versioning != Versioning::Never).then(|| version.id.clone()),
        e_tag: wants("ETag").then(|| version.etag.clone()),
        checksum: if wants("Checksum") { checksum(&version) } else { None },
        object_parts: if wants("ObjectParts") { parts(&version, &input) } else { None },
        storage_class: if wants("StorageClass") { describe::listed_storage_class(&version.described) } else { None },
        object_size: if wants("ObjectSize") { i64::try_from(version.size).ok() } else { None },
        ..Default::default()
    })
}

const ATTRIBUTES: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

fn checksum(version: &Version) -> Option<s3::Checksum> {
    let sum = version.checksum.as_ref()?;
    let mut shown = s3::Checksum { checksum_type: Some(sum.kind().to_owned()), ..Default::default() };
    shown.show(Some(sum));
    Some(shown)
}

/// The parts of a multipart upload. They are listed one by one only if they have checksums of their own.
fn parts(version: &Version, input: &s3::GetObjectAttributesRequest) -> Option<s3::GetObjectAttributesParts> {
    if !version.multipart {
        return None;
    }
    let total = i32::try_from(version.parts.len()).ok();
    if version.parts.iter().any(|part| part.checksum.is_none()) {
        return Some(s3::GetObjectAttributesParts { total_parts_count: total, ..Default::default() });
    }
    let marker = input.part_number_marker.unwrap_or(0);
    let most = usize::try_from(input.max_parts.unwrap_or(1000)).unwrap_or(0);
    let number = |part: &crate::record::Part| i32::try_from(part.number).unwrap_or(i32::MAX);
    let mut behind = version.parts.iter().filter(|part| number(part) > marker);
    let mut shown = Vec::new();
    for part in behind.by_ref().take(most) {
        let mut one = s3::ObjectPart {
            part_number: Some(number(part)),
            size: i64::try_from(part.size).ok(),
            ..Default::default()
        };
        one.show(part.checksum.as_ref());
        shown.push(one);
    }
    let truncated = behind.next().is_some();
    Some(s3::GetObjectAttributesParts {
        total_parts_count: total,
        part_number_marker: Some(marker),
        next_part_number_marker: shown.last().and_then(|part| part.part_number),
        max_parts: i32::try_from(most).ok(),
        is_truncated: Some(truncated),
        parts: Some(shown),
    })
}
