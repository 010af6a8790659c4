//! Templates write `"5"` for 5 and `true` for "true"; CloudFormation brings each value to the type of its property.

use serde_json::{Map, Number, Value};

use super::{Kind, Schema, Shape};

/// The properties with each scalar brought to its type, where that loses nothing. What doesn't fit stays as it is,
/// for validation to name.
pub fn coerce(schema: &Schema, properties: Value) -> Value {
    shape(schema, &schema.root, properties)
}

fn shape(schema: &Schema, own: &Shape, value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let mut coerced = Map::new();
    for (name, member) in members {
        let member = match own.properties.get(name.as_str()) {
            Some(property) => to_kind(schema, &property.kind, member),
            None => member,
        };
        coerced.insert(name, member);
    }
    Value::Object(coerced)
}

fn to_kind(schema: &Schema, kind: &Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::String, Value::Number(number)) => Value::String(number.to_string()),
        (Kind::String, Value::Bool(flag)) => Value::String(flag.to_string()),
        (Kind::Boolean, Value::String(text)) => match text.as_str() {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            _ => Value::String(text),
        },
        (Kind::Integer, Value::String(text)) => match text.trim().parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => Value::String(text),
        },
        (Kind::Number, Value::String(text)) => match text.trim().parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => match text.trim().parse::<f64>().ok().and_then(Number::from_f64) {
                Some(number) => Value::Number(number),
                None => Value::String(text),
            },
        },
        (Kind::List(inner), Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| to_kind(schema, inner, item)).collect())
        }
        // A single value where a list is meant.
        (Kind::List(inner), value @ (Value::String(_) | Value::Number(_) | Value::Bool(_))) => {
            Value::Array(vec![to_kind(schema, inner, value)])
        }
        (Kind::Map(inner), Value::Object(entries)) => {
            Value::Object(entries.into_iter().map(|(key, item)| (key, to_kind(schema, inner, item))).collect())
        }
        (Kind::Shape(name), value) => match schema.shapes.get(name) {
            Some(own) => shape(schema, own, value),
            None => value,
        },
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_take_their_propertys_type() {
        let schema = Schema::of("AWS::Lambda::Function").expect("a schema");
        let given = json!({"Timeout": "5", "FunctionName": 7, "Environment": {"Variables": {"A": "1"}},
            "Architectures": "arm64", "MemorySize": "much", "Tags": [{"Key": 1, "Value": true}]});
        let want = json!({"Timeout": 5, "FunctionName": "7", "Environment": {"Variables": {"A": "1"}},
            "Architectures": ["arm64"], "MemorySize": "much", "Tags": [{"Key": "1", "Value": "true"}]});
        assert_eq!(coerce(schema, given), want);
    }
}
