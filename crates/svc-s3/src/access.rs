//! Whose bucket it is, and whether somebody else may: the owner's account may do what IAM lets it; others need the bucket's
//! policy, or an access control list where the bucket still has them.

use kogumo_base::Trouble;
use kogumo_door::{Caller, Principal};
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde_json::Value;

use crate::faults;
use crate::record::{BUCKETS, Bucket, EVERYWHERE, OWNERSHIP, POLICIES, PUBLIC_ACCESS};

/// The bucket, if it is there and the caller may do `action` (`s3:GetObject`) with `key` in it, or with the bucket
/// itself. `expected` is the account that the caller believes to own it.
pub fn bucket(
    read: &dyn Read,
    caller: &Caller,
    name: &str,
    expected: Option<&String>,
    action: &str,
    key: Option<&str>,
) -> Result<Bucket, Fault> {
    let bucket = BUCKETS.get(read, &EVERYWHERE, name)?.ok_or_else(faults::no_such_bucket)?;
    if expected.is_some_and(|expected| *expected != bucket.owner) {
        return Err(faults::access_denied());
    }
    let own = caller.account() == bucket.owner && caller.principal != Principal::Anonymous;
    if own || others_may(read, &bucket, caller, action, key)? { Ok(bucket) } else { Err(faults::access_denied()) }
}

/// Whether anybody on the internet may do it.
pub fn is_public(read: &dyn Read, bucket: &Bucket, action: &str, key: &str) -> Result<bool, Trouble> {
    let anonymous = Who { account: "", arn: "" };
    granted(read, bucket, &anonymous, action, Some(key))
}

fn others_may(
    read: &dyn Read,
    bucket: &Bucket,
    caller: &Caller,
    action: &str,
    key: Option<&str>,
) -> Result<bool, Trouble> {
    let arn = caller.principal.arn();
    let who = match caller.principal {
        Principal::Anonymous => Who { account: "", arn: "" },
        _ => Who { account: caller.account(), arn: &arn },
    };
    granted(read, bucket, &who, action, key)
}

struct Who<'a> {
    account: &'a str,
    arn: &'a str,
}

fn granted(read: &dyn Read, bucket: &Bucket, who: &Who<'_>, action: &str, key: Option<&str>) -> Result<bool, Trouble> {
    let block = PUBLIC_ACCESS.get(read, &EVERYWHERE, &bucket.name)?.unwrap_or_default();
    if let Some(policy) = POLICIES.get(read, &EVERYWHERE, &bucket.name)? {
        let resource = match key {
            Some(key) => format!("arn:aws:s3:::{}/{key}", bucket.name),
            None => format!("arn:aws:s3:::{}", bucket.name),
        };
        let policy: Value = serde_json::from_str(&policy).unwrap_or_default();
        match verdict(&policy, who, action, &resource) {
            Some(false) => return Ok(false),
            Some(true) => return Ok(!(block.restrict && is_open(&policy))),
            None => {}
        }
    }
    if !heeds_lists(read, bucket)? {
        return Ok(false);
    }
    if let (Some(key), "s3:GetObject" | "s3:GetObjectVersion") = (key, action) {
        let list = crate::versions::current(read, &bucket.name, key)?.and_then(|version| version.described.acl);
        return Ok(match list.as_deref() {
            Some("public-read" | "public-read-write") => true,
            Some("authenticated-read") => !who.account.is_empty(),
            _ => false,
        });
    }
    let readable = matches!(action, "s3:ListBucket" | "s3:ListBucketVersions" | "s3:ListBucketMultipartUploads");
    let writable = matches!(action, "s3:PutObject" | "s3:DeleteObject");
    Ok(match bucket.acl.as_deref() {
        Some("public-read") => readable,
        Some("public-read-write") => readable || writable,
        Some("authenticated-read") => readable && !who.account.is_empty(),
        _ => false,
    })
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

/// What a policy says of a request: denied, allowed, or nothing. Statements with conditions are not weighed here: an
/// `Allow` that has one allows nothing, a `Deny` that has one denies nothing.
fn verdict(policy: &Value, who: &Who<'_>, action: &str, resource: &str) -> Option<bool> {
    let mut allowed = None;
    for statement in statements(policy) {
        let applies = statement.get("Condition").is_none_or(is_empty)
            && principal_fits(statement, who)
            && fits(statement, "Action", "NotAction", action, true)
            && fits(statement, "Resource", "NotResource", resource, false);
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Deny") if applies => return Some(false),
            Some("Allow") if applies => allowed = Some(true),
            _ => {}
        }
    }
    allowed
}

/// Whether a policy lets everybody in: what GetBucketPolicyStatus and the public access block call public.
pub fn is_open(policy: &Value) -> bool {
    let everybody = Who { account: "", arn: "" };
    statements(policy).any(|statement| {
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && statement.get("Condition").is_none_or(is_empty)
            && principal_fits(statement, &everybody)
    })
}

/// The statements of a policy: one, or a list.
pub fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    texts(policy.get("Statement")).into_iter()
}

fn principal_fits(statement: &Value, who: &Who<'_>) -> bool {
    let names = |principal: &Value| match principal {
        Value::String(name) => name == "*",
        Value::Object(kinds) => texts(kinds.get("AWS")).iter().filter_map(|name| name.as_str()).any(|name| {
            let root = format!("arn:aws:iam::{}:root", who.account);
            name == "*" || (!who.account.is_empty() && (name == who.account || name == root || name == who.arn))
        }),
        _ => false,
    };
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => names(principal),
        (None, Some(others)) => !names(others),
        (None, None) => false,
    }
}

fn fits(statement: &Value, field: &str, negated: &str, text: &str, any_case: bool) -> bool {
    let any = |patterns: Option<&Value>| {
        texts(patterns).iter().filter_map(|pattern| pattern.as_str()).any(|pattern| match any_case {
            true => matches(pattern.to_ascii_lowercase().as_bytes(), text.to_ascii_lowercase().as_bytes()),
            false => matches(pattern.as_bytes(), text.as_bytes()),
        })
    };
    match statement.get(field) {
        Some(patterns) => any(Some(patterns)),
        None => statement.get(negated).is_some() && !any(statement.get(negated)),
    }
}

fn texts(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Whether `text` is `pattern`, in which `*` stands for anything and `?` for one byte. Linear but for one step back.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut star, mut from) = (0, None, 0);
    let mut read = 0;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                (star, from) = (Some(at), read);
                at += 1;
            }
            Some(byte) if *byte == b'?' || text.get(read) == Some(byte) => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some(behind) => {
                    from += 1;
                    (at, read) = (behind + 1, from);
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("s3:Get*", "s3:GetObject", true),
            ("*", "", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn denials_outweigh() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:*"], "Resource": "arn:aws:s3:::b/secret/*"},
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "s3:PutObject",
             "Resource": "arn:aws:s3:::b/*"},
        ]});
        let nobody = Who { account: "", arn: "" };
        let friend = Who { account: "222222222222", arn: "arn:aws:iam::222222222222:user/f" };
        assert_eq!(verdict(&policy, &nobody, "s3:GetObject", "arn:aws:s3:::b/a"), Some(true));
        assert_eq!(verdict(&policy, &nobody, "s3:GetObject", "arn:aws:s3:::b/secret/a"), Some(false));
        assert_eq!(verdict(&policy, &nobody, "s3:PutObject", "arn:aws:s3:::b/a"), None);
        assert_eq!(verdict(&policy, &friend, "s3:PutObject", "arn:aws:s3:::b/a"), Some(true));
        assert!(is_open(&policy));
        assert_eq!(verdict(&Value::Null, &nobody, "s3:GetObject", "arn:aws:s3:::b/a"), None);
    }
}
