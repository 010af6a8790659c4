//! Topics and subscriptions as they are kept.

use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_model::sns::{INVALID_PARAMETER_EXCEPTION, NOT_FOUND_EXCEPTION};
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::encryption::DataKey;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    pub name: String,
    pub display_name: String,
    /// None for the policy that every topic begins with.
    pub policy: Option<String>,
    pub delivery_policy: Option<String>,
    pub fifo: bool,
    pub content_based_deduplication: bool,
    /// `FifoThroughputScope` is `MessageGroup`: ids are compared within a group.
    pub by_group: bool,
    /// `SignatureVersion` 2: SHA-256.
    pub sha256: bool,
    pub tags: BTreeMap<String, String>,
    /// The number of the last message of a FIFO topic.
    pub sequence: u64,
    /// So many subscriptions have been ended.
    pub ended: u64,
    /// The key of KMS that messages are encrypted under: an id, an alias, or the ARN of one.
    #[serde(default)]
    pub kms_key: Option<String>,
    /// What new messages are encrypted under, for a while.
    #[serde(default)]
    pub data_key: Option<DataKey>,
}

/// By name.
pub static TOPICS: Table<Topic> = Table::new("sns/topic");

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub arn: String,
    pub topic_arn: String,
    pub owner: String,
    pub protocol: String,
    pub endpoint: String,
    pub confirmed: bool,
    /// What confirms it.
    pub token: String,
    /// Whether only its owner may end it.
    pub guarded: bool,
    pub filter: Option<String>,
    /// `FilterPolicyScope` is `MessageBody`.
    pub filters_body: bool,
    pub raw: bool,
    /// As it was written, and the ARN of the queue.
    pub redrive: Option<(String, String)>,
    pub delivery_policy: Option<String>,
    pub created: Timestamp,
}

/// By topic and id, where the topic is.
pub static SUBSCRIPTIONS: Table<Subscription> = Table::new("sns/subscription");

/// A topic's place and name.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    pub scope: Scope,
    pub name: String,
}

impl Address {
    /// # Errors
    /// `InvalidParameter` for what is no topic's ARN.
    pub fn parse(arn: &str) -> Result<Self, Fault> {
        let parsed = Arn::parse(arn).filter(|arn| arn.service == "sns" && !arn.resource.contains([':', '/']));
        let parsed = parsed.filter(|arn| !arn.resource.is_empty());
        let parsed = parsed.ok_or_else(|| invalid("TopicArn Reason: An ARN must have at least 6 elements, not 1"))?;
        Ok(Address { scope: Scope::new(parsed.account, parsed.region), name: parsed.resource })
    }

    pub fn arn(&self) -> String {
        Arn::new("sns", &self.scope.region, &self.scope.account, &self.name).to_string()
    }

    pub fn find(&self, store: &dyn Read) -> Result<Topic, Fault> {
        let topic = TOPICS.get(store, &self.scope, self.name.as_str())?;
        topic.ok_or_else(|| NOT_FOUND_EXCEPTION.because("Topic does not exist"))
    }

    /// The key of a subscription to it.
    pub fn subscription(&self, id: &str) -> Key {
        Key::new().str(&self.name).str(id)
    }

    /// Its subscriptions, in no order that means anything.
    pub fn subscriptions(&self, store: &dyn Read) -> Result<Vec<Subscription>, Trouble> {
        let range = Range::prefix(self.name.as_str());
        SUBSCRIPTIONS.scan(store, &self.scope, &range).map(|row| Ok(row?.1)).collect()
    }
}

/// The topic of a subscription's ARN, and the subscription's key.
///
/// # Errors
/// `InvalidParameter` for what is no subscription's ARN.
pub fn place(arn: &str) -> Result<(Address, Key), Fault> {
    let wrong = || invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1");
    let (topic, id) = arn.rsplit_once(':').ok_or_else(wrong)?;
    let topic = Address::parse(topic).map_err(|_| wrong())?;
    let key = topic.subscription(id);
    Ok((topic, key))
}

/// The subscription of an ARN.
///
/// # Errors
/// As [`place`]; `NotFound`.
pub fn subscription(store: &dyn Read, arn: &str) -> Result<(Address, Key, Subscription), Fault> {
    let (topic, key) = place(arn)?;
    let found = SUBSCRIPTIONS.get(store, &topic.scope, &key)?;
    let found = found.ok_or_else(|| NOT_FOUND_EXCEPTION.because("Subscription does not exist"))?;
    Ok((topic, key, found))
}

/// `Invalid parameter: …`
pub fn invalid(what: impl std::fmt::Display) -> Fault {
    INVALID_PARAMETER_EXCEPTION.because(format!("Invalid parameter: {what}"))
}
