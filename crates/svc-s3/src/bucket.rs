//! Buckets: made, found, listed, removed.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_sigv4::hex;
use kogumo_store::{Key, Range};
use kogumo_wire::{Fault, Unit};

use crate::notify::TARGETS;
use crate::record::{
    BUCKET_TAGS, BUCKETS, Bucket, CORS, CURRENT, DEFAULT_RETENTION, EVERYWHERE, LIFECYCLE, OLDER, OWNERSHIP, POLICIES,
    PUBLIC_ACCESS, PublicAccess, UPLOADS, Versioning, WEBSITES,
};
use crate::{access, bucket_acl, faults, names, tagging};

/// The region whose name S3 leaves out.
const FIRST_REGION: &str = "us-east-1";

pub fn create_bucket(cx: &mut Writer, input: s3::CreateBucketRequest) -> Result<s3::CreateBucketOutput, Fault> {
    if !names::is_bucket(&input.bucket) {
        return Err(faults::invalid_bucket_name());
    }
    let configuration = input.create_bucket_configuration.unwrap_or_default();
    let region = region(cx.caller.region(), configuration.location_constraint.as_deref())?;
    if let Some(existing) = BUCKETS.get(cx.store(), &EVERYWHERE, &input.bucket)? {
        if existing.owner != cx.caller.account() {
            let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.";
            return Err(s3::BUCKET_ALREADY_EXISTS.because(message));
        }
        // In the first region, making one's own bucket again changes nothing.
        if existing.region != FIRST_REGION || region != FIRST_REGION {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(s3::BUCKET_ALREADY_OWNED_BY_YOU.because(message));
        }
        return Ok(created(&existing.name));
    }
    let object_lock = input.object_lock_enabled_for_bucket == Some(true);
    let ownership = input.object_ownership.unwrap_or_else(|| "BucketOwnerEnforced".into());
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    if grants.into_iter().any(Option::is_some) {
        return Err(Fault::not_implemented("An access control list of single grants"));
    }
    if ownership == "BucketOwnerEnforced" && input.acl.as_ref().is_some_and(|acl| acl != "private") {
        let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
        return Err(Fault::coded("InvalidBucketAclWithObjectOwnership", 400, message));
    }
    bucket_acl::check_ownership(&ownership)?;
    let bucket = Bucket {
        name: input.bucket,
        owner: cx.caller.account().to_owned(),
        region,
        created: Timestamp::from_seconds(cx.now.seconds()),
        versioning: if object_lock { Versioning::Enabled } else { Versioning::Never },
        object_lock,
        acl: input.acl,
        encryption: None,
        has_lifecycle: false,
        has_notifications: false,
    };
    let name = bucket.name.as_str();
    BUCKETS.put(cx.tx, &EVERYWHERE, name, &bucket)?;
    OWNERSHIP.put(cx.tx, &EVERYWHERE, name, &ownership)?;
    let blocked = PublicAccess { block_acls: true, ignore_acls: true, block_policy: true, restrict: true };
    PUBLIC_ACCESS.put(cx.tx, &EVERYWHERE, name, &blocked)?;
    if let Some(tags) = configuration.tags.filter(|tags| !tags.is_empty()) {
        BUCKET_TAGS.put(cx.tx, &EVERYWHERE, name, &tagging::checked(tags, tagging::MOST_OF_A_BUCKET)?)?;
    }
    Ok(created(name))
}

fn created(name: &str) -> s3::CreateBucketOutput {
    s3::CreateBucketOutput { location: Some(format!("/{name}")), bucket_arn: Some(format!("arn:aws:s3:::{name}")) }
}

/// The bucket's region: what the request says must be the region it was sent to.
/// The regions where a bucket may be, besides the first.
const LOCATIONS: [&str; 37] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

fn region(endpoint: &str, constraint: Option<&str>) -> Result<String, Fault> {
    let illegal = |message: String| Fault::coded("IllegalLocationConstraintException", 400, message);
    match constraint.filter(|constraint| !constraint.is_empty()) {
        Some("EU") => Ok("eu-west-1".into()),
        Some(constraint) if !LOCATIONS.contains(&constraint) => {
            Err(Fault::coded("InvalidLocationConstraint", 400, "The specified location-constraint is not valid"))
        }
        Some(constraint) if endpoint == FIRST_REGION || constraint == endpoint => Ok(constraint.to_owned()),
        Some(constraint) => Err(illegal(format!(
            "The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
        ))),
        None if endpoint == FIRST_REGION => Ok(FIRST_REGION.into()),
        None => Err(illegal(
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
                .into(),
        )),
    }
}

pub fn delete_bucket(cx: &mut Writer, input: s3::DeleteBucketRequest) -> Result<Unit, Fault> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store(), &input.bucket, expected)?;
    let inside = Range::prefix(Key::new().str(&bucket.name));
    let versions = CURRENT.scan(cx.store(), &EVERYWHERE, &inside).next().transpose()?;
    if let Some((_, newest)) = versions {
        let all_versions = newest.marker || OLDER.scan(cx.store(), &EVERYWHERE, &inside).next().is_some();
        let hint = if all_versions { " You must delete all versions in the bucket." } else { "" };
        let message = format!("The bucket you tried to delete is not empty.{hint}");
        return Err(Fault::coded("BucketNotEmpty", 409, message));
    }
    let uploads: Vec<_> = UPLOADS.scan(cx.store(), &EVERYWHERE, &inside).collect::<Result<_, _>>()?;
    for (key, upload) in uploads {
        UPLOADS.delete(cx.tx, &EVERYWHERE, key)?;
        crate::multipart::drop_parts(cx.tx, &upload.id)?;
    }
    let name = bucket.name.as_str();
    CORS.delete(cx.tx, &EVERYWHERE, name)?;
    LIFECYCLE.delete(cx.tx, &EVERYWHERE, name)?;
    WEBSITES.delete(cx.tx, &EVERYWHERE, name)?;
    POLICIES.delete(cx.tx, &EVERYWHERE, name)?;
    BUCKET_TAGS.delete(cx.tx, &EVERYWHERE, name)?;
    OWNERSHIP.delete(cx.tx, &EVERYWHERE, name)?;
    PUBLIC_ACCESS.delete(cx.tx, &EVERYWHERE, name)?;
    DEFAULT_RETENTION.delete(cx.tx, &EVERYWHERE, name)?;
    TARGETS.delete(cx.tx, &EVERYWHERE, name)?;
    BUCKETS.delete(cx.tx, &EVERYWHERE, name)?;
    Ok(Unit)
}

pub fn head_bucket(cx: &Reader, input: s3::HeadBucketRequest) -> Result<s3::HeadBucketOutput, Fault> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, expected)?;
    Ok(s3::HeadBucketOutput {
        bucket_arn: Some(format!("arn:aws:s3:::{}", bucket.name)),
        bucket_region: Some(bucket.region),
        access_point_alias: Some(false),
        ..Default::default()
    })
}

pub fn get_bucket_location(
    cx: &Reader,
    input: s3::GetBucketLocationRequest,
) -> Result<s3::GetBucketLocationOutput, Fault> {
    let expected = input.expected_bucket_owner.as_ref();
    let bucket = access::bucket(cx.store, &input.bucket, expected)?;
    Ok(s3::GetBucketLocationOutput { location_constraint: (bucket.region != FIRST_REGION).then_some(bucket.region) })
}

pub fn list_buckets(cx: &Reader, input: s3::ListBucketsRequest) -> Result<s3::ListBucketsOutput, Fault> {
    let most = usize::try_from(input.max_buckets.unwrap_or(10_000)).unwrap_or(0);
    let prefix = input.prefix.clone().unwrap_or_default();
    let mut range = Range::prefix(Key::open_str(&prefix));
    if let Some(token) = &input.continuation_token {
        range = range.after(token);
    }
    let mut buckets = Vec::new();
    let mut continuation_token = None;
    for row in BUCKETS.scan(cx.store, &EVERYWHERE, &range) {
        let (_, bucket) = row?;
        let elsewhere = input.bucket_region.as_ref().is_some_and(|region| *region != bucket.region);
        if bucket.owner != cx.caller.account() || elsewhere {
            continue;
        }
        if buckets.len() == most {
            continuation_token = buckets.last().and_then(|last: &s3::Bucket| last.name.clone());
            break;
        }
        buckets.push(s3::Bucket {
            bucket_arn: Some(format!("arn:aws:s3:::{}", bucket.name)),
            name: Some(bucket.name),
            creation_date: Some(bucket.created),
            bucket_region: Some(bucket.region),
        });
    }
    Ok(s3::ListBucketsOutput {
        buckets: Some(buckets),
        owner: Some(owner(cx.caller.account())),
        continuation_token,
        prefix: input.prefix,
    })
}

/// An account as S3 names it: by its canonical user id, 64 hexadecimal digits that only S3 can tell the account from.
pub fn owner(account: &str) -> s3::Owner {
    let digest = kogumo_sigv4::Checksum::of(kogumo_sigv4::ChecksumAlgorithm::Sha256, account.as_bytes());
    s3::Owner { id: Some(hex(&digest)), display_name: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_must_agree() {
        assert_eq!(region("us-east-1", None).ok().as_deref(), Some("us-east-1"));
        assert_eq!(region("us-east-1", Some("eu-west-2")).ok().as_deref(), Some("eu-west-2"));
        assert_eq!(region("eu-west-2", Some("eu-west-2")).ok().as_deref(), Some("eu-west-2"));
        assert!(region("eu-west-2", None).is_err());
        assert!(region("eu-west-2", Some("eu-west-1")).is_err());
        assert!(region("us-east-1", Some("us-east-1")).is_err());
    }
}
