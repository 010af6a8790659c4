//! Reads the facts' text (`xtask/src/cloudformation.rs` writes it). The text is our own and part of the binary:
//! a line that says nothing is left out.

use super::{Kind, Limits, Property, Schema, Shape};

pub(super) fn schemas(text: &'static str) -> Vec<Schema> {
    let mut schemas: Vec<Schema> = Vec::new();
    let mut shape: Option<&'static str> = None;
    for line in text.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "resource" {
            schemas.push(Schema { name: rest, ..Schema::default() });
            shape = None;
            continue;
        }
        let Some(schema) = schemas.last_mut() else {
            continue;
        };
        let list = || rest.split(' ').collect();
        match word {
            "id" => schema.identifier = list(),
            "create-only" => schema.create_only = list(),
            "maybe-create-only" => schema.maybe_create_only = list(),
            "read-only" => schema.read_only = list(),
            "tags" => schema.tags = Some(rest),
            "shape" => {
                schema.shapes.insert(rest, Shape::default());
                shape = Some(rest);
            }
            _ => {
                let own = match shape {
                    Some(name) => schema.shapes.entry(name).or_default(),
                    None => &mut schema.root,
                };
                match word {
                    "open" => own.open = true,
                    "-" => own.properties.extend(property(rest)),
                    _ => {}
                }
            }
        }
    }
    schemas
}

fn property(line: &'static str) -> Option<(&'static str, Property)> {
    let (facts, pattern) = match line.split_once(" pattern ") {
        Some((facts, pattern)) => (facts, Some(pattern)),
        None => (line, None),
    };
    let mut words = facts.split(' ');
    let (name, kind) = (words.next()?, kind(words.next()?));
    let mut property = Property { kind, required: false, limits: Limits { pattern, ..Limits::default() } };
    let limits = &mut property.limits;
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("required", _) => property.required = true,
            ("unique", _) => limits.unique = true,
            ("min-length", n) => limits.min_length = n.parse().ok(),
            ("max-length", n) => limits.max_length = n.parse().ok(),
            ("min", n) => limits.min = n.parse().ok(),
            ("max", n) => limits.max = n.parse().ok(),
            ("min-items", n) => limits.min_items = n.parse().ok(),
            ("max-items", n) => limits.max_items = n.parse().ok(),
            ("enum", values) => limits.one_of = values.split('|').collect(),
            _ => {}
        }
    }
    Some((name, property))
}

fn kind(text: &'static str) -> Kind {
    if let Some(inner) = text.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        return Kind::List(Box::new(kind(inner)));
    }
    if let Some(inner) = text.strip_prefix("map<").and_then(|rest| rest.strip_suffix('>')) {
        return Kind::Map(Box::new(kind(inner)));
    }
    match text {
        "string" => Kind::String,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "json" => Kind::Json,
        "text-or-json" => Kind::TextOrJson,
        shape => Kind::Shape(shape),
    }
}
