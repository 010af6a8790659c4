//! Stack policies: which resources an update may change. Once there is one, what it doesn't allow is denied.

use serde_json::Value;

/// Whether a policy lets an update do `action` (`Update:Modify`, `Update:Replace`, `Update:Delete`) to a resource.
///
/// # Errors
/// The reason in the resource's event.
pub fn check(policy: &str, action: &str, id: &str, kind: &str) -> Result<(), String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Value::Array(many) => many.as_slice(),
        one => std::slice::from_ref(one),
    };
    let resource = format!("LogicalResourceId/{id}");
    let mut allowed = false;
    for (number, statement) in statements.iter().enumerate() {
        if !applies(statement, action, &resource, kind) {
            continue;
        }
        if statement["Effect"] == "Deny" {
            return Err(format!(
                "Action denied by stack policy: Statement [#{}] does not allow [{}] for resource [{}]",
                number + 1,
                patterns(&statement["Action"]).join(", "),
                patterns(&statement["Resource"]).join(", ")
            ));
        }
        allowed |= statement["Effect"] == "Allow";
    }
    if allowed {
        Ok(())
    } else {
        Err(format!("Action not allowed by stack policy: no statement allows [{action}] for resource [{id}]"))
    }
}

/// Whether a text is a policy at all.
///
/// # Errors
/// CloudFormation's message.
pub fn parse(policy: &str) -> Result<(), String> {
    match serde_json::from_str::<Value>(policy) {
        Ok(policy) if policy.get("Statement").is_some() => Ok(()),
        _ => Err("Error validating stack policy: Invalid stack policy".into()),
    }
}

fn applies(statement: &Value, action: &str, resource: &str, kind: &str) -> bool {
    let any = |member: &Value, text: &str| patterns(member).iter().any(|pattern| matches(pattern, text));
    let on_action = match statement.get("NotAction") {
        Some(not) => !any(not, action),
        None => any(&statement["Action"], action),
    };
    let on_resource = match statement.get("NotResource") {
        Some(not) => !any(not, resource),
        None => any(&statement["Resource"], resource),
    };
    let on_kind = statement
        .get("Condition")
        .and_then(Value::as_object)
        .is_none_or(|tests| tests.values().all(|test| any(&test["ResourceType"], kind)));
    on_action && on_resource && on_kind
}

fn patterns(member: &Value) -> Vec<&str> {
    match member {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_wins_and_silence_denies() {
        let policy = r#"{"Statement": [
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": "LogicalResourceId/Prod*"},
            {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*", "Condition": {"StringLike": {"ResourceType": ["AWS::IAM::*"]}}}]}"#;
        assert_eq!(check(policy, "Update:Modify", "ProdDb", "AWS::DynamoDB::Table"), Ok(()));
        let denied = check(policy, "Update:Delete", "ProdDb", "AWS::DynamoDB::Table").expect_err("denied");
        assert!(denied.starts_with("Action denied by stack policy: Statement [#2] does not allow"), "{denied}");
        assert!(check(policy, "Update:Modify", "Role", "AWS::IAM::Role").is_err());
        assert!(check(r#"{"Statement": []}"#, "Update:Modify", "A", "T").is_err());
        assert!(parse("{}").is_err());
    }

    #[test]
    fn wildcards() {
        for (pattern, text, want) in
            [("*", "", true), ("a*c", "abc", true), ("a*c", "ab", false), ("a", "ab", false), ("*b*", "abc", true)]
        {
            assert_eq!(matches(pattern, text), want, "{pattern} {text}");
        }
    }
}
