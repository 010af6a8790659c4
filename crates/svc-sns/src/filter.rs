//! Which messages a subscription gets: its filter policy, over the message's attributes or its body. Pure.

use std::collections::BTreeMap;

use kogumo_event_pattern::{Node, Pattern};
use kogumo_wire::Fault;
use serde_json::{Map, Value};

use crate::message::Attribute;
use crate::record::{Subscription, invalid};

/// A policy has so many keys, and so many combinations of values. Source: Amazon SNS Developer Guide, "Filter policy
/// constraints".
const MOST_KEYS: usize = 5;
const MOST_COMBINATIONS: usize = 150;

/// Reads a filter policy.
///
/// # Errors
/// `InvalidParameter`, saying what is wrong.
pub fn check(text: &str, of_body: bool) -> Result<(), Fault> {
    let policy = Pattern::parse(text).map_err(|why| invalid(format!("FilterPolicy: {why}")))?;
    if policy.fields.len() + policy.choices.len() > MOST_KEYS {
        return Err(invalid("FilterPolicy: Filter policy can not have more than 5 keys"));
    }
    if policy.combinations() > MOST_COMBINATIONS {
        return Err(invalid("FilterPolicy: Filter policy is too complex"));
    }
    if !of_body && has_nested(&policy) {
        return Err(invalid(
            "FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy",
        ));
    }
    Ok(())
}

fn has_nested(policy: &Pattern) -> bool {
    policy.fields.iter().any(|(_, node)| matches!(node, Node::Inside(_)))
        || policy.choices.iter().flatten().any(has_nested)
}

/// Whether a subscription gets a message.
pub fn lets_through(subscription: &Subscription, message: &str, attributes: &BTreeMap<String, Attribute>) -> bool {
    let Some(policy) = subscription.filter.as_deref() else { return true };
    let Ok(policy) = Pattern::parse(policy) else { return false };
    if subscription.filters_body {
        return matches!(serde_json::from_str(message), Ok(Value::Object(body)) if policy.fits(&body));
    }
    let values = attributes.iter().map(|(name, attribute)| (name.clone(), value(attribute)));
    policy.fits(&values.collect::<Map<String, Value>>())
}

/// An attribute as filters see it: numbers as numbers, lists as lists. A binary one is there, and nothing more.
fn value(attribute: &Attribute) -> Value {
    let text = || Value::String(attribute.value.clone());
    match attribute.data_type.as_str() {
        "String.Array" => serde_json::from_str(&attribute.value).unwrap_or_else(|_| text()),
        kind if kind.starts_with("Number") => serde_json::from_str(&attribute.value).unwrap_or_else(|_| text()),
        kind if kind.starts_with("Binary") => Value::Null,
        _ => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(given: &[(&str, &str, &str)]) -> BTreeMap<String, Attribute> {
        let one = |(name, kind, value): &(&str, &str, &str)| {
            ((*name).to_owned(), Attribute { data_type: (*kind).to_owned(), value: (*value).to_owned() })
        };
        given.iter().map(one).collect()
    }

    fn passes(policy: &str, of_body: bool, message: &str, given: &[(&str, &str, &str)]) -> bool {
        check(policy, of_body).expect("a policy");
        let subscription =
            Subscription { filter: Some(policy.to_owned()), filters_body: of_body, ..Subscription::default() };
        lets_through(&subscription, message, &attributes(given))
    }

    #[test]
    fn attributes_are_looked_at() {
        let policy = r#"{"store": ["a", {"prefix": "b"}], "price": [{"numeric": [">=", 10]}]}"#;
        assert!(passes(policy, false, "", &[("store", "String", "bc"), ("price", "Number", "10.5")]));
        assert!(!passes(policy, false, "", &[("store", "String", "bc"), ("price", "Number", "9")]));
        assert!(!passes(policy, false, "", &[("store", "String", "a")]));
        assert!(passes(r#"{"tags": ["x"]}"#, false, "", &[("tags", "String.Array", r#"["y", "x"]"#)]));
        assert!(passes(r#"{"b": [{"exists": true}]}"#, false, "", &[("b", "Binary", "AA==")]));
        assert!(passes(r#"{"b": [{"exists": false}]}"#, false, "", &[]));
    }

    #[test]
    fn bodies_are_looked_into() {
        assert!(passes(r#"{"a": {"b": [1]}}"#, true, r#"{"a": {"b": 1}}"#, &[]));
        assert!(!passes(r#"{"a": {"b": [1]}}"#, true, r#"{"a": {"b": 2}}"#, &[]));
        assert!(!passes(r#"{"a": [1]}"#, true, "plain", &[]));
    }

    #[test]
    fn policies_have_limits() {
        assert!(check(r#"{"a": {"b": [1]}}"#, false).is_err());
        assert!(check(r#"{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}"#, false).is_err());
        let many: Vec<String> = (0..151).map(|number| number.to_string()).collect();
        assert!(check(&format!("{{\"a\": [{}]}}", many.join(",")), false).is_err());
        assert!(check(r#"{"a": "x"}"#, false).is_err());
    }
}
