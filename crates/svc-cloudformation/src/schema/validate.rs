//! What is wrong with a resource's properties, in the words of CloudFormation's schema validation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fancy_regex::Regex;
use serde_json::Value;

use super::{Kind, Limits, Schema, Shape};

/// How many violations are told at once.
const MOST: usize = 20;

/// All violations of a resource's properties (already coerced); empty if there are none.
/// A property the type doesn't have is `Encountered unsupported property X`, alone.
pub fn violations(schema: &Schema, properties: &Value) -> Vec<String> {
    if let Some(stranger) = unsupported(schema, properties) {
        return vec![format!("Encountered unsupported property {stranger}")];
    }
    let mut checker = Checker { schema, found: Vec::new() };
    checker.shape(&schema.root, properties, "#");
    checker.found
}

fn unsupported<'a>(schema: &Schema, properties: &'a Value) -> Option<&'a str> {
    let mut names = properties.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    names.find(|name| !schema.root.open && !schema.root.properties.contains_key(name))
}

struct Checker<'a> {
    schema: &'a Schema,
    found: Vec<String>,
}

impl Checker<'_> {
    fn say(&mut self, path: &str, what: impl std::fmt::Display) {
        if self.found.len() < MOST {
            self.found.push(format!("{path}: {what}"));
        }
    }

    fn shape(&mut self, own: &Shape, value: &Value, path: &str) {
        let Value::Object(members) = value else {
            return self.say(path, format_args!("expected type: JSONObject, found: {}", type_name(value)));
        };
        for (name, property) in &own.properties {
            match members.get(*name) {
                Some(member) => self.value(&property.kind, &property.limits, member, &format!("{path}/{name}")),
                None if property.required => self.say(path, format_args!("required key [{name}] not found")),
                None => {}
            }
        }
        if !own.open {
            for name in members.keys().filter(|name| !own.properties.contains_key(name.as_str())) {
                self.say(path, format_args!("extraneous key [{name}] is not permitted"));
            }
        }
    }

    fn value(&mut self, kind: &Kind, limits: &Limits, value: &Value, path: &str) {
        let expected = match (kind, value) {
            (Kind::Json, _) | (Kind::TextOrJson, Value::String(_) | Value::Object(_) | Value::Array(_)) => return,
            (Kind::String, Value::String(text)) => return self.text(limits, text, path),
            (Kind::Boolean, Value::Bool(_)) => return,
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {
                return self.number(limits, number.as_f64().unwrap_or_default(), value, path);
            }
            (Kind::Number, Value::Number(number)) => {
                return self.number(limits, number.as_f64().unwrap_or_default(), value, path);
            }
            (Kind::List(inner), Value::Array(items)) => {
                return self.list(inner, limits, items, path);
            }
            (Kind::Map(inner), Value::Object(entries)) => {
                for (name, item) in entries {
                    self.value(inner, &Limits::default(), item, &format!("{path}/{name}"));
                }
                return;
            }
            (Kind::Shape(name), value) => {
                if let Some(own) = self.schema.shapes.get(name) {
                    self.shape(own, value, path);
                }
                return;
            }
            (Kind::String, _) => "String",
            (Kind::Boolean, _) => "Boolean",
            (Kind::Integer, _) => "Integer",
            (Kind::Number, _) => "Number",
            (Kind::List(_), _) => "JSONArray",
            (Kind::Map(_) | Kind::TextOrJson, _) => "JSONObject",
        };
        self.say(path, format_args!("expected type: {expected}, found: {}", type_name(value)));
    }

    fn text(&mut self, limits: &Limits, text: &str, path: &str) {
        let length = text.chars().count();
        if let Some(least) = limits.min_length.filter(|least| length < *least) {
            self.say(path, format_args!("expected minLength: {least}, actual: {length}"));
        }
        if let Some(most) = limits.max_length.filter(|most| length > *most) {
            self.say(path, format_args!("expected maxLength: {most}, actual: {length}"));
        }
        if !limits.one_of.is_empty() && !limits.one_of.contains(&text) {
            self.say(path, format_args!("{text} is not a valid enum value"));
        }
        if limits.pattern.is_some_and(|pattern| !matches(pattern, text)) {
            self.say(path, "failed validation constraint for keyword [pattern]");
        }
    }

    fn number(&mut self, limits: &Limits, number: f64, value: &Value, path: &str) {
        if let Some(least) = limits.min.filter(|least| number < *least) {
            self.say(path, format_args!("{value} is not greater or equal to {least}"));
        }
        if let Some(most) = limits.max.filter(|most| number > *most) {
            self.say(path, format_args!("{value} is not less or equal to {most}"));
        }
        if !limits.one_of.is_empty() && !limits.one_of.contains(&value.to_string().as_str()) {
            self.say(path, format_args!("{value} is not a valid enum value"));
        }
    }

    fn list(&mut self, inner: &Kind, limits: &Limits, items: &[Value], path: &str) {
        if let Some(least) = limits.min_items.filter(|least| items.len() < *least) {
            self.say(path, format_args!("expected minimum item count: {least}, found: {}", items.len()));
        }
        if let Some(most) = limits.max_items.filter(|most| items.len() > *most) {
            self.say(path, format_args!("expected maximum item count: {most}, found: {}", items.len()));
        }
        if limits.unique && items.iter().enumerate().any(|(at, item)| items[..at].contains(item)) {
            self.say(path, "array items are not unique");
        }
        for (at, item) in items.iter().enumerate() {
            self.value(inner, &Limits::default(), item, &format!("{path}/{at}"));
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Double",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    }
}

/// Whether the pattern is found in the text. One that this engine can't read, or can't decide, refuses nothing.
fn matches(pattern: &'static str, text: &str) -> bool {
    static COMPILED: OnceLock<Mutex<HashMap<&'static str, Option<Arc<Regex>>>>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(Mutex::default);
    let regex = {
        let mut all = compiled.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(pattern).or_insert_with(|| Regex::new(pattern).ok().map(Arc::new)).clone()
    };
    regex.is_none_or(|regex| regex.is_match(text).unwrap_or(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(kind: &str, properties: Value) -> Vec<String> {
        violations(Schema::of(kind).expect(kind), &properties)
    }

    #[test]
    fn in_cloudformations_words() {
        let parameter = "AWS::SSM::Parameter";
        assert_eq!(found(parameter, json!({"Type": "String", "Value": "v"})), [""; 0]);
        assert_eq!(found(parameter, json!({"Type": "String"})), ["#: required key [Value] not found"]);
        assert_eq!(found(parameter, json!({"Type": "Str", "Value": "v"})), ["#/Type: Str is not a valid enum value"]);
        assert_eq!(found(parameter, json!({"Type": "String", "Valu": "v"})), ["Encountered unsupported property Valu"]);
        assert_eq!(
            found(parameter, json!({"Type": "String", "Value": ["v"]})),
            ["#/Value: expected type: String, found: JSONArray"]
        );
        let function = "AWS::Lambda::Function";
        let base = json!({"Code": {"ZipFile": "x"}, "Role": "arn:aws:iam::000000000000:role/r"});
        let with = |name: &str, value: Value| {
            let mut properties = base.clone();
            properties[name] = value;
            found(function, properties)
        };
        assert_eq!(with("Timeout", json!(0)), ["#/Timeout: 0 is not greater or equal to 1"]);
        assert_eq!(with("Role", json!("nobody")), ["#/Role: failed validation constraint for keyword [pattern]"]);
        assert_eq!(with("Code", json!({"Zip": "x"})), ["#/Code: extraneous key [Zip] is not permitted"]);
        assert_eq!(
            with("Architectures", json!(["x86_64", "arm64"])),
            ["#/Architectures: expected maximum item count: 1, found: 2"]
        );
    }

    #[test]
    fn every_pattern_can_be_read() {
        for name in ["AWS::Lambda::Function", "AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::Lambda::Permission"] {
            let schema = Schema::of(name).expect(name);
            let shapes = schema.shapes.values().chain([&schema.root]);
            for (property, facts) in shapes.flat_map(|shape| &shape.properties) {
                if let Some(pattern) = facts.limits.pattern {
                    assert!(Regex::new(pattern).is_ok(), "{name} {property}: {pattern}");
                }
            }
        }
    }
}
