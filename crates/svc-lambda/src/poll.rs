//! Queues of SQS, polled through the door in the function's role and given to functions batch by batch. What a function
//! has done is deleted; the rest is left to the queue, which shows it again and has a dead-letter queue perhaps.
//! Source: "Using Lambda with Amazon SQS" of the developer guide.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use kogumo_base::{Arn, Scope};
use kogumo_door::{Cloud, Context};
use kogumo_event_pattern::Pattern;
use kogumo_wire::{Fault, Protocol};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::mapping::{MAPPINGS, Mapping};
use crate::run::{self, Done};
use crate::{faults, invoke, record, stream};

/// How many batches are with a function at a time, unless its mapping says otherwise.
const USUAL_CONCURRENCY: usize = 5;
/// The longest wait that SQS knows, in seconds.
const WAIT: i64 = 20;
/// So many messages come at once at most.
const AT_ONCE: i32 = 10;
/// A queue that cannot be read is left alone for so long.
const PAUSE: Duration = Duration::from_secs(2);

/// Whether the function's role may read the queue, and the queue is such that it can be read.
///
/// # Errors
/// Lambda's, saying what is missing.
pub async fn check(cx: &Context, mapping: &Mapping) -> Result<(), Fault> {
    let role = stream::context(&cx.cloud, cx.scope(), &mapping.function)?;
    for action in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
        if cx.cloud.may(&role.caller, "sqs", &format!("sqs:{action}"), &mapping.source).is_err() {
            let message = format!("The provided execution role does not have permissions to call {action} on SQS");
            return Err(faults::invalid(message));
        }
    }
    let input = json!({ "QueueUrl": url(cx, mapping), "AttributeNames": ["VisibilityTimeout"] });
    let told = role.client().call_json("sqs", "GetQueueAttributes", &input).await.map_err(|fault| {
        let code = fault.code(Protocol::Query).to_owned();
        faults::invalid(format!(
            "Error occurred while GetQueueAttributes. SQS Error Code: {code}. SQS Error Message: {}",
            fault.message
        ))
    })?;
    let visibility = told["Attributes"]["VisibilityTimeout"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    let version = record::version(&cx.snapshot(), &mapping.target(&cx.scope().region))?;
    let timeout = version.settings.timeout;
    if visibility < timeout {
        return Err(faults::invalid(format!(
            "Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        )));
    }
    Ok(())
}

fn url(cx: &Context, mapping: &Mapping) -> String {
    let arn = Arn::parse(&mapping.source);
    let (account, name) = arn.map_or_else(Default::default, |arn| (arn.account, arn.resource));
    format!("{}/{account}/{name}", cx.cloud.settings.endpoint())
}

/// Polls the queue of a mapping as long as the mapping is there and enabled.
///
/// # Errors
/// A queue or a function that is not there, or that the role may not use.
pub async fn on(cloud: &Arc<Cloud>, scope: &Scope, uuid: &str) -> Result<(), Fault> {
    let mut batches = JoinSet::new();
    while let Some(mapping) = wanted(cloud, scope, uuid)? {
        let most = mapping.concurrency.and_then(|most| usize::try_from(most).ok()).unwrap_or(USUAL_CONCURRENCY);
        while batches.len() >= most {
            batches.join_next().await;
        }
        let polled = poll(cloud, scope, &mapping).await;
        match polled {
            Ok((cx, messages)) if !messages.is_empty() => {
                if wanted(cloud, scope, uuid)?.is_none() {
                    give_back(&cx, &mapping, &messages).await;
                    break;
                }
                batches.spawn(handle(cx, scope.clone(), mapping, messages));
            }
            Ok(_) => {}
            Err(fault) => {
                tokio::time::sleep(PAUSE).await;
                return Err(fault);
            }
        }
    }
    while batches.join_next().await.is_some() {}
    Ok(())
}

fn wanted(cloud: &Cloud, scope: &Scope, uuid: &str) -> Result<Option<Mapping>, Fault> {
    Ok(MAPPINGS.get(&cloud.store.read(), scope, uuid)?.filter(|mapping| mapping.enabled))
}

/// Waits for messages, and for more of them as long as the window is open.
async fn poll(cloud: &Arc<Cloud>, scope: &Scope, mapping: &Mapping) -> Result<(Context, Vec<Value>), Fault> {
    let cx = stream::context(cloud, scope, &mapping.function)?;
    let wanted = usize::try_from(mapping.batch_size).unwrap_or(1);
    let mut messages = receive(&cx, mapping, wanted, WAIT).await?;
    let closes = cx.now().plus_seconds(i64::from(mapping.window));
    while !messages.is_empty() && messages.len() < wanted && cx.now() < closes {
        let left = (closes.0 - cx.now().0).saturating_add(999) / 1000;
        messages.extend(receive(&cx, mapping, wanted - messages.len(), left.clamp(0, WAIT)).await?);
    }
    Ok((cx, messages))
}

async fn receive(cx: &Context, mapping: &Mapping, most: usize, wait: i64) -> Result<Vec<Value>, Fault> {
    let input = json!({
        "QueueUrl": url(cx, mapping),
        "MaxNumberOfMessages": i32::try_from(most).unwrap_or(AT_ONCE).min(AT_ONCE),
        "WaitTimeSeconds": wait,
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    });
    let answer = cx.client().call_json("sqs", "ReceiveMessage", &input).await?;
    Ok(answer["Messages"].as_array().cloned().unwrap_or_default())
}

/// A message that nobody wants any more can be received at once.
async fn give_back(cx: &Context, mapping: &Mapping, messages: &[Value]) {
    for message in messages {
        let input =
            json!({ "QueueUrl": url(cx, mapping), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0 });
        if let Err(fault) = cx.client().call_json("sqs", "ChangeMessageVisibility", &input).await {
            tracing::debug!("a message of {} is not given back: {fault}", mapping.source);
        }
    }
}

/// Gives a batch to the function and deletes what is done. What the filters do not let through is done with.
async fn handle(cx: Context, scope: Scope, mapping: Mapping, messages: Vec<Value>) {
    let filters: Vec<Pattern> = mapping.filters.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
    let region = scope.region.as_str();
    let shown = |message: &Value| shown(message, &mapping.source, region);
    let (wanted, unwanted): (Vec<Value>, Vec<Value>) =
        messages.into_iter().partition(|message| filters.is_empty() || passes(&filters, &shown(message)));
    delete(&cx, &mapping, unwanted.iter()).await;
    if wanted.is_empty() {
        return;
    }
    let event = json!({ "Records": wanted.iter().map(shown).collect::<Vec<_>>() });
    match call(&cx, &scope, &mapping, &event).await {
        Ok(done) => {
            let failed = failed(&mapping, &wanted, &done);
            let is_done = |message: &&Value| !failed.contains(message["MessageId"].as_str().unwrap_or_default());
            delete(&cx, &mapping, wanted.iter().filter(is_done)).await;
        }
        // No room, or no function: that is not the messages' fault, and they come again.
        Err(fault) => tracing::debug!("a batch of {} is not taken: {fault}", mapping.source),
    }
}

async fn call(cx: &Context, scope: &Scope, mapping: &Mapping, event: &Value) -> Result<Done, Fault> {
    let target = mapping.target(&scope.region);
    let request = kogumo_base::uuid();
    let work = cx.read(|r| invoke::work(r, &target, event.to_string().into(), request.clone()))?;
    run::run(&cx.cloud, work).await
}

async fn delete<'a>(cx: &Context, mapping: &Mapping, messages: impl Iterator<Item = &'a Value>) {
    let entry = |(number, message): (usize, &Value)| json!({ "Id": number.to_string(), "ReceiptHandle": message["ReceiptHandle"] });
    let entries: Vec<Value> = messages.enumerate().map(entry).collect();
    for entries in entries.chunks(10) {
        let input = json!({ "QueueUrl": url(cx, mapping), "Entries": entries });
        if let Err(fault) = cx.client().call_json("sqs", "DeleteMessageBatch", &input).await {
            tracing::warn!("messages of {} that are done cannot be deleted: {fault}", mapping.source);
        }
    }
}

/// The ids of the messages that the function has not done: all if it failed; those it names, where it may name them.
fn failed<'a>(mapping: &Mapping, messages: &'a [Value], done: &Done) -> HashSet<&'a str> {
    let ids = messages.iter().filter_map(|message| message["MessageId"].as_str());
    if done.failed {
        return ids.collect();
    }
    let answer: Option<Value> = serde_json::from_slice(&done.payload).ok().filter(|_| mapping.partial);
    let Some(named) = answer.as_ref().and_then(|answer| answer["batchItemFailures"].as_array()) else {
        return HashSet::new();
    };
    let all: HashSet<&str> = ids.collect();
    let named: Option<HashSet<&str>> =
        named.iter().map(|item| all.get(item["itemIdentifier"].as_str()?).copied()).collect();
    // One that isn't in the batch means all of it, as AWS has it.
    named.unwrap_or(all)
}

/// A message as functions see it.
fn shown(message: &Value, source: &str, region: &str) -> Value {
    let attribute = |(name, value): (&String, &Value)| {
        let mut shown = json!({ "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"] });
        for (from, to) in [("StringValue", "stringValue"), ("BinaryValue", "binaryValue")] {
            if let Some(text) = value.get(from).filter(|value| !value.is_null()) {
                shown[to] = text.clone();
            }
        }
        (name.clone(), shown)
    };
    let attributes: Map<String, Value> =
        message["MessageAttributes"].as_object().into_iter().flatten().map(attribute).collect();
    let mut shown = json!({
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": region,
    });
    if let Some(sum) = message.get("MD5OfMessageAttributes").filter(|sum| sum.is_string()) {
        shown["md5OfMessageAttributes"] = sum.clone();
    }
    shown
}

/// Whether one of the filters lets a record through. A body of JSON is looked into.
fn passes(filters: &[Pattern], record: &Value) -> bool {
    let mut record = record.clone();
    let body = record["body"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(body) = body.filter(|body| body.is_object() || body.is_array()) {
        record["body"] = body;
    }
    filters.iter().any(|filter| filter.fits_value(&record))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Value> {
        ["1", "2", "3"].map(|id| json!({ "MessageId": id })).into()
    }

    #[test]
    fn functions_name_what_failed() {
        let mapping = Mapping { partial: true, ..Mapping::default() };
        let messages = messages();
        let failed = |mapping: &Mapping, failed_call: bool, payload: &'static str| {
            let done = Done { payload: payload.into(), failed: failed_call, tail: String::new(), version: "1".into() };
            let mut ids: Vec<&str> = failed(mapping, &messages, &done).into_iter().collect();
            ids.sort_unstable();
            ids.join("")
        };
        assert_eq!(failed(&mapping, true, "{}"), "123");
        assert_eq!(failed(&mapping, false, "null"), "");
        assert_eq!(failed(&mapping, false, r#"{"batchItemFailures": []}"#), "");
        assert_eq!(failed(&mapping, false, r#"{"batchItemFailures": [{"itemIdentifier": "2"}]}"#), "2");
        assert_eq!(failed(&mapping, false, r#"{"batchItemFailures": [{"itemIdentifier": "9"}]}"#), "123");
        let whole = Mapping::default();
        assert_eq!(failed(&whole, false, r#"{"batchItemFailures": [{"itemIdentifier": "2"}]}"#), "");
    }

    #[test]
    fn filters_look_into_bodies() {
        let filter = |text: &str| [Pattern::parse(text).expect("a pattern")];
        let record = |body: &str| json!({ "body": body, "messageAttributes": { "a": { "stringValue": "x" } } });
        assert!(passes(&filter(r#"{"body": {"n": [{"numeric": [">", 1]}]}}"#), &record(r#"{"n": 2}"#)));
        assert!(!passes(&filter(r#"{"body": {"n": [2]}}"#), &record("plain")));
        assert!(passes(&filter(r#"{"body": ["plain"]}"#), &record("plain")));
        assert!(passes(&filter(r#"{"messageAttributes": {"a": {"stringValue": ["x"]}}}"#), &record("y")));
    }
}
