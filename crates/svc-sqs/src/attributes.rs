//! The attributes of a queue: what clients write, what is kept, what is told. Pure.
//! Source: Amazon SQS API Reference, SetQueueAttributes.

use std::collections::BTreeMap;

use kogumo_model::sqs::{INVALID_ATTRIBUTE_NAME, INVALID_ATTRIBUTE_VALUE};
use kogumo_policy::{Document, Sort};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::redrive::{AllowPolicy, RedrivePolicy};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    pub fifo: bool,
    pub visibility_timeout: u32,
    pub delay: u32,
    /// How long a ReceiveMessage that says nothing of it waits.
    pub wait: u32,
    pub retention: u32,
    pub largest: u32,
    pub policy: Option<String>,
    pub redrive: Option<RedrivePolicy>,
    pub redrive_allow: Option<AllowPolicy>,
    pub managed_sse: bool,
    pub content_based_deduplication: bool,
    /// `DeduplicationScope` is `messageGroup`.
    pub deduplicates_by_group: bool,
    /// `FifoThroughputLimit` is `perMessageGroupId`.
    pub throughput_by_group: bool,
    /// The key of KMS that messages are encrypted under: an id, an alias, or the ARN of one.
    #[serde(default)]
    pub kms_key: Option<String>,
    /// How long a data key is used for new messages, in seconds.
    #[serde(default = "usual_reuse")]
    pub kms_reuse: u32,
}

fn usual_reuse() -> u32 {
    300
}

impl Attributes {
    fn new(fifo: bool) -> Self {
        Attributes {
            fifo,
            visibility_timeout: 30,
            delay: 0,
            wait: 0,
            retention: 345_600,
            largest: LARGEST,
            policy: None,
            redrive: None,
            redrive_allow: None,
            managed_sse: true,
            content_based_deduplication: false,
            deduplicates_by_group: false,
            throughput_by_group: false,
            kms_key: None,
            kms_reuse: usual_reuse(),
        }
    }

    /// Those of a new queue.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue`.
    pub fn of_new(given: &BTreeMap<String, String>) -> Result<Self, Fault> {
        let fifo = match given.get("FifoQueue").map(String::as_str) {
            None => false,
            Some("true") => true,
            // A standard queue does not know the attribute.
            Some("false") => return Err(unknown("FifoQueue")),
            Some(_) => return Err(wrong("FifoQueue")),
        };
        Attributes::new(fifo).changed(given)
    }

    /// These with what is given set. An empty policy takes the policy away.
    ///
    /// # Errors
    /// As [`Attributes::of_new`].
    pub fn changed(mut self, given: &BTreeMap<String, String>) -> Result<Self, Fault> {
        let asks = |name: &str, right: fn(&str) -> bool| given.get(name).is_some_and(|value| right(value));
        if asks("KmsMasterKeyId", |key| !key.is_empty()) && asks("SqsManagedSseEnabled", |value| value == "true") {
            return Err(INVALID_ATTRIBUTE_VALUE.because(
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
            ));
        }
        for (name, value) in given {
            self.set(name, value)?;
        }
        if self.throughput_by_group && !self.deduplicates_by_group {
            return Err(wrong("FifoThroughputLimit"));
        }
        Ok(self)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            "VisibilityTimeout" => self.visibility_timeout = number(name, value, 0, 43_200)?,
            "DelaySeconds" => self.delay = number(name, value, 0, 900)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = number(name, value, 0, 20)?,
            "MessageRetentionPeriod" => self.retention = number(name, value, 60, 1_209_600)?,
            "MaximumMessageSize" => self.largest = number(name, value, 1024, LARGEST)?,
            "Policy" => self.policy = given(value).map(checked_policy).transpose()?,
            "RedrivePolicy" => self.redrive = given(value).map(RedrivePolicy::parse).transpose()?,
            "RedriveAllowPolicy" => self.redrive_allow = given(value).map(AllowPolicy::parse).transpose()?,
            "SqsManagedSseEnabled" => {
                self.managed_sse = boolean(name, value)?;
                // One of the two ways takes the other's place.
                self.kms_key = self.kms_key.take().filter(|_| !self.managed_sse);
            }
            "KmsMasterKeyId" if value.len() > 2048 => return Err(wrong(name)),
            "KmsMasterKeyId" => {
                self.kms_key = given(value).map(str::to_owned);
                self.managed_sse &= self.kms_key.is_none();
            }
            "KmsDataKeyReusePeriodSeconds" if value.is_empty() => self.kms_reuse = usual_reuse(),
            "KmsDataKeyReusePeriodSeconds" => self.kms_reuse = number(name, value, 60, 86_400)?,
            "FifoQueue" if boolean(name, value)? == self.fifo => {}
            "FifoQueue" => {
                let message =
                    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
                return Err(INVALID_ATTRIBUTE_VALUE.because(message));
            }
            "ContentBasedDeduplication" if self.fifo => self.content_based_deduplication = boolean(name, value)?,
            "DeduplicationScope" if self.fifo => {
                self.deduplicates_by_group = either(name, value, "queue", "messageGroup")?;
            }
            "FifoThroughputLimit" if self.fifo => {
                self.throughput_by_group = either(name, value, "perQueue", "perMessageGroupId")?;
            }
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// All that there is to tell, by name. A standard queue says nothing of what only FIFO queues have.
    pub fn told(&self) -> Vec<(&'static str, String)> {
        let mut told = vec![
            ("VisibilityTimeout", self.visibility_timeout.to_string()),
            ("DelaySeconds", self.delay.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.wait.to_string()),
            ("MessageRetentionPeriod", self.retention.to_string()),
            ("MaximumMessageSize", self.largest.to_string()),
            ("SqsManagedSseEnabled", self.managed_sse.to_string()),
        ];
        if let Some(key) = &self.kms_key {
            told.push(("KmsMasterKeyId", key.clone()));
            told.push(("KmsDataKeyReusePeriodSeconds", self.kms_reuse.to_string()));
        }
        told.extend(self.policy.clone().map(|policy| ("Policy", policy)));
        told.extend(self.redrive.as_ref().map(|redrive| ("RedrivePolicy", redrive.text.clone())));
        told.extend(self.redrive_allow.as_ref().map(|allow| ("RedriveAllowPolicy", allow.text.clone())));
        if self.fifo {
            let scope = if self.deduplicates_by_group { "messageGroup" } else { "queue" };
            let limit = if self.throughput_by_group { "perMessageGroupId" } else { "perQueue" };
            told.extend([
                ("FifoQueue", "true".to_owned()),
                ("ContentBasedDeduplication", self.content_based_deduplication.to_string()),
                ("DeduplicationScope", scope.to_owned()),
                ("FifoThroughputLimit", limit.to_owned()),
            ]);
        }
        told
    }
}

/// The largest message, in bytes with its attributes.
pub const LARGEST: u32 = 1_048_576;

/// Names that GetQueueAttributes knows besides those of [`Attributes::told`].
pub const COUNTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Names that a queue may have nothing to say to.
const OTHERS: [&str; 16] = [
    "All",
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "SqsManagedSseEnabled",
];

/// Whether GetQueueAttributes may be asked for it.
pub fn is_known(name: &str) -> bool {
    COUNTED.contains(&name) || OTHERS.contains(&name)
}

pub fn unknown(name: &str) -> Fault {
    INVALID_ATTRIBUTE_NAME.because(format!("Unknown Attribute {name}."))
}

pub fn wrong(name: &str) -> Fault {
    INVALID_ATTRIBUTE_VALUE.because(format!("Invalid value for the parameter {name}."))
}

fn given(value: &str) -> Option<&str> {
    (!value.is_empty()).then_some(value)
}

fn number(name: &str, value: &str, least: u32, most: u32) -> Result<u32, Fault> {
    value.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| wrong(name))
}

fn boolean(name: &str, value: &str) -> Result<bool, Fault> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong(name)),
    }
}

fn either(name: &str, value: &str, no: &str, yes: &str) -> Result<bool, Fault> {
    if value == yes || value == no { Ok(value == yes) } else { Err(wrong(name)) }
}

fn checked_policy(text: &str) -> Result<String, Fault> {
    let checked = Document::parse(text).and_then(|policy| policy.check(Sort::Resource));
    checked.map(|()| text.to_owned()).map_err(|_| wrong("Policy"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn limits_are_held_to_and_what_is_set_is_told() {
        let set = [
            ("VisibilityTimeout", "0", "43201"),
            ("DelaySeconds", "900", "901"),
            ("ReceiveMessageWaitTimeSeconds", "20", "21"),
            ("MessageRetentionPeriod", "60", "59"),
            ("MaximumMessageSize", "1024", "1048577"),
            ("SqsManagedSseEnabled", "false", "no"),
        ];
        for (name, right, wrong) in set {
            let told = Attributes::of_new(&map(&[(name, right)])).expect(name).told();
            assert!(told.contains(&(name, right.to_owned())), "{name}");
            let fault = Attributes::of_new(&map(&[(name, wrong)])).expect_err(name);
            assert_eq!(fault.message, format!("Invalid value for the parameter {name}."));
        }
    }

    #[test]
    fn only_fifo_queues_know_what_is_theirs() {
        for (name, value) in [
            ("ContentBasedDeduplication", "true"),
            ("DeduplicationScope", "queue"),
            ("FifoQueue", "false"),
            ("QueueArn", "a"),
        ] {
            let fault = Attributes::of_new(&map(&[(name, value)])).expect_err(name);
            assert_eq!(fault.message, format!("Unknown Attribute {name}."));
        }
        let high = [
            ("FifoQueue", "true"),
            ("DeduplicationScope", "messageGroup"),
            ("FifoThroughputLimit", "perMessageGroupId"),
        ];
        assert!(Attributes::of_new(&map(&high)).is_ok());
        assert!(Attributes::of_new(&map(&[high[0], high[2]])).is_err());
    }

    #[test]
    fn policies_are_read_and_taken_away() {
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}"#;
        let with = Attributes::of_new(&map(&[("Policy", policy)])).expect("a policy");
        assert_eq!(with.policy.as_deref(), Some(policy));
        assert_eq!(with.changed(&map(&[("Policy", "")])).expect("none").policy, None);
        assert!(Attributes::of_new(&map(&[("Policy", "{")])).is_err());
    }
}
