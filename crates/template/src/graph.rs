//! What depends on what: the references in a value, the order in which resources are made, and cycles.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::problem::Problem;
use crate::sub::{self, Piece};
use crate::template::Template;

/// Answers a condition's value where it is known; then only the branch that is taken counts.
pub type Known<'a> = dyn Fn(&str) -> Option<bool> + 'a;

/// Every name that `Ref`, `Fn::GetAtt` and `Fn::Sub` use in a value: parameters, pseudo parameters, resources.
pub fn references(value: &Value, known: &Known<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, known, &mut found);
    found
}

fn collect(value: &Value, known: &Known<'_>, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, known, found)),
        Value::Object(entries) => match (entries.len(), entries.iter().next()) {
            (1, Some((function, argument))) => function_references(function, argument, known, found),
            _ => entries.values().for_each(|item| collect(item, known, found)),
        },
        _ => {}
    }
}

fn function_references(function: &str, argument: &Value, known: &Known<'_>, found: &mut BTreeSet<String>) {
    match (function, argument) {
        ("Ref", Value::String(name)) => {
            found.insert(name.clone());
        }
        ("Fn::GetAtt", Value::String(text)) => {
            found.insert(text.split('.').next().unwrap_or(text).to_owned());
        }
        ("Fn::GetAtt", Value::Array(items)) => {
            found.extend(items.first().and_then(Value::as_str).map(str::to_owned));
            items.iter().skip(1).for_each(|item| collect(item, known, found));
        }
        ("Fn::Sub", Value::String(text)) => sub_references(text, None, found),
        ("Fn::Sub", Value::Array(items)) => {
            let local = items.get(1);
            if let Some(text) = items.first().and_then(Value::as_str) {
                sub_references(text, local, found);
            }
            if let Some(variables) = local.and_then(Value::as_object) {
                variables.values().for_each(|item| collect(item, known, found));
            }
        }
        ("Fn::If", Value::Array(items)) => {
            let taken = items.first().and_then(Value::as_str).and_then(known);
            let skipped = taken.map(|yes| if yes { 2 } else { 1 });
            for (at, item) in items.iter().enumerate().skip(1) {
                if Some(at) != skipped {
                    collect(item, known, found);
                }
            }
        }
        (_, argument) => collect(argument, known, found),
    }
}

fn sub_references(text: &str, local: Option<&Value>, found: &mut BTreeSet<String>) {
    for piece in sub::pieces(text) {
        let Piece::Variable(name) = piece else {
            continue;
        };
        if local.is_some_and(|variables| variables.get(name).is_some()) {
            continue;
        }
        let name = if name.starts_with("AWS::") { name } else { name.split('.').next().unwrap_or(name) };
        found.insert(name.to_owned());
    }
}

/// Resource → the resources it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub waits_for: IndexMap<String, BTreeSet<String>>,
}

impl Graph {
    /// The graph of a template. Resources whose condition is known to be false are left out.
    pub fn of(template: &Template, known: &Known<'_>) -> Self {
        let exists = |id: &str| {
            template.resources.get(id).is_some_and(|r| r.condition.as_deref().and_then(known) != Some(false))
        };
        let mut waits_for = IndexMap::new();
        for (id, resource) in template.resources.iter().filter(|(id, _)| exists(id)) {
            let mut before = references(&resource.properties, known);
            before.extend(resource.depends_on.iter().cloned());
            before.retain(|name| exists(name));
            waits_for.insert(id.clone(), before);
        }
        Graph { waits_for }
    }

    /// An order in which everything comes after what it waits for; the template's order where that leaves a choice.
    ///
    /// # Errors
    /// `Circular dependency between resources: [A, B]`, naming the resources that are in a cycle or behind one.
    pub fn order(&self) -> Result<Vec<String>, Problem> {
        let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
        let mut behind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, before) in &self.waits_for {
            missing.insert(id, before.len());
            for one in before {
                behind.entry(one).or_default().push(id);
            }
        }
        let place = |id: &str| self.waits_for.get_index_of(id).unwrap_or(usize::MAX);
        let mut ready: BTreeSet<(usize, &str)> =
            missing.iter().filter(|(_, count)| **count == 0).map(|(id, _)| (place(id), *id)).collect();
        let mut order = Vec::with_capacity(self.waits_for.len());
        while let Some((_, id)) = ready.pop_first() {
            order.push(id.to_owned());
            for next in behind.remove(id).into_iter().flatten() {
                let Some(count) = missing.get_mut(next) else {
                    continue;
                };
                *count -= 1;
                if *count == 0 {
                    ready.insert((place(next), next));
                }
            }
        }
        if order.len() == self.waits_for.len() {
            return Ok(order);
        }
        let stuck: Vec<&str> =
            self.waits_for.keys().map(String::as_str).filter(|id| missing.get(id).is_some_and(|n| *n > 0)).collect();
        Err(Problem::new(format!("Circular dependency between resources: [{}]", stuck.join(", "))))
    }
}
