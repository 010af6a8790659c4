//! Dead-letter queues: which queue has which, and which queues it takes messages from.

use kogumo_store::Read;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::Address;
use crate::faults::{invalid, refused};
use crate::queue::{Found, look_up};

/// Where messages go that have been received too often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RedrivePolicy {
    /// As it was written.
    pub text: String,
    /// The ARN of the dead-letter queue.
    pub target: String,
    pub most_receives: u32,
}

/// Whose dead-letter queue a queue may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AllowPolicy {
    /// As it was written.
    pub text: String,
    pub permission: Permission,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Permission {
    All,
    None,
    /// The ARNs of queues.
    Queues(Vec<String>),
}

impl RedrivePolicy {
    /// # Errors
    /// `InvalidParameterValue`, saying what is missing or wrong.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = |reason: &str| invalid(text, "RedrivePolicy", reason);
        let policy = object(text).ok_or_else(|| wrong("Redrive policy is not a valid JSON map."))?;
        let lacks = |name: &str| wrong(&format!("Redrive policy does not contain mandatory attribute: {name}."));
        let target = policy.get("deadLetterTargetArn").and_then(Value::as_str);
        let target = target.ok_or_else(|| lacks("deadLetterTargetArn"))?;
        let most = match policy.get("maxReceiveCount").ok_or_else(|| lacks("maxReceiveCount"))? {
            Value::String(text) => text.parse().ok(),
            number => number.as_u64(),
        };
        let most = most.and_then(|most| u32::try_from(most).ok()).filter(|most| (1..=1000).contains(most));
        let most =
            most.ok_or_else(|| wrong("Invalid value for maxReceiveCount: must be an integer between 1 and 1000."))?;
        Address::of_arn(target).ok_or_else(|| wrong("Invalid value for deadLetterTargetArn."))?;
        Ok(RedrivePolicy { text: text.to_owned(), target: target.to_owned(), most_receives: most })
    }
}

impl AllowPolicy {
    /// # Errors
    /// `InvalidParameterValue`.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = |reason: &str| invalid(text, "RedriveAllowPolicy", reason);
        let policy = object(text).ok_or_else(|| wrong("Redrive allow policy is not a valid JSON map."))?;
        let queues = policy.get("sourceQueueArns").and_then(Value::as_array);
        let permission = match (policy.get("redrivePermission").and_then(Value::as_str), queues) {
            (Some("allowAll"), None) => Permission::All,
            (Some("denyAll"), None) => Permission::None,
            (Some("byQueue"), Some(queues)) if (1..=10).contains(&queues.len()) => {
                let arns = queues.iter().map(|arn| arn.as_str().filter(|arn| Address::of_arn(arn).is_some()));
                let arns = arns.map(|arn| arn.map(str::to_owned)).collect::<Option<Vec<_>>>();
                Permission::Queues(arns.ok_or_else(|| wrong("sourceQueueArns must be ARNs of queues."))?)
            }
            (Some("byQueue"), _) => return Err(wrong("sourceQueueArns must hold between 1 and 10 ARNs.")),
            (Some("allowAll" | "denyAll"), _) => return Err(wrong("sourceQueueArns goes with byQueue only.")),
            _ => return Err(wrong("redrivePermission must be one of allowAll, denyAll, byQueue.")),
        };
        Ok(AllowPolicy { text: text.to_owned(), permission })
    }

    fn allows(&self, source: &str) -> bool {
        match &self.permission {
            Permission::All => true,
            Permission::None => false,
            Permission::Queues(arns) => arns.iter().any(|arn| arn == source),
        }
    }
}

fn object(text: &str) -> Option<serde_json::Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// The dead-letter queue of a queue, if it is still there and takes its messages.
pub fn dead_letter_queue(store: &dyn Read, source: &Found) -> Result<Option<Found>, kogumo_base::Trouble> {
    let Some(redrive) = &source.queue.attributes.redrive else { return Ok(None) };
    let Some(address) = Address::of_arn(&redrive.target) else { return Ok(None) };
    let allowed = |target: &Found| allows(target, &source.at.arn()) && target.is_fifo() == source.is_fifo();
    Ok(look_up(store, address)?.filter(allowed))
}

fn allows(target: &Found, source: &str) -> bool {
    target.queue.attributes.redrive_allow.as_ref().is_none_or(|allow| allow.allows(source))
}

/// Whether a queue may have the redrive policy that it is about to get.
///
/// # Errors
/// `InvalidParameterValue`, saying why not.
pub fn check(store: &dyn Read, source: &Address, fifo: bool, redrive: &RedrivePolicy) -> Result<(), Fault> {
    let wrong = |reason: &str| Err(invalid(&redrive.text, "RedrivePolicy", reason));
    let Some(address) = Address::of_arn(&redrive.target) else {
        return wrong("Invalid value for deadLetterTargetArn.");
    };
    if address.scope != source.scope {
        return wrong("Dead-letter target owner should be same as the source.");
    }
    let Some(target) = look_up(store, address)? else { return wrong("Dead letter target does not exist.") };
    if target.is_fifo() != fifo {
        return wrong("Dead-letter queue must be same type of queue as the source.");
    }
    if !allows(&target, &source.arn()) {
        let message = format!(
            "The redrive allow policy of the dead-letter queue {} does not permit {} to use it.",
            redrive.target, source.name
        );
        return Err(refused(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sqs:us-east-1:111122223333:dead";

    #[test]
    fn redrive_policies() {
        for most in ["3", "\"3\""] {
            let text = format!(r#"{{"deadLetterTargetArn":"{ARN}","maxReceiveCount":{most}}}"#);
            let policy = RedrivePolicy::parse(&text).expect("a policy");
            assert_eq!((policy.target.as_str(), policy.most_receives, policy.text), (ARN, 3, text));
        }
        for wrong in [
            "[]".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"deadLetterTargetArn":"{ARN}"}}"#),
            format!(r#"{{"deadLetterTargetArn":"{ARN}","maxReceiveCount":0}}"#),
            format!(r#"{{"deadLetterTargetArn":"{ARN}","maxReceiveCount":1001}}"#),
            r#"{"deadLetterTargetArn":"dead","maxReceiveCount":1}"#.to_owned(),
        ] {
            assert!(RedrivePolicy::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn allow_policies() {
        let allows = |text: &str| AllowPolicy::parse(text).map(|policy| policy.allows(ARN)).ok();
        assert_eq!(allows(r#"{"redrivePermission":"allowAll"}"#), Some(true));
        assert_eq!(allows(r#"{"redrivePermission":"denyAll"}"#), Some(false));
        assert_eq!(allows(&format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{ARN}"]}}"#)), Some(true));
        assert_eq!(allows(&format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{ARN}x"]}}"#)), Some(false));
        assert_eq!(allows(&format!(r#"{{"redrivePermission":"denyAll","sourceQueueArns":["{ARN}"]}}"#)), None);
        assert_eq!(allows(r#"{"redrivePermission":"byQueue"}"#), None);
        assert_eq!(allows("{}"), None);
    }
}
