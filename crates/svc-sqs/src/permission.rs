//! AddPermission and RemovePermission: a queue's policy, statement by statement.

use kogumo_base::Trouble;
use kogumo_door::Writer;
use kogumo_model::sqs::{AddPermissionRequest, OVER_LIMIT, RemovePermissionRequest};
use kogumo_policy::Renaming;
use kogumo_store::Transaction;
use kogumo_wire::{Fault, Unit};
use serde_json::{Value, json};

use crate::address::is_account;
use crate::faults::{invalid, missing};
use crate::queue::{Found, QUEUES, find_to_write};

/// A statement has so many actions at most.
const MOST_ACTIONS: usize = 7;

/// What others may be let do. The rest is the owner's.
const SHARED: [&str; 8] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ReceiveMessage",
    "SendMessage",
];

pub fn add_permission(w: &mut Writer, input: AddPermissionRequest) -> Result<Unit, Fault> {
    let mut found = find_to_write(w, &input.queue_url)?;
    check(&input)?;
    let mut policy = policy(&found);
    let mut statements = take_statements(&mut policy);
    if statements.iter().any(|statement| statement["Sid"] == input.label.as_str()) {
        return Err(invalid(&input.label, "Label", "Already exists."));
    }
    let principals: Vec<String> = input.aws_account_ids.iter().map(|id| format!("arn:aws:iam::{id}:root")).collect();
    let actions: Vec<String> = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    let statement = json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_many(principals)},
        "Action": one_or_many(actions),
        "Resource": found.at.arn(),
    });
    statements.push(statement);
    policy["Statement"] = Value::Array(statements);
    found.queue.attributes.policy = Some(policy.to_string());
    found.queue.modified = w.now;
    found.put(w.tx)?;
    Ok(Unit)
}

pub fn remove_permission(w: &mut Writer, input: RemovePermissionRequest) -> Result<Unit, Fault> {
    let mut found = find_to_write(w, &input.queue_url)?;
    let mut policy = policy(&found);
    let mut statements = take_statements(&mut policy);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != input.label.as_str());
    if statements.len() == before {
        return Err(invalid(&input.label, "Label", "can't find label on existing policy."));
    }
    let is_empty = statements.is_empty();
    policy["Statement"] = Value::Array(statements);
    found.queue.attributes.policy = (!is_empty).then(|| policy.to_string());
    found.queue.modified = w.now;
    found.put(w.tx)?;
    Ok(Unit)
}

fn check(input: &AddPermissionRequest) -> Result<(), Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=80).contains(&input.label.len()) || !input.label.bytes().all(plain) {
        let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(invalid(&input.label, "Label", reason));
    }
    if input.actions.is_empty() {
        return Err(missing("Actions"));
    }
    if input.aws_account_ids.is_empty() {
        return Err(missing("AWSAccountIds"));
    }
    if input.actions.len() > MOST_ACTIONS {
        let message = format!("{} Actions were found, maximum allowed is {MOST_ACTIONS}.", input.actions.len());
        return Err(OVER_LIMIT.because(message));
    }
    if let Some(other) = input.actions.iter().find(|action| !SHARED.contains(&action.as_str())) {
        let is_own = kogumo_model::sqs::SERVICE.operation(other).is_some();
        let reason = if is_own {
            "Only the queue owner is allowed to invoke this action."
        } else {
            "Please refer to the appropriate WSDL for a list of valid actions. "
        };
        return Err(invalid(format!("SQS:{other}"), "ActionName", reason));
    }
    match input.aws_account_ids.iter().find(|id| !is_account(id)) {
        Some(other) => Err(invalid(format!("[{other}]"), "PrincipalId", "Unable to verify.")),
        None => Ok(()),
    }
}

/// The queue's policy, or the beginning of one.
fn policy(found: &Found) -> Value {
    let there = found.queue.attributes.policy.as_deref().and_then(|text| serde_json::from_str(text).ok());
    there.unwrap_or_else(
        || json!({"Version": "2008-10-17", "Id": format!("{}/SQSDefaultPolicy", found.at.arn()), "Statement": []}),
    )
}

/// The statements of a policy, taken out of it; a single one may stand without a list.
fn take_statements(policy: &mut Value) -> Vec<Value> {
    match policy["Statement"].take() {
        Value::Array(list) => list,
        Value::Null => Vec::new(),
        single => vec![single],
    }
}

fn one_or_many(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { Value::from(texts.remove(0)) } else { Value::from(texts) }
}

/// Changes the name of a principal in all queues' policies.
///
/// # Errors
/// Trouble with the store.
pub fn rename(tx: &mut Transaction, renaming: &Renaming<'_>) -> Result<(), Trouble> {
    for (scope, name, mut queue) in QUEUES.scan_all_scopes(tx).collect::<Result<Vec<_>, _>>()? {
        let Some(policy) = queue.attributes.policy.as_deref().and_then(|text| renaming.document(text)) else {
            continue;
        };
        queue.attributes.policy = Some(policy);
        QUEUES.put(tx, &scope, name, &queue)?;
    }
    Ok(())
}
