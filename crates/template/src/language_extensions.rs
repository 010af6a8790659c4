//! The `AWS::LanguageExtensions` transform: `Fn::ForEach` unrolled, functions in deletion policies resolved.
//! (`Fn::Length`, `Fn::ToJsonString` and `DefaultValue` of `Fn::FindInMap` are evaluated like every other function.)

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::environment::Environment;
use crate::evaluate::{self, Stop};
use crate::parameter::as_text;
use crate::problem::Problem;
use crate::read::{MAX_BYTES, MAX_DEPTH};
use crate::template::Template;

/// The transform's name.
pub const NAME: &str = "AWS::LanguageExtensions";

pub(crate) fn required(template: &Template, function: &str) -> Result<(), Problem> {
    if template.has_transform(NAME) {
        return Ok(());
    }
    Err(Problem::template(format_args!("{function} is only supported with the {NAME} transform")))
}

/// Runs the transform over a template that has been read. `env` needs the parameters only.
///
/// # Errors
/// A loop that is written wrongly, or one that unfolds to more than a template may hold.
pub fn transform(template: &Value, env: &Environment) -> Result<Value, Problem> {
    let section = |name: &str| template.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let view = Template {
        mappings: section("Mappings"),
        transforms: crate::transform::declared(Some(&NAME.into()))?,
        ..Template::default()
    };
    let mut unroller = Unroller { view, env, room: MAX_BYTES };
    let mut template = unroller.value(template, 0)?;
    let mut view = unroller.view;
    view.conditions = template.get("Conditions").and_then(Value::as_object).cloned().unwrap_or_default();
    deletion_policies(&mut template, &view, env)?;
    Ok(template)
}

fn failed(why: &str) -> Problem {
    Problem(format!("Transform {NAME} failed with: {why}"))
}

struct Unroller<'a> {
    /// What the collections of loops may look at: mappings (parameters are in `env`).
    view: Template,
    env: &'a Environment,
    /// Bytes that may still be written.
    room: usize,
}

impl Unroller<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<Value, Problem> {
        if depth > MAX_DEPTH {
            return Err(failed("the template nests too deeply"));
        }
        match value {
            Value::Array(items) => {
                items.iter().map(|item| self.value(item, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(entries) => {
                let mut map = Map::new();
                for (name, item) in entries {
                    if name.starts_with("Fn::ForEach::") {
                        self.unroll(item, depth, &mut map)?;
                    } else {
                        map.insert(name.clone(), self.value(item, depth + 1)?);
                    }
                }
                Ok(Value::Object(map))
            }
            plain => Ok(plain.clone()),
        }
    }

    fn unroll(&mut self, call: &Value, depth: usize, into: &mut Map<String, Value>) -> Result<(), Problem> {
        let layout = || failed("Fn::ForEach layout is incorrect");
        let Some([Value::String(identifier), collection, Value::Object(body)]) = call.as_array().map(Vec::as_slice)
        else {
            return Err(layout());
        };
        for item in self.collection(collection)? {
            let body = replaced(&Value::Object(body.clone()), identifier, &item, &mut self.room)?;
            let Value::Object(entries) = self.value(&body, depth + 1)? else {
                return Err(layout());
            };
            for (name, value) in entries {
                if into.insert(name.clone(), value).is_some() {
                    return Err(failed(&format!("Fn::ForEach produced the key {name} more than once")));
                }
            }
        }
        Ok(())
    }

    fn collection(&self, collection: &Value) -> Result<Vec<String>, Problem> {
        let unresolved = || failed("Fn::ForEach could not resolve the collection");
        let value = match evaluate::evaluate(collection, &self.view, self.env) {
            Ok(value) => value,
            Err(Stop::Problem(problem)) => return Err(failed(&problem.0)),
            Err(Stop::Needs(_)) => return Err(unresolved()),
        };
        let mut texts = Vec::new();
        for item in value.as_array().ok_or_else(unresolved)? {
            match item {
                Value::Array(inner) => texts.extend(inner.iter().filter_map(as_text)),
                item => texts.push(as_text(item).ok_or_else(unresolved)?),
            }
        }
        Ok(texts)
    }
}

/// A loop's body for one element: `${Identifier}`, `&{Identifier}` (letters and digits only) and `Ref` replaced.
fn replaced(body: &Value, identifier: &str, item: &str, room: &mut usize) -> Result<Value, Problem> {
    let plain: String = item.chars().filter(char::is_ascii_alphanumeric).collect();
    let text =
        |text: &str| text.replace(&format!("${{{identifier}}}"), item).replace(&format!("&{{{identifier}}}"), &plain);
    let mut spend = |bytes: usize| match room.checked_sub(bytes + 1) {
        Some(left) => {
            *room = left;
            Ok(())
        }
        None => Err(failed("the template grew beyond 1 MB")),
    };
    match body {
        Value::String(old) => {
            let new = text(old);
            spend(new.len())?;
            Ok(Value::String(new))
        }
        Value::Array(items) => {
            items.iter().map(|one| replaced(one, identifier, item, room)).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(entries) => {
            if entries.len() == 1 && entries.get("Ref").and_then(Value::as_str) == Some(identifier) {
                spend(item.len())?;
                return Ok(Value::String(item.to_owned()));
            }
            let mut map = Map::new();
            for (name, value) in entries {
                let name = text(name);
                map.insert(name, replaced(value, identifier, item, room)?);
            }
            Ok(Value::Object(map))
        }
        plain => {
            spend(1)?;
            Ok(plain.clone())
        }
    }
}

fn deletion_policies(template: &mut Value, view: &Template, env: &Environment) -> Result<(), Problem> {
    let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut) else {
        return Ok(());
    };
    let mut known: Option<Environment> = None;
    for resource in resources.values_mut() {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            let Some(value @ Value::Object(_)) = resource.get_mut(policy) else {
                continue;
            };
            if known.is_none() {
                let conditions = evaluate::conditions(view, env).unwrap_or_else(|_| BTreeMap::new());
                known = Some(Environment { conditions, ..env.clone() });
            }
            let resolved = known.as_ref().and_then(|env| evaluate::evaluate(value, view, env).ok());
            *value = resolved
                .filter(Value::is_string)
                .ok_or_else(|| failed(&format!("{policy} must resolve to a string without references to resources")))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn env() -> Environment {
        let parameters =
            BTreeMap::from([("Names".to_owned(), json!(["a.b", "c"])), ("Stage".to_owned(), json!("prod"))]);
        Environment { parameters, ..Environment::default() }
    }

    #[test]
    fn loops_unroll() {
        let template = json!({"Resources": {"Fn::ForEach::Topics": ["N", {"Ref": "Names"}, {"Topic&{N}": {
            "Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "N"}, "D": {"Fn::Sub": "${N}-${X}"}}}}]}});
        let done = transform(&template, &env()).expect("unrolled");
        assert_eq!(
            done["Resources"],
            json!({
                "Topicab": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "a.b", "D": {"Fn::Sub": "a.b-${X}"}}},
                "Topicc": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "c", "D": {"Fn::Sub": "c-${X}"}}}
            })
        );
    }

    #[test]
    fn loops_nest() {
        let template = json!({"Outputs": {"Fn::ForEach::A": ["A", ["x", "y"], {
            "Fn::ForEach::B": ["B", ["1", {"Ref": "Stage"}], {"O${A}${B}": {"Value": "${A}-${B}"}}]}]}});
        let done = transform(&template, &env()).expect("unrolled");
        let names: Vec<&String> = done["Outputs"].as_object().expect("a map").keys().collect();
        assert_eq!(names, ["Ox1", "Oxprod", "Oy1", "Oyprod"]);
    }

    #[test]
    fn growth_is_bounded() {
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let mut body = json!({"K${L0}x${L1}x${L2}x${L3}": "v"});
        for level in 0..4 {
            body = json!({format!("Fn::ForEach::F{level}"): [format!("L{level}"), many, body]});
        }
        let problem = transform(&json!({"Resources": body}), &env()).expect_err("too much");
        assert!(problem.0.contains("grew beyond 1 MB"), "{problem}");
    }

    #[test]
    fn policies_resolve() {
        let template = json!({"Conditions": {"P": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}, "Resources": {"B": {
            "Type": "T", "DeletionPolicy": {"Fn::If": ["P", "Retain", "Delete"]}}}});
        assert_eq!(transform(&template, &env()).expect("done")["Resources"]["B"]["DeletionPolicy"], "Retain");
        let wrong = json!({"Resources": {"Fn::ForEach::X": ["N", ["a"]]}});
        let problem = transform(&wrong, &env()).expect_err("wrong");
        assert_eq!(problem.0, "Transform AWS::LanguageExtensions failed with: Fn::ForEach layout is incorrect");
    }
}
