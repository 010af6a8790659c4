//! What changed between two versions: which resources, and which of their properties.

use serde_json::Value;

use crate::template::{Resource, Template};

/// Whether something came, went, or is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Add,
    Modify,
    Remove,
}

/// A changed value within a resource's properties.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChange {
    pub kind: ChangeKind,
    /// From the property's name down: `["Tags", "0", "Value"]`.
    pub path: Vec<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl PropertyChange {
    /// The property itself.
    pub fn name(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

/// A changed resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceChange {
    pub kind: ChangeKind,
    pub id: String,
    /// Empty unless the resource is modified.
    pub properties: Vec<PropertyChange>,
    /// Other attributes that changed: `DeletionPolicy`, `Metadata`, `Type` …
    pub attributes: Vec<&'static str>,
}

/// The differences between two versions of a resource's properties, in the order of the names.
pub fn properties(before: &Value, after: &Value) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    compare(before, after, &mut Vec::new(), &mut changes);
    changes
}

fn compare(before: &Value, after: &Value, path: &mut Vec<String>, changes: &mut Vec<PropertyChange>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in old {
                member(name, Some(value), new.get(name), path, changes);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                member(name, None, Some(value), path, changes);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                member(&at.to_string(), old.get(at), new.get(at), path, changes);
            }
        }
        (old, new) if old == new => {}
        (old, new) => changes.push(PropertyChange {
            kind: ChangeKind::Modify,
            path: path.clone(),
            before: Some(old.clone()),
            after: Some(new.clone()),
        }),
    }
}

fn member(
    name: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<String>,
    changes: &mut Vec<PropertyChange>,
) {
    path.push(name.to_owned());
    let mut push = |kind| {
        changes.push(PropertyChange { kind, path: path.clone(), before: before.cloned(), after: after.cloned() });
    };
    match (before, after) {
        (Some(old), Some(new)) => compare(old, new, path, changes),
        (Some(_), None) => push(ChangeKind::Remove),
        (None, Some(_)) => push(ChangeKind::Add),
        (None, None) => {}
    }
    path.pop();
}

/// The resources that differ between two templates: changed and removed ones in the old order, then the new ones.
pub fn resources(before: &Template, after: &Template) -> Vec<ResourceChange> {
    let bare =
        |kind, id: &str| ResourceChange { kind, id: id.to_owned(), properties: Vec::new(), attributes: Vec::new() };
    let mut changes = Vec::new();
    for (id, old) in &before.resources {
        match after.resources.get(id) {
            None => changes.push(bare(ChangeKind::Remove, id)),
            Some(new) if old != new => changes.push(ResourceChange {
                properties: properties(&old.properties, &new.properties),
                attributes: attributes(old, new),
                ..bare(ChangeKind::Modify, id)
            }),
            Some(_) => {}
        }
    }
    let new = after.resources.keys().filter(|id| !before.resources.contains_key(*id));
    changes.extend(new.map(|id| bare(ChangeKind::Add, id)));
    changes
}

/// The attributes beside the properties that differ.
pub fn attributes(old: &Resource, new: &Resource) -> Vec<&'static str> {
    let pairs = [
        ("Type", old.kind != new.kind),
        ("Metadata", old.metadata != new.metadata),
        ("CreationPolicy", old.creation_policy != new.creation_policy),
        ("UpdatePolicy", old.update_policy != new.update_policy),
        ("DeletionPolicy", old.deletion_policy != new.deletion_policy),
        ("UpdateReplacePolicy", old.update_replace_policy != new.update_replace_policy),
    ];
    pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn property_changes() {
        let changes = properties(
            &json!({"A": 1, "B": {"C": [1, 2]}, "D": "x", "E": 0}),
            &json!({"A": 1, "B": {"C": [1, 3, 4]}, "E": {"Ref": "P"}, "F": true}),
        );
        let seen: Vec<_> = changes.iter().map(|c| (c.kind, c.path.join("/"))).collect();
        assert_eq!(
            seen,
            [
                (ChangeKind::Modify, "B/C/1".to_owned()),
                (ChangeKind::Add, "B/C/2".to_owned()),
                (ChangeKind::Remove, "D".to_owned()),
                (ChangeKind::Modify, "E".to_owned()),
                (ChangeKind::Add, "F".to_owned()),
            ]
        );
        assert_eq!(changes[0].name(), "B");
    }

    #[test]
    fn resource_changes() {
        let template = |resources: Value| Template::parse(json!({"Resources": resources})).expect("a template");
        let before =
            template(json!({"A": {"Type": "T", "Properties": {"X": 1}}, "B": {"Type": "T"}, "C": {"Type": "T"}}));
        let after = template(json!({"A": {"Type": "T", "Properties": {"X": 2}, "DeletionPolicy": "Retain"},
                                    "C": {"Type": "T"}, "D": {"Type": "T"}}));
        let changes = resources(&before, &after);
        let seen: Vec<_> = changes.iter().map(|c| (c.kind, c.id.as_str())).collect();
        assert_eq!(seen, [(ChangeKind::Modify, "A"), (ChangeKind::Remove, "B"), (ChangeKind::Add, "D")]);
        assert_eq!(changes[0].attributes, ["DeletionPolicy"]);
        assert_eq!(changes[0].properties.len(), 1);
    }
}
