//! The rules of a template's structure, in CloudFormation's words and order.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::graph;
use crate::parameter::{Parameter, as_text};
use crate::problem::Problem;
use crate::template::{Output, Resource, Template};

const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
    "Hooks",
];
const RESOURCE_MEMBERS: [&str; 9] = [
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "CreationPolicy",
    "UpdatePolicy",
    "Metadata",
];

/// CloudFormation quotas: parameters, resources and outputs of one template.
const MAX_PARAMETERS: usize = 200;
const MAX_RESOURCES: usize = 500;
const MAX_OUTPUTS: usize = 200;

pub(crate) fn sections(sections: &Map<String, Value>) -> Result<(), Problem> {
    let unknown: Vec<&str> = sections.keys().map(String::as_str).filter(|name| !SECTIONS.contains(name)).collect();
    // Transforms have sections of their own, as SAM has Globals; once they have run, they and their sections are gone.
    if !unknown.is_empty() && !sections.contains_key("Transform") {
        return Err(Problem::new(format!("Invalid template property or properties [{}]", unknown.join(", "))));
    }
    if let Some(version) = sections.get("AWSTemplateFormatVersion") {
        let text = as_text(version).unwrap_or_default();
        if text != "2010-09-09" {
            return Err(Problem::format(format_args!("{text} is not a supported value for AWSTemplateFormatVersion.")));
        }
    }
    if sections.get("Description").is_some_and(|d| !d.is_string()) {
        return Err(Problem::format("Every Description member must be a string."));
    }
    for name in ["Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs"] {
        if sections.get(name).is_some_and(|section| !section.is_object() && !section.is_null()) {
            return Err(Problem::format(format_args!("{name} must be an object")));
        }
    }
    if sections.get("Resources").and_then(Value::as_object).is_none_or(Map::is_empty) {
        return Err(Problem::format("At least one Resources member must be defined."));
    }
    mappings(sections.get("Mappings").and_then(Value::as_object))?;
    match sections.get("Conditions").and_then(Value::as_object) {
        Some(conditions) if conditions.values().any(|c| !c.is_object()) => {
            Err(Problem::format("Conditions can only be boolean operations on parameters and other conditions"))
        }
        _ => Ok(()),
    }
}

fn mappings(mappings: Option<&Map<String, Value>>) -> Result<(), Problem> {
    for (name, keys) in mappings.into_iter().flatten() {
        if name == "Fn::Transform" || name.starts_with("Fn::ForEach::") {
            continue;
        }
        let Value::Object(keys) = keys else {
            return Err(Problem::format(format_args!("Every Mappings member {name} must be a map")));
        };
        for (key, attributes) in keys {
            if key == "Fn::Transform" {
                continue;
            }
            let Value::Object(attributes) = attributes else {
                return Err(Problem::format(format_args!("Every Mappings member {key} must be a map")));
            };
            let plain =
                |v: &Value| as_text(v).is_some() || v.as_array().is_some_and(|l| l.iter().all(|i| !i.is_object()));
            if !attributes.iter().all(|(name, value)| name == "Fn::Transform" || plain(value)) {
                return Err(Problem::format("Every Mappings attribute must be a String or a List."));
            }
        }
    }
    Ok(())
}

/// `null` is allowed nowhere in a template.
pub(crate) fn no_nulls(template: &Value) -> Result<(), Problem> {
    match first_null(template, &mut String::new()) {
        Some(path) => Err(Problem::new(format!("[{path}] 'null' values are not allowed in templates"))),
        None => Ok(()),
    }
}

fn first_null(value: &Value, path: &mut String) -> Option<String> {
    let length = path.len();
    let mut inside = |step: &str, value: &Value| {
        path.push('/');
        path.push_str(step);
        let found = first_null(value, path);
        path.truncate(length);
        found
    };
    match value {
        Value::Null => Some(path.clone()),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, item)| inside(&at.to_string(), item)),
        Value::Object(entries) => entries.iter().find_map(|(name, item)| inside(name, item)),
        _ => None,
    }
}

pub(crate) fn parameters(section: &Map<String, Value>) -> Result<IndexMap<String, Parameter>, Problem> {
    count("parameters", section, MAX_PARAMETERS)?;
    let mut parameters = IndexMap::new();
    for (name, declaration) in section {
        if name == "Fn::Transform" {
            continue;
        }
        alphanumeric("Parameter", name)?;
        parameters.insert(name.clone(), Parameter::parse(name, declaration)?);
    }
    Ok(parameters)
}

pub(crate) fn resources(section: &Map<String, Value>) -> Result<IndexMap<String, Resource>, Problem> {
    count("resources", section, MAX_RESOURCES)?;
    let mut resources = IndexMap::new();
    for (name, declaration) in section {
        if name == "Fn::Transform" || name.starts_with("Fn::ForEach::") {
            continue;
        }
        alphanumeric("Resource", name)?;
        resources.insert(name.clone(), resource(name, declaration)?);
    }
    Ok(resources)
}

fn resource(name: &str, declaration: &Value) -> Result<Resource, Problem> {
    let Value::Object(members) = declaration else {
        return Err(Problem::format("Any Resources member must be an object."));
    };
    if let Some(stranger) =
        members.keys().find(|member| !RESOURCE_MEMBERS.contains(&member.as_str()) && *member != "Fn::Transform")
    {
        // `Connectors` is SAM's; it is gone once the transform has run.
        if stranger != "Connectors" && stranger != "IgnoreGlobals" {
            return Err(Problem::new(format!("Invalid template resource property '{stranger}'")));
        }
    }
    let Some(kind) = members.get("Type") else {
        return Err(Problem::format(format_args!(
            "[/Resources/{name}] Every Resources object must contain a Type member."
        )));
    };
    let Some(kind) = kind.as_str() else {
        return Err(Problem::format("Every Type member must be a string."));
    };
    if members.get("Properties").is_some_and(|p| !p.is_object()) {
        return Err(Problem::format(format_args!("[/Resources/{name}/Properties] Properties must be an object.")));
    }
    if members.get("Condition").is_some_and(|c| !c.is_string()) {
        return Err(Problem::format("Every Condition member must be a string."));
    }
    for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
        deletion_policy(policy, members.get(policy))?;
    }
    Ok(Resource {
        kind: kind.to_owned(),
        properties: members.get("Properties").cloned().unwrap_or_else(|| Value::Object(Map::new())),
        depends_on: depends_on(members.get("DependsOn"))?,
        condition: members.get("Condition").and_then(Value::as_str).map(str::to_owned),
        deletion_policy: members.get("DeletionPolicy").cloned(),
        update_replace_policy: members.get("UpdateReplacePolicy").cloned(),
        creation_policy: members.get("CreationPolicy").cloned(),
        update_policy: members.get("UpdatePolicy").cloned(),
        metadata: members.get("Metadata").cloned(),
    })
}

/// Functions are left for `AWS::LanguageExtensions` to resolve.
fn deletion_policy(member: &str, value: Option<&Value>) -> Result<(), Problem> {
    match value {
        None | Some(Value::Object(_)) => Ok(()),
        Some(Value::String(policy)) => match policy.as_str() {
            "Delete" | "Retain" | "Snapshot" => Ok(()),
            "RetainExceptOnCreate" if member == "DeletionPolicy" => Ok(()),
            _ => Err(Problem::format(format_args!("Unrecognized {member} {policy}"))),
        },
        Some(_) => Err(Problem::format(format_args!("Every {member} member must be a string."))),
    }
}

fn depends_on(value: Option<&Value>) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::format("DependsOn must be a string or list of strings.");
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

pub(crate) fn outputs(section: &Map<String, Value>) -> Result<IndexMap<String, Output>, Problem> {
    count("outputs", section, MAX_OUTPUTS)?;
    let mut outputs = IndexMap::new();
    for (name, declaration) in section {
        if name == "Fn::Transform" || name.starts_with("Fn::ForEach::") {
            continue;
        }
        alphanumeric("Output", name)?;
        let Some(value) = declaration.get("Value") else {
            return Err(Problem::format("Every Outputs member must contain a Value object"));
        };
        if let Some(stranger) = declaration.as_object().and_then(|members| {
            members.keys().find(|m| !matches!(m.as_str(), "Value" | "Description" | "Export" | "Condition"))
        }) {
            return Err(Problem::new(format!("Invalid template output property '{stranger}'")));
        }
        let export = match declaration.get("Export") {
            None => None,
            Some(export) => Some(export.get("Name").cloned().ok_or_else(|| {
                Problem::format(format_args!(
                    "Output {name} is malformed. The Name field of every Export member must be specified."
                ))
            })?),
        };
        outputs.insert(
            name.clone(),
            Output {
                value: value.clone(),
                description: declaration.get("Description").and_then(as_text),
                export,
                condition: declaration.get("Condition").and_then(Value::as_str).map(str::to_owned),
            },
        );
    }
    Ok(outputs)
}

fn count(what: &str, section: &Map<String, Value>, most: usize) -> Result<(), Problem> {
    if section.len() > most {
        return Err(Problem::format(format_args!(
            "Number of {what}, {}, is greater than maximum allowed, {most}",
            section.len()
        )));
    }
    Ok(())
}

fn alphanumeric(what: &str, name: &str) -> Result<(), Problem> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Problem::format(format_args!("{what} name {name} is non alphanumeric.")));
    }
    Ok(())
}

/// Every name that is used is declared, and nothing depends on itself.
pub(crate) fn references(template: &Template) -> Result<(), Problem> {
    conditions(template)?;
    let declared = |name: &str| {
        template.resources.contains_key(name) || template.parameters.contains_key(name) || name.starts_with("AWS::")
    };
    let mut unresolved = BTreeSet::new();
    for resource in template.resources.values() {
        known_condition(template, resource.condition.as_deref(), "Resources")?;
        let mut used = graph::references(&resource.properties, &|_| None);
        used.extend(resource.depends_on.iter().cloned());
        for value in
            [&resource.deletion_policy, &resource.update_replace_policy, &resource.metadata].into_iter().flatten()
        {
            used.extend(graph::references(value, &|_| None));
        }
        unresolved.extend(used.into_iter().filter(|name| !declared(name)));
    }
    unresolved_in("Resources", unresolved)?;
    let mut unresolved = BTreeSet::new();
    for output in template.outputs.values() {
        known_condition(template, output.condition.as_deref(), "Outputs")?;
        let mut used = graph::references(&output.value, &|_| None);
        used.extend(output.export.iter().flat_map(|name| graph::references(name, &|_| None)));
        unresolved.extend(used.into_iter().filter(|name| !declared(name)));
    }
    unresolved_in("Outputs", unresolved)?;
    graph::Graph::of(template, &|_| None).order().map(|_| ())
}

fn unresolved_in(block: &str, names: BTreeSet<String>) -> Result<(), Problem> {
    if names.is_empty() {
        return Ok(());
    }
    let names = Vec::from_iter(names).join(", ");
    Err(Problem::format(format_args!(
        "Unresolved resource dependencies [{names}] in the {block} block of the template"
    )))
}

fn known_condition(template: &Template, condition: Option<&str>, block: &str) -> Result<(), Problem> {
    match condition {
        Some(name) if !template.conditions.contains_key(name) => Err(Problem::format(format_args!(
            "Unresolved condition dependency {name} in the {block} block of the template"
        ))),
        _ => Ok(()),
    }
}

/// Conditions may look at parameters and mappings only.
fn conditions(template: &Template) -> Result<(), Problem> {
    let mut unresolved = BTreeSet::new();
    for condition in template.conditions.values() {
        let used = graph::references(condition, &|_| None);
        unresolved.extend(
            used.into_iter().filter(|name| !template.parameters.contains_key(name) && !name.starts_with("AWS::")),
        );
    }
    if unresolved.is_empty() {
        return Ok(());
    }
    let names = Vec::from_iter(unresolved).join(", ");
    Err(Problem::format(format_args!(
        "Unresolved dependencies [{names}]. Cannot reference resources in the Conditions block of the template"
    )))
}
