//! Makes `facts/cloudformation/*.facts` of the CloudFormation registry schemas that cfn-lint carries.
//!
//! One file a service for the types of `facts/cloudformation/types`, and `names.facts` with every type there is.
//! The text: `resource TYPE` or `shape TYPE.Name`, then one line a fact: lists of property names (`id`,
//! `create-only`, `read-only`, `write-only`), or `- Name TYPE [required] [key=value …] [pattern …]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

/// The release whose schemas the facts are made of.
const PINNED: &str = "1.51.0";

pub fn write_all(root: &Path) -> Result<(), String> {
    all(root)?.iter().try_for_each(|(path, text)| crate::write(path, text))
}

pub fn check_all(root: &Path) -> Result<(), String> {
    all(root)?.iter().try_for_each(|(path, text)| crate::compare(path, text))
}

/// Each facts file with its text.
fn all(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let folder = root.join("facts/cloudformation");
    let schemas = schemas_folder(root)?;
    let known = known_types(&schemas)?;
    let head = format!("# From cfn-lint {PINNED} (MIT-0). Made by `cargo xtask facts`.\n");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for name in kept(&folder.join("types"))? {
        let file = known.get(&name).ok_or_else(|| format!("cfn-lint knows no {name}"))?;
        let path = schemas.join(format!("resources/{file}.json"));
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let schema: Value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let service = name.split("::").nth(1).unwrap_or_default().to_lowercase();
        let facts = files.entry(service).or_insert_with(|| head.clone());
        facts.push('\n');
        facts.push_str(&Writer::new(&name, &schema).text());
    }
    let names: String = known.keys().map(|name| format!("{name}\n")).collect();
    files.insert("names".into(), head + &names);
    Ok(files.into_iter().map(|(name, text)| (folder.join(format!("{name}.facts")), text)).collect())
}

fn kept(list: &Path) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?;
    Ok(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
}

/// The pinned package's schemas, installed below `target/` when they are not there yet.
fn schemas_folder(root: &Path) -> Result<PathBuf, String> {
    let target = root.join(format!("target/cfn-lint-{PINNED}"));
    let schemas = target.join("cfnlint/data/schemas");
    if !schemas.is_dir() {
        let status = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
            .arg(&target)
            .arg(format!("cfn-lint=={PINNED}"))
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("could not install cfn-lint {PINNED} with pip"));
        }
    }
    Ok(schemas)
}

/// Type name → file name, from the region that has them all. The list is Python source, one type a line.
fn known_types(schemas: &Path) -> Result<BTreeMap<String, String>, String> {
    let path = schemas.join("providers/us_east_1.py");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let pair = |line: &str| {
        let mut quoted = line.split('"').skip(1).step_by(2);
        Some((quoted.next()?.to_owned(), quoted.next()?.to_owned()))
    };
    Ok(text.lines().filter(|line| line.trim_start().starts_with("\"AWS::")).filter_map(pair).collect())
}

/// Writes one resource type: its own facts, then those of the shapes it uses.
struct Writer<'a> {
    name: &'a str,
    schema: &'a Value,
    shapes: BTreeMap<String, &'a Value>,
}

impl<'a> Writer<'a> {
    fn new(name: &'a str, schema: &'a Value) -> Self {
        Writer { name, schema, shapes: BTreeMap::new() }
    }

    fn text(mut self) -> String {
        let mut text = format!("resource {}\n", self.name);
        let lists = [
            ("id", "primaryIdentifier"),
            ("create-only", "createOnlyProperties"),
            ("maybe-create-only", "conditionalCreateOnlyProperties"),
            ("read-only", "readOnlyProperties"),
            ("write-only", "writeOnlyProperties"),
        ];
        for (word, key) in lists {
            let names: Vec<String> = self.schema[key].as_array().into_iter().flatten().filter_map(property).collect();
            if !names.is_empty() {
                let _ = writeln!(text, "{word} {}", names.join(" "));
            }
        }
        if let Some(tags) = property(&self.schema["tagging"]["tagProperty"]) {
            let _ = writeln!(text, "tags {tags}");
        }
        text.push_str(&self.members(self.schema, ""));
        let mut written = BTreeSet::new();
        while let Some((shape, schema)) =
            self.shapes.iter().find(|(shape, _)| !written.contains(*shape)).map(|(n, s)| (n.clone(), *s))
        {
            let _ = write!(text, "shape {shape}\n{}", self.members(schema, &shape));
            written.insert(shape);
        }
        text
    }

    /// One line a property. A resource or shape that takes any other property says `open`.
    fn members(&mut self, schema: &'a Value, owner: &str) -> String {
        let mut text = String::new();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if schema["additionalProperties"] != Value::Bool(false) {
            text.push_str("open\n");
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let member = self.resolved(member).1;
            let kind = self.kind(
                &schema["properties"][name],
                &format!("{owner}{}{name}", if owner.is_empty() { "" } else { "." }),
            );
            let _ = write!(text, "- {name} {kind}");
            if required.contains(&name.as_str()) {
                text.push_str(" required");
            }
            text.push_str(&limits(member));
            text.push('\n');
        }
        text
    }

    /// Follows `$ref`s to a definition: its name, and what stands there.
    fn resolved(&self, schema: &'a Value) -> (Option<&'a str>, &'a Value) {
        let mut at = (None, schema);
        for _ in 0..8 {
            let Some(name) = at.1["$ref"].as_str().and_then(|path| path.strip_prefix("#/definitions/")) else { break };
            at = (Some(name), &self.schema["definitions"][name]);
        }
        at
    }

    /// `string`, `integer`, `number`, `boolean`, `json` (anything), `text-or-json`, `list<…>`, `map<…>`, a shape's name.
    fn kind(&mut self, schema: &'a Value, path: &str) -> String {
        let (name, schema) = self.resolved(schema);
        if let Some(kinds) = schema["type"].as_array() {
            let has = |kind: &str| kinds.iter().any(|one| one == kind);
            return if has("object") && kinds.len() <= 2 && has("string") {
                "text-or-json".into()
            } else {
                "json".into()
            };
        }
        match schema["type"].as_str() {
            Some("array") => format!("list<{}>", self.kind(&schema["items"], path)),
            Some(plain @ ("string" | "integer" | "number" | "boolean")) => plain.into(),
            Some("object") | None if schema["properties"].is_object() => {
                let shape = name.map_or_else(|| path.to_owned(), str::to_owned);
                self.shapes.entry(shape.clone()).or_insert(schema);
                shape
            }
            Some("object") => match schema["patternProperties"].as_object().and_then(|map| map.values().next()) {
                Some(value) => format!("map<{}>", self.kind(value, path)),
                None => "json".into(),
            },
            _ if schema.get("enum").is_some() => "string".into(),
            _ => "json".into(),
        }
    }
}

fn property(pointer: &Value) -> Option<String> {
    pointer.as_str()?.strip_prefix("/properties/").map(str::to_owned)
}

/// The constraints that CloudFormation checks before it calls a resource's handler.
fn limits(schema: &Value) -> String {
    let mut text = String::new();
    let empty = Map::new();
    let schema = schema.as_object().unwrap_or(&empty);
    let names = [
        ("minLength", "min-length"),
        ("maxLength", "max-length"),
        ("minimum", "min"),
        ("maximum", "max"),
        ("minItems", "min-items"),
        ("maxItems", "max-items"),
    ];
    for (key, word) in names {
        if let Some(value) = schema.get(key) {
            let _ = write!(text, " {word}={value}");
        }
    }
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        text.push_str(" unique");
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> =
            values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        if values.iter().all(|value| !value.contains([' ', '|'])) {
            let _ = write!(text, " enum={}", values.join("|"));
        }
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let _ = write!(text, " pattern {pattern}");
    }
    text
}
