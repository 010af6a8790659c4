//! DeleteObject and DeleteObjects.

use kogumo_door::Writer;
use kogumo_model::s3;
use kogumo_wire::{Fault, Protocol};

use crate::record::Bucket;
use crate::versions::{self, Removed};
use crate::{access, conditions, faults, notify};

/// As many keys as one request may name.
const MOST: usize = 1000;

pub fn delete_object(cx: &mut Writer, input: s3::DeleteObjectRequest) -> Result<s3::DeleteObjectOutput, Fault> {
    let id = input.version_id.as_deref();
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, owner)?;
    if input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
        return Err(Fault::not_implemented("Deleting by size or time (directory buckets)"));
    }
    if let Some(if_match) = &input.if_match {
        let current = versions::current_etag(cx.store(), &input.bucket, &input.key)?;
        conditions::judge_write(Some(if_match), None, current.as_deref())?;
    }
    let bypass = input.bypass_governance_retention == Some(true);
    let removed = remove(cx, &bucket, &input.key, id, bypass)?;
    Ok(s3::DeleteObjectOutput {
        delete_marker: removed.marker.then_some(true),
        version_id: removed.id,
        ..Default::default()
    })
}

pub fn delete_objects(cx: &mut Writer, input: s3::DeleteObjectsRequest) -> Result<s3::DeleteObjectsOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, owner)?;
    if input.delete.objects.is_empty() || input.delete.objects.len() > MOST {
        return Err(faults::malformed_xml());
    }
    let bypass = input.bypass_governance_retention == Some(true);
    let quiet = input.delete.quiet == Some(true);
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        let id = object.version_id.as_deref().filter(|id| !id.is_empty());
        let permitted = may_remove(cx, &bucket, &object.key, id, bypass);
        match permitted.and_then(|()| remove_if_matching(cx, &bucket, &object, id, bypass)) {
            Ok(removed) if !quiet => deleted.push(shown(&object, id, removed)),
            Ok(_) => {}
            Err(fault) => errors.push(s3::Error {
                code: Some(fault.code(Protocol::RestXml).to_owned()),
                message: Some(fault.message),
                key: Some(object.key),
                version_id: object.version_id,
            }),
        }
    }
    Ok(s3::DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..Default::default() })
}

/// One request names many objects, and policies may tell them apart.
fn may_remove(cx: &Writer, bucket: &Bucket, key: &str, id: Option<&str>, bypass: bool) -> Result<(), Fault> {
    let resource = format!("arn:aws:s3:::{}/{key}", bucket.name);
    let action = if id.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
    cx.cloud.may(cx.caller, "s3", action, &resource)?;
    if bypass { cx.cloud.may(cx.caller, "s3", "s3:BypassGovernanceRetention", &resource) } else { Ok(()) }
}

fn remove_if_matching(
    cx: &mut Writer,
    bucket: &Bucket,
    object: &s3::ObjectIdentifier,
    id: Option<&str>,
    bypass: bool,
) -> Result<Removed, Fault> {
    if let Some(etag) = &object.e_tag {
        let current = versions::current_etag(cx.store(), &bucket.name, &object.key)?;
        conditions::judge_write(Some(etag), None, current.as_deref())?;
    }
    remove(cx, bucket, &object.key, id, bypass)
}

fn remove(cx: &mut Writer, bucket: &Bucket, key: &str, id: Option<&str>, bypass: bool) -> Result<Removed, Fault> {
    let removed = match id {
        Some(id) => versions::remove_version(cx.tx, bucket, key, id, bypass, cx.now)?,
        None => versions::remove(cx.tx, bucket, key, cx.now)?,
    };
    let event = match (id, removed.marker) {
        (None, true) => "s3:ObjectRemoved:DeleteMarkerCreated",
        _ => "s3:ObjectRemoved:Delete",
    };
    notify::tell(cx, bucket, event, key, None, removed.id.as_deref())?;
    Ok(removed)
}

/// A marker that was put shows its own id; one that was removed shows it twice.
fn shown(object: &s3::ObjectIdentifier, id: Option<&str>, removed: Removed) -> s3::DeletedObject {
    s3::DeletedObject {
        key: Some(object.key.clone()),
        version_id: id.map(str::to_owned),
        delete_marker: removed.marker.then_some(true),
        delete_marker_version_id: removed.id.filter(|_| removed.marker),
    }
}
