//! `AWS::SQS::Queue` and the policies of queues.

use serde_json::{Map, Value, json};

use super::hands::{Hands, document, tag_map, text_at};
use crate::world::{Failure, Made, Work};

/// Properties that are attributes of the same name.
const ATTRIBUTES: [&str; 15] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
    "QueueName",
];

/// What an attribute is when its property is taken away.
const USUAL: [(&str, &str); 12] = [
    ("ContentBasedDeduplication", "false"),
    ("DeduplicationScope", "queue"),
    ("DelaySeconds", "0"),
    ("FifoThroughputLimit", "perQueue"),
    ("KmsMasterKeyId", ""),
    ("MaximumMessageSize", "1048576"),
    ("MessageRetentionPeriod", "345600"),
    ("ReceiveMessageWaitTimeSeconds", "0"),
    ("RedriveAllowPolicy", ""),
    ("RedrivePolicy", ""),
    ("SqsManagedSseEnabled", "true"),
    ("VisibilityTimeout", "30"),
];

/// Attributes are texts.
pub fn text(value: &Value) -> Value {
    match value {
        Value::String(_) => value.clone(),
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        other => document(other),
    }
}

fn is_fifo(w: &Work) -> bool {
    matches!(w.get("FifoQueue"), Value::Bool(true)) || w.text("FifoQueue") == Some("true")
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&ATTRIBUTES[..], &["Tags"]].concat())?;
    let name = match w.text("QueueName") {
        Some(name) => name.to_owned(),
        None if is_fifo(w) => format!("{}.fifo", w.name),
        None => w.name.clone(),
    };
    let mut attributes = Map::new();
    for attribute in ATTRIBUTES.iter().filter(|name| **name != "QueueName" && !w.get(name).is_null()) {
        // A standard queue does not know the attribute.
        if *attribute != "FifoQueue" || is_fifo(w) {
            attributes.insert((*attribute).to_owned(), text(w.get(attribute)));
        }
    }
    let tags = tag_map(w.list("Tags"));
    let made = h.call("sqs", "CreateQueue", json!({"QueueName": name, "Attributes": attributes, "tags": tags})).await?;
    Ok(described(h, &text_at(&made, "/QueueUrl")))
}

/// A queue by its URL.
fn described(h: &Hands, url: &str) -> Made {
    let name = url.rsplit('/').next().unwrap_or_default();
    Made::new(url)
        .attribute("Arn", h.arn("sqs", name))
        .attribute("QueueName", name.to_owned())
        .attribute("QueueUrl", url.to_owned())
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&[&ATTRIBUTES[..], &["Tags"]].concat())?;
    let url = w.physical_id.as_str();
    let changed = USUAL.iter().filter(|(name, _)| w.changed(name));
    let attributes: Map<String, Value> = changed
        .map(|(name, usual)| match w.get(name) {
            Value::Null => ((*name).to_owned(), json!(usual)),
            value => ((*name).to_owned(), text(value)),
        })
        .collect();
    if !attributes.is_empty() {
        h.call("sqs", "SetQueueAttributes", json!({"QueueUrl": url, "Attributes": attributes})).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("sqs", "UntagQueue", json!({"QueueUrl": url, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("sqs", "TagQueue", json!({"QueueUrl": url, "Tags": tag_map(&new)})).await?;
    }
    Ok(described(h, url))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("sqs", "DeleteQueue", json!({"QueueUrl": w.physical_id})).await
}

/// The queues of a policy: a list of them, or one.
fn queues(list: &Value, one: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_else(|| vec![one.clone()])
}

pub async fn put_policy(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["PolicyDocument", "Queues", "Queue"])?;
    let now = queues(w.get("Queues"), w.get("Queue"));
    let before = queues(w.was("Queues"), w.was("Queue"));
    for queue in before.iter().filter(|queue| queue.is_string() && !now.contains(queue)) {
        set_policy(h, queue, &json!("")).await?;
    }
    for queue in &now {
        h.call("sqs", "SetQueueAttributes", policy(queue, &document(w.get("PolicyDocument")))).await?;
    }
    let id = if w.physical_id.is_empty() { w.name.clone() } else { w.physical_id.clone() };
    Ok(Made::new(id.as_str()).attribute("Id", id.clone()))
}

pub async fn remove_policy(h: &Hands, w: &Work) -> Result<(), Failure> {
    for queue in queues(w.get("Queues"), w.get("Queue")) {
        set_policy(h, &queue, &json!("")).await?;
    }
    Ok(())
}

async fn set_policy(h: &Hands, queue: &Value, text: &Value) -> Result<(), Failure> {
    h.remove("sqs", "SetQueueAttributes", policy(queue, text)).await
}

fn policy(queue: &Value, text: &Value) -> Value {
    json!({"QueueUrl": queue, "Attributes": {"Policy": text}})
}
