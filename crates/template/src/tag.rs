//! The short forms: which full function each YAML tag stands for.

use serde_json::{Map, Value, json};

/// The tags that CloudFormation documents.
const KNOWN: [&str; 22] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
];

pub(crate) fn is_known(name: &str) -> bool {
    let name = name.strip_prefix("Fn::").unwrap_or(name);
    KNOWN.contains(&name) || matches!(name, "Transform" | "RefAll" | "ValueOf" | "ValueOfAll" | "GetStackOutput")
}

/// Writes a short form out: `!Ref x` → `{"Ref": "x"}`, `!GetAtt a.b` → `{"Fn::GetAtt": ["a", "b"]}`.
pub(crate) fn expand(name: &str, argument: Value) -> Value {
    let (function, argument) = match (name.strip_prefix("Fn::").unwrap_or(name), argument) {
        ("Ref", argument) => ("Ref".to_owned(), argument),
        ("Condition", argument) => ("Condition".to_owned(), argument),
        ("GetAtt", Value::String(text)) => ("Fn::GetAtt".to_owned(), dotted(&text)),
        (other, argument) => (format!("Fn::{other}"), argument),
    };
    Value::Object(Map::from_iter([(function, argument)]))
}

/// `Resource.Attribute`, where the attribute may hold dots itself.
fn dotted(text: &str) -> Value {
    match text.split_once('.') {
        Some((resource, attribute)) => json!([resource, attribute]),
        None => Value::String(text.to_owned()),
    }
}
