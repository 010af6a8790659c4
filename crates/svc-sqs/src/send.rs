//! Messages come.

use std::collections::BTreeMap;

use kogumo_door::{Context, Writer};
use kogumo_model::sqs::{
    BATCH_REQUEST_TOO_LONG, MessageAttributeValue, MessageSystemAttributeValue, SendMessageBatchRequest,
    SendMessageBatchRequestEntry, SendMessageBatchResult, SendMessageBatchResultEntry, SendMessageRequest,
    SendMessageResult,
};
use kogumo_wire::Fault;

use crate::attributes::LARGEST;
use crate::content::{self, Attribute, Attributes, Value};
use crate::dedup::{self, What};
use crate::encryption::{self, Sealing};
use crate::faults::{invalid, missing, refused};
use crate::message::Message;
use crate::queue::{Found, find_to_write};
use crate::{batch, shelf};

/// What a sender gives, looked at.
struct Letter {
    body: String,
    attributes: Attributes,
    trace: Option<String>,
    delay: u32,
    group: Option<String>,
    deduplication: Option<String>,
}

pub async fn send_message(cx: Context, input: SendMessageRequest) -> Result<SendMessageResult, Fault> {
    let sealing = encryption::sealing(&cx, &input.queue_url).await?;
    cx.write(|w| send_one(w, sealing.as_ref(), input.clone()))
}

fn send_one(w: &mut Writer, sealing: Option<&Sealing>, input: SendMessageRequest) -> Result<SendMessageResult, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    let given = SendMessageBatchRequestEntry {
        message_body: input.message_body,
        delay_seconds: input.delay_seconds,
        message_attributes: input.message_attributes,
        message_system_attributes: input.message_system_attributes,
        message_deduplication_id: input.message_deduplication_id,
        message_group_id: input.message_group_id,
        ..Default::default()
    };
    let sent = send(w, &found, sealing, given)?;
    Ok(SendMessageResult {
        md5_of_message_body: Some(sent.md5_of_message_body),
        md5_of_message_attributes: sent.md5_of_message_attributes,
        md5_of_message_system_attributes: sent.md5_of_message_system_attributes,
        message_id: Some(sent.message_id),
        sequence_number: sent.sequence_number,
    })
}

pub async fn send_message_batch(cx: Context, input: SendMessageBatchRequest) -> Result<SendMessageBatchResult, Fault> {
    let sealing = encryption::sealing(&cx, &input.queue_url).await?;
    cx.write(|w| send_all(w, sealing.as_ref(), input.clone()))
}

fn send_all(
    w: &mut Writer,
    sealing: Option<&Sealing>,
    input: SendMessageBatchRequest,
) -> Result<SendMessageBatchResult, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    batch::check("SendMessageBatchRequestEntry", input.entries.iter().map(|entry| entry.id.as_str()))?;
    let bytes: usize = input.entries.iter().map(bytes_of).sum();
    if bytes > LARGEST as usize {
        let message = format!("Batch requests cannot be longer than {LARGEST} bytes. You have sent {bytes} bytes.");
        return Err(BATCH_REQUEST_TOO_LONG.because(message));
    }
    let mut result = SendMessageBatchResult::default();
    for entry in input.entries {
        let id = entry.id.clone();
        match send(w, &found, sealing, entry) {
            Ok(sent) => result.successful.push(sent),
            Err(fault) => result.failed.push(batch::failed(id, fault)?),
        }
    }
    Ok(result)
}

fn bytes_of(entry: &SendMessageBatchRequestEntry) -> usize {
    let of = |(name, value): (&String, &MessageAttributeValue)| {
        let text = value.string_value.as_ref().map_or(0, String::len);
        name.len() + value.data_type.len() + text + value.binary_value.as_ref().map_or(0, |bytes| bytes.len())
    };
    entry.message_body.len() + entry.message_attributes.iter().flatten().map(of).sum::<usize>()
}

/// Sends one message. Nothing has been changed if it cannot be sent.
fn send(
    w: &mut Writer,
    found: &Found,
    sealing: Option<&Sealing>,
    entry: SendMessageBatchRequestEntry,
) -> Result<SendMessageBatchResultEntry, Fault> {
    let id = entry.id.clone();
    let letter = letter(found, entry)?;
    let seen = letter.deduplication.as_deref().filter(|_| found.is_fifo());
    let seen = seen.map(|id| dedup::of_message(found, letter.group.as_deref().unwrap_or_default(), id));
    let before = seen.as_ref().map(|key| dedup::recall(w, found, key)).transpose()?.flatten();
    let (message_id, sequence) = match before {
        Some(What::Sent(message_id, sequence)) => (message_id, sequence),
        _ => {
            let message = message(w, &letter);
            let message = match sealing {
                Some(sealing) => sealing.seal(message)?,
                None => message,
            };
            let message = shelf::put(w, found, message)?;
            let sent = (message.id.clone(), message.sequence_number());
            if let Some(key) = &seen {
                dedup::remember(w, found, key, What::Sent(sent.0.clone(), sent.1.clone()))?;
            }
            sent
        }
    };
    let has_attributes = !letter.attributes.is_empty();
    let trace = letter
        .trace
        .map(|text| (TRACE.to_owned(), Attribute { data_type: "String".to_owned(), value: Value::Text(text) }));
    Ok(SendMessageBatchResultEntry {
        id,
        message_id,
        md5_of_message_body: content::md5_of(&letter.body),
        md5_of_message_attributes: has_attributes.then(|| content::md5_of_attributes(&letter.attributes)),
        md5_of_message_system_attributes: trace.map(|(name, value)| content::md5_of_attributes([(&name, &value)])),
        sequence_number: found.is_fifo().then_some(sequence),
    })
}

/// A new message out of a letter.
fn message(w: &Writer, letter: &Letter) -> Message {
    Message {
        id: kogumo_base::uuid(),
        body: letter.body.clone(),
        attributes: letter.attributes.clone(),
        trace: letter.trace.clone(),
        sender: w.caller.principal.id().to_owned(),
        sent: w.now,
        sequence: 0,
        group: letter.group.clone(),
        deduplication: letter.deduplication.clone(),
        source: None,
        receives: 0,
        first_received: None,
        visible: w.now.plus_seconds(i64::from(letter.delay)),
        receipt: 0,
        sealed: None,
    }
}

/// Whether the queue takes it.
fn letter(found: &Found, entry: SendMessageBatchRequestEntry) -> Result<Letter, Fault> {
    content::check_body(&entry.message_body)?;
    let attributes = content::attributes(entry.message_attributes.unwrap_or_default())?;
    let largest = found.queue.attributes.largest;
    if content::size(&entry.message_body, &attributes) > largest as usize {
        let reason =
            format!("One or more parameters are invalid. Reason: Message must be shorter than {largest} bytes.");
        return Err(refused(reason));
    }
    let trace = trace(entry.message_system_attributes.unwrap_or_default())?;
    if let Some(group) = entry.message_group_id.as_deref().filter(|group| !content::is_id(group)) {
        return Err(invalid(group, "MessageGroupId", ID_RULE));
    }
    let deduplication = deduplication(found, entry.message_deduplication_id, &entry.message_body)?;
    if found.is_fifo() && entry.message_group_id.is_none() {
        return Err(missing("MessageGroupId"));
    }
    let delay = delay(found, entry.delay_seconds)?;
    Ok(Letter { body: entry.message_body, attributes, trace, delay, group: entry.message_group_id, deduplication })
}

const TRACE: &str = "AWSTraceHeader";

const ID_RULE: &str = "It can only include alphanumeric and punctuation characters. 1 to 128 in length.";

fn trace(given: BTreeMap<String, MessageSystemAttributeValue>) -> Result<Option<String>, Fault> {
    let mut trace = None;
    for (name, value) in given {
        if name != TRACE {
            let message = format!("Message system attribute name '{name}' is invalid. Supported names: {TRACE}.");
            return Err(refused(message));
        }
        let text = value.string_value.filter(|text| value.data_type == "String" && !text.is_empty());
        let text =
            text.ok_or_else(|| refused(format!("Message system attribute '{TRACE}' must be a non-empty String.")))?;
        trace = Some(text);
    }
    Ok(trace)
}

fn deduplication(found: &Found, given: Option<String>, body: &str) -> Result<Option<String>, Fault> {
    match given {
        Some(id) if !content::is_id(&id) => Err(invalid(id, "MessageDeduplicationId", ID_RULE)),
        Some(id) if !found.is_fifo() => Err(invalid(
            id,
            "MessageDeduplicationId",
            "The request includes a parameter that is not valid for this queue type.",
        )),
        Some(id) => Ok(Some(id)),
        None if !found.is_fifo() => Ok(None),
        None if found.queue.attributes.content_based_deduplication => Ok(Some(content::deduplication_id(body))),
        None => Err(refused(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
    }
}

fn delay(found: &Found, given: Option<i32>) -> Result<u32, Fault> {
    let Some(seconds) = given else { return Ok(found.queue.attributes.delay) };
    if found.is_fifo() && seconds != 0 {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(invalid(seconds, "DelaySeconds", reason));
    }
    let delay = u32::try_from(seconds).ok().filter(|seconds| *seconds <= 900);
    let delay = delay.ok_or_else(|| invalid(seconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."))?;
    Ok(if found.is_fifo() { found.queue.attributes.delay } else { delay })
}
