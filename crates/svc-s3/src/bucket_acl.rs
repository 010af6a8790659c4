//! Who else may: a bucket's canned access control list, its ownership controls, and its public access block.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};
use crate::record::{BUCKETS, Bucket, EVERYWHERE, OWNERSHIP, PUBLIC_ACCESS, PublicAccess};
use crate::{access, bucket, faults};

const EVERYBODY: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const EVERY_ACCOUNT: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// The grants of a canned list: the owner has full control, others what the list's name says.
pub fn grants(owner: &str, canned: Option<&str>) -> Vec<s3::Grant> {
    let own = s3::Grantee { id: bucket::owner(owner).id, type_: "CanonicalUser".into(), ..Default::default() };
    let group = |uri: &str, permission: &str| s3::Grant {
        grantee: Some(s3::Grantee { uri: Some(uri.into()), type_: "Group".into(), ..Default::default() }),
        permission: Some(permission.into()),
    };
    let mut grants = vec![s3::Grant { grantee: Some(own), permission: Some("FULL_CONTROL".into()) }];
    match canned {
        Some("public-read") => grants.push(group(EVERYBODY, "READ")),
        Some("public-read-write") => grants.extend([group(EVERYBODY, "READ"), group(EVERYBODY, "WRITE")]),
        Some("authenticated-read") => grants.push(group(EVERY_ACCOUNT, "READ")),
        _ => {}
    }
    grants
}

/// The canned list that grants come to, if there is one: single grants to single accounts are not built.
///
/// # Errors
/// `NotImplemented`, `MalformedACLError`.
pub fn canned(owner: &str, policy: s3::AccessControlPolicy) -> Result<&'static str, Fault> {
    let given = policy.grants.ok_or_else(|| {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Fault::coded("MalformedACLError", 400, message)
    })?;
    let mut given: Vec<_> = given.iter().map(outline).collect();
    given.sort();
    let fits = |canned: &&&str| {
        let mut grants: Vec<_> = grants(owner, Some(canned)).iter().map(outline).collect();
        grants.sort();
        grants == given
    };
    let known = ["private", "public-read", "public-read-write", "authenticated-read"];
    let found = known.iter().find(fits).copied();
    found.ok_or_else(|| Fault::not_implemented("An access control list of single grants"))
}

fn outline(grant: &s3::Grant) -> (Option<String>, Option<String>, Option<String>) {
    let grantee = grant.grantee.as_ref();
    let text = |of: fn(&s3::Grantee) -> &Option<String>| grantee.and_then(|grantee| of(grantee).clone());
    (text(|grantee| &grantee.id), text(|grantee| &grantee.uri), grant.permission.clone())
}

pub fn get_bucket_acl(cx: &Reader, input: s3::GetBucketAclRequest) -> Result<s3::GetBucketAclOutput, Fault> {
    let found = reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    Ok(s3::GetBucketAclOutput {
        grants: Some(grants(&found.owner, found.acl.as_deref())),
        owner: Some(bucket::owner(&found.owner)),
    })
}

pub fn put_bucket_acl(cx: &mut Writer, input: s3::PutBucketAclRequest) -> Result<Unit, Fault> {
    let found = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
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
    let acl = match (input.acl, input.access_control_policy) {
        (Some(acl), None) => acl,
        (None, Some(policy)) => canned(&found.owner, policy)?.to_owned(),
        _ => return Err(faults::malformed_xml()),
    };
    if !access::has_lists(cx.store(), &found)? {
        return if acl == "private" { Ok(Unit) } else { Err(no_lists()) };
    }
    let block = PUBLIC_ACCESS.get(cx.store(), &EVERYWHERE, &input.bucket)?.unwrap_or_default();
    if block.block_acls && acl.starts_with("public-") {
        return Err(faults::access_denied());
    }
    BUCKETS.put(cx.tx, &EVERYWHERE, &input.bucket, &Bucket { acl: Some(acl), ..found })?;
    Ok(Unit)
}

pub fn no_lists() -> Fault {
    Fault::coded("AccessControlListNotSupported", 400, "The bucket does not allow ACLs")
}

pub fn get_bucket_ownership_controls(
    cx: &Reader,
    input: s3::GetBucketOwnershipControlsRequest,
) -> Result<s3::GetBucketOwnershipControlsOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let Some(object_ownership) = OWNERSHIP.get(cx.store, &EVERYWHERE, &input.bucket)? else {
        let message = "The bucket ownership controls were not found";
        return Err(Fault::coded("OwnershipControlsNotFoundError", 404, message));
    };
    let rules = vec![s3::OwnershipControlsRule { object_ownership }];
    Ok(s3::GetBucketOwnershipControlsOutput { ownership_controls: Some(s3::OwnershipControls { rules }) })
}

pub fn put_bucket_ownership_controls(
    cx: &mut Writer,
    input: s3::PutBucketOwnershipControlsRequest,
) -> Result<Unit, Fault> {
    let found = writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let mut rules = input.ownership_controls.rules.into_iter();
    let (Some(rule), None) = (rules.next(), rules.next()) else { return Err(faults::malformed_xml()) };
    check_ownership(&rule.object_ownership)?;
    if rule.object_ownership == "BucketOwnerEnforced" && found.acl.is_some_and(|acl| acl != "private") {
        let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        return Err(Fault::coded("InvalidBucketAclWithObjectOwnership", 400, message));
    }
    OWNERSHIP.put(cx.tx, &EVERYWHERE, &input.bucket, &rule.object_ownership)?;
    Ok(Unit)
}

/// Whether there is such an ownership.
///
/// # Errors
/// `MalformedXML`.
pub fn check_ownership(ownership: &str) -> Result<(), Fault> {
    match ownership {
        "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" => Ok(()),
        _ => Err(faults::malformed_xml()),
    }
}

pub fn delete_bucket_ownership_controls(
    cx: &mut Writer,
    input: s3::DeleteBucketOwnershipControlsRequest,
) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    OWNERSHIP.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

pub fn get_public_access_block(
    cx: &Reader,
    input: s3::GetPublicAccessBlockRequest,
) -> Result<s3::GetPublicAccessBlockOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let Some(block) = PUBLIC_ACCESS.get(cx.store, &EVERYWHERE, &input.bucket)? else {
        let message = "The public access block configuration was not found";
        return Err(Fault::coded("NoSuchPublicAccessBlockConfiguration", 404, message));
    };
    let configuration = s3::PublicAccessBlockConfiguration {
        block_public_acls: Some(block.block_acls),
        ignore_public_acls: Some(block.ignore_acls),
        block_public_policy: Some(block.block_policy),
        restrict_public_buckets: Some(block.restrict),
    };
    Ok(s3::GetPublicAccessBlockOutput { public_access_block_configuration: Some(configuration) })
}

pub fn put_public_access_block(cx: &mut Writer, input: s3::PutPublicAccessBlockRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let asked = input.public_access_block_configuration;
    let block = PublicAccess {
        block_acls: asked.block_public_acls == Some(true),
        ignore_acls: asked.ignore_public_acls == Some(true),
        block_policy: asked.block_public_policy == Some(true),
        restrict: asked.restrict_public_buckets == Some(true),
    };
    PUBLIC_ACCESS.put(cx.tx, &EVERYWHERE, &input.bucket, &block)?;
    Ok(Unit)
}

pub fn delete_public_access_block(cx: &mut Writer, input: s3::DeletePublicAccessBlockRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    PUBLIC_ACCESS.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_come_back_to_their_canned_list() {
        for name in ["private", "public-read", "public-read-write", "authenticated-read"] {
            let policy = s3::AccessControlPolicy { grants: Some(grants("1", Some(name))), owner: None };
            assert_eq!(canned("1", policy).ok(), Some(name));
        }
        let others = s3::AccessControlPolicy { grants: Some(grants("2", None)), owner: None };
        assert!(canned("1", others).is_err());
    }
}
