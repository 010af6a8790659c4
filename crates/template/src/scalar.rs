//! What a plain YAML scalar means: YAML 1.1, as CloudFormation has it.
//!
//! CloudFormation reads `yes`, `no`, `on` and `off` as booleans and leaves dates as text. Text that would lose
//! something as a number stays text: leading zeros (account ids), sexagesimals (`22:30`), more than 64 bits.

use serde_json::{Number, Value};

/// The value of a plain (unquoted, untagged) scalar.
pub fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    match number(text) {
        Some(number) => Value::Number(number),
        None => Value::String(text.to_owned()),
    }
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(Number::from);
    }
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.len() > 1 && whole.starts_with('0') || !whole.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return None;
    }
    let digits = text.strip_prefix('+').unwrap_or(text).replace('_', "");
    if !unsigned.contains('.') {
        return integer(&digits);
    }
    let mantissa = rest.split(['e', 'E']).next().unwrap_or(rest);
    if unsigned == "." || !mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return None;
    }
    Number::from_f64(digits.parse().ok()?)
}

fn integer(digits: &str) -> Option<Number> {
    digits.parse::<i64>().map(Number::from).or_else(|_| digits.parse::<u64>().map(Number::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_1_1_as_cloudformation_has_it() {
        for (text, want) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!("y")),
            ("~", json!(null)),
            ("2010-09-09", json!("2010-09-09")),
            ("012345678901", json!("012345678901")),
            ("000000000000", json!("000000000000")),
            ("123456789012", json!(123456789012_u64)),
            ("-5", json!(-5)),
            ("1_000", json!(1000)),
            ("0x1F", json!(31)),
            ("1.5", json!(1.5)),
            ("0", json!(0)),
            ("0.5", json!(0.5)),
            ("1e3", json!("1e3")),
            ("1.0.0", json!("1.0.0")),
            ("10.0.0.0/16", json!("10.0.0.0/16")),
            ("22:30", json!("22:30")),
            ("99999999999999999999999", json!("99999999999999999999999")),
            (".", json!(".")),
            ("-", json!("-")),
        ] {
            assert_eq!(resolve(text), want, "{text}");
        }
    }
}
