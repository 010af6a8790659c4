//! Reads patterns out of JSON.

use serde_json::{Map, Value};

use crate::rule::{Bound, Rule};
use crate::{Node, Pattern};

/// Patterns are not nested deeper than this.
const DEEPEST: usize = 64;

const OR: &str = "$or";

pub fn pattern(object: &Map<String, Value>, depth: usize) -> Result<Pattern, String> {
    if depth > DEEPEST {
        return Err("Filter is nested too deeply".to_owned());
    }
    let mut pattern = Pattern::default();
    for (name, value) in object {
        match value {
            Value::Array(list) if name == OR => pattern.choices.push(choices(list, depth)?),
            Value::Array(list) if list.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
            Value::Array(list) => {
                let rules = list.iter().map(rule).collect::<Result<_, _>>()?;
                pattern.fields.push((name.clone(), Node::Leaf(rules)));
            }
            Value::Object(inner) => {
                pattern.fields.push((name.clone(), Node::Inside(self::pattern(inner, depth + 1)?)));
            }
            _ => return Err(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(pattern)
}

fn choices(list: &[Value], depth: usize) -> Result<Vec<Pattern>, String> {
    if list.len() < 2 {
        return Err("There must have at least 2 Objects in $or relationship".to_owned());
    }
    let one = |value: &Value| match value {
        Value::Object(object) => pattern(object, depth + 1),
        _ => Err("Only objects are allowed in $or relationship".to_owned()),
    };
    list.iter().map(one).collect()
}

fn rule(value: &Value) -> Result<Rule, String> {
    match value {
        Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
        Value::Object(object) => match object.iter().next() {
            Some((name, operand)) if object.len() == 1 => operator(name, operand),
            _ => Err("Only one key allowed in match expression".to_owned()),
        },
        plain => Ok(Rule::Is(plain.clone())),
    }
}

fn operator(name: &str, operand: &Value) -> Result<Rule, String> {
    let text = || operand.as_str().map(str::to_owned).ok_or_else(|| format!("{name} match pattern must be a string"));
    match (name, operand) {
        ("prefix", Value::Object(_)) => Ok(Rule::PrefixAnyCase(ignoring_case(operand)?)),
        ("suffix", Value::Object(_)) => Ok(Rule::SuffixAnyCase(ignoring_case(operand)?)),
        ("prefix", _) => text().map(Rule::Prefix),
        ("suffix", _) => text().map(Rule::Suffix),
        ("equals-ignore-case", _) => text().map(|text| Rule::AnyCase(text.to_lowercase())),
        ("wildcard", _) => match text()? {
            text if text.contains("**") => Err("Consecutive wildcard characters are not allowed".to_owned()),
            text => Ok(Rule::Wildcard(text)),
        },
        ("exists", Value::Bool(is)) => Ok(Rule::Exists(*is)),
        ("exists", _) => Err("exists match pattern must be either true or false.".to_owned()),
        ("numeric", Value::Array(list)) => numeric(list),
        ("numeric", _) => Err("Value of numeric must be an array.".to_owned()),
        ("cidr", _) => Rule::cidr(&text()?).ok_or_else(|| "Malformed CIDR".to_owned()),
        ("anything-but", _) => anything_but(operand),
        _ => Err(format!("Unrecognized match type {name}")),
    }
}

fn ignoring_case(operand: &Value) -> Result<String, String> {
    let text = operand.get("equals-ignore-case").and_then(Value::as_str);
    text.map(str::to_lowercase).ok_or_else(|| "Only equals-ignore-case goes inside of prefix and suffix".to_owned())
}

/// `"anything-but": "a"`, `["a", 1]`, `{"prefix": "a"}`, `{"suffix": ["a", "b"]}`.
fn anything_but(operand: &Value) -> Result<Rule, String> {
    let rules = match operand {
        Value::Array(list) if list.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
        Value::Array(list) => {
            if list.iter().any(|value| value.is_object() || value.is_array()) {
                return Err("Inside anything-but list, start|null|boolean is not supported.".to_owned());
            }
            list.iter().map(rule).collect::<Result<_, _>>()?
        }
        Value::Object(object) => match object.iter().next() {
            Some((name, Value::Array(list))) if object.len() == 1 && !list.is_empty() => {
                list.iter().map(|one| operator(name, one)).collect::<Result<_, _>>()?
            }
            Some((name, one)) if object.len() == 1 => vec![operator(name, one)?],
            _ => return Err("Only one key allowed in match expression".to_owned()),
        },
        plain => vec![rule(plain)?],
    };
    let fit = |rule: &Rule| !matches!(rule, Rule::Exists(_) | Rule::Numeric(_) | Rule::AnythingBut(_) | Rule::Cidr(..));
    if rules.iter().all(fit) {
        Ok(Rule::AnythingBut(rules))
    } else {
        Err("Unsupported anything-but pattern".to_owned())
    }
}

fn numeric(list: &[Value]) -> Result<Rule, String> {
    let mut bounds = Vec::new();
    for pair in list.chunks(2) {
        let [Value::String(sign), Value::Number(number)] = pair else {
            return Err("Invalid member in numeric match: must be an operator and a number".to_owned());
        };
        let number = number.as_f64().ok_or("Value of the number is out of range")?;
        bounds.push(Bound::read(sign, number).ok_or_else(|| format!("Unrecognized numeric range operator: {sign}"))?);
    }
    match bounds.as_slice() {
        [_] => Ok(Rule::Numeric(bounds)),
        [Bound::Above(low) | Bound::From(low), Bound::Below(high) | Bound::UpTo(high)] if low < high => {
            Ok(Rule::Numeric(bounds))
        }
        [] => Err("Invalid member in numeric match: ']'".to_owned()),
        _ => Err("Bottom must be less than top".to_owned()),
    }
}
