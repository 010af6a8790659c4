//! What an asynchronous invocation came to, told to its destination or dead-letter queue through the door.
//! Source: "Capturing records of Lambda asynchronous invocations" of the developer guide.

use kogumo_base::{Arn, Timestamp};
use kogumo_door::Context;
use kogumo_model::lambda::{InvocationRequest, Invoke};
use kogumo_model::s3::{PutObject, PutObjectRequest};
use kogumo_wire::Fault;
use serde_json::{Value, json};

use crate::queue::Queued;
use crate::run::Done;

/// How it was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
}

impl Condition {
    fn name(self) -> &'static str {
        match self {
            Condition::Success => "Success",
            Condition::RetriesExhausted => "RetriesExhausted",
            Condition::EventAgeExceeded => "EventAgeExceeded",
        }
    }
}

/// An event and what became of it.
pub struct Outcome<'a> {
    pub queued: &'a Queued,
    pub calls: u32,
    pub condition: Condition,
    /// The last call, if the function was called.
    pub done: Option<&'a Done>,
    pub now: Timestamp,
}

impl Outcome<'_> {
    /// The record that a destination gets.
    pub fn record(&self) -> Value {
        let target = self.queued.target();
        let mut record = json!({
            "version": "1.0",
            "timestamp": self.now.iso_millis(),
            "requestContext": {
                "requestId": self.queued.request,
                "functionArn": format!("{}:{}", target.unqualified_arn(), target.qualifier()),
                "condition": self.condition.name(),
                "approximateInvokeCount": self.calls,
            },
            "requestPayload": parsed(self.queued.payload.as_bytes()),
        });
        if let Some(done) = self.done {
            record["responseContext"] = json!({ "statusCode": 200, "executedVersion": done.version });
            if done.failed {
                record["responseContext"]["functionError"] = json!("Unhandled");
            }
            record["responsePayload"] = parsed(&done.payload);
        }
        record
    }

    /// The error's message, for a dead letter.
    fn error_message(&self) -> String {
        let payload = self.done.map(|done| parsed(&done.payload)).unwrap_or_default();
        payload["errorMessage"].as_str().unwrap_or(self.condition.name()).to_owned()
    }
}

/// JSON as JSON; what isn't, as text.
fn parsed(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(payload).into_owned()))
}

/// Sends the record to a destination. What fails is logged: the invocation itself is over.
pub async fn send(cx: &Context, destination: &str, outcome: &Outcome<'_>) {
    if let Err(fault) = send_record(cx, destination, outcome).await {
        tracing::warn!("cannot send an outcome of {} to {destination}: {fault}", outcome.queued.function);
    }
}

async fn send_record(cx: &Context, destination: &str, outcome: &Outcome<'_>) -> Result<(), Fault> {
    let unknown = || Fault::not_implemented(&format!("The destination {destination}"));
    let arn = Arn::parse(destination).ok_or_else(unknown)?;
    let record = outcome.record();
    let text = record.to_string();
    let client = cx.client();
    match arn.service.as_str() {
        "lambda" => {
            let input = InvocationRequest {
                function_name: destination.to_owned(),
                invocation_type: Some("Event".to_owned()),
                payload: Some(text.into()),
                ..InvocationRequest::default()
            };
            client.call::<Invoke>(input).await.map(drop)
        }
        "sqs" => send_message(cx, &arn, &text, json!({})).await,
        "sns" => {
            client.call_json("sns", "Publish", &json!({ "TopicArn": destination, "Message": text })).await.map(drop)
        }
        "events" => {
            let result = if outcome.condition == Condition::Success { "Success" } else { "Failure" };
            let entry = json!({
                "Source": "lambda",
                "DetailType": format!("Lambda Function Invocation Result - {result}"),
                "Resources": [record["requestContext"]["functionArn"], destination],
                "Detail": text,
                "EventBusName": destination,
            });
            client.call_json("events", "PutEvents", &json!({ "Entries": [entry] })).await.map(drop)
        }
        "s3" => {
            let day = outcome.now.format("%Y/%m/%d/%Y-%m-%dT%H.%M.%S");
            let input = PutObjectRequest {
                bucket: arn.resource.clone(),
                key: format!("aws/lambda/async/{}/{day}-{}", outcome.queued.function, kogumo_base::uuid()),
                body: kogumo_wire::Body::Bytes(text.into()),
                ..PutObjectRequest::default()
            };
            client.call::<PutObject>(input).await.map(drop)
        }
        _ => Err(unknown()),
    }
}

/// Sends a record of another sort to an SQS queue or SNS topic.
pub async fn send_text(cx: &Context, destination: &str, function: &str, text: &str) {
    let sent = match Arn::parse(destination) {
        Some(arn) if arn.service == "sqs" => send_message(cx, &arn, text, json!({})).await,
        Some(arn) if arn.service == "sns" => {
            let input = json!({ "TopicArn": destination, "Message": text });
            cx.client().call_json("sns", "Publish", &input).await.map(drop)
        }
        _ => Err(Fault::not_implemented(&format!("The destination {destination}"))),
    };
    if let Err(fault) = sent {
        tracing::warn!("cannot send an outcome of {function} to {destination}: {fault}");
    }
}

/// Sends the event itself to a dead-letter queue or topic, with what went wrong as attributes.
pub async fn send_dead_letter(cx: &Context, arn: &str, outcome: &Outcome<'_>) {
    let attribute = |kind: &str, value: String| json!({ "DataType": kind, "StringValue": value });
    let attributes = json!({
        "RequestID": attribute("String", outcome.queued.request.clone()),
        "ErrorCode": attribute("Number", "200".to_owned()),
        "ErrorMessage": attribute("String", outcome.error_message()),
    });
    let text = &outcome.queued.payload;
    let sent = match Arn::parse(arn) {
        Some(parsed) if parsed.service == "sqs" => send_message(cx, &parsed, text, attributes).await,
        Some(parsed) if parsed.service == "sns" => {
            let input = json!({ "TopicArn": arn, "Message": text, "MessageAttributes": attributes });
            cx.client().call_json("sns", "Publish", &input).await.map(drop)
        }
        _ => Err(Fault::not_implemented(&format!("The dead-letter target {arn}"))),
    };
    if let Err(fault) = sent {
        tracing::warn!("cannot send a dead letter of {} to {arn}: {fault}", outcome.queued.function);
    }
}

async fn send_message(cx: &Context, queue: &Arn, text: &str, attributes: Value) -> Result<(), Fault> {
    let url = format!("{}/{}/{}", cx.cloud.settings.endpoint(), queue.account, queue.resource);
    let input = json!({ "QueueUrl": url, "MessageBody": text, "MessageAttributes": attributes });
    cx.client().call_json("sqs", "SendMessage", &input).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kogumo_base::Scope;

    use crate::name::Target;

    #[test]
    fn records_tell_it_all() {
        let target = Target { scope: Scope::new("000000000000", "us-east-1"), name: "f".into(), qualifier: None };
        let queued = Queued::new(&target, "id".into(), r#"{"a": 1}"#.into(), Timestamp(0));
        let done = Done {
            payload: r#"{"errorMessage": "no", "errorType": "E"}"#.into(),
            failed: true,
            tail: String::new(),
            version: "$LATEST".into(),
        };
        let outcome = Outcome {
            queued: &queued,
            calls: 3,
            condition: Condition::RetriesExhausted,
            done: Some(&done),
            now: Timestamp(0),
        };
        let expected = json!({
            "version": "1.0",
            "timestamp": "1970-01-01T00:00:00.000Z",
            "requestContext": {
                "requestId": "id",
                "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": { "a": 1 },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": { "errorMessage": "no", "errorType": "E" },
        });
        assert_eq!(outcome.record(), expected);
        assert_eq!(outcome.error_message(), "no");
    }
}
