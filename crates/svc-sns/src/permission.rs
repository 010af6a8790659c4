//! AddPermission and RemovePermission: a topic's policy, statement by statement.

use kogumo_base::Trouble;
use kogumo_door::Writer;
use kogumo_model::sns::{AddPermissionInput, RemovePermissionInput};
use kogumo_policy::Renaming;
use kogumo_store::Transaction;
use kogumo_wire::{Fault, Unit};
use serde_json::{Value, json};

use crate::record::{Address, TOPICS, Topic, invalid};
use crate::topic::usual_policy;

/// What others may be let do. The rest is the owner's.
const SHARED: [&str; 9] = [
    "*",
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
];

pub fn add_permission(w: &mut Writer, input: AddPermissionInput) -> Result<Unit, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    let mut topic = at.find(w.store())?;
    let (mut policy, mut statements) = policy(&at, &topic);
    if statements.iter().any(|statement| statement["Sid"] == input.label.as_str()) {
        return Err(invalid("Statement already exists"));
    }
    if input.action_name.is_empty() || input.aws_account_id.is_empty() {
        return Err(invalid("Policy statement must have actions and accounts"));
    }
    if input.action_name.iter().any(|action| !SHARED.contains(&action.as_str())) {
        return Err(invalid("Policy statement action out of service scope!"));
    }
    let is_account = |id: &&String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(other) = input.aws_account_id.iter().find(|id| !is_account(id)) {
        return Err(invalid(format!("AWSAccountId Reason: {other}")));
    }
    let principals: Vec<String> = input.aws_account_id.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let actions: Vec<String> = input.action_name.iter().map(|action| format!("SNS:{action}")).collect();
    statements.push(json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": principals},
        "Action": actions,
        "Resource": at.arn(),
    }));
    policy["Statement"] = Value::Array(statements);
    topic.policy = Some(policy.to_string());
    TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic)?;
    Ok(Unit)
}

pub fn remove_permission(w: &mut Writer, input: RemovePermissionInput) -> Result<Unit, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    let mut topic = at.find(w.store())?;
    let (mut policy, mut statements) = policy(&at, &topic);
    statements.retain(|statement| statement["Sid"] != input.label.as_str());
    policy["Statement"] = Value::Array(statements);
    topic.policy = Some(policy.to_string());
    TOPICS.put(w.tx, &at.scope, at.name.as_str(), &topic)?;
    Ok(Unit)
}

/// The policy as it is, and its statements taken out of it.
fn policy(at: &Address, topic: &Topic) -> (Value, Vec<Value>) {
    let text = topic.policy.clone().unwrap_or_else(|| usual_policy(at));
    let mut policy: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!({"Version": "2008-10-17"}));
    let statements = match policy["Statement"].take() {
        Value::Array(list) => list,
        Value::Null => Vec::new(),
        single => vec![single],
    };
    (policy, statements)
}

/// Changes the name of a principal in all topics' policies.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, name, mut topic) in TOPICS.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()? {
        let Some(policy) = topic.policy.as_deref().and_then(|text| renaming.document(text)) else { continue };
        topic.policy = Some(policy);
        TOPICS.put(tx, &scope, name, &topic)?;
    }
    Ok(())
}
