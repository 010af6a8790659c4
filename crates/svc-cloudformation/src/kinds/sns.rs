//! `AWS::SNS::Topic`, `Subscription`, and the policies of topics.

use serde_json::{Map, Value, json};

use super::hands::{Hands, document, text_at};
use super::sqs::text;
use crate::world::{Failure, Made, Work};

/// Properties that are attributes of the same name, and what those are when the property is taken away.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("DisplayName", ""),
    ("FifoTopic", "false"),
    ("ContentBasedDeduplication", "false"),
    ("FifoThroughputScope", "Topic"),
    ("KmsMasterKeyId", ""),
    ("SignatureVersion", "1"),
    ("TracingConfig", "PassThrough"),
    ("ArchivePolicy", ""),
    ("DeliveryPolicy", ""),
    ("DataProtectionPolicy", ""),
];

const OWN: [&str; 14] = [
    "TopicName",
    "Tags",
    "Subscription",
    "DeliveryStatusLogging",
    "DisplayName",
    "FifoTopic",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
    "ArchivePolicy",
    "DeliveryPolicy",
    "DataProtectionPolicy",
];

fn is_fifo(w: &Work) -> bool {
    matches!(w.get("FifoTopic"), Value::Bool(true)) || w.text("FifoTopic") == Some("true")
}

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    check(w)?;
    let name = match w.text("TopicName") {
        Some(name) => name.to_owned(),
        None if is_fifo(w) => format!("{}.fifo", w.name),
        None => w.name.clone(),
    };
    let given = ATTRIBUTES.iter().filter(|(name, _)| !w.get(name).is_null());
    let given = given.filter(|(name, _)| *name != "FifoTopic" || is_fifo(w));
    let attributes: Map<String, Value> = given.map(|(name, _)| ((*name).to_owned(), text(w.get(name)))).collect();
    let input = json!({"Name": name, "Attributes": attributes, "Tags": w.list("Tags")});
    let arn = text_at(&h.call("sns", "CreateTopic", input).await?, "/TopicArn");
    subscribe_all(h, w, &arn).await.map_err(|failure| failure.after(&arn))?;
    Ok(described(&arn))
}

/// What is not built is refused by its name.
fn check(w: &Work) -> Result<(), Failure> {
    w.only(&OWN)?;
    match w.list("DeliveryStatusLogging").is_empty() {
        true => Ok(()),
        false => Err(Failure::new("DeliveryStatusLogging of AWS::SNS::Topic is not implemented by Kogumo")),
    }
}

fn described(arn: &str) -> Made {
    let name = arn.rsplit(':').next().unwrap_or_default();
    Made::new(arn).attribute("TopicArn", arn.to_owned()).attribute("TopicName", name.to_owned())
}

/// Subscribes those that the topic names itself. Subscribing again changes nothing.
async fn subscribe_all(h: &Hands, w: &Work, arn: &str) -> Result<(), Failure> {
    for one in w.list("Subscription") {
        let input = json!({"TopicArn": arn, "Protocol": one["Protocol"], "Endpoint": one["Endpoint"]});
        h.call("sns", "Subscribe", input).await?;
    }
    Ok(())
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    check(w)?;
    let arn = w.physical_id.as_str();
    for (name, usual) in ATTRIBUTES.iter().filter(|(name, _)| w.changed(name)) {
        let value = if w.get(name).is_null() { json!(usual) } else { text(w.get(name)) };
        let input = json!({"TopicArn": arn, "AttributeName": name, "AttributeValue": value});
        h.call("sns", "SetTopicAttributes", input).await?;
    }
    let (gone, new) = w.tag_changes("Tags");
    if !gone.is_empty() {
        h.call("sns", "UntagResource", json!({"ResourceArn": arn, "TagKeys": gone})).await?;
    }
    if !new.is_empty() {
        h.call("sns", "TagResource", json!({"ResourceArn": arn, "Tags": new})).await?;
    }
    let (lost, _) = w.list_changes("Subscription");
    if !lost.is_empty() {
        let there = h.call("sns", "ListSubscriptionsByTopic", json!({"TopicArn": arn})).await?;
        let is_lost =
            |one: &Value| lost.iter().any(|it| it["Protocol"] == one["Protocol"] && it["Endpoint"] == one["Endpoint"]);
        for one in there["Subscriptions"].as_array().into_iter().flatten().filter(|one| is_lost(one)) {
            h.remove("sns", "Unsubscribe", json!({"SubscriptionArn": one["SubscriptionArn"]})).await?;
        }
    }
    subscribe_all(h, w, arn).await?;
    Ok(described(arn))
}

pub async fn delete(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("sns", "DeleteTopic", json!({"TopicArn": w.physical_id})).await
}

/// Properties of subscriptions that are attributes.
const OF_SUBSCRIPTIONS: [&str; 7] = [
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
];

pub async fn create_subscription(h: &Hands, w: &Work) -> Result<Made, Failure> {
    check_subscription(h, w)?;
    let given = OF_SUBSCRIPTIONS.iter().filter(|name| !w.get(name).is_null());
    let attributes: Map<String, Value> = given.map(|name| ((*name).to_owned(), text(w.get(name)))).collect();
    let input = json!({
        "TopicArn": w.get("TopicArn"),
        "Protocol": w.get("Protocol"),
        "Endpoint": w.get("Endpoint"),
        "Attributes": attributes,
        "ReturnSubscriptionArn": true,
    });
    let arn = text_at(&h.call("sns", "Subscribe", input).await?, "/SubscriptionArn");
    Ok(Made::new(arn.as_str()).attribute("Arn", arn.clone()))
}

fn check_subscription(h: &Hands, w: &Work) -> Result<(), Failure> {
    w.only(&[&OF_SUBSCRIPTIONS[..], &["TopicArn", "Protocol", "Endpoint", "Region"]].concat())?;
    match w.text("Region").filter(|region| *region != h.scope.region) {
        Some(_) => Err(Failure::new("Region of AWS::SNS::Subscription is not implemented by Kogumo")),
        None => Ok(()),
    }
}

pub async fn update_subscription(h: &Hands, w: &Work) -> Result<Made, Failure> {
    check_subscription(h, w)?;
    let arn = w.physical_id.as_str();
    for name in OF_SUBSCRIPTIONS.iter().filter(|name| w.changed(name)) {
        let usual = match *name {
            "FilterPolicyScope" => "MessageAttributes",
            "RawMessageDelivery" => "false",
            _ => "",
        };
        let value = if w.get(name).is_null() { json!(usual) } else { text(w.get(name)) };
        let input = json!({"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value});
        h.call("sns", "SetSubscriptionAttributes", input).await?;
    }
    Ok(Made::new(arn).attribute("Arn", arn.to_owned()))
}

pub async fn delete_subscription(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("sns", "Unsubscribe", json!({"SubscriptionArn": w.physical_id})).await
}

/// The topics of a policy: a list of them, or one.
fn topics(list: &Value, one: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_else(|| vec![one.clone()])
}

pub async fn put_policy(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["PolicyDocument", "Topics", "TopicArn"])?;
    let now = topics(w.get("Topics"), w.get("TopicArn"));
    let before = topics(w.was("Topics"), w.was("TopicArn"));
    for topic in before.iter().filter(|topic| topic.is_string() && !now.contains(topic)) {
        h.remove("sns", "SetTopicAttributes", policy(topic, &json!(""))).await?;
    }
    for topic in &now {
        h.call("sns", "SetTopicAttributes", policy(topic, &document(w.get("PolicyDocument")))).await?;
    }
    let id = if w.physical_id.is_empty() { w.name.clone() } else { w.physical_id.clone() };
    Ok(Made::new(id.as_str()).attribute("Id", id.clone()))
}

pub async fn remove_policy(h: &Hands, w: &Work) -> Result<(), Failure> {
    for topic in topics(w.get("Topics"), w.get("TopicArn")) {
        h.remove("sns", "SetTopicAttributes", policy(&topic, &json!(""))).await?;
    }
    Ok(())
}

fn policy(topic: &Value, text: &Value) -> Value {
    json!({"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": text})
}
