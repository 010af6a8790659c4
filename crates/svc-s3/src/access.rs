//! Whose bucket it is, and what its policy and its access control lists give to others. What comes of it the door decides,
//! before a handler runs.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use kogumo_base::{Clock, Trouble};
use kogumo_door::{Ask, Caller, Cloud, Ground, Grounding, Principal};
use kogumo_model::s3;
use kogumo_policy::{Attached, Context, Document, Effect, Policies, Principal as Who, Request, decide};
use kogumo_store::Read;
use kogumo_wire::{Fault, Protocol, Structure, parse_query};

use crate::faults;
use crate::record::{BUCKET_TAGS, BUCKETS, Bucket, EVERYWHERE, OWNERSHIP, POLICIES, PUBLIC_ACCESS};

/// The bucket, if it is there. `expected` is the account that the caller believes to own it.
pub fn bucket(read: &dyn Read, name: &str, expected: Option<&String>) -> Result<Bucket, Fault> {
    let bucket = BUCKETS.get(read, &EVERYWHERE, name)?.ok_or_else(faults::no_such_bucket)?;
    if expected.is_some_and(|expected| *expected != bucket.owner) {
        return Err(faults::access_denied());
    }
    Ok(bucket)
}

/// Who may not list a bucket does not hear that an object is missing.
pub fn hide_missing(cloud: &Cloud, caller: &Caller, bucket: &str, fault: Fault) -> Fault {
    if fault.code(Protocol::RestXml) != "NoSuchKey" {
        return fault;
    }
    cloud.may(caller, "s3", "s3:ListBucket", &format!("arn:aws:s3:::{bucket}")).err().unwrap_or(fault)
}

/// What S3 knows of the bucket or object that is asked for.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    // Whose the name is already, CreateBucket tells.
    let named = bucket_and_key(ask.resource).filter(|_| ask.action != "s3:CreateBucket");
    let Some((name, key)) = named else { return Ok(ground) };
    let Some(bucket) = BUCKETS.get(grounding.store, &EVERYWHERE, name)? else { return Ok(ground) };
    let caller = grounding.caller;
    let is_own = caller.account() == bucket.owner && *caller.principal != Principal::Anonymous;
    let is_rescue = matches!(ask.action, "s3:GetBucketPolicy" | "s3:PutBucketPolicy" | "s3:DeleteBucketPolicy");
    // The owner's root can take away a policy that locks everybody out.
    if !(is_own && is_rescue && matches!(*caller.principal, Principal::Root { .. })) {
        ground.policies.extend(policy(grounding.cloud, grounding.store, &bucket, is_own)?);
    }
    if !is_own {
        ground.policies.extend(by_lists(grounding.cloud, grounding.store, &bucket, ask.action, key)?);
    }
    if grounding.wants_keys || ground.policies.iter().any(|document| document.asks_context) {
        ground.keys = keys(grounding.store, &bucket, key)?;
        ground.keys.extend(of_signature(grounding));
        ground.keys.extend(ask.call.into_iter().flat_map(|(_, input)| given_tags(input)));
    }
    ground.owner = Some(bucket.owner);
    Ok(ground)
}

/// `arn:aws:s3:::bucket/key`
fn bucket_and_key(arn: &str) -> Option<(&str, Option<&str>)> {
    let path = arn.strip_prefix("arn:aws:s3:::")?;
    Some(path.split_once('/').map_or((path, None), |(bucket, key)| (bucket, Some(key))))
}

/// The bucket's policy. Where public policies are restricted, one that lets everybody in is the owner's alone.
fn policy(cloud: &Cloud, read: &dyn Read, bucket: &Bucket, is_own: bool) -> Result<Option<Arc<Document>>, Trouble> {
    let Some(text) = POLICIES.get(read, &EVERYWHERE, &bucket.name)? else { return Ok(None) };
    let Some(document) = cloud.documents.get(&text) else { return Ok(None) };
    if !is_own && is_open(&document) {
        let block = PUBLIC_ACCESS.get(read, &EVERYWHERE, &bucket.name)?.unwrap_or_default();
        if block.restrict {
            return Ok(None);
        }
    }
    Ok(Some(document))
}

/// What the access control lists give to others, written as a policy.
fn by_lists(
    cloud: &Cloud,
    read: &dyn Read,
    bucket: &Bucket,
    action: &str,
    key: Option<&str>,
) -> Result<Option<Arc<Document>>, Trouble> {
    if !heeds_lists(read, bucket)? {
        return Ok(None);
    }
    let of_objects = matches!(action, "s3:GetObject" | "s3:GetObjectVersion");
    let list = match key {
        Some(key) if of_objects => {
            crate::versions::current(read, &bucket.name, key)?.and_then(|object| object.described.acl)
        }
        _ => bucket.acl.clone(),
    };
    let readable = matches!(action, "s3:ListBucket" | "s3:ListBucketVersions" | "s3:ListBucketMultipartUploads");
    let writable = matches!(action, "s3:PutObject" | "s3:DeleteObject");
    let given = match list.as_deref() {
        Some("public-read") => of_objects || readable,
        Some("public-read-write") => of_objects || readable || writable,
        Some("authenticated-read") => of_objects || readable,
        _ => false,
    };
    if !given {
        return Ok(None);
    }
    let condition = match list.as_deref() {
        Some("authenticated-read") => r#","Condition":{"StringNotEquals":{"aws:PrincipalType":"Anonymous"}}"#,
        _ => "",
    };
    let text = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"{action}","Resource":"*"{condition}}}}}"#
    );
    Ok(cloud.documents.get(&text))
}

type Keys = Vec<(Cow<'static, str>, Vec<String>)>;

/// The condition keys that a bucket and an object have by themselves: their tags.
fn keys(read: &dyn Read, bucket: &Bucket, key: Option<&str>) -> Result<Keys, Trouble> {
    let mut keys = Vec::new();
    let tags = BUCKET_TAGS.get(read, &EVERYWHERE, &bucket.name)?.unwrap_or_default();
    for (name, value) in &tags {
        keys.push((format!("s3:BucketTag/{name}").into(), vec![value.clone()]));
        if key.is_none() {
            keys.push((format!("aws:ResourceTag/{name}").into(), vec![value.clone()]));
        }
    }
    if let Some(key) = key
        && let Some(object) = crate::versions::current(read, &bucket.name, key)?
    {
        for (name, value) in &object.tags {
            keys.push((format!("s3:ExistingObjectTag/{name}").into(), vec![value.clone()]));
        }
    }
    keys.push(("s3:ResourceAccount".into(), vec![bucket.owner.clone()]));
    Ok(keys)
}

/// How the request was signed. The age counts from the signature by the client's clock, as its check does.
fn of_signature(grounding: &Grounding<'_>) -> Keys {
    let Some(signed) = grounding.caller.signed else { return Vec::new() };
    let way = if signed.presigned { "REST-QUERY-STRING" } else { "REST-HEADER" };
    let age = Clock::machine_now().0.saturating_sub(signed.at.0).max(0);
    vec![
        ("s3:authType".into(), vec![way.to_owned()]),
        ("s3:signatureversion".into(), vec!["AWS4-HMAC-SHA256".to_owned()]),
        ("s3:signatureAge".into(), vec![age.to_string()]),
    ]
}

/// The tags that a request gives an object.
fn given_tags(input: &dyn Structure) -> Keys {
    let any: &dyn Any = input;
    let in_header = any
        .downcast_ref::<s3::PutObjectRequest>()
        .map(|put| &put.tagging)
        .or_else(|| any.downcast_ref::<s3::CopyObjectRequest>().map(|copy| &copy.tagging))
        .or_else(|| any.downcast_ref::<s3::CreateMultipartUploadRequest>().map(|create| &create.tagging));
    let given: Vec<(String, String)> = match (in_header, any.downcast_ref::<s3::PutObjectTaggingRequest>()) {
        (Some(Some(text)), _) => parse_query(text, true),
        (_, Some(put)) => put.tagging.tag_set.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
        _ => Vec::new(),
    };
    if given.is_empty() {
        return Vec::new();
    }
    let names = given.iter().map(|(name, _)| name.clone()).collect();
    let mut keys: Keys = vec![("s3:RequestObjectTagKeys".into(), names)];
    keys.extend(given.into_iter().map(|(name, value)| (format!("s3:RequestObjectTag/{name}").into(), vec![value])));
    keys
}

/// Whether anybody on the internet may read the object: what a website shows.
pub fn is_public(cloud: &Cloud, read: &dyn Read, bucket: &Bucket, key: &str) -> Result<bool, Trouble> {
    let action = "s3:GetObject";
    let policies = [policy(cloud, read, bucket, false)?, by_lists(cloud, read, bucket, action, Some(key))?];
    let attached = policies.iter().flatten().map(|document| Attached { name: "", document });
    let policies = Policies { resource: attached.collect(), ..Policies::default() };
    let mut context = Context::default();
    context.put("aws:PrincipalType", "Anonymous");
    let resource = format!("arn:aws:s3:::{}/{key}", bucket.name);
    let request =
        Request { principal: &Who::Anonymous, action, resource: &resource, owner: &bucket.owner, context: &context };
    Ok(decide(&request, &policies).is_allowed())
}

/// Whether the bucket's and its objects' lists let anybody in.
///
/// # Errors
/// Trouble with the store.
pub fn heeds_lists(read: &dyn Read, bucket: &Bucket) -> Result<bool, Trouble> {
    let block = PUBLIC_ACCESS.get(read, &EVERYWHERE, &bucket.name)?.unwrap_or_default();
    Ok(!block.ignore_acls && has_lists(read, bucket)?)
}

/// Whether the bucket has access control lists: a new one has not.
pub fn has_lists(read: &dyn Read, bucket: &Bucket) -> Result<bool, Trouble> {
    let ownership = OWNERSHIP.get(read, &EVERYWHERE, &bucket.name)?;
    Ok(ownership.is_some_and(|ownership| ownership != "BucketOwnerEnforced"))
}

/// Condition keys whose fixed values make a statement for everybody one for somebody.
/// Source: Amazon S3 User Guide, "The meaning of public".
const NARROWING: [&str; 12] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:userid",
    "s3:dataaccesspointaccount",
];

/// Whether a policy lets everybody in: what GetBucketPolicyStatus and the public access block call public.
pub fn is_open(policy: &Document) -> bool {
    policy.statements.iter().any(|statement| {
        let narrowed = |key: &str| NARROWING.iter().any(|known| key.eq_ignore_ascii_case(known));
        statement.effect == Effect::Allow
            && statement.principal.as_ref().is_some_and(|principal| principal.is_everybody())
            && !statement.conditions.iter().any(|condition| narrowed(&condition.key))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_to_everybody() {
        let open = |principal: &str, condition: &str| {
            let text = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"{condition}}}}}"#
            );
            is_open(&Document::parse(&text).expect("a document"))
        };
        assert!(open("\"*\"", ""));
        assert!(open(r#"{"AWS":"*"}"#, r#","Condition":{"StringEquals":{"aws:UserAgent":"x"}}"#));
        assert!(!open(r#"{"AWS":"*"}"#, r#","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#));
        assert!(!open(r#"{"AWS":"111122223333"}"#, ""));
    }

    #[test]
    fn resources_are_taken_apart() {
        assert_eq!(bucket_and_key("arn:aws:s3:::b"), Some(("b", None)));
        assert_eq!(bucket_and_key("arn:aws:s3:::b/k/l"), Some(("b", Some("k/l"))));
        assert_eq!(bucket_and_key("*"), None);
    }
}
