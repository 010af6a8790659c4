//! Whether a function's resource policy lets a service invoke it for one of its resources.

use kogumo_base::Arn;
use kogumo_door::{Caller, Principal};
use kogumo_store::Read;
use kogumo_wire::Fault;
use serde_json::Value;

use crate::name::Target;
use crate::policy;
use crate::statement::Policy;

/// Refuses a service that calls for a resource which the policy does not name. Calls of people and roles are for
/// their own policies to decide.
pub fn check(read: &dyn Read, target: &Target, caller: &Caller) -> Result<(), Fault> {
    let (Principal::Service(service), Some(source)) = (&caller.principal, &caller.source_arn) else { return Ok(()) };
    let allowed = policy::find(read, target)?.is_some_and(|policy| allows(&policy, service, source));
    if allowed {
        return Ok(());
    }
    Err(Fault::access_denied(format!(
        "User: {service} is not authorized to perform: lambda:InvokeFunction on resource: {} because no resource-based policy allows \
         the lambda:InvokeFunction action",
        target.arn()
    )))
}

/// Whether everybody may call a function's URL that asks for no signature. Such a URL opens only what the function's
/// resource policy opens: <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
pub fn is_url_public(read: &dyn Read, target: &Target) -> Result<bool, Fault> {
    Ok(policy::find(read, target)?.is_some_and(|policy| opens_url(&policy)))
}

fn opens_url(policy: &Policy) -> bool {
    statements(policy).any(|statement| {
        let named = &statement["Principal"];
        let everybody = *named == "*" || named["AWS"] == "*";
        let action = statement["Action"].as_str().is_some_and(|action| like(action, "lambda:InvokeFunctionUrl"));
        everybody && action && url_conditions_hold(&statement["Condition"])
    })
}

/// Of an anonymous caller nothing is known but how it calls.
fn url_conditions_hold(conditions: &Value) -> bool {
    conditions.as_object().into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, value)| {
            match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("StringEquals", "lambda:functionurlauthtype") => value == "NONE",
                ("Bool", "lambda:invokedviafunctionurl") => value == "true",
                _ => false,
            }
        })
    })
}

fn statements(policy: &Policy) -> impl Iterator<Item = Value> {
    policy.statements.iter().filter_map(|statement| serde_json::from_str(&statement.json).ok())
}

fn allows(policy: &Policy, service: &str, source: &str) -> bool {
    statements(policy).any(|statement| {
        let named = &statement["Principal"];
        let principal = *named == "*" || named["Service"] == service;
        let action = statement["Action"].as_str().is_some_and(|action| like(action, "lambda:InvokeFunction"));
        principal && action && conditions_hold(&statement["Condition"], source)
    })
}

/// Conditions that speak of anything but the source cannot hold for a service.
fn conditions_hold(conditions: &Value, source: &str) -> bool {
    let account = Arn::parse(source).map(|arn| arn.account).unwrap_or_default();
    conditions.as_object().into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, value)| {
            let value = value.as_str().unwrap_or("");
            match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("ArnLike" | "StringLike", "aws:sourcearn") => like(value, source),
                ("ArnEquals" | "StringEquals", "aws:sourcearn") => value == source,
                ("StringEquals", "aws:sourceaccount") => value == account,
                _ => false,
            }
        })
    })
}

/// Wildcards of policies: `*` is any text, `?` any character. Only the last `*` is tried again.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(c), _) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            (_, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, t) = (at + 1, from + 1);
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{allow, conditions};
    use kogumo_base::Timestamp;

    #[test]
    fn a_url_is_open_to_whom_the_policy_names() {
        let opens = |principal: &str, action: &str, auth: Option<&str>| {
            let conditions = conditions(&[("StringEquals", "lambda:FunctionUrlAuthType", auth)]);
            let mut policy = Policy::default();
            policy.add("s", &allow("s", principal, action, "arn:f", conditions), Timestamp(0));
            opens_url(&policy)
        };
        assert!(opens("*", "lambda:InvokeFunctionUrl", Some("NONE")));
        assert!(opens("*", "lambda:*", None));
        assert!(!opens("*", "lambda:InvokeFunctionUrl", Some("AWS_IAM")));
        assert!(!opens("*", "lambda:InvokeFunction", Some("NONE")));
        assert!(!opens("000000000000", "lambda:InvokeFunctionUrl", Some("NONE")));
        assert!(!opens_url(&Policy::default()));
    }

    #[test]
    fn the_source_has_to_be_named() {
        let source = "arn:aws:execute-api:us-east-1:000000000000:abc/dev/GET/pets/7";
        let case = |principal: &str, arn: Option<&str>, account: Option<&str>| {
            let conditions =
                conditions(&[("ArnLike", "AWS:SourceArn", arn), ("StringEquals", "AWS:SourceAccount", account)]);
            let mut policy = Policy::default();
            policy.add("s", &allow("s", principal, "lambda:InvokeFunction", "arn:f", conditions), Timestamp(0));
            allows(&policy, "apigateway.amazonaws.com", source)
        };
        let api = "apigateway.amazonaws.com";
        assert!(case(api, None, None));
        assert!(case(api, Some("arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/pets/*"), None));
        assert!(case(api, Some("arn:aws:execute-api:us-east-1:000000000000:abc/*"), Some("000000000000")));
        assert!(!case(api, Some("arn:aws:execute-api:us-east-1:000000000000:abc/*/POST/pets/*"), None));
        assert!(!case(api, None, Some("111111111111")));
        assert!(!case("events.amazonaws.com", None, None));
        assert!(!allows(&Policy::default(), api, source));
    }
}
