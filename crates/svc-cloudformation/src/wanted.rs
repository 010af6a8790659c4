//! What a template wants of a resource, beside what its functions evaluate to.

use std::collections::BTreeMap;

use kogumo_template::{Graph, Template};
use serde_json::{Map, Value, json};

use crate::plan::is_custom;
use crate::record::{Actual, Policy};
use crate::schema::{self, Kind, Schema};

/// What stands beside a resource's properties.
pub struct Declared {
    depends_on: Vec<String>,
    deletion_policy: Policy,
    update_replace_policy: Policy,
    metadata: Option<Value>,
}

/// Reads it out of a template whose functions in policies have been resolved.
pub fn declared(template: &Template, graph: &Graph, id: &str) -> Declared {
    let resource = template.resources.get(id);
    let policy = |value: Option<&Value>| Policy::of(value.and_then(Value::as_str));
    let deletion_policy = policy(resource.and_then(|r| r.deletion_policy.as_ref()));
    Declared {
        depends_on: graph.waits_for.get(id).into_iter().flatten().cloned().collect(),
        deletion_policy,
        update_replace_policy: policy(resource.and_then(|r| r.update_replace_policy.as_ref())),
        metadata: resource.and_then(|r| r.metadata.clone()),
    }
}

impl Declared {
    pub fn apply(self, actual: &mut Actual) {
        actual.depends_on = self.depends_on;
        actual.deletion_policy = self.deletion_policy;
        actual.update_replace_policy = self.update_replace_policy;
        actual.metadata = self.metadata;
    }
}

/// Brings evaluated properties to their types, and adds the stack's tags that the resource doesn't set itself.
pub fn complete(kind: &str, properties: Value, stack_tags: &BTreeMap<String, String>) -> Value {
    let Some(schema) = Schema::of(kind) else { return properties };
    let mut properties = schema::coerce(schema, properties);
    let Some(name) = schema.tags.filter(|_| !stack_tags.is_empty()) else { return properties };
    let Value::Object(members) = &mut properties else { return properties };
    match schema.root.properties.get(name).map(|property| &property.kind) {
        Some(Kind::List(_)) => {
            let tags = members.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(tags) = tags {
                let missing = stack_tags.iter().filter(|(key, _)| !tags.iter().any(|tag| tag["Key"] == key.as_str()));
                let missing: Vec<Value> = missing.map(|(key, value)| json!({"Key": key, "Value": value})).collect();
                tags.extend(missing);
            }
        }
        Some(Kind::Map(_)) => {
            let tags = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(tags) = tags {
                for (key, value) in stack_tags {
                    tags.entry(key.as_str()).or_insert_with(|| value.as_str().into());
                }
            }
        }
        _ => {}
    }
    properties
}

/// Checks properties against their schema, in the words of an event's reason.
pub fn check(id: &str, kind: &str, properties: &Value) -> Result<(), String> {
    let Some(schema) = Schema::of(kind) else {
        return if is_custom(kind) { Ok(()) } else { Err(format!("{kind} is not implemented by Kogumo")) };
    };
    let violations = schema::violations(schema, properties);
    match violations.first() {
        None => Ok(()),
        Some(first) if first.starts_with("Encountered unsupported property") => Err(first.clone()),
        Some(_) => {
            let violations = violations.join("\n");
            Err(format!("Properties validation failed for resource {id} with message: {violations}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_tags_fill_in() {
        let tags = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let listed = complete("AWS::S3::Bucket", json!({"Tags": [{"Key": "a", "Value": "own"}]}), &tags);
        assert_eq!(listed, json!({"Tags": [{"Key": "a", "Value": "own"}, {"Key": "b", "Value": "2"}]}));
        let mapped = complete("AWS::SSM::Parameter", json!({"Type": "String"}), &tags);
        assert_eq!(mapped, json!({"Type": "String", "Tags": {"a": "1", "b": "2"}}));
        assert_eq!(complete("AWS::IAM::Policy", json!({}), &tags), json!({}));
    }

    #[test]
    fn reasons() {
        assert_eq!(
            check("P", "AWS::SSM::Parameter", &json!({"Type": "String"})),
            Err("Properties validation failed for resource P with message: #: required key [Value] not found".into())
        );
        assert_eq!(
            check("V", "AWS::EC2::VPNGateway", &json!({})),
            Err("AWS::EC2::VPNGateway is not implemented by Kogumo".into())
        );
        assert_eq!(check("C", "Custom::Thing", &json!({"Any": 1})), Ok(()));
    }
}
