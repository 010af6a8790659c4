//! What the types of EC2 have in common: ids that EC2 makes up, and tags by which a resource is found again.

use serde_json::{Map, Value, json};

use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Work};

/// The tags of a resource: the template's, and those that tell whose it is.
fn tags(w: &Work) -> Vec<Value> {
    let marks = [
        ("aws:cloudformation:stack-name", &w.stack_name),
        ("aws:cloudformation:stack-id", &w.stack_id),
        ("aws:cloudformation:logical-id", &w.logical_id),
    ];
    let marks = marks.into_iter().map(|(key, value)| json!({"Key": key, "Value": value}));
    w.list("Tags").iter().cloned().chain(marks).collect()
}

/// Makes a resource with its tags and answers its id. A step that ran before finds what it made.
pub async fn make(
    h: &Hands,
    w: &Work,
    operation: &str,
    kind: &str,
    mut input: Map<String, Value>,
    id: &str,
) -> Result<String, Failure> {
    if w.again
        && let Some(earlier) = earlier(h, w, kind).await?
    {
        return Ok(earlier);
    }
    input.insert("TagSpecifications".into(), json!([{"ResourceType": kind, "Tags": tags(w)}]));
    let made = h.call("ec2", operation, Value::Object(input)).await?;
    Ok(text_at(&made, id))
}

/// What an earlier run of the same step made.
async fn earlier(h: &Hands, w: &Work, kind: &str) -> Result<Option<String>, Failure> {
    let filter = |name: &str, value: &str| json!({"Name": name, "Values": [value]});
    let of_stack = |filter_key: &str, value: &str| json!([filter("resource-type", kind), filter(filter_key, value)]);
    let ask = async |key: &str, value: &str| -> Result<Vec<String>, Failure> {
        let found = h.call("ec2", "DescribeTags", json!({"Filters": of_stack(key, value)})).await?;
        let tags = found["Tags"].as_array().cloned().unwrap_or_default();
        Ok(tags.iter().map(|tag| text_at(tag, "/ResourceId")).collect())
    };
    let of_stack = ask("tag:aws:cloudformation:stack-id", &w.stack_id).await?;
    let of_name = ask("tag:aws:cloudformation:logical-id", &w.logical_id).await?;
    Ok(of_stack.into_iter().find(|id| of_name.contains(id)))
}

/// Brings the tags of a resource up to date.
pub async fn follow_tags(h: &Hands, w: &Work, id: &str) -> Result<(), Failure> {
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        let gone: Vec<Value> = gone.iter().map(|key| json!({"Key": key})).collect();
        h.call("ec2", "DeleteTags", json!({"Resources": [id], "Tags": gone})).await?;
    }
    if !new.is_empty() {
        h.call("ec2", "CreateTags", json!({"Resources": [id], "Tags": new})).await?;
    }
    Ok(())
}

/// An update of a type that nothing but the tags can change of.
pub async fn only_tags(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let names = w.properties.as_object().into_iter().chain(w.before.as_object()).flat_map(|object| object.keys());
    if let Some(other) = names.into_iter().find(|name| *name != "Tags" && w.changed(name)) {
        return Err(Failure::new(format!("Changing {other} of {} is not implemented by Kogumo", w.kind)));
    }
    follow_tags(h, w, &w.physical_id).await?;
    Ok(same(w))
}

/// The resource with what is known of it.
pub fn same(w: &Work) -> Made {
    Made { physical_id: w.physical_id.clone(), attributes: w.attributes.clone(), ..Made::default() }
}

/// Deletes by the one parameter that names the resource.
pub async fn delete(h: &Hands, w: &Work, operation: &str, parameter: &str) -> Result<(), Failure> {
    h.remove("ec2", operation, json!({ parameter: w.physical_id })).await
}
