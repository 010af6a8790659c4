//! What SAM resolves by itself, before CloudFormation sees the template: references to parameters,
//! `Fn::FindInMap`, and references to resources whose names SAM makes up.
//!
//! SAM resolves inside containers in place and leaves only the outermost value as it is. That is
//! visible (the code of a function with an alias comes out with its parameters filled in), so
//! [`Parameters::resolved`] does the same.

use crate::error::{Error, Result};
use crate::python2;
use crate::value::{Map, Text, Value};
use std::cell::Cell;
use std::collections::HashMap;

/// Parameters may contain parameters; no template needs this many levels.
const DEEPEST: usize = 256;
/// Nor does one need as many lists and maps from parameters.
const MOST: usize = 10_000;

/// The values of parameters and pseudo parameters.
pub(crate) struct Parameters {
    values: Map,
    /// How many lists and maps have been filled in.
    filled_in: Cell<usize>,
}

/// The Mappings section.
pub(crate) struct Mappings(pub(crate) Map);

/// `Function.Version` and the like: resource, then property, to the name that SAM made up.
pub(crate) type Generated = HashMap<String, HashMap<&'static str, String>>;

/// The pieces of a pattern of `Fn::Sub`.
enum Piece<'a> {
    Literal(&'a str),
    Variable { whole: &'a str, name: &'a str },
}

// === impl Parameters ===

impl Parameters {
    pub(crate) fn new(values: Map) -> Parameters {
        Parameters { values, filled_in: Cell::new(0) }
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values
            .get(name)
            .filter(|value| !value.as_str().is_some_and(|text| text.starts_with("{{IntrinsicFunction:")))
    }

    /// The value with its parameters filled in. What it contains is changed in place.
    pub(crate) fn resolved(&self, value: &mut Value) -> Result<Value> {
        self.resolve(value, 0).map(|changed| changed.unwrap_or_else(|| value.clone()))
    }

    /// The same of a value that nobody else sees.
    pub(crate) fn resolved_copy(&self, value: &Value) -> Result<Value> {
        self.resolved(&mut value.clone())
    }

    pub(crate) fn resolved_option(&self, value: Option<&mut Value>) -> Result<Option<Value>> {
        value.map(|value| self.resolved(value)).transpose()
    }

    /// Fills in what is inside; answers what the value itself turns into, if into another.
    fn resolve(&self, value: &mut Value, depth: usize) -> Result<Option<Value>> {
        if depth > DEEPEST {
            return Err(Error::document("Parameters are nested too deeply."));
        }
        if let Some(found) = self.parameter(value) {
            let mut found = found.clone();
            if found.as_map().is_some() || found.as_list().is_some() {
                self.filled_in.set(self.filled_in.get() + 1);
            }
            if self.filled_in.get() > MOST {
                return Err(Error::document("Parameters are filled in too often."));
            }
            let deeper = self.resolve_members(&mut found, depth)?;
            return Ok(Some(deeper.unwrap_or(found)));
        }
        if let Some(pattern) = sub_pattern(value) {
            *pattern = fill_in(pattern, |whole, name| self.values_or(whole, name))?;
        }
        self.resolve_members(value, depth)
    }

    fn resolve_members(&self, value: &mut Value, depth: usize) -> Result<Option<Value>> {
        let members: Box<dyn Iterator<Item = &mut Value>> = match value {
            Value::List(items) => Box::new(items.iter_mut()),
            Value::Map(map) => Box::new(map.values_mut()),
            _ => return Ok(None),
        };
        for member in members {
            if let Some(changed) = self.resolve(member, depth + 1)? {
                *member = changed;
            }
        }
        Ok(None)
    }

    fn parameter(&self, value: &Value) -> Option<&Value> {
        let map = value.as_map().filter(|map| map.len() == 1)?;
        self.value(map.str("Ref")?)
    }

    fn values_or(&self, whole: &str, name: &str) -> Result<String> {
        match self.value(name) {
            None => Ok(whole.to_owned()),
            Some(Value::Text(text)) => Ok(text.to_string()),
            Some(other) => Err(Error::document(format!(
                "Invalid Fn::Sub variable value {}. Fn::Sub expects all variables to be strings.",
                python2::str(other)
            ))),
        }
    }
}

// === impl Mappings ===

impl Mappings {
    /// The value with every `Fn::FindInMap` looked up whose keys are plain text.
    pub(crate) fn resolved(&self, value: &Value) -> Result<Value> {
        if let Some(found) = self.find(value)? {
            return Ok(found.clone());
        }
        match value {
            Value::List(items) => {
                items.iter().map(|item| self.resolved(item)).collect::<Result<Vec<_>>>().map(Value::List)
            }
            Value::Map(map) => {
                let mut copy = map.clone();
                for member in copy.values_mut() {
                    *member = self.resolved(member)?;
                }
                Ok(Value::Map(copy))
            }
            other => Ok(other.clone()),
        }
    }

    fn find(&self, value: &Value) -> Result<Option<&Value>> {
        let Some(map) = value.as_map().filter(|map| map.len() == 1 && map.contains("Fn::FindInMap")) else {
            return Ok(None);
        };
        if self.0.is_empty() {
            return Ok(None);
        }
        let argument = map.get("Fn::FindInMap");
        let Some([name, top, second]) = argument.and_then(Value::as_list).map(Vec::as_slice) else {
            return Err(Error::document(format!(
                "Invalid FindInMap value {}. FindInMap expects an array with 3 values.",
                python2::str_or_none(argument)
            )));
        };
        let (Some(name), Some(top), Some(second)) = (name.as_str(), top.as_str(), second.as_str()) else {
            return Ok(None);
        };
        let wrong =
            || Error::document(format!("Cannot use Fn::FindInMap on Mapping '{name}' which is not a a two-level map."));
        let level = |value: &'_ Value| value.as_map().is_some();
        let Some(mapping) = self.0.get(name) else { return Ok(None) };
        if !level(mapping) {
            return Err(wrong());
        }
        let Some(row) = mapping.get(top) else { return Ok(None) };
        if !level(row) {
            return Err(wrong());
        }
        Ok(row.get(second))
    }
}

// === references to resources ===

/// Replaces references to resources that were given another name.
pub(crate) fn rename_references(value: &mut Value, names: &HashMap<String, String>) -> Result<()> {
    walk(value, &mut |value| rename(value, names))
}

fn rename(value: &mut Value, names: &HashMap<String, String>) -> Result<()> {
    if let Some(pattern) = sub_pattern(value) {
        *pattern = fill_in(pattern, |whole, path| {
            let id = path.split('.').next().unwrap_or_default();
            Ok(names.get(id).map_or_else(|| whole.to_owned(), |name| whole.replace(id, name)))
        })?;
    }
    let Some(map) = value.as_map_mut().filter(|map| map.len() == 1) else { return Ok(()) };
    if let Some(name) = map.str("Ref").filter(|id| !id.contains('.')).and_then(|id| names.get(id)) {
        map.insert("Ref", name.as_str());
    } else if let Some(path) = get_att_path(map)
        && let Some(name) = names.get(&path[0])
    {
        map.insert("Fn::GetAtt", get_att_value(name, &path[1..]));
    }
    Ok(())
}

/// Replaces `Function.Version` and its like by the names that SAM made up.
pub(crate) fn fill_in_generated(value: &mut Value, generated: &Generated) -> Result<()> {
    walk(value, &mut |value| replace_generated(value, generated))
}

fn replace_generated(value: &mut Value, generated: &Generated) -> Result<()> {
    let find = |id: &str, property: &str| generated.get(id)?.get(property);
    if let Some(pattern) = sub_pattern(value) {
        *pattern = fill_in(pattern, |whole, path| {
            let mut parts = path.split('.');
            let (Some(id), Some(property)) = (parts.next(), parts.next()) else { return Ok(whole.to_owned()) };
            Ok(find(id, property)
                .map_or_else(|| whole.to_owned(), |name| whole.replace(&format!("{id}.{property}"), name)))
        })?;
    }
    let Some(map) = value.as_map_mut().filter(|map| map.len() == 1) else { return Ok(()) };
    if let Some((id, property)) = map.str("Ref").and_then(|path| path.split_once('.')) {
        if let Some(name) = find(id, property) {
            map.insert("Ref", name.as_str());
        }
    } else if let Some(path) = get_att_path(map)
        && let Some(name) = path.get(1).and_then(|property| find(&path[0], property))
    {
        map.insert("Fn::GetAtt", get_att_value(name, &path[2..]));
    }
    Ok(())
}

/// Every value, the outer before the inner.
fn walk(value: &mut Value, change: &mut dyn FnMut(&mut Value) -> Result<()>) -> Result<()> {
    change(value)?;
    match value {
        Value::List(items) => items.iter_mut().try_for_each(|item| walk(item, change)),
        Value::Map(map) => map.values_mut().try_for_each(|member| walk(member, change)),
        _ => Ok(()),
    }
}

/// The parts of an `Fn::GetAtt`, at least two.
fn get_att_path(map: &Map) -> Option<Vec<String>> {
    let parts = map.get("Fn::GetAtt")?.as_list().filter(|parts| parts.len() >= 2)?;
    let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
    Some(parts?.iter().flat_map(|part| part.split('.')).map(str::to_owned).collect())
}

fn get_att_value(id: &str, rest: &[String]) -> Vec<Value> {
    std::iter::once(id).chain(rest.iter().map(String::as_str)).map(Value::from).collect()
}

// === Fn::Sub ===

/// The pattern of an `Fn::Sub`, with or without variables.
fn sub_pattern(value: &mut Value) -> Option<&mut Text> {
    let map = value.as_map_mut().filter(|map| map.len() == 1)?;
    let pattern = match map.get_mut("Fn::Sub")? {
        Value::List(parts) => parts.first_mut()?,
        other => other,
    };
    match pattern {
        Value::Text(pattern) => Some(pattern),
        _ => None,
    }
}

/// The pattern with each `${Variable}` replaced by what the function makes of it.
fn fill_in(pattern: &Text, replace: impl Fn(&str, &str) -> Result<String>) -> Result<Text> {
    let mut out = String::new();
    let mut changed = false;
    for piece in pieces(pattern) {
        match piece {
            Piece::Literal(literal) => out.push_str(literal),
            Piece::Variable { whole, name } => {
                out.push_str(&replace(whole, name)?);
                changed = true;
            }
        }
    }
    Ok(if changed { pattern.with(out) } else { pattern.clone() })
}

fn pieces(pattern: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    let mut literal = 0;
    while let Some(start) = rest[literal..].find("${").map(|at| at + literal) {
        let end = rest[start..].find('}').map(|at| at + start);
        match end.map(|end| (end, &rest[start + 2..end])) {
            Some((end, name)) if is_variable(name) => {
                pieces.push(Piece::Literal(&rest[..start]));
                pieces.push(Piece::Variable { whole: &rest[start..=end], name });
                rest = &rest[end + 1..];
                literal = 0;
            }
            _ => literal = start + 2,
        }
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// A logical id, perhaps with attributes, or a pseudo parameter.
fn is_variable(name: &str) -> bool {
    let letters = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    letters(name, ".")
        || name.strip_prefix("AWS::").is_some_and(|pseudo| {
            pseudo.starts_with(|c: char| c.is_ascii_uppercase()) && pseudo.chars().all(|c| c.is_ascii_alphabetic())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intrinsics::{reference, sub};
    use crate::value::{map, text};

    fn parameters() -> Parameters {
        let values = map([("Stage", text("dev")), ("Size", 3.into())]);
        Parameters::new(values.as_map().cloned().unwrap_or_default())
    }

    #[test]
    fn the_outermost_reference_stays_and_inner_ones_are_replaced() {
        let mut value = reference("Stage");
        assert_eq!(parameters().resolved(&mut value).unwrap(), text("dev"));
        assert_eq!(value, reference("Stage"));
        let mut value = map([("Name", reference("Stage"))]);
        parameters().resolved(&mut value).unwrap();
        assert_eq!(value, map([("Name", text("dev"))]));
    }

    #[test]
    fn sub_replaces_parameters_and_nothing_else() {
        let mut value = sub("${Stage}-${Other}-${!Stage}-${AWS::Region}-${");
        parameters().resolved(&mut value).unwrap();
        assert_eq!(value, sub("dev-${Other}-${!Stage}-${AWS::Region}-${"));
        assert!(parameters().resolved(&mut sub("${Size}")).is_err());
    }

    #[test]
    fn a_parameter_that_contains_itself_is_an_error() {
        let value = map([("Loop", map([("a", reference("Loop"))]))]);
        let parameters = Parameters::new(value.as_map().cloned().unwrap_or_default());
        assert!(parameters.resolved(&mut reference("Loop")).is_err());
    }
}
