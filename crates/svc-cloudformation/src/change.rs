//! What a new version would change in a stack: pure, for change sets and for "no updates are to be performed".

use std::collections::BTreeSet;

use kogumo_template::diff::PropertyChange;
use kogumo_template::{Environment, Graph, Template, evaluate, references};
use serde_json::{Map, Value, json};

use crate::plan::{Decision, NESTED, Resources, decide, is_custom, needs_replacement};
use crate::record::{Actual, Policy};
use crate::schema::Schema;
use crate::wanted;
use crate::workflow::physical;

/// Stands in change sets for what isn't known before the change is made.
pub const UNKNOWN: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// A resource that would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub action: Verb,
    pub id: String,
    pub kind: String,
    pub physical_id: Option<String>,
    /// The change set of a nested stack.
    pub change_set: Option<String>,
    /// `True`, `False`, `Conditional`; for modifications only.
    pub replacement: Option<&'static str>,
    pub details: Vec<Detail>,
    pub policy_action: Option<&'static str>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Add,
    /// It exists already and becomes the stack's.
    Import,
    Modify,
    Remove,
}

/// One reason for a modification.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// `Properties`, `Tags`, `Metadata`, `DeletionPolicy` …
    pub attribute: &'static str,
    /// The property.
    pub name: Option<String>,
    /// `Always`, `Never`, `Conditionally`.
    pub recreation: &'static str,
    pub dynamic: bool,
    /// `DirectModification`, `ParameterReference`, `ResourceReference`, `ResourceAttribute`.
    pub source: &'static str,
    pub cause: Option<String>,
}

/// What becomes of a stack's resources. `env` knows parameters, conditions and imports, not the resources.
pub fn changes(
    template: &Template,
    graph: &Graph,
    env: &Environment,
    resources: &Resources,
    tags: &std::collections::BTreeMap<String, String>,
    old: &Template,
) -> Vec<Change> {
    let mut env = Environment { unknown: Some(UNKNOWN.to_owned()), ..env.clone() };
    let order = graph.order().unwrap_or_default();
    let mut found = Vec::new();
    for id in &order {
        let Some(declared) = template.resources.get(id) else { continue };
        let evaluated = evaluate(&declared.properties, template, &env).unwrap_or(Value::Null);
        let wanted = wanted::complete(&declared.kind, evaluated, tags);
        let Some(actual) = resources.get(id).and_then(|resource| resource.actual.as_ref()) else {
            found.push(Change { after: Some(wanted), ..bare(Verb::Add, id, &declared.kind) });
            continue;
        };
        let beside = beside(template, graph, id, actual);
        let (changes, replaced) = match decide(actual, &declared.kind, &wanted) {
            Decision::Keep => (Vec::new(), false),
            Decision::Update(changes) => (changes, false),
            Decision::Replace(changes) => (changes, true),
        };
        if !replaced {
            env.resources.insert(id.clone(), settled(actual, &changes));
        }
        let nested = declared.kind == NESTED;
        if changes.is_empty() && beside.is_empty() && !replaced && !nested {
            continue;
        }
        let schema =
            Schema::of(if is_custom(&declared.kind) { "AWS::CloudFormation::CustomResource" } else { &declared.kind });
        let mut details = property_details(
            &changes,
            schema,
            &declared.properties,
            old.resources.get(id).map(|r| &r.properties),
            template,
        );
        if nested {
            details.push(Detail { dynamic: true, source: "Automatic", ..plain("Properties") });
        }
        details.extend(beside.into_iter().map(plain));
        let surely = details.iter().any(|detail| detail.recreation == "Always" && !detail.dynamic);
        let replacement = match (replaced, surely || actual.kind != declared.kind) {
            (false, _) => "False",
            (true, true) => "True",
            (true, false) => "Conditional",
        };
        found.push(Change {
            physical_id: Some(actual.physical_id.clone()),
            replacement: Some(replacement),
            details,
            policy_action: match (replacement, actual.update_replace_policy) {
                ("False", _) => None,
                (_, Policy::Retain) => Some("ReplaceAndRetain"),
                (_, Policy::Snapshot) => Some("ReplaceAndSnapshot"),
                _ => Some("ReplaceAndDelete"),
            },
            before: Some(actual.properties.clone()),
            after: Some(wanted),
            ..bare(Verb::Modify, id, &declared.kind)
        });
    }
    let kept: BTreeSet<&String> = order.iter().collect();
    for (id, resource) in resources.iter().filter(|(id, _)| !kept.contains(id)) {
        let Some(actual) = &resource.actual else { continue };
        found.push(Change {
            physical_id: Some(actual.physical_id.clone()),
            policy_action: Some(match actual.deletion_policy {
                Policy::Retain | Policy::RetainExceptOnCreate => "Retain",
                Policy::Snapshot => "Snapshot",
                Policy::Delete => "Delete",
            }),
            before: Some(actual.properties.clone()),
            ..bare(Verb::Remove, id, &resource.kind)
        });
    }
    found
}

fn bare(action: Verb, id: &str, kind: &str) -> Change {
    Change {
        action,
        id: id.to_owned(),
        kind: kind.to_owned(),
        physical_id: None,
        change_set: None,
        replacement: None,
        details: Vec::new(),
        policy_action: None,
        before: None,
        after: None,
    }
}

/// A change that keeps the resource.
fn plain(attribute: &'static str) -> Detail {
    Detail { attribute, name: None, recreation: "Never", dynamic: false, source: "DirectModification", cause: None }
}

/// The attributes beside the properties that would differ.
fn beside(template: &Template, graph: &Graph, id: &str, actual: &Actual) -> Vec<&'static str> {
    let mut after = actual.clone();
    wanted::declared(template, graph, id).apply(&mut after);
    let differ = [
        ("Metadata", after.metadata != actual.metadata),
        ("DeletionPolicy", after.deletion_policy != actual.deletion_policy),
        ("UpdateReplacePolicy", after.update_replace_policy != actual.update_replace_policy),
    ];
    differ.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// A resource that stays, without the attributes that its change may change.
fn settled(actual: &Actual, changes: &[PropertyChange]) -> kogumo_template::Physical {
    let mut seen = physical(actual);
    let mut changed: BTreeSet<&str> = changes.iter().map(PropertyChange::name).collect();
    // A nested stack with other parameters may have other outputs.
    if actual.kind == NESTED && !changes.is_empty() {
        changed.insert("Outputs");
    }
    seen.attributes.retain(|name, _| !changed.contains(name.split('.').next().unwrap_or(name)));
    seen
}

fn property_details(
    changes: &[PropertyChange],
    schema: Option<&Schema>,
    now: &Value,
    before: Option<&Value>,
    template: &Template,
) -> Vec<Detail> {
    let mut details: Vec<Detail> = Vec::new();
    for change in changes {
        let name = change.name();
        if details.iter().any(|detail| detail.name.as_deref() == Some(name)) {
            continue;
        }
        let always = schema.is_some_and(|schema| needs_replacement(schema, change));
        let tags = schema.and_then(|schema| schema.tags) == Some(name);
        let unknown = change.after.as_ref().is_some_and(|value| value.to_string().contains(UNKNOWN));
        let declared = now.get(name).unwrap_or(&Value::Null);
        let base = Detail {
            attribute: if tags { "Tags" } else { "Properties" },
            name: (!tags).then(|| name.to_owned()),
            recreation: if always { "Always" } else { "Never" },
            dynamic: unknown,
            source: "DirectModification",
            cause: None,
        };
        let same_text = before.is_some_and(|before| before.get(name) == now.get(name));
        let names = references(declared, &|_| None);
        let parameter = names.iter().find(|one| template.parameters.contains_key(*one));
        let resource = names.iter().find(|one| template.resources.contains_key(*one));
        match (parameter, resource) {
            (Some(parameter), _) if !unknown => {
                details.push(Detail { source: "ParameterReference", cause: Some(parameter.clone()), ..base.clone() });
                if !same_text {
                    details.push(Detail { dynamic: true, ..base });
                }
            }
            (_, Some(resource)) if unknown => {
                let attribute = attribute_of(declared, resource);
                details.push(match attribute {
                    Some(attribute) => Detail {
                        source: "ResourceAttribute",
                        cause: Some(format!("{resource}.{attribute}")),
                        ..base.clone()
                    },
                    None => Detail { source: "ResourceReference", cause: Some(resource.clone()), ..base.clone() },
                });
            }
            _ => details.push(base),
        }
    }
    details
}

/// The attribute by which a value uses a resource; `None` for a plain `Ref`.
fn attribute_of(value: &Value, resource: &str) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| attribute_of(item, resource)),
        Value::Object(entries) => entries.iter().find_map(|(name, item)| match (name.as_str(), item) {
            ("Fn::GetAtt", Value::Array(steps)) if steps.first().and_then(Value::as_str) == Some(resource) => {
                let steps: Vec<&str> = steps.iter().skip(1).filter_map(Value::as_str).collect();
                Some(steps.join("."))
            }
            _ => attribute_of(item, resource),
        }),
        _ => None,
    }
}

impl Change {
    /// Whether it is there only because nested stacks may always have changed, and one can see that this one has not.
    pub fn is_formal(&self) -> bool {
        self.action == Verb::Modify && self.details.iter().all(|detail| detail.source == "Automatic")
    }

    /// As the API shows it; keys are the model's.
    pub fn json(&self) -> Value {
        let action = match self.action {
            Verb::Add => "Add",
            Verb::Import => "Import",
            Verb::Modify => "Modify",
            Verb::Remove => "Remove",
        };
        let mut scope: Vec<&str> = Vec::new();
        for detail in &self.details {
            if !scope.contains(&detail.attribute) {
                scope.push(detail.attribute);
            }
        }
        let details: Vec<Value> = self.details.iter().map(Detail::json).collect();
        let mut change = Map::new();
        if let Some(policy) = self.policy_action {
            change.insert("PolicyAction".into(), policy.into());
        }
        change.insert("Action".into(), action.into());
        change.insert("LogicalResourceId".into(), self.id.as_str().into());
        if let Some(id) = &self.physical_id {
            change.insert("PhysicalResourceId".into(), id.as_str().into());
        }
        change.insert("ResourceType".into(), self.kind.as_str().into());
        if let Some(id) = &self.change_set {
            change.insert("ChangeSetId".into(), id.as_str().into());
        }
        if let Some(replacement) = self.replacement {
            change.insert("Replacement".into(), replacement.into());
        }
        change.insert("Scope".into(), scope.into());
        change.insert("Details".into(), details.into());
        for (name, value) in [("BeforeContext", &self.before), ("AfterContext", &self.after)] {
            if let Some(value) = value {
                change.insert(name.into(), json!({"Properties": value}).to_string().into());
            }
        }
        json!({"Type": "Resource", "ResourceChange": change})
    }
}

impl Detail {
    fn json(&self) -> Value {
        let mut target = Map::new();
        target.insert("Attribute".into(), self.attribute.into());
        if let Some(name) = &self.name {
            target.insert("Name".into(), name.as_str().into());
        }
        target.insert("RequiresRecreation".into(), self.recreation.into());
        let mut detail = Map::new();
        detail.insert("Target".into(), target.into());
        detail.insert("Evaluation".into(), if self.dynamic { "Dynamic" } else { "Static" }.into());
        detail.insert("ChangeSource".into(), self.source.into());
        if let Some(cause) = &self.cause {
            detail.insert("CausingEntity".into(), cause.as_str().into());
        }
        detail.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Resource;
    use kogumo_template::read;

    fn template(text: &str) -> Template {
        Template::parse(read(text).expect("YAML").value).expect("a template")
    }

    fn existing(id: &str, properties: Value) -> (String, Resource) {
        let attributes = properties.as_object().cloned().unwrap_or_default();
        let actual = Actual {
            kind: "AWS::SSM::Parameter".into(),
            physical_id: format!("{id}-1"),
            properties,
            attributes,
            ..Actual::default()
        };
        (
            id.to_owned(),
            Resource { logical_id: id.into(), kind: actual.kind.clone(), actual: Some(actual), ..Resource::default() },
        )
    }

    fn between(old: &str, new: &str, resources: &Resources, parameters: &[(&str, &str)]) -> Vec<Change> {
        let (old, new) = (template(old), template(new));
        let parameters = parameters.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect();
        let env = Environment { parameters, ..Environment::default() };
        changes(&new, &Graph::of(&new, &|_| None), &env, resources, &Default::default(), &old)
    }

    #[test]
    fn an_attribute_of_a_changed_resource() {
        let text = |value: &str| {
            format!(
                "Resources:\n  A: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: {value}}}}}\n  B: {{Type: 'AWS::SSM::Parameter', Properties: {{Type: String, Value: !GetAtt A.Value}}}}\n"
            )
        };
        let resources: Resources = [
            existing("A", json!({"Type": "String", "Value": "x"})),
            existing("B", json!({"Type": "String", "Value": "x"})),
        ]
        .into();
        assert_eq!(between(&text("x"), &text("x"), &resources, &[]), vec![]);
        let found = between(&text("x"), &text("y"), &resources, &[]);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0].json()["ResourceChange"]["Details"],
            json!([{"Target": {"Attribute": "Properties", "Name": "Value",
            "RequiresRecreation": "Never"}, "Evaluation": "Static", "ChangeSource": "DirectModification"}])
        );
        assert_eq!(
            found[1].json()["ResourceChange"]["Details"],
            json!([{"Target": {"Attribute": "Properties", "Name": "Value",
            "RequiresRecreation": "Never"}, "Evaluation": "Dynamic", "ChangeSource": "ResourceAttribute", "CausingEntity": "A.Value"}])
        );
        assert_eq!(found[1].replacement, Some("False"));
    }

    #[test]
    fn a_parameters_change() {
        let text = "Parameters: {P: {Type: String}}\nResources: {A: {Type: 'AWS::SSM::Parameter', Properties: {Type: String, Value: !Ref P}}}";
        let resources: Resources = [existing("A", json!({"Type": "String", "Value": "x"}))].into();
        let found = between(text, text, &resources, &[("P", "y")]);
        assert_eq!((found[0].details.len(), found[0].details[0].source), (1, "ParameterReference"));
        assert_eq!(between(text, text, &resources, &[("P", "x")]), vec![]);
    }

    #[test]
    fn replaced_added_removed() {
        let old = "Resources: {A: {Type: 'AWS::SSM::Parameter', Properties: {Name: a, Type: String, Value: x}}}";
        let new = "Resources: {A: {Type: 'AWS::SSM::Parameter', Properties: {Name: b, Type: String, Value: x}}, C: {Type: 'AWS::S3::Bucket'}}";
        let resources: Resources =
            [existing("A", json!({"Name": "a", "Type": "String", "Value": "x"})), existing("B", json!({}))].into();
        let found = between(old, new, &resources, &[]);
        let seen: Vec<_> = found.iter().map(|c| (c.action, c.id.as_str(), c.replacement, c.policy_action)).collect();
        assert_eq!(
            seen,
            [
                (Verb::Modify, "A", Some("True"), Some("ReplaceAndDelete")),
                (Verb::Add, "C", None, None),
                (Verb::Remove, "B", None, Some("Delete")),
            ]
        );
    }
}
