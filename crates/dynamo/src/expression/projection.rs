//! Projections: which parts of an item an answer holds.

use std::collections::BTreeMap;

use super::path::{Path, Step, check_disjoint};
use super::placeholders::Placeholders;
use super::raw::{self, invalid, open};
use super::token::{Cursor, Syntax};
use crate::{Item, ValidationError, Value};

/// The parts of an item that are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    attributes: BTreeMap<String, Part>,
}

/// How much of a value is asked for.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Whole,
    Keys(BTreeMap<String, Part>),
    Elements(BTreeMap<usize, Part>),
}

impl Projection {
    /// Parses and checks a ProjectionExpression.
    pub fn parse(text: &str, placeholders: &mut Placeholders) -> Result<Projection, ValidationError> {
        const PARAMETER: &str = "ProjectionExpression";
        let mut cursor = open(PARAMETER, text)?;
        let paths = parse_paths(&mut cursor).and_then(|paths| {
            paths.iter().try_for_each(|path| path.check_reserved())?;
            let paths: Vec<Path> = paths.iter().map(|path| path.resolve(placeholders)).collect::<Result<_, _>>()?;
            check_disjoint(paths.iter())?;
            Ok(paths)
        });
        let paths = paths.map_err(|message| invalid(PARAMETER, message))?;
        Ok(Projection::of_paths(paths.iter()))
    }

    /// The projection onto paths that do not overlap.
    pub fn of_paths<'a>(paths: impl Iterator<Item = &'a Path>) -> Projection {
        let mut projection = Projection::default();
        for path in paths {
            insert(&mut projection.attributes, path.attribute.clone(), &path.steps);
        }
        projection
    }

    /// Whether the projection asks for nothing but whole attributes, all of which `has` knows.
    pub fn is_covered_by(&self, has: impl Fn(&str) -> bool) -> bool {
        self.attributes.keys().all(|attribute| has(attribute))
    }

    /// The attributes that the projection touches.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.keys().map(String::as_str)
    }

    /// What the item has of it.
    pub fn apply(&self, item: &Item) -> Item {
        keys(&self.attributes, item)
    }
}

fn parse_paths<'a>(cursor: &mut Cursor<'a>) -> Syntax<Vec<raw::RawPath<'a>>> {
    let mut paths = vec![raw::path(cursor, &[])?];
    while cursor.accept(",") {
        paths.push(raw::path(cursor, &[])?);
    }
    if cursor.at_end() { Ok(paths) } else { Err(cursor.error()) }
}

fn insert<K: Ord>(parts: &mut BTreeMap<K, Part>, key: K, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else {
        parts.insert(key, Part::Whole);
        return;
    };
    let part = parts.entry(key).or_insert_with(|| match step {
        Step::Key(_) => Part::Keys(BTreeMap::new()),
        Step::Index(_) => Part::Elements(BTreeMap::new()),
    });
    match (part, step) {
        (Part::Keys(keys), Step::Key(key)) => insert(keys, key.clone(), rest),
        (Part::Elements(elements), Step::Index(index)) => insert(elements, *index, rest),
        _ => {}
    }
}

fn keys(parts: &BTreeMap<String, Part>, map: &Item) -> Item {
    parts.iter().filter_map(|(key, part)| Some((key.clone(), take(part, map.get(key)?)?))).collect()
}

fn take(part: &Part, value: &Value) -> Option<Value> {
    match (part, value) {
        (Part::Whole, value) => Some(value.clone()),
        (Part::Keys(parts), Value::M(map)) => Some(keys(parts, map)).filter(|map| !map.is_empty()).map(Value::M),
        (Part::Elements(parts), Value::L(list)) => {
            let elements: Vec<Value> = parts.iter().filter_map(|(index, part)| take(part, list.get(*index)?)).collect();
            Some(elements).filter(|elements| !elements.is_empty()).map(Value::L)
        }
        _ => None,
    }
}
