//! Event patterns: which events somebody wants to hear of. Lambda's event filters and SNS's filter policies are written
//! in this language. Pure.
//! Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns"; Amazon SNS Developer Guide,
//! "Amazon SNS subscription filter policies".

mod read;
mod rule;

use serde_json::{Map, Value};

pub use rule::{Bound, Rule};

/// A pattern: every part of it must fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pattern {
    /// By the name of a member.
    pub fields: Vec<(String, Node)>,
    /// `$or`: of each of these lists one pattern must fit.
    pub choices: Vec<Vec<Pattern>>,
}

/// What a member must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// An object that fits.
    Inside(Pattern),
    /// A value, or a list with one, that one of the rules fits.
    Leaf(Vec<Rule>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => read::pattern(&object, 0),
            Ok(_) => Err("Filter is not an object".to_owned()),
            Err(_) => Err("Filter is not valid JSON".to_owned()),
        }
    }

    /// Whether an event fits.
    pub fn fits(&self, event: &Map<String, Value>) -> bool {
        self.fields.iter().all(|(name, node)| node.fits(event.get(name)))
            && self.choices.iter().all(|list| list.iter().any(|pattern| pattern.fits(event)))
    }

    /// Whether a value fits that may be no object: then only what asks for nothing does.
    pub fn fits_value(&self, event: &Value) -> bool {
        match event {
            Value::Object(object) => self.fits(object),
            // Of a list one element must fit.
            Value::Array(list) if !list.is_empty() => list.iter().any(|element| self.fits_value(element)),
            _ => self.fits(&Map::new()),
        }
    }

    /// So many leaves with so many rules each: what AWS counts for its limits.
    pub fn combinations(&self) -> usize {
        let leaves = self.fields.iter().map(|(_, node)| match node {
            Node::Inside(pattern) => pattern.combinations(),
            Node::Leaf(rules) => rules.len().max(1),
        });
        let choices = self.choices.iter().map(|list| list.iter().map(Pattern::combinations).sum::<usize>().max(1));
        leaves.chain(choices).fold(1, usize::saturating_mul)
    }
}

impl Node {
    fn fits(&self, value: Option<&Value>) -> bool {
        match self {
            Node::Inside(pattern) => pattern.fits_value(value.unwrap_or(&Value::Null)),
            Node::Leaf(rules) => rules.iter().any(|rule| rule.fits(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fits(pattern: Value, event: Value) -> bool {
        Pattern::parse(&pattern.to_string()).expect("a pattern").fits_value(&event)
    }

    #[test]
    fn values_and_places() {
        assert!(fits(json!({"a": ["x"]}), json!({"a": "x", "b": 1})));
        assert!(!fits(json!({"a": ["x"]}), json!({"a": "y"})));
        assert!(!fits(json!({"a": ["x"]}), json!({})));
        assert!(fits(json!({"a": [1, null, true]}), json!({"a": 1.0})));
        assert!(fits(json!({"a": [null]}), json!({"a": null})));
        assert!(fits(json!({"a": {"b": ["x"]}}), json!({"a": {"b": ["y", "x"]}})));
        assert!(fits(json!({"a": {"b": ["x"]}}), json!({"a": [{"b": "y"}, {"b": "x"}]})));
        assert!(!fits(json!({"a": ["x"], "b": ["y"]}), json!({"a": "x", "b": "x"})));
    }

    #[test]
    fn operators() {
        for (rule, yes, no) in [
            (json!({"prefix": "ab"}), json!("abc"), json!("cab")),
            (json!({"prefix": {"equals-ignore-case": "AB"}}), json!("abc"), json!("cab")),
            (json!({"suffix": "bc"}), json!("abc"), json!("bca")),
            (json!({"equals-ignore-case": "AbC"}), json!("aBc"), json!("ab")),
            (json!({"wildcard": "a*c*e"}), json!("abcde"), json!("abcd")),
            (json!({"anything-but": ["a", 1]}), json!("b"), json!(1)),
            (json!({"anything-but": "a"}), json!("b"), json!("a")),
            (json!({"anything-but": {"prefix": "a"}}), json!("ba"), json!("ab")),
            (json!({"anything-but": {"suffix": ["a", "b"]}}), json!("bc"), json!("cb")),
            (json!({"anything-but": {"equals-ignore-case": "A"}}), json!("b"), json!("a")),
            (json!({"anything-but": {"wildcard": "*x*"}}), json!("b"), json!("axb")),
            (json!({"numeric": ["=", 5]}), json!(5.0), json!("5")),
            (json!({"numeric": [">", 0, "<=", 5]}), json!(5), json!(0)),
            (json!({"cidr": "10.0.0.0/24"}), json!("10.0.0.255"), json!("10.0.1.0")),
            (json!({"cidr": "2001:db8::/32"}), json!("2001:db8:1::1"), json!("2001:db9::1")),
        ] {
            let pattern = json!({ "a": [rule] });
            assert!(fits(pattern.clone(), json!({"a": yes})), "{pattern} {yes}");
            assert!(!fits(pattern.clone(), json!({"a": no})), "{pattern} {no}");
        }
    }

    #[test]
    fn being_there_and_choices() {
        assert!(fits(json!({"a": [{"exists": true}]}), json!({"a": 0})));
        assert!(!fits(json!({"a": [{"exists": true}]}), json!({})));
        assert!(fits(json!({"a": [{"exists": false}]}), json!({})));
        assert!(fits(json!({"a": {"b": [{"exists": false}]}}), json!({})));
        let either = json!({"$or": [{"a": [1]}, {"b": [2]}], "c": [3]});
        assert!(fits(either.clone(), json!({"b": 2, "c": 3})));
        assert!(!fits(either.clone(), json!({"b": 2})));
        assert!(!fits(either, json!({"b": 3, "c": 3})));
    }

    #[test]
    fn what_is_no_pattern() {
        for wrong in [
            "x",
            "[]",
            r#"{"a": "x"}"#,
            r#"{"a": []}"#,
            r#"{"a": [{"like": "x"}]}"#,
            r#"{"a": [{"prefix": 1}]}"#,
            r#"{"a": [{"numeric": ["<"]}]}"#,
            r#"{"a": [{"numeric": [">", 5, "<", 1]}]}"#,
            r#"{"a": [{"cidr": "x"}]}"#,
            r#"{"a": [{"exists": "x"}]}"#,
            r#"{"a": [["x"]]}"#,
            r#"{"$or": [{"a": [1]}]}"#,
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
        ] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
        let deep = format!("{}[1]{}", "{\"a\":".repeat(300), "}".repeat(300));
        assert!(Pattern::parse(&deep).is_err());
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in ".{0,60}") {
            let _ = Pattern::parse(&text);
        }

        #[test]
        fn wildcards_are_as_pieces_in_order(pieces in proptest::collection::vec("[ab]{0,3}", 1..4), between in "[abc]{0,3}") {
            let pattern = json!({"a": [{"wildcard": pieces.join("*")}]});
            prop_assume!(!pieces.join("*").contains("**"));
            let event = json!({"a": pieces.join(&between)});
            prop_assert!(fits(pattern, event));
        }
    }
}
