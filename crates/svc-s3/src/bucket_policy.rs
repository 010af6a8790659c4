//! A bucket's policy: kept as it was written, and weighed at the door ([`crate::access`]).

use kogumo_base::Trouble;
use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_policy::{Document, Problem, Renaming, Sort, Statement};
use kogumo_store::Transaction;
use kogumo_wire::{Fault, Unit};

use crate::access;
use crate::bucket_config::{reading, writing};
use crate::record::{EVERYWHERE, POLICIES, PUBLIC_ACCESS};

/// The longest policy, in bytes.
const LONGEST: usize = 20 * 1024;

pub fn get_bucket_policy(cx: &Reader, input: s3::GetBucketPolicyRequest) -> Result<s3::GetBucketPolicyOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let policy = POLICIES.get(cx.store, &EVERYWHERE, &input.bucket)?.ok_or_else(none)?;
    Ok(s3::GetBucketPolicyOutput { policy: Some(policy) })
}

pub fn get_bucket_policy_status(
    cx: &Reader,
    input: s3::GetBucketPolicyStatusRequest,
) -> Result<s3::GetBucketPolicyStatusOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let policy = POLICIES.get(cx.store, &EVERYWHERE, &input.bucket)?.ok_or_else(none)?;
    let policy = cx.cloud.documents.get(&policy);
    let status = s3::PolicyStatus { is_public: Some(policy.is_some_and(|policy| access::is_open(&policy))) };
    Ok(s3::GetBucketPolicyStatusOutput { policy_status: Some(status) })
}

pub fn put_bucket_policy(cx: &mut Writer, input: s3::PutBucketPolicyRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let policy = check(&input.policy, &input.bucket).map_err(|why| Fault::coded("MalformedPolicy", 400, why))?;
    if cx.cloud.stranger(cx.store(), cx.caller.account(), &policy)?.is_some() {
        return Err(Fault::coded("MalformedPolicy", 400, "Invalid principal in policy"));
    }
    let block = PUBLIC_ACCESS.get(cx.store(), &EVERYWHERE, &input.bucket)?.unwrap_or_default();
    if block.block_policy && access::is_open(&policy) {
        let who = cx.caller.principal.arn();
        let message = format!(
            "User: {who} is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::{}\" because public policies are blocked by the BlockPublicPolicy block public access setting.",
            input.bucket
        );
        return Err(Fault::coded("AccessDenied", 403, message));
    }
    POLICIES.put(cx.tx, &EVERYWHERE, &input.bucket, &input.policy)?;
    Ok(Unit)
}

pub fn delete_bucket_policy(cx: &mut Writer, input: s3::DeleteBucketPolicyRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    POLICIES.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

/// Changes the name of a principal in all buckets' policies.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    let rows = POLICIES.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()?;
    let changed = rows.into_iter().filter_map(|(_, bucket, policy)| Some((bucket, renaming.document(&policy)?)));
    changed.into_iter().try_for_each(|(bucket, policy)| POLICIES.put(tx, &EVERYWHERE, bucket, &policy))
}

fn none() -> Fault {
    Fault::coded("NoSuchBucketPolicy", 404, "The bucket policy does not exist")
}

/// Whether a text is a policy for this bucket; what is wrong with it is said as S3 does.
fn check(text: &str, bucket: &str) -> Result<Document, String> {
    if text.len() > LONGEST {
        return Err("Normalized policy document exceeds the maximum allowed size of 20480 bytes.".to_owned());
    }
    let policy = Document::parse(text).map_err(|problem| said(&problem))?;
    policy.check(Sort::Resource).map_err(|problem| said(&problem))?;
    policy.statements.iter().try_for_each(|statement| check_statement(statement, bucket).map_err(str::to_owned))?;
    Ok(policy)
}

/// S3's words for what is wrong.
fn said(problem: &Problem) -> String {
    let said = match problem {
        Problem::Json => "Policies must be valid JSON and the first byte must be '{'",
        Problem::Version => "The policy must contain a valid version string",
        Problem::UnknownElement(name) => return format!("Unknown field {name}"),
        Problem::Effect => "Missing required field Effect",
        Problem::NoPrincipal => "Missing required field Principal",
        Problem::Principal(_) => "Invalid principal in policy",
        Problem::NoActions => "Missing required field Action",
        Problem::NoVendor | Problem::ManyColons | Problem::Vendor(_) => "Policy has invalid action",
        Problem::SameSid => "Statement IDs must be unique",
        _ => "Invalid policy syntax.",
    };
    said.to_owned()
}

fn check_statement(statement: &Statement, bucket: &str) -> Result<(), &'static str> {
    let actions = statement.action.iter().flat_map(|elements| &elements.texts);
    let mut others = actions.filter(|action| *action != "*" && !action.to_ascii_lowercase().starts_with("s3:"));
    if others.next().is_some() {
        return Err("Policy has invalid action");
    }
    let Some(resources) = &statement.resource else { return Err("Missing required field Resource") };
    let is_own = |resource: &String| {
        let Some(path) = resource.strip_prefix("arn:aws:s3:::") else { return resource == "*" };
        let name = path.split('/').next().unwrap_or_default();
        name == bucket || name.contains(['*', '?'])
    };
    if !resources.texts.iter().all(is_own) {
        return Err("Policy has invalid resource");
    }
    let actions = statement.action.iter().filter(|elements| !elements.negated).flat_map(|elements| &elements.texts);
    let mut plain = actions.filter(|action| !action.contains(['*', '?']));
    let texts = &resources.texts;
    let has_no_place = |action: &String| !resources.negated && !texts.iter().any(|text| is_place(action, text));
    if plain.any(has_no_place) { Err("Action does not apply to any resource(s) in statement") } else { Ok(()) }
}

/// Whether a resource is of the sort that an action is about: a bucket, or objects in it.
fn is_place(action: &str, resource: &str) -> bool {
    const OF_OBJECTS: [&str; 5] = [
        "s3:AbortMultipartUpload",
        "s3:BypassGovernanceRetention",
        "s3:ListMultipartUploadParts",
        "s3:ReplicateDelete",
        "s3:ReplicateTags",
    ];
    const OF_BUCKETS: [&str; 2] = ["s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"];
    let among = |known: &[&str]| known.iter().any(|one| one.eq_ignore_ascii_case(action));
    let names_objects = action.to_ascii_lowercase().contains("object") && !among(&OF_BUCKETS);
    let (bucket, key) = resource.split_once('/').map_or((resource, None), |(bucket, key)| (bucket, Some(key)));
    match key {
        Some(_) => names_objects || among(&OF_OBJECTS) || bucket.contains('*'),
        None => !(names_objects || among(&OF_OBJECTS)) || bucket.contains('*'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_judged() {
        let statement = |field: &str, value: &str| {
            let mut good = serde_json::json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                                              "Resource": "arn:aws:s3:::b/*"});
            good[field] = serde_json::Value::String(value.into());
            serde_json::json!({"Version": "2012-10-17", "Statement": [good]}).to_string()
        };
        assert!(check(&statement("Sid", "x"), "b").is_ok());
        assert!(check(&statement("Resource", "arn:aws:s3:::other/*"), "b").is_err());
        assert!(check(&statement("Action", "ec2:RunInstances"), "b").is_err());
        assert!(check(&statement("Effect", "Maybe"), "b").is_err());
        assert!(check(&statement("Other", "x"), "b").is_err());
        assert!(check("{}", "b").is_err());
        assert!(check("not json", "b").is_err());
        assert!(check("[]", "b").is_err());
    }
}
