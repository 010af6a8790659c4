//! Methods of numbers, with the static ones of Integer, Double and Math that templates reach
//! through any number (`#set($Integer = 0) $Integer.parseInt("12")`).

use crate::error::Error;
use crate::value::{Heap, Value};

pub(super) fn call(value: &Value, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
    Ok(Some(match (name, arguments) {
        ("parseInt" | "parseLong" | "valueOf", [Value::Text(text)]) if !(name == "valueOf" && text.contains('.')) => {
            let parsed = text.parse().map(Value::Int);
            parsed.map_err(|_| Error::Call(format!("For input string: \"{text}\"")))?
        }
        ("parseDouble" | "parseFloat" | "valueOf", [Value::Text(text)]) => {
            let parsed = text.trim().parse().map(Value::Float);
            parsed.map_err(|_| Error::Call(format!("For input string: \"{text}\"")))?
        }
        ("valueOf", [number @ (Value::Int(_) | Value::Float(_))]) => number.clone(),
        ("toString", [number]) => {
            let text = heap.show(number)?;
            heap.text(&text)?
        }
        ("intValue" | "longValue" | "shortValue", []) => Value::Int(whole(value)),
        ("doubleValue" | "floatValue", []) => Value::Float(float(value)),
        ("compareTo", [other @ (Value::Int(_) | Value::Float(_))]) => {
            Value::Int(float(value).partial_cmp(&float(other)).map_or(0, |order| order as i64))
        }
        ("abs", [Value::Int(number)]) => Value::Int(number.saturating_abs()),
        ("abs", [Value::Float(number)]) => Value::Float(number.abs()),
        ("floor", [number @ (Value::Int(_) | Value::Float(_))]) => Value::Float(float(number).floor()),
        ("ceil", [number @ (Value::Int(_) | Value::Float(_))]) => Value::Float(float(number).ceil()),
        ("round", [number @ (Value::Int(_) | Value::Float(_))]) => Value::Int((float(number) + 0.5).floor() as i64),
        ("max", [a @ (Value::Int(_) | Value::Float(_)), b @ (Value::Int(_) | Value::Float(_))]) => {
            if float(a) >= float(b) { a.clone() } else { b.clone() }
        }
        ("min", [a @ (Value::Int(_) | Value::Float(_)), b @ (Value::Int(_) | Value::Float(_))]) => {
            if float(a) <= float(b) { a.clone() } else { b.clone() }
        }
        _ => return Ok(None),
    }))
}

fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        other => float(other) as i64,
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    }
}
