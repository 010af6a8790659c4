//! The functions on text: `Fn::Sub`, `Fn::Join`, `Fn::Split`, `Fn::Base64`, `Fn::ToJsonString`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::evaluate::Evaluator;
use crate::parameter::as_text;
use crate::problem::Problem;
use crate::sub::{Piece, pieces};
use crate::{language_extensions, lookup};

pub(crate) fn sub(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let wrong = || {
        Problem::template(
            "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first \
             argument, and an optional second argument to specify a mapping of values to replace in the string",
        )
    };
    let empty = Map::new();
    let (text, variables) = match argument {
        Value::String(text) => (text, &empty),
        Value::Array(items) => match items.as_slice() {
            [Value::String(text)] => (text, &empty),
            [Value::String(text), Value::Object(variables)] => (text, variables),
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    let mut whole = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => whole.push_str(text),
            Piece::Literal(name) => whole.push_str(&format!("${{{name}}}")),
            Piece::Variable(name) => whole.push_str(&variable(e, name, variables)?),
        }
    }
    Ok(Value::String(whole))
}

fn variable(e: &mut Evaluator<'_>, name: &str, variables: &Map<String, Value>) -> Result<String, Problem> {
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':')) {
        return Err(Problem::template(
            "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons",
        ));
    }
    let value = match (variables.get(name), name.split_once('.')) {
        (Some(local), _) => e.value(local)?,
        (None, Some((resource, attribute))) => Some(lookup::attribute_of(e, resource, attribute)?),
        (None, None) => lookup::named(e, name)?,
    };
    match value {
        None => Ok(String::new()),
        Some(value) => as_text(&value).ok_or_else(|| {
            Problem::template("every value of the context object of every Fn::Sub object must be a string or a function that returns a string")
        }),
    }
}

pub(crate) fn join(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let wrong = || {
        Problem::template(
            "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be \
             joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
        )
    };
    let Some([delimiter, items]) = argument.as_array().map(Vec::as_slice) else {
        return Err(wrong());
    };
    let delimiter = e.text(delimiter)?.ok_or_else(wrong)?;
    let items = match e.value(items)? {
        Some(Value::Array(items)) => items,
        Some(other) if e.is_guessing() => vec![other],
        _ => return Err(wrong()),
    };
    let texts: Option<Vec<String>> = items.iter().map(as_text).collect();
    Ok(Value::String(texts.ok_or_else(wrong)?.join(&delimiter)))
}

pub(crate) fn split(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let wrong = || {
        Problem::template(
            "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a \
             function that returns a string to be split.",
        )
    };
    let Some([delimiter, source]) = argument.as_array().map(Vec::as_slice) else {
        return Err(wrong());
    };
    let delimiter = e.text(delimiter)?.filter(|d| !d.is_empty()).ok_or_else(wrong)?;
    let source = e.text(source)?.ok_or_else(wrong)?;
    Ok(Value::Array(source.split(delimiter.as_str()).map(Value::from).collect()))
}

pub(crate) fn base64(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let text = e.text(argument)?;
    let text = text.ok_or_else(|| Problem::template("every Fn::Base64 object must have a String-typed value."))?;
    Ok(Value::String(STANDARD.encode(text)))
}

pub(crate) fn to_json_string(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    language_extensions::required(e.template, "Fn::ToJsonString")?;
    match e.value(argument)? {
        Some(value @ (Value::Object(_) | Value::Array(_))) => Ok(Value::String(value.to_string())),
        _ => Err(Problem::template("Fn::ToJsonString requires an object or an array")),
    }
}
