//! Conditions and the rules' functions: `Fn::And`, `Fn::Or`, `Fn::Not`, `Fn::Equals`, `Fn::Contains` …

use std::collections::BTreeSet;

use serde_json::Value;

use crate::evaluate::Evaluator;
use crate::parameter::as_text;
use crate::problem::Problem;

/// A named condition's value.
pub(crate) fn holds(e: &Evaluator<'_>, name: &str, user: &str) -> Result<bool, Problem> {
    match e.env.conditions.get(name) {
        Some(holds) => Ok(*holds),
        None => Err(Problem::template(format_args!("unresolved condition dependency {name} in {user}"))),
    }
}

pub(crate) fn call(e: &mut Evaluator<'_>, function: &str, argument: &Value) -> Result<bool, Problem> {
    let operands = argument.as_array().map_or(&[] as &[Value], Vec::as_slice);
    match (function, operands) {
        ("Fn::Equals", [left, right]) => equals(e, left, right),
        ("Fn::Equals", _) => Err(Problem::template("every Fn::Equals object requires a list of 2 string parameters.")),
        ("Fn::Not", [one]) => e.boolean(one).map(|holds| !holds),
        ("Fn::Not", _) => {
            Err(Problem::template("every Fn::Not object requires a list with exactly 1 boolean parameter."))
        }
        ("Fn::And" | "Fn::Or", many) if (2..=10).contains(&many.len()) => {
            let mut all = Vec::with_capacity(many.len());
            for one in many {
                all.push(e.boolean(one)?);
            }
            Ok(if function == "Fn::And" { !all.contains(&false) } else { all.contains(&true) })
        }
        ("Fn::And" | "Fn::Or", _) => Err(Problem::template(format_args!(
            "every {function} object requires a list of at least 2 and at most 10 boolean parameters."
        ))),
        ("Fn::Contains", [list, text]) => Ok(texts(e, list)?.contains(&e.text(text)?.unwrap_or_default())),
        ("Fn::EachMemberEquals", [list, text]) => {
            let text = e.text(text)?.unwrap_or_default();
            Ok(texts(e, list)?.iter().all(|one| *one == text))
        }
        ("Fn::EachMemberIn", [list, allowed]) => {
            let allowed = texts(e, allowed)?;
            Ok(texts(e, list)?.iter().all(|one| allowed.contains(one)))
        }
        _ => Err(Problem::template(format_args!("every {function} object requires a list of 2 parameters."))),
    }
}

/// Numbers and booleans equal their text.
fn equals(e: &mut Evaluator<'_>, left: &Value, right: &Value) -> Result<bool, Problem> {
    let (left, right) = (e.value(left)?, e.value(right)?);
    Ok(match (left.as_ref().and_then(as_text), right.as_ref().and_then(as_text)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    })
}

fn texts(e: &mut Evaluator<'_>, value: &Value) -> Result<Vec<String>, Problem> {
    match e.value(value)? {
        Some(Value::Array(items)) => Ok(items.iter().filter_map(as_text).collect()),
        Some(one) => Ok(as_text(&one).into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

/// The conditions that a condition names.
pub(crate) fn names(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(entries) => {
            for (name, item) in entries {
                match (name.as_str(), item) {
                    ("Condition", Value::String(condition)) => {
                        found.insert(condition.clone());
                    }
                    ("Fn::If", Value::Array(items)) => {
                        found.extend(items.first().and_then(Value::as_str).map(str::to_owned));
                        collect(item, found);
                    }
                    _ => collect(item, found),
                }
            }
        }
        _ => {}
    }
}
