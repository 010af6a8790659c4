//! A parameter listing as text: a table for the terminal, JSON, Markdown.

use serde_json::{Map, Value, json};

use crate::parameter::Parameter;
use crate::params::{Entries, Group, Listing};

/// For each group a line with its path, and one parameter a line below it.
pub(crate) fn table(listings: &[Listing]) -> String {
    let mut out = String::new();
    for listing in listings {
        if listings.len() > 1 {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("{}\n", listing.file));
        }
        match &listing.groups {
            Err(problem) => out.push_str(&format!("{problem}\n")),
            Ok(groups) if groups.is_empty() => out.push_str("no parameters\n"),
            Ok(groups) => groups.iter().for_each(|group| group_table(group, &mut out)),
        }
    }
    out
}

fn group_table(group: &Group, out: &mut String) {
    out.push_str(&format!("{}\n", group.path));
    let rows: Vec<Vec<String>> = match &group.entries {
        Entries::Declared(parameters) => parameters
            .iter()
            .map(|(name, p)| {
                let default = p.default.as_ref().map(|d| format!("Default: {}", line(d)));
                let details = default.into_iter().chain(constraints(p)).collect::<Vec<_>>().join(", ");
                let description = p.description.as_ref().map(|d| format!("# {}", line(d))).unwrap_or_default();
                vec![name.clone(), p.kind.clone(), details, description]
            })
            .collect(),
        Entries::Passed(values) => values.iter().map(|(name, value)| vec![name.clone(), short(value)]).collect(),
    };
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| columns_of(c)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).map(|w| w.min(48)).collect();
    for row in rows {
        let mut text = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(&format!(" {cell}{} ", " ".repeat(width.saturating_sub(columns_of(cell)))));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

/// How wide a text is on a terminal: characters of East Asia take two columns.
fn columns_of(text: &str) -> usize {
    let wide = |c: char| matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd);
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// Everything that limits a value, as `AllowedValues: a | b`.
fn constraints(p: &Parameter) -> Vec<String> {
    let allowed = p.allowed_values.as_ref().map(|values| values.join(" | "));
    let no_echo = p.no_echo.then(|| "true".to_owned());
    let named = [
        ("AllowedValues", &allowed),
        ("AllowedPattern", &p.allowed_pattern),
        ("MinLength", &p.min_length),
        ("MaxLength", &p.max_length),
        ("MinValue", &p.min_value),
        ("MaxValue", &p.max_value),
        ("ConstraintDescription", &p.constraint_description),
        ("NoEcho", &no_echo),
    ];
    named.into_iter().filter_map(|(name, value)| value.as_ref().map(|v| format!("{name}: {}", line(v)))).collect()
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value on one line, functions in their short form: `!Ref x`, `!Sub "…"`.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::String(text) => line(text),
        Value::Object(entries) if entries.len() == 1 => match entries.iter().next() {
            Some((name, argument)) if name == "Ref" || name == "Condition" || name.starts_with("Fn::") => {
                let name = name.strip_prefix("Fn::").unwrap_or(name);
                format!("!{name} {}", short_argument(name, argument))
            }
            _ => value.to_string(),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn short_argument(name: &str, argument: &Value) -> String {
    match (name, argument) {
        ("GetAtt", Value::Array(steps)) if steps.iter().all(Value::is_string) => {
            steps.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(".")
        }
        ("Ref" | "Condition", Value::String(text)) => line(text),
        (_, Value::String(text)) => Value::String(line(text)).to_string(),
        (_, argument) => short(argument),
    }
}

/// A list of files, each with its groups.
pub(crate) fn json(listings: &[Listing]) -> String {
    let files = listings.iter().map(|listing| match &listing.groups {
        Ok(groups) => json!({"file": listing.file, "groups": groups.iter().map(group_json).collect::<Value>()}),
        Err(problem) => json!({"file": listing.file, "error": problem.0}),
    });
    format!("{:#}\n", files.collect::<Value>())
}

fn group_json(group: &Group) -> Value {
    let parameters: Vec<Value> = match &group.entries {
        Entries::Declared(parameters) => parameters.iter().map(|(name, p)| declared_json(name, p)).collect(),
        Entries::Passed(values) => values.iter().map(|(name, value)| json!({"name": name, "value": value})).collect(),
    };
    json!({"path": group.path, "parameters": parameters})
}

fn declared_json(name: &str, p: &Parameter) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), name.into());
    map.insert("type".into(), p.kind.clone().into());
    let texts = [
        ("default", &p.default),
        ("description", &p.description),
        ("allowedPattern", &p.allowed_pattern),
        ("constraintDescription", &p.constraint_description),
        ("minLength", &p.min_length),
        ("maxLength", &p.max_length),
        ("minValue", &p.min_value),
        ("maxValue", &p.max_value),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            map.insert(key.into(), value.clone().into());
        }
    }
    if let Some(values) = &p.allowed_values {
        map.insert("allowedValues".into(), values.clone().into());
    }
    if p.no_echo {
        map.insert("noEcho".into(), true.into());
    }
    Value::Object(map)
}

/// A heading and a table for each group.
pub(crate) fn markdown(listings: &[Listing]) -> String {
    let mut out = String::new();
    for listing in listings {
        out.push_str(&format!("# {}\n\n", listing.file));
        match &listing.groups {
            Err(problem) => out.push_str(&format!("{problem}\n\n")),
            Ok(groups) if groups.is_empty() => out.push_str("No parameters.\n\n"),
            Ok(groups) => groups.iter().for_each(|group| group_markdown(group, &mut out)),
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn group_markdown(group: &Group, out: &mut String) {
    out.push_str(&format!("## {}\n\n", group.path));
    match &group.entries {
        Entries::Declared(parameters) => {
            out.push_str("| Name | Type | Default | Constraints | Description |\n|---|---|---|---|---|\n");
            for (name, p) in parameters {
                let default = p.default.as_deref().map(code).unwrap_or_default();
                let description = cell(p.description.as_deref().unwrap_or_default());
                let constraints = cell(&constraints(p).join(", "));
                out.push_str(&format!(
                    "| {} | {} | {default} | {constraints} | {description} |\n",
                    cell(name),
                    cell(&p.kind)
                ));
            }
        }
        Entries::Passed(values) => {
            out.push_str("| Name | Value |\n|---|---|\n");
            for (name, value) in values {
                out.push_str(&format!("| {} | {} |\n", cell(name), code(&short(value))));
            }
        }
    }
    out.push('\n');
}

fn cell(text: &str) -> String {
    line(text).replace('\\', "\\\\").replace('|', "\\|")
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", line(text).replace('|', "\\|").replace('`', "'")) }
}
