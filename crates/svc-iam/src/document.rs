//! Policy documents: what makes one well-formed, and how the API shows it.

use kogumo_model::iam::MALFORMED_POLICY_DOCUMENT_EXCEPTION;
use kogumo_wire::Fault;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// RFC 3986: IAM shows documents percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A document as responses show it.
pub fn shown(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

/// What a document is for: trust policies name principals, others must not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Identity,
    Trust,
}

/// Checks the grammar that every policy has.
///
/// # Errors
/// MalformedPolicyDocument with AWS's message.
pub fn check(document: &str, purpose: Purpose) -> Result<(), Fault> {
    let malformed = |message: &str| MALFORMED_POLICY_DOCUMENT_EXCEPTION.because(message);
    let parsed: Value = serde_json::from_str(document).map_err(|_| malformed("This policy contains invalid Json"))?;
    let Value::Object(policy) = parsed else { return Err(malformed("Syntax errors in policy.")) };
    match policy.get("Version").map(Value::as_str) {
        None | Some(Some("2008-10-17" | "2012-10-17")) => {}
        Some(_) => return Err(malformed("The policy must contain a valid version string")),
    }
    if let Some(unknown) = policy.keys().find(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement")) {
        return Err(malformed(&format!("Syntax errors in policy. Unknown element {unknown}")));
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => return Err(malformed("Syntax errors in policy.")),
    };
    if statements.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    statements.into_iter().try_for_each(|statement| check_statement(statement, purpose).map_err(malformed))
}

fn check_statement(statement: &Value, purpose: Purpose) -> Result<(), &'static str> {
    let Value::Object(statement) = statement else { return Err("Syntax errors in policy.") };
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err("Syntax errors in policy.");
    }
    exactly_one(statement, "Action", "NotAction").map_err(|()| "Policy statement must contain actions.")?;
    match purpose {
        Purpose::Identity => {
            if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
                return Err("Policy document should not specify a principal.");
            }
            exactly_one(statement, "Resource", "NotResource").map_err(|()| "Policy statement must contain resources.")
        }
        Purpose::Trust => {
            if statement.contains_key("Resource") || statement.contains_key("NotResource") {
                return Err("Has prohibited field Resource");
            }
            exactly_one(statement, "Principal", "NotPrincipal").map_err(|()| "Missing required field Principal")
        }
    }
}

/// One of the two stands there, not both, and is not empty.
fn exactly_one(statement: &Map<String, Value>, plain: &str, negated: &str) -> Result<(), ()> {
    match (statement.get(plain), statement.get(negated)) {
        (Some(value), None) | (None, Some(value)) if !is_empty(value) => Ok(()),
        _ => Err(()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    const TRUST: &str =
        r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}}"#;

    #[test]
    fn well_formed_documents_pass() {
        assert!(check(GOOD, Purpose::Identity).is_ok());
        assert!(check(TRUST, Purpose::Trust).is_ok());
    }

    #[test]
    fn malformed_documents_are_refused() {
        let bad = [
            "",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        ];
        for document in bad {
            assert!(check(document, Purpose::Identity).is_err(), "{document}");
        }
        assert!(check(TRUST, Purpose::Identity).is_err());
        assert!(check(GOOD, Purpose::Trust).is_err());
    }

    #[test]
    fn documents_are_shown_encoded() {
        assert_eq!(shown("{\"a\": 1}"), "%7B%22a%22%3A%201%7D");
    }
}
