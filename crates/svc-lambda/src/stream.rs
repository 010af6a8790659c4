//! Streams of DynamoDB, read through the door and given to functions batch by batch, in order.
//! Source: "Using AWS Lambda with Amazon DynamoDB" of the developer guide.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{BoxFuture, Caller, Client, Cloud, Context, Reconciler};
use kogumo_store::timers;
use kogumo_wire::{Fault, Protocol};
use serde_json::{Value, json};

use crate::mapping::{MAPPINGS, Mapping};
use crate::name::Target;
use crate::run::{self, Done};
use crate::{faults, invoke, outcome, poll, queue, record};

/// Seconds before a batch that failed is tried again: doubling, up to this.
const LONGEST_PAUSE: i64 = 60;

/// The mappings that are read now.
#[derive(Default)]
pub struct Reading(Mutex<HashSet<String>>);

impl Reading {
    fn begin(&self, uuid: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uuid.to_owned())
    }

    fn end(&self, uuid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uuid);
    }
}

/// Reads every stream on and on until there is nothing new, and polls every queue.
pub fn reconciler() -> Reconciler {
    Reconciler {
        name: "lambda streams",
        follows: &["lambda", "dynamodb", "sqs", "timers"],
        period: Duration::from_secs(30),
        run: |cloud| work(cloud),
    }
}

fn work(cloud: Arc<Cloud>) -> BoxFuture<Result<(), Trouble>> {
    Box::pin(async move {
        let (now, snapshot) = (cloud.clock.now(), cloud.store.read());
        let reading = cloud.part::<Reading>()?;
        for row in MAPPINGS.scan_all_scopes(&snapshot) {
            let (scope, _, mapping) = row?;
            if !mapping.enabled || mapping.due > now || !reading.begin(&mapping.uuid) {
                continue;
            }
            let (cloud, reading) = (Arc::clone(&cloud), Arc::clone(&reading));
            tokio::spawn(async move {
                let uuid = mapping.uuid.clone();
                let done = match mapping.is_queue() {
                    true => poll::on(&cloud, &scope, &uuid).await,
                    false => read_on(&cloud, &scope, mapping).await,
                };
                if let Err(fault) = done {
                    tracing::warn!("event source mapping {uuid}: {fault}");
                }
                reading.end(&uuid);
            });
        }
        Ok(())
    })
}

/// Lambda in the role of the mapping's function: what the role may not read, no mapping reads.
///
/// # Errors
/// The function is gone.
pub fn context(cloud: &Arc<Cloud>, scope: &Scope, function: &str) -> Result<Context, Fault> {
    let target = Target::parse(scope, function, None)?;
    let version = record::version(&cloud.store.read(), &target)?;
    Ok(as_role(cloud, scope, &version.settings.role, &target.name))
}

/// Lambda in a function's role.
pub fn as_role(cloud: &Arc<Cloud>, scope: &Scope, role: &str, function: &str) -> Context {
    const SERVICE: &str = "lambda.amazonaws.com";
    let caller = Caller::in_role(SERVICE, role, function, &scope.region);
    Context { cloud: Arc::clone(cloud), caller: caller.unwrap_or_else(|| Caller::service(SERVICE, scope.clone())) }
}

/// Where a new mapping begins: behind all changes that there are, or (`None`) with the first.
///
/// # Errors
/// Lambda's, if the stream can't be read.
pub async fn starting_point(cx: &Context, mapping: &Mapping) -> Result<Option<String>, Fault> {
    let client = context(&cx.cloud, cx.scope(), &mapping.function)?.client();
    let mut position = None;
    let first = read(&client, &mapping.source, None, 1000).await.map_err(|fault| {
        let code = fault.code(Protocol::Json10).to_owned();
        faults::invalid(format!("Cannot access stream {}. {code}: {}", mapping.source, fault.message))
    })?;
    if mapping.starting != "LATEST" {
        return Ok(None);
    }
    let mut records = first;
    while let Some(last) = records.last().map(sequence_number) {
        records = read(&client, &mapping.source, Some(&last), 1000).await?;
        position = Some(last);
    }
    Ok(position)
}

/// Changes behind a position, at most so many.
async fn read(client: &Client, source: &str, position: Option<&str>, limit: i32) -> Result<Vec<Value>, Fault> {
    let call = |operation: &'static str, input: Value| async move {
        client.call_json("dynamodbstreams", operation, &input).await
    };
    let stream = call("DescribeStream", json!({ "StreamArn": source })).await?;
    let shard = stream["StreamDescription"]["Shards"][0]["ShardId"].clone();
    let mut at = json!({ "StreamArn": source, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    if let Some(position) = position {
        at["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
        at["SequenceNumber"] = json!(position);
    }
    let iterator = call("GetShardIterator", at).await?["ShardIterator"].clone();
    let found = call("GetRecords", json!({ "ShardIterator": iterator, "Limit": limit })).await?;
    Ok(found["Records"].as_array().cloned().unwrap_or_default())
}

fn sequence_number(record: &Value) -> String {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned()
}

/// Gives batches to the function until the stream has no more, or one fails.
async fn read_on(cloud: &Arc<Cloud>, scope: &Scope, mut mapping: Mapping) -> Result<(), Fault> {
    let cx = context(cloud, scope, &mapping.function)?;
    loop {
        let limit = batch_size(&mapping);
        let records = read(&cx.client(), &mapping.source, mapping.position.as_deref(), limit).await?;
        if records.is_empty() {
            return Ok(());
        }
        let called = call(&cx, scope, &mapping, &records).await;
        let verdict = judge(&mapping, &records, &called, cx.now());
        if verdict.given_up
            && let Some(destination) = &mapping.on_failure
        {
            let record = failure_record(scope, &mapping, &records, cx.now());
            outcome::send_text(&cx, destination, &mapping.function, &record.to_string()).await;
        }
        let Some(kept) = keep(&cx, scope, &mapping.uuid, &verdict)? else { return Ok(()) };
        if !kept.enabled || kept.due > cx.now() {
            return Ok(());
        }
        mapping = kept;
    }
}

/// A batch that failed may be halved, time after time.
fn batch_size(mapping: &Mapping) -> i32 {
    let halvings = if mapping.bisect { mapping.failures.min(30) } else { 0 };
    (mapping.batch_size >> halvings).max(1)
}

async fn call(cx: &Context, scope: &Scope, mapping: &Mapping, records: &[Value]) -> Result<Done, Fault> {
    let event = json!({ "Records": records.iter().map(|record| shown(record, &mapping.source)).collect::<Vec<_>>() });
    let target = mapping.target(&scope.region);
    let request = kogumo_base::uuid();
    let work = cx.read(|r| invoke::work(r, &target, event.to_string().into(), request.clone()))?;
    run::run(&cx.cloud, work).await
}

/// A change as functions see it: with its source, and times in whole seconds.
fn shown(record: &Value, source: &str) -> Value {
    let mut record = record.clone();
    record["eventSourceARN"] = json!(source);
    let at = &mut record["dynamodb"]["ApproximateCreationDateTime"];
    if let Some(moment) = at.as_str().and_then(Timestamp::parse_iso) {
        *at = json!(moment.seconds());
    }
    record
}

/// What a call means for the mapping.
#[derive(Debug, PartialEq)]
struct Verdict {
    /// How far the changes are done with; `None` if no further than before.
    position: Option<String>,
    failures: u32,
    due: Timestamp,
    result: &'static str,
    given_up: bool,
}

fn judge(mapping: &Mapping, records: &[Value], called: &Result<Done, Fault>, now: Timestamp) -> Verdict {
    const PROBLEM: &str = "PROBLEM: Function call failed";
    let last = records.last().map(sequence_number);
    let pause = |failures: u32| now.plus_seconds((1 << failures.min(6)).min(LONGEST_PAUSE));
    match called {
        Ok(done) if !done.failed => match first_failed(mapping, records, &done.payload) {
            None => Verdict { position: last, failures: 0, due: now, result: "OK", given_up: false },
            Some(0) => again(mapping, last, now, pause, PROBLEM),
            Some(index) => {
                let position = Some(sequence_number(&records[index - 1]));
                Verdict { position, failures: 0, due: now, result: "OK", given_up: false }
            }
        },
        Ok(_) => again(mapping, last, now, pause, PROBLEM),
        // No room, or no function: that is not the batch's fault.
        Err(_) => {
            Verdict { position: None, failures: mapping.failures, due: pause(0), result: PROBLEM, given_up: false }
        }
    }
}

fn again(
    mapping: &Mapping,
    last: Option<String>,
    now: Timestamp,
    pause: impl Fn(u32) -> Timestamp,
    result: &'static str,
) -> Verdict {
    let failures = mapping.failures + 1;
    match mapping.retries {
        Some(retries) if failures > retries => {
            Verdict { position: last, failures: 0, due: now, result, given_up: true }
        }
        _ => Verdict { position: None, failures, due: pause(failures), result, given_up: false },
    }
}

/// The first change that the function says it could not do, where it may say so.
fn first_failed(mapping: &Mapping, records: &[Value], payload: &[u8]) -> Option<usize> {
    let answer: Value = serde_json::from_slice(payload).ok().filter(|_| mapping.partial)?;
    let named = answer["batchItemFailures"].as_array()?;
    let indexes = named.iter().map(|item| {
        let number = item["itemIdentifier"].as_str();
        // One that isn't in the batch means all of it, as AWS has it.
        records.iter().position(|record| Some(sequence_number(record).as_str()) == number).unwrap_or(0)
    });
    indexes.min()
}

/// Writes down how far it has come; `None` if the mapping has gone meanwhile.
fn keep(cx: &Context, scope: &Scope, uuid: &str, verdict: &Verdict) -> Result<Option<Mapping>, Fault> {
    cx.write(|w| {
        let Some(mut mapping) = MAPPINGS.get(w.tx, scope, uuid)? else { return Ok(None) };
        if let Some(position) = &verdict.position {
            mapping.position = Some(position.clone());
        }
        mapping.failures = verdict.failures;
        mapping.due = verdict.due;
        mapping.result = verdict.result.to_owned();
        MAPPINGS.put(w.tx, scope, uuid, &mapping)?;
        if verdict.due > w.now {
            timers::put(w.tx, verdict.due, queue::WAKE, scope, uuid, &[])?;
        }
        Ok(Some(mapping))
    })
}

/// What a destination hears of a batch that was given up.
fn failure_record(scope: &Scope, mapping: &Mapping, records: &[Value], now: Timestamp) -> Value {
    let at = |record: Option<&Value>| record.map(sequence_number);
    json!({
        "requestContext": {
            "requestId": kogumo_base::uuid(),
            "functionArn": mapping.target(&scope.region).arn(),
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": mapping.failures + 1,
        },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "version": "1.0",
        "timestamp": now.iso_millis(),
        "DDBStreamBatchInfo": {
            "startSequenceNumber": at(records.first()),
            "endSequenceNumber": at(records.last()),
            "batchSize": records.len(),
            "streamArn": mapping.source,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Value> {
        ["1", "2", "3"].map(|number| json!({ "dynamodb": { "SequenceNumber": number } })).into()
    }

    fn done(failed: bool, payload: &'static str) -> Result<Done, Fault> {
        Ok(Done { payload: payload.into(), failed, tail: String::new(), version: "1".into() })
    }

    #[test]
    fn batches_go_on_or_are_tried_again() {
        let mapping = Mapping { retries: Some(1), batch_size: 100, ..Mapping::default() };
        let judged = |mapping: &Mapping, called: &_| judge(mapping, &records(), called, Timestamp(0));
        let fine = judged(&mapping, &done(false, "null"));
        assert_eq!((fine.position.as_deref(), fine.failures), (Some("3"), 0));
        let failed = judged(&mapping, &done(true, "{}"));
        assert_eq!((failed.position, failed.failures, failed.due), (None, 1, Timestamp(2000)));
        let given_up = judged(&Mapping { failures: 1, ..mapping.clone() }, &done(true, "{}"));
        assert!(given_up.given_up && given_up.position.as_deref() == Some("3"));
        let endless = Mapping { retries: None, failures: 50, ..mapping };
        assert_eq!(judged(&endless, &done(true, "{}")).due, Timestamp(60_000));
    }

    #[test]
    fn functions_may_name_what_failed() {
        let mapping = Mapping { partial: true, ..Mapping::default() };
        let answer = |text| judge(&mapping, &records(), &done(false, text), Timestamp(0));
        let second = answer(r#"{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}"#);
        assert_eq!(second.position.as_deref(), Some("1"));
        assert_eq!(answer(r#"{"batchItemFailures": []}"#).position.as_deref(), Some("3"));
        assert_eq!(answer(r#"{"batchItemFailures": [{"itemIdentifier": "9"}]}"#).failures, 1);
        assert_eq!(answer("null").position.as_deref(), Some("3"));
    }

    #[test]
    fn failing_batches_are_halved() {
        let mapping = Mapping { batch_size: 100, bisect: true, failures: 3, ..Mapping::default() };
        assert_eq!(batch_size(&mapping), 12);
        assert_eq!(batch_size(&Mapping { failures: 60, ..mapping.clone() }), 1);
        assert_eq!(batch_size(&Mapping { bisect: false, ..mapping }), 100);
    }
}
