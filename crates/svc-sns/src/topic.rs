//! Topics and their attributes.

use std::collections::BTreeMap;

use kogumo_door::{Reader, Writer};
use kogumo_model::sns::{
    CreateTopicInput, CreateTopicResponse, DeleteTopicInput, GetTopicAttributesInput, GetTopicAttributesResponse,
    SetTopicAttributesInput,
};
use kogumo_policy::{Document, Sort};
use kogumo_wire::{Fault, Unit};
use serde_json::json;

use crate::record::{Address, SUBSCRIPTIONS, TOPICS, Topic, invalid};
use crate::tags;

const FIFO: &str = ".fifo";

pub fn create_topic(w: &mut Writer, input: CreateTopicInput) -> Result<CreateTopicResponse, Fault> {
    let at = Address { scope: w.scope().clone(), name: input.name };
    let given = input.attributes.unwrap_or_default();
    if input.data_protection_policy.is_some() {
        return Err(Fault::not_implemented("DataProtectionPolicy"));
    }
    let fifo = given.get("FifoTopic").is_some_and(|value| value == "true");
    check_name(&at.name, fifo)?;
    let tags = tags::of_list(input.tags.unwrap_or_default());
    tags::check(&tags)?;
    let mut topic = Topic { name: at.name.clone(), fifo, tags, ..Topic::default() };
    for (name, value) in given.iter().filter(|(name, _)| *name != "FifoTopic") {
        set(&mut topic, name, value)?;
    }
    check_principals(w, &topic)?;
    if let Some(there) = TOPICS.get(w.tx, &at.scope, at.name.as_str())? {
        let told: BTreeMap<_, _> = told(&at, &there).into_iter().collect();
        let differs = |(name, value): &(&String, &String)| told.get(name.as_str()).map_or("", String::as_str) != *value;
        if given.iter().any(|pair| differs(&pair)) {
            return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
        }
        if topic.tags.iter().any(|(key, value)| there.tags.get(key) != Some(value)) {
            return Err(invalid("Tags Reason: Topic already exists with different tags"));
        }
    } else {
        TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic)?;
    }
    Ok(CreateTopicResponse { topic_arn: Some(at.arn()) })
}

fn check_name(name: &str, fifo: bool) -> Result<(), Fault> {
    let stem = if fifo { name.strip_suffix(FIFO) } else { Some(name) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match stem {
        Some(stem) if !stem.is_empty() && name.len() <= 256 && stem.bytes().all(plain) => Ok(()),
        None => Err(invalid(
            "Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        )),
        Some(_) => Err(invalid("Topic Name")),
    }
}

/// Whether the policy names somebody who is not there.
fn check_principals(w: &Writer, topic: &Topic) -> Result<(), Fault> {
    let document = topic.policy.as_deref().and_then(|text| w.cloud.documents.get(text));
    let Some(document) = document else { return Ok(()) };
    match w.cloud.stranger(w.store(), w.caller.account(), &document)? {
        Some(_) => Err(invalid("Policy Error: PrincipalNotFound")),
        None => Ok(()),
    }
}

/// Sets one attribute; nothing is kept that has no effect.
fn set(topic: &mut Topic, name: &str, value: &str) -> Result<(), Fault> {
    let wrong = || invalid(format!("{name} Reason: {value}"));
    let boolean = || value.parse::<bool>().map_err(|_| wrong());
    match name {
        "DisplayName" if value.chars().count() > 100 => return Err(wrong()),
        "DisplayName" => value.clone_into(&mut topic.display_name),
        "Policy" if value.is_empty() => topic.policy = None,
        "Policy" => {
            let read = Document::parse(value).and_then(|policy| policy.check(Sort::Resource));
            read.map_err(|_| invalid("Policy Error: null"))?;
            topic.policy = Some(value.to_owned());
        }
        "SignatureVersion" => {
            topic.sha256 = match value {
                "1" => false,
                "2" => true,
                _ => return Err(invalid("SignatureVersion")),
            };
        }
        "TracingConfig" if value == "PassThrough" => {}
        "FifoTopic" if boolean()? == topic.fifo => {}
        "ContentBasedDeduplication" if topic.fifo => topic.content_based_deduplication = boolean()?,
        "ContentBasedDeduplication" if !boolean()? => {}
        "FifoThroughputScope" if topic.fifo => {
            topic.by_group = match value {
                "Topic" => false,
                "MessageGroup" => true,
                _ => return Err(wrong()),
            };
        }
        "KmsMasterKeyId" if value.len() > 2048 => return Err(wrong()),
        "KmsMasterKeyId" => topic.kms_key = Some(value.to_owned()).filter(|key| !key.is_empty()),
        "DeliveryPolicy" | "ArchivePolicy" | "DataProtectionPolicy" if value.is_empty() => {}
        "DeliveryPolicy" | "ArchivePolicy" | "DataProtectionPolicy" | "TracingConfig" => {
            return Err(Fault::not_implemented(&format!("The attribute {name} of topics")));
        }
        name if name.ends_with("FeedbackRoleArn") || name.ends_with("FeedbackSampleRate") => {
            return Err(Fault::not_implemented(&format!("The attribute {name} of topics")));
        }
        _ => return Err(invalid("AttributeName")),
    }
    Ok(())
}

/// The policy that a topic has until it is given another one.
pub fn usual_policy(at: &Address) -> String {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": actions,
            "Resource": at.arn(),
            "Condition": {"StringEquals": {"AWS:SourceOwner": at.scope.account}},
        }],
    })
    .to_string()
}

/// How failed deliveries over HTTP are tried again, in AWS's words.
const DELIVERY: &str = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#;

fn told(at: &Address, topic: &Topic) -> Vec<(&'static str, String)> {
    let mut told = vec![
        ("TopicArn", at.arn()),
        ("Owner", at.scope.account.clone()),
        ("DisplayName", topic.display_name.clone()),
        ("Policy", topic.policy.clone().unwrap_or_else(|| usual_policy(at))),
        ("EffectiveDeliveryPolicy", DELIVERY.to_owned()),
    ];
    if topic.sha256 {
        told.push(("SignatureVersion", "2".to_owned()));
    }
    told.extend(topic.kms_key.clone().map(|key| ("KmsMasterKeyId", key)));
    if topic.fifo {
        let scope = if topic.by_group { "MessageGroup" } else { "Topic" };
        told.push(("FifoTopic", "true".to_owned()));
        told.push(("ContentBasedDeduplication", topic.content_based_deduplication.to_string()));
        told.push(("FifoThroughputScope", scope.to_owned()));
    }
    told
}

pub fn get_topic_attributes(r: &Reader, input: GetTopicAttributesInput) -> Result<GetTopicAttributesResponse, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    let topic = at.find(r.store)?;
    let all = at.subscriptions(r.store)?;
    let confirmed = all.iter().filter(|one| one.confirmed).count();
    let mut told = told(&at, &topic);
    told.extend([
        ("SubscriptionsConfirmed", confirmed.to_string()),
        ("SubscriptionsPending", (all.len() - confirmed).to_string()),
        ("SubscriptionsDeleted", topic.ended.to_string()),
    ]);
    let attributes = told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(GetTopicAttributesResponse { attributes: Some(attributes) })
}

pub fn set_topic_attributes(w: &mut Writer, input: SetTopicAttributesInput) -> Result<Unit, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    let mut topic = at.find(w.store())?;
    set(&mut topic, &input.attribute_name, input.attribute_value.as_deref().unwrap_or_default())?;
    if input.attribute_name == "Policy" {
        check_principals(w, &topic)?;
    }
    TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic)?;
    Ok(Unit)
}

/// With the topic go its subscriptions. One that is gone may be deleted again.
pub fn delete_topic(w: &mut Writer, input: DeleteTopicInput) -> Result<Unit, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    TOPICS.delete(w.tx, &at.scope, at.name.as_str())?;
    for subscription in at.subscriptions(w.store())? {
        let (_, key) = crate::record::place(&subscription.arn)?;
        SUBSCRIPTIONS.delete(w.tx, &at.scope, key)?;
    }
    Ok(Unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(check_name("a-B_9", false).is_ok() && check_name("a.fifo", true).is_ok());
        for (name, fifo) in [("", false), ("a.fifo", false), ("a", true), (".fifo", true), ("a b", false)] {
            assert!(check_name(name, fifo).is_err(), "{name}");
        }
    }
}
