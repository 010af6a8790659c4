//! The functions that look something up: `Ref`, `Fn::GetAtt`, `Fn::FindInMap`, `Fn::ImportValue`, `Fn::GetAZs`.

use serde_json::Value;

use crate::environment::Need;
use crate::evaluate::Evaluator;
use crate::language_extensions;
use crate::parameter::as_text;
use crate::problem::Problem;

pub(crate) fn reference(e: &mut Evaluator<'_>, argument: &Value) -> Result<Option<Value>, Problem> {
    let name = match argument {
        Value::String(name) => name.clone(),
        other => match e.value(other)? {
            Some(Value::String(name)) if e.template.has_transform(language_extensions::NAME) => name,
            _ => {
                return Err(Problem::template("every Ref object must have a single String value."));
            }
        },
    };
    named(e, &name)
}

/// A parameter's, pseudo parameter's or resource's value.
pub(crate) fn named(e: &mut Evaluator<'_>, name: &str) -> Result<Option<Value>, Problem> {
    if let Some(value) = e.env.parameters.get(name) {
        return Ok(Some(value.clone()));
    }
    if let Some(value) = e.pseudo(name) {
        return Ok(value);
    }
    if let Some(physical) = e.env.resources.get(name) {
        return Ok(Some(physical.reference.clone()));
    }
    if e.template.resources.contains_key(name) {
        return Ok(Some(e.missing(Need::Resource(name.to_owned()))));
    }
    Err(unresolved(name))
}

fn unresolved(name: &str) -> Problem {
    Problem::format(format_args!("Unresolved resource dependencies [{name}] in the Resources block of the template"))
}

pub(crate) fn attribute(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let wrong = || {
        Problem::template(
            "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
        )
    };
    let (resource, name) = match argument {
        Value::String(text) => text.split_once('.').map(|(r, a)| (r.to_owned(), a.to_owned())).ok_or_else(wrong)?,
        Value::Array(items) => {
            let [resource, rest @ ..] = items.as_slice() else {
                return Err(wrong());
            };
            let mut steps = Vec::new();
            for step in rest {
                steps.push(e.text(step)?.ok_or_else(wrong)?);
            }
            (resource.as_str().ok_or_else(wrong)?.to_owned(), steps.join("."))
        }
        _ => return Err(wrong()),
    };
    if resource.is_empty() || name.is_empty() {
        return Err(wrong());
    }
    attribute_of(e, &resource, &name)
}

pub(crate) fn attribute_of(e: &mut Evaluator<'_>, resource: &str, name: &str) -> Result<Value, Problem> {
    if !e.template.resources.contains_key(resource) {
        return Err(Problem::template(format_args!("instance of Fn::GetAtt references undefined resource {resource}")));
    }
    match e.env.resources.get(resource) {
        None => Ok(e.missing(Need::Resource(resource.to_owned()))),
        Some(physical) => match physical.attributes.get(name) {
            Some(value) => Ok(value.clone()),
            None => Ok(e.missing(Need::Attribute { resource: resource.to_owned(), name: name.to_owned() })),
        },
    }
}

pub(crate) fn find_in_map(e: &mut Evaluator<'_>, argument: &Value) -> Result<Option<Value>, Problem> {
    let wrong = || {
        Problem::template(
            "every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
        )
    };
    let items = argument.as_array().ok_or_else(wrong)?;
    let (path, default) = match items.as_slice() {
        [map, key, attribute] => ([map, key, attribute], None),
        [map, key, attribute, Value::Object(options)] => ([map, key, attribute], options.get("DefaultValue")),
        _ => return Err(wrong()),
    };
    let mut names = Vec::with_capacity(3);
    for part in path {
        names.push(e.text(part)?.ok_or_else(wrong)?);
    }
    let [map, key, attribute] = names.as_slice() else {
        return Err(wrong());
    };
    let found = e.template.mappings.get(map).and_then(|m| m.get(key)).and_then(|m| m.get(attribute));
    match (found, default) {
        (Some(value), _) => Ok(Some(as_text(value).map_or_else(|| value.clone(), Value::String))),
        (None, Some(default)) => e.value(default),
        (None, None) if e.guesses(&names) => Ok(Some(e.env.unknown.clone().unwrap_or_default().into())),
        (None, None) if !e.template.mappings.contains_key(map) => Err(Problem::template(format_args!(
            "Mapping named '{map}' is not present in the 'Mappings' section of template."
        ))),
        (None, None) => Err(Problem::template(format_args!("Unable to get mapping for {map}::{key}::{attribute}"))),
    }
}

pub(crate) fn import(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let before = e.needs.len();
    let name = e.text(argument)?.ok_or_else(|| {
        Problem::template("the attribute in Fn::ImportValue must be a string or a function that returns a string")
    })?;
    if e.needs.len() > before {
        return Err(Problem::template(
            "the attribute in Fn::ImportValue must not depend on any resources, imported values, or Fn::GetAZs",
        ));
    }
    match e.env.imports.get(&name) {
        Some(value) => Ok(Value::String(value.clone())),
        None => Ok(e.missing(Need::Import(name))),
    }
}

pub(crate) fn zones(e: &mut Evaluator<'_>, argument: &Value) -> Result<Value, Problem> {
    let region = e
        .text(argument)?
        .ok_or_else(|| Problem::template("every Fn::GetAZs object must have a String-typed value."))?;
    let region = if region.is_empty() { e.env.region.clone() } else { region };
    match e.env.zones.get(&region) {
        Some(zones) => Ok(Value::from(zones.clone())),
        None => {
            e.missing(Need::Zones(region));
            Ok(Value::Array(Vec::new()))
        }
    }
}
