//! The list of a template's parameters: its own, and those it passes to nested stacks.
//!
//! Any template that is YAML or JSON at all can be listed: unknown tags, sections that CloudFormation would refuse
//! and half-written resources don't stand in the way.

use serde_json::{Map, Value};

use crate::parameter::Parameter;
use crate::problem::Problem;
use crate::read::read;
use crate::render;

/// How a listing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
    Markdown,
}

/// The parameters of one template file.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    pub file: String,
    /// Why the file couldn't be read, or its groups.
    pub groups: Result<Vec<Group>, Problem>,
}

/// Parameters that stand together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `/Parameters` or `/Resources/<Id>/Properties/Parameters`.
    pub path: String,
    pub entries: Entries,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Entries {
    /// The template's own parameters.
    Declared(Vec<(String, Parameter)>),
    /// What is passed to a nested stack: name and (unevaluated) value.
    Passed(Vec<(String, Value)>),
}

/// A rendered listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub text: String,
    /// Whether every file could be read; the text tells what was wrong with those that couldn't.
    pub complete: bool,
}

/// Lists the parameters of files, given as name and text.
pub fn render<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>, format: Format) -> Rendered {
    let listings: Vec<Listing> = files.into_iter().map(|(name, text)| list(name, text)).collect();
    let complete = listings.iter().all(|listing| listing.groups.is_ok());
    let text = match format {
        Format::Table => render::table(&listings),
        Format::Json => render::json(&listings),
        Format::Markdown => render::markdown(&listings),
    };
    Rendered { text, complete }
}

/// Lists the parameters of one file.
pub fn list(file: &str, text: &str) -> Listing {
    Listing { file: file.to_owned(), groups: read(text).map(|document| groups(&document.value)) }
}

/// The groups of a template that has been read: its own parameters first, then the nested stacks' in its order.
pub fn groups(template: &Value) -> Vec<Group> {
    let mut groups = Vec::new();
    let own = declared(template);
    if !own.is_empty() {
        groups.push(Group { path: "/Parameters".into(), entries: Entries::Declared(own) });
    }
    if let Some(resources) = template.get("Resources").and_then(Value::as_object) {
        nested(resources, "/Resources", &mut groups);
    }
    groups
}

/// A template's own parameters. `GetTemplateSummary` is made of the same.
pub fn declared(template: &Value) -> Vec<(String, Parameter)> {
    let section = template.get("Parameters").and_then(Value::as_object);
    section.into_iter().flatten().map(|(name, declaration)| (name.clone(), Parameter::of(declaration))).collect()
}

fn nested(resources: &Map<String, Value>, path: &str, groups: &mut Vec<Group>) {
    for (id, resource) in resources {
        if id.starts_with("Fn::ForEach::") {
            if let Some(body) = resource.get(2).and_then(Value::as_object) {
                nested(body, &format!("{path}/{id}/2"), groups);
            }
            continue;
        }
        let kind = resource.get("Type").and_then(Value::as_str);
        if !matches!(kind, Some("AWS::CloudFormation::Stack" | "AWS::Serverless::Application")) {
            continue;
        }
        let Some(Value::Object(passed)) = resource.pointer("/Properties/Parameters") else {
            continue;
        };
        let entries = passed.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        groups.push(Group { path: format!("{path}/{id}/Properties/Parameters"), entries: Entries::Passed(entries) });
    }
}
