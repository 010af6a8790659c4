//! Document paths: `a.b[3].c`, into an item and out of it.

use std::fmt;

use crate::{Item, Value};

/// A document path with its placeholders resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The attribute of the item.
    pub attribute: String,
    /// The way down from there.
    pub steps: Vec<Step>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Path {
    /// A path that is a whole attribute, whatever characters its name holds.
    pub fn attribute(name: impl Into<String>) -> Path {
        Path { attribute: name.into(), steps: Vec::new() }
    }

    /// What stands at the path.
    pub fn get<'a>(&self, item: &'a Item) -> Option<&'a Value> {
        self.steps.iter().try_fold(item.get(&self.attribute)?, |value, step| child(value, step))
    }

    /// The container that the last step leads into; `None` for a whole attribute or where the way does not exist.
    pub(super) fn parent_mut<'a>(&self, item: &'a mut Item) -> Option<(&'a mut Value, &Step)> {
        let (last, way) = self.steps.split_last()?;
        let mut value = item.get_mut(&self.attribute)?;
        for step in way {
            value = child_mut(value, step)?;
        }
        Some((value, last))
    }

    fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        std::iter::once(Element::Key(&self.attribute)).chain(self.steps.iter().map(|step| match step {
            Step::Key(key) => Element::Key(key),
            Step::Index(index) => Element::Index(*index),
        }))
    }
}

fn child<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match (value, step) {
        (Value::M(map), Step::Key(key)) => map.get(key),
        (Value::L(list), Step::Index(index)) => list.get(*index),
        _ => None,
    }
}

fn child_mut<'a>(value: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    match (value, step) {
        (Value::M(map), Step::Key(key)) => map.get_mut(key),
        (Value::L(list), Step::Index(index)) => list.get_mut(*index),
        _ => None,
    }
}

#[derive(PartialEq)]
enum Element<'a> {
    Key(&'a str),
    Index(usize),
}

/// The path as AWS shows it in messages: `[a, b, [3]]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (position, element) in self.elements().enumerate() {
            f.write_str(if position > 0 { ", " } else { "" })?;
            match element {
                Element::Key(key) => f.write_str(key)?,
                Element::Index(index) => write!(f, "[{index}]")?,
            }
        }
        f.write_str("]")
    }
}

/// What is wrong between the paths of one expression: overlaps are reported before conflicts.
pub(super) fn check_disjoint<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    let mut seen: Vec<&Path> = Vec::new();
    let mut conflict = None;
    for path in paths {
        for earlier in &seen {
            match relation(earlier, path) {
                Relation::Disjoint => {}
                Relation::Overlap => return Err(clash("overlap", earlier, path)),
                Relation::Conflict => conflict = conflict.or_else(|| Some(clash("conflict", earlier, path))),
            }
        }
        seen.push(path);
    }
    conflict.map_or(Ok(()), Err)
}

enum Relation {
    Disjoint,
    /// One is within the other.
    Overlap,
    /// One takes for a map what the other takes for a list.
    Conflict,
}

fn relation(one: &Path, two: &Path) -> Relation {
    for pair in one.elements().zip(two.elements()) {
        match pair {
            (a, b) if a == b => {}
            (Element::Key(_), Element::Index(_)) | (Element::Index(_), Element::Key(_)) => {
                return Relation::Conflict;
            }
            _ => return Relation::Disjoint,
        }
    }
    Relation::Overlap
}

fn clash(how: &str, one: &Path, two: &Path) -> String {
    format!(
        "Two document paths {how} with each other; must remove or rewrite one of these paths; \
         path one: {one}, path two: {two}"
    )
}
