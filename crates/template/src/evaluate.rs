//! Evaluating values: every intrinsic function, given an [`Environment`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::environment::{Environment, Need, pseudo};
use crate::graph::Graph;
use crate::parameter::as_text;
use crate::problem::Problem;
use crate::template::Template;
use crate::{condition, list, lookup, text};

/// Why a value couldn't be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    Problem(Problem),
    /// These have to be looked up first; then evaluate again.
    Needs(Vec<Need>),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Problem(problem)
    }
}

/// Evaluates a value. Properties that come to `AWS::NoValue` are left out; the whole being it is `Value::Null`.
///
/// # Errors
/// A function that is used wrongly, or all that has to be looked up before the value can be known.
pub fn evaluate(value: &Value, template: &Template, env: &Environment) -> Result<Value, Stop> {
    let mut evaluator = Evaluator { template, env, needs: BTreeSet::new() };
    let value = evaluator.value(value)?;
    if evaluator.needs.is_empty() {
        return Ok(value.unwrap_or(Value::Null));
    }
    Err(Stop::Needs(evaluator.needs.into_iter().collect()))
}

/// The values of all conditions of a template.
///
/// # Errors
/// As [`evaluate`]; conditions that depend on each other in a circle.
pub fn conditions(template: &Template, env: &Environment) -> Result<BTreeMap<String, bool>, Stop> {
    let known = |name: &String| template.conditions.contains_key(name);
    let waits_for = |c: &Value| condition::names(c).into_iter().filter(known).collect();
    let graph = Graph { waits_for: template.conditions.iter().map(|(name, c)| (name.clone(), waits_for(c))).collect() };
    let order = graph.order().map_err(|p| {
        Problem::format(p.0.replace("Circular dependency between resources", "Circular dependency between conditions"))
    })?;
    let mut env = Environment { conditions: BTreeMap::new(), ..env.clone() };
    for name in order {
        let Some(value) = template.conditions.get(&name) else {
            continue;
        };
        let mut evaluator = Evaluator { template, env: &env, needs: BTreeSet::new() };
        let holds = evaluator.boolean(value)?;
        if !evaluator.needs.is_empty() {
            return Err(Stop::Needs(evaluator.needs.into_iter().collect()));
        }
        env.conditions.insert(name, holds);
    }
    Ok(env.conditions)
}

/// One evaluation: it goes on past what is missing, to collect all needs at once.
pub(crate) struct Evaluator<'a> {
    pub template: &'a Template,
    pub env: &'a Environment,
    pub needs: BTreeSet<Need>,
}

impl Evaluator<'_> {
    /// A value; `None` is `AWS::NoValue`.
    pub fn value(&mut self, value: &Value) -> Result<Option<Value>, Problem> {
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.value(item)?);
                }
                Ok(Some(Value::Array(list)))
            }
            Value::Object(entries) => match function(entries) {
                Some((name, argument)) => self.call(name, argument),
                None => self.entries(entries),
            },
            plain => Ok(Some(plain.clone())),
        }
    }

    fn entries(&mut self, entries: &Map<String, Value>) -> Result<Option<Value>, Problem> {
        let mut map = Map::new();
        for (name, item) in entries {
            if let Some(item) = self.value(item)? {
                map.insert(name.clone(), item);
            }
        }
        Ok(Some(Value::Object(map)))
    }

    fn call(&mut self, function: &str, argument: &Value) -> Result<Option<Value>, Problem> {
        match function {
            "Ref" => lookup::reference(self, argument),
            "Fn::GetAtt" => lookup::attribute(self, argument).map(Some),
            "Fn::FindInMap" => lookup::find_in_map(self, argument),
            "Fn::ImportValue" => lookup::import(self, argument).map(Some),
            "Fn::GetAZs" => lookup::zones(self, argument).map(Some),
            "Fn::Sub" => text::sub(self, argument).map(Some),
            "Fn::Join" => text::join(self, argument).map(Some),
            "Fn::Split" => text::split(self, argument).map(Some),
            "Fn::Base64" => text::base64(self, argument).map(Some),
            "Fn::ToJsonString" => text::to_json_string(self, argument).map(Some),
            "Fn::Select" => list::select(self, argument),
            "Fn::Length" => list::length(self, argument).map(Some),
            "Fn::Cidr" => list::cidr(self, argument).map(Some),
            "Fn::If" => self.either(argument),
            "Fn::And"
            | "Fn::Or"
            | "Fn::Not"
            | "Fn::Equals"
            | "Fn::Contains"
            | "Fn::EachMemberEquals"
            | "Fn::EachMemberIn" => condition::call(self, function, argument).map(|b| Some(Value::Bool(b))),
            other => Err(Problem::template(format_args!("{other} is not a valid intrinsic function"))),
        }
    }

    fn either(&mut self, argument: &Value) -> Result<Option<Value>, Problem> {
        let Some([condition, yes, no]) = argument.as_array().map(Vec::as_slice) else {
            return Err(Problem::template("Fn::If requires a list argument with three elements"));
        };
        let Some(name) = condition.as_str() else {
            return Err(Problem::template("Fn::If requires a list argument with the first element being a condition"));
        };
        let taken = if condition::holds(self, name, "Fn::If")? { yes } else { no };
        self.value(taken)
    }

    /// A boolean: a condition function, or `{"Condition": "Name"}`.
    pub fn boolean(&mut self, value: &Value) -> Result<bool, Problem> {
        if let Some(("Condition", Value::String(name))) = value.as_object().and_then(single) {
            return condition::holds(self, name, "Condition");
        }
        match self.value(value)? {
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            _ => Err(Problem::format("Conditions can only be boolean operations on parameters and other conditions")),
        }
    }

    /// A value as text: numbers and booleans are written out. `None` if it is neither.
    pub fn text(&mut self, value: &Value) -> Result<Option<String>, Problem> {
        Ok(self.value(value)?.as_ref().and_then(as_text))
    }

    /// Notes what is missing; evaluation goes on with a stand-in.
    pub fn missing(&mut self, need: Need) -> Value {
        match &self.env.unknown {
            Some(stand_in) => Value::String(stand_in.clone()),
            None => {
                self.needs.insert(need);
                Value::String(String::new())
            }
        }
    }

    /// Whether something was missing so far, so that a wrong shape further on may come of it.
    pub fn is_guessing(&self) -> bool {
        !self.needs.is_empty() || self.env.unknown.is_some()
    }

    /// Whether one of these texts stands for what isn't known yet.
    pub(crate) fn guesses(&self, texts: &[String]) -> bool {
        let unknown = self.env.unknown.as_deref().unwrap_or_default();
        !self.needs.is_empty() || (!unknown.is_empty() && texts.iter().any(|text| text.contains(unknown)))
    }

    pub fn pseudo(&self, name: &str) -> Option<Option<Value>> {
        pseudo(self.env, name)
    }
}

/// An object with one key that is a function's name.
fn function(entries: &Map<String, Value>) -> Option<(&str, &Value)> {
    single(entries).filter(|(name, _)| *name == "Ref" || name.starts_with("Fn::"))
}

fn single(entries: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut all = entries.iter();
    match (all.next(), all.next()) {
        (Some((name, value)), None) => Some((name, value)),
        _ => None,
    }
}
