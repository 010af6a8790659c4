//! An object's canned access control list.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_store::Read;
use kogumo_wire::Fault;

use crate::record::{Bucket, EVERYWHERE, PUBLIC_ACCESS};
use crate::{access, bucket, bucket_acl, faults, versions};

pub fn get_object_acl(cx: &Reader, input: s3::GetObjectAclRequest) -> Result<s3::GetObjectAclOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let found = access::bucket(cx.store, &input.bucket, owner)?;
    let version = versions::object(cx.store, &input.bucket, &input.key, input.version_id.as_deref())?;
    Ok(s3::GetObjectAclOutput {
        grants: Some(bucket_acl::grants(&found.owner, version.described.acl.as_deref())),
        owner: Some(bucket::owner(&found.owner)),
        ..Default::default()
    })
}

pub fn put_object_acl(cx: &mut Writer, input: s3::PutObjectAclRequest) -> Result<s3::PutObjectAclOutput, Fault> {
    let owner = input.expected_bucket_owner.as_ref();
    let found = access::bucket(cx.store(), &input.bucket, owner)?;
    let single = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    if single.into_iter().any(Option::is_some) {
        return Err(Fault::not_implemented("An access control list of single grants"));
    }
    let mut version = versions::object(cx.store(), &input.bucket, &input.key, input.version_id.as_deref())?;
    let acl = match (input.acl, input.access_control_policy) {
        (Some(acl), None) => acl,
        (None, Some(policy)) => bucket_acl::canned(&found.owner, policy)?.to_owned(),
        _ => return Err(faults::malformed_xml()),
    };
    if !access::has_lists(cx.store(), &found)? {
        return Err(bucket_acl::no_lists());
    }
    check_new(cx.store(), &found, Some(&acl))?;
    version.described.acl = Some(acl);
    versions::replace(cx.tx, &input.bucket, &input.key, &version)?;
    Ok(s3::PutObjectAclOutput::default())
}

/// Whether an object of the bucket may have this list.
///
/// # Errors
/// `AccessControlListNotSupported`, `AccessDenied`.
pub fn check_new(read: &dyn Read, bucket: &Bucket, acl: Option<&str>) -> Result<(), Fault> {
    let Some(acl) = acl else { return Ok(()) };
    if !access::has_lists(read, bucket)? {
        let harmless = matches!(acl, "bucket-owner-full-control" | "private");
        return if harmless { Ok(()) } else { Err(bucket_acl::no_lists()) };
    }
    let block = PUBLIC_ACCESS.get(read, &EVERYWHERE, &bucket.name)?.unwrap_or_default();
    if block.block_acls && acl.starts_with("public-") {
        return Err(faults::access_denied());
    }
    Ok(())
}
