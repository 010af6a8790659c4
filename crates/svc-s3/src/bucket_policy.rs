//! A bucket's policy: kept as it was written, and weighed for those who are not of the owner's account ([`crate::access`]).

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_wire::{Fault, Unit};
use serde_json::Value;

use crate::access;
use crate::bucket_config::{reading, writing};
use crate::record::{EVERYWHERE, POLICIES, PUBLIC_ACCESS};

/// The longest policy, in bytes.
const LONGEST: usize = 20 * 1024;

pub fn get_bucket_policy(cx: &Reader, input: s3::GetBucketPolicyRequest) -> Result<s3::GetBucketPolicyOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref(), "s3:GetBucketPolicy")?;
    let policy = POLICIES.get(cx.store, &EVERYWHERE, &input.bucket)?.ok_or_else(none)?;
    Ok(s3::GetBucketPolicyOutput { policy: Some(policy) })
}

pub fn get_bucket_policy_status(
    cx: &Reader,
    input: s3::GetBucketPolicyStatusRequest,
) -> Result<s3::GetBucketPolicyStatusOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref(), "s3:GetBucketPolicyStatus")?;
    let policy = POLICIES.get(cx.store, &EVERYWHERE, &input.bucket)?.ok_or_else(none)?;
    let policy: Value = serde_json::from_str(&policy).unwrap_or_default();
    let status = s3::PolicyStatus { is_public: Some(access::is_open(&policy)) };
    Ok(s3::GetBucketPolicyStatusOutput { policy_status: Some(status) })
}

pub fn put_bucket_policy(cx: &mut Writer, input: s3::PutBucketPolicyRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref(), "s3:PutBucketPolicy")?;
    let policy = check(&input.policy, &input.bucket).map_err(|why| Fault::coded("MalformedPolicy", 400, why))?;
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
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref(), "s3:DeleteBucketPolicy")?;
    POLICIES.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

fn none() -> Fault {
    Fault::coded("NoSuchBucketPolicy", 404, "The bucket policy does not exist")
}

/// Whether a text is a policy for this bucket; what is wrong with it is said as S3 does.
fn check(text: &str, bucket: &str) -> Result<Value, &'static str> {
    if text.len() > LONGEST {
        return Err("Normalized policy document exceeds the maximum allowed size of 20480 bytes.");
    }
    let invalid_json = "Policies must be valid JSON and the first byte must be '{'";
    let policy: Value = serde_json::from_str(text).map_err(|_| invalid_json)?;
    if !policy.is_object() {
        return Err(invalid_json);
    }
    match policy.get("Version") {
        None => {}
        Some(Value::String(version)) if version == "2012-10-17" || version == "2008-10-17" => {}
        Some(_) => return Err("The policy must contain a valid version string"),
    }
    let mut count = 0;
    for statement in access::statements(&policy) {
        count += 1;
        check_statement(statement, bucket)?;
    }
    if count == 0 { Err("Could not parse the policy: Statement is empty!") } else { Ok(policy) }
}

fn check_statement(statement: &Value, bucket: &str) -> Result<(), &'static str> {
    let Some(statement) = statement.as_object() else { return Err("Could not parse the policy: Statement is invalid") };
    const FIELDS: [&str; 9] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    if statement.keys().any(|field| !FIELDS.contains(&field.as_str())) {
        return Err("Unknown field in policy statement");
    }
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err("Missing required field Effect");
    }
    if !statement.contains_key("Principal") && !statement.contains_key("NotPrincipal") {
        return Err("Missing required field Principal");
    }
    let texts = |field: &str| match statement.get(field) {
        Some(Value::String(text)) => vec![Some(text.as_str())],
        Some(Value::Array(texts)) => texts.iter().map(Value::as_str).collect(),
        Some(_) => vec![None],
        None => Vec::new(),
    };
    let actions = [texts("Action"), texts("NotAction")].concat();
    if actions.is_empty() {
        return Err("Missing required field Action");
    }
    let is_action = |action: &str| action == "*" || action.to_ascii_lowercase().starts_with("s3:");
    if !actions.iter().all(|action| action.is_some_and(is_action)) {
        return Err("Policy has invalid action");
    }
    let resources = [texts("Resource"), texts("NotResource")].concat();
    if resources.is_empty() {
        return Err("Missing required field Resource");
    }
    let is_own = |resource: &str| {
        let Some(path) = resource.strip_prefix("arn:aws:s3:::") else { return resource == "*" };
        let name = path.split('/').next().unwrap_or_default();
        name == bucket || name.contains(['*', '?'])
    };
    if !resources.iter().all(|resource| resource.is_some_and(is_own)) {
        return Err("Policy has invalid resource");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_judged() {
        let statement = |field: &str, value: &str| {
            let mut good = serde_json::json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                                              "Resource": "arn:aws:s3:::b/*"});
            good[field] = Value::String(value.into());
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
