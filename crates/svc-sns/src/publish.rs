//! Messages are published: written down for each subscription that gets them, in one transaction.

use std::collections::HashSet;

use kogumo_base::{Scope, Timestamp};
use kogumo_door::outbox::{self, Medium};
use kogumo_door::{Context, Writer};
use kogumo_model::sns::{
    BATCH_ENTRY_IDS_NOT_DISTINCT_EXCEPTION, BATCH_REQUEST_TOO_LONG_EXCEPTION, BatchResultErrorEntry,
    EMPTY_BATCH_REQUEST_EXCEPTION, INVALID_BATCH_ENTRY_ID_EXCEPTION, PublishBatchInput, PublishBatchRequestEntry,
    PublishBatchResponse, PublishBatchResultEntry, PublishInput, PublishResponse,
    TOO_MANY_ENTRIES_IN_BATCH_REQUEST_EXCEPTION,
};
use kogumo_store::{Index, Key, Range, Table};
use kogumo_wire::{Fault, Protocol};
use serde::{Deserialize, Serialize};

use crate::encryption::{self, Sealing};
use crate::message::{self, LARGEST, Message};
use crate::record::{Address, TOPICS, Topic, invalid};
use crate::subscribe::is_phone_number;
use crate::{delivery, filter, sms};

/// A FIFO topic's message that was published, for as long as its deduplication id counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Published {
    at: Timestamp,
    id: String,
    sequence: String,
}

static PUBLISHED: Table<Published> =
    Table::indexed("sns/published", &[Index { name: BY_AGE, key: |published| Some(Key::new().i64(published.at.0)) }]);
const BY_AGE: &str = "age";
const REMEMBERED_SECONDS: i64 = 300;
/// With each message so many are forgotten that are older.
const FORGOTTEN: usize = 4;

pub async fn publish(cx: Context, input: PublishInput) -> Result<PublishResponse, Fault> {
    if let Some(number) = &input.phone_number {
        let attribute = input.message_attributes.as_ref().and_then(|attributes| attributes.get(sms::SENDER));
        let sender = attribute.and_then(|attribute| attribute.string_value.as_deref());
        return cx.write(|w| text_message(w, number, sender, &input.message));
    }
    let arn = input.topic_arn.as_deref().or(input.target_arn.as_deref());
    let arn = arn.ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    if arn.contains(":endpoint/") {
        return Err(Fault::not_implemented("Publish to endpoints of mobile push"));
    }
    let sealing = encryption::sealing(&cx, arn).await?;
    cx.write(|w| publish_to(w, arn, sealing.as_ref(), input.clone()))
}

fn publish_to(
    w: &mut Writer,
    arn: &str,
    sealing: Option<&Sealing>,
    input: PublishInput,
) -> Result<PublishResponse, Fault> {
    let at = Address::parse(arn)?;
    let mut topic = at.find(w.store())?;
    let entry = PublishBatchRequestEntry {
        message: input.message,
        subject: input.subject,
        message_structure: input.message_structure,
        message_attributes: input.message_attributes,
        message_deduplication_id: input.message_deduplication_id,
        message_group_id: input.message_group_id,
        ..Default::default()
    };
    let done = publish_one(w, &at, &mut topic, sealing, entry)?;
    Ok(PublishResponse { message_id: done.message_id, sequence_number: done.sequence_number })
}

fn text_message(w: &mut Writer, number: &str, sender: Option<&str>, text: &str) -> Result<PublishResponse, Fault> {
    if !is_phone_number(number) {
        return Err(invalid(format!("PhoneNumber Reason: {number} is not valid to publish to")));
    }
    if text.is_empty() {
        return Err(invalid("Empty message"));
    }
    let message = outbox::Message {
        medium: Medium::Sms,
        from: sms::sender(w.store(), w.scope(), sender)?,
        to: number.to_owned(),
        subject: String::new(),
        text: text.to_owned(),
        at: w.now,
        html: false,
        reply_to: None,
    };
    outbox::send(w.tx, &message)?;
    Ok(PublishResponse { message_id: Some(kogumo_base::uuid()), sequence_number: None })
}

pub async fn publish_batch(cx: Context, input: PublishBatchInput) -> Result<PublishBatchResponse, Fault> {
    let sealing = encryption::sealing(&cx, &input.topic_arn).await?;
    cx.write(|w| publish_all(w, sealing.as_ref(), input.clone()))
}

fn publish_all(
    w: &mut Writer,
    sealing: Option<&Sealing>,
    input: PublishBatchInput,
) -> Result<PublishBatchResponse, Fault> {
    let at = Address::parse(&input.topic_arn)?;
    let mut topic = at.find(w.store())?;
    check_ids(&input.publish_batch_request_entries)?;
    let bytes: usize = input.publish_batch_request_entries.iter().map(|entry| entry.message.len()).sum();
    if bytes > LARGEST {
        let message = "The length of all the messages put together is more than the limit.";
        return Err(BATCH_REQUEST_TOO_LONG_EXCEPTION.because(message));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in input.publish_batch_request_entries {
        let id = entry.id.clone();
        match publish_one(w, &at, &mut topic, sealing, entry) {
            Ok(done) => successful.push(done),
            Err(fault) if fault.sender(Protocol::Query) => failed.push(BatchResultErrorEntry {
                id,
                code: fault.code(Protocol::Query).to_owned(),
                message: Some(fault.message),
                sender_fault: true,
            }),
            Err(fault) => return Err(fault),
        }
    }
    Ok(PublishBatchResponse { successful: Some(successful), failed: Some(failed) })
}

fn check_ids(entries: &[PublishBatchRequestEntry]) -> Result<(), Fault> {
    if entries.is_empty() {
        return Err(EMPTY_BATCH_REQUEST_EXCEPTION.because("The batch request doesn't contain any entries."));
    }
    if entries.len() > 10 {
        let message = "The batch request contains more entries than permissible.";
        return Err(TOO_MANY_ENTRIES_IN_BATCH_REQUEST_EXCEPTION.because(message));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_id = |id: &str| (1..=80).contains(&id.len()) && id.bytes().all(plain);
    if !entries.iter().all(|entry| is_id(&entry.id)) {
        let message = "The Id of a batch entry in a batch request doesn't abide by the specification.";
        return Err(INVALID_BATCH_ENTRY_ID_EXCEPTION.because(message));
    }
    let mut seen = HashSet::new();
    if entries.iter().all(|entry| seen.insert(entry.id.as_str())) {
        return Ok(());
    }
    Err(BATCH_ENTRY_IDS_NOT_DISTINCT_EXCEPTION.because("Two or more batch entries in the request have the same Id."))
}

/// Publishes one message. Nothing has been changed if it cannot be published.
fn publish_one(
    w: &mut Writer,
    at: &Address,
    topic: &mut Topic,
    sealing: Option<&Sealing>,
    entry: PublishBatchRequestEntry,
) -> Result<PublishBatchResultEntry, Fault> {
    let texts = message::texts(&entry.message, entry.message_structure.as_deref())?;
    message::check_subject(entry.subject.as_deref())?;
    let attributes = message::attributes(entry.message_attributes.unwrap_or_default())?;
    if message::size(&entry.message, &attributes) > LARGEST {
        return Err(invalid("Message too long"));
    }
    let group = entry.message_group_id.filter(|group| !group.is_empty());
    let deduplication = deduplication(topic, group.as_deref(), entry.message_deduplication_id, &entry.message)?;
    let scope = if topic.by_group { group.as_deref().unwrap_or_default() } else { "" };
    let seen = deduplication.as_deref().map(|id| Key::new().str(&at.name).str(scope).str(id));
    if let Some(before) = seen.as_ref().map(|key| PUBLISHED.get(w.tx, &at.scope, key)).transpose()?.flatten()
        && w.now < before.at.plus_seconds(REMEMBERED_SECONDS)
    {
        return Ok(PublishBatchResultEntry {
            id: Some(entry.id),
            message_id: Some(before.id),
            sequence_number: Some(before.sequence),
        });
    }
    let sequence = topic.fifo.then(|| {
        topic.sequence += 1;
        format!("1{:019}", u128::from(topic.sequence) * 1000)
    });
    let whole = Message {
        id: kogumo_base::uuid(),
        topic_arn: at.arn(),
        subject: entry.subject,
        attributes,
        at: w.now,
        group,
        deduplication,
        sequence: sequence.clone(),
        ..Message::default()
    };
    for one in at.subscriptions(w.store())?.iter().filter(|one| one.confirmed) {
        let text = message::text_for(&texts, &one.protocol);
        if filter::lets_through(one, &text, &whole.attributes) {
            let sealed = sealing.map(|sealing| sealing.seal(&text)).transpose()?;
            let text = if sealed.is_some() { String::new() } else { text };
            delivery::enqueue(w, one, Message { text, sealed, ..whole.clone() }, topic.sha256)?;
        }
    }
    if let (Some(key), Some(sequence)) = (seen, &sequence) {
        TOPICS.put(w.tx, &at.scope, at.name.as_str(), topic)?;
        forget(w, &at.scope)?;
        let published = Published { at: w.now, id: whole.id.clone(), sequence: sequence.clone() };
        PUBLISHED.put(w.tx, &at.scope, key, &published)?;
    }
    Ok(PublishBatchResultEntry { id: Some(entry.id), message_id: Some(whole.id), sequence_number: sequence })
}

fn forget(w: &mut Writer, scope: &Scope) -> Result<(), Fault> {
    let until = w.now.plus_seconds(-REMEMBERED_SECONDS);
    let old = PUBLISHED.by_index(w.tx, scope, BY_AGE, &Range::all().before(Key::new().i64(until.0))).take(FORGOTTEN);
    let old = old.map(|row| Ok(row?.0)).collect::<Result<Vec<Key>, Fault>>()?;
    for key in old {
        PUBLISHED.delete(w.tx, scope, key)?;
    }
    Ok(())
}

fn deduplication(
    topic: &Topic,
    group: Option<&str>,
    given: Option<String>,
    text: &str,
) -> Result<Option<String>, Fault> {
    let is_id = |id: &str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if group.is_some_and(|group| !is_id(group)) {
        return Err(invalid("MessageGroupId"));
    }
    match given.filter(|id| !id.is_empty()) {
        Some(_) if !topic.fifo => Err(invalid(
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
        )),
        None if !topic.fifo => Ok(None),
        _ if group.is_none() => Err(invalid("The MessageGroupId parameter is required for FIFO topics")),
        Some(id) if !is_id(&id) => Err(invalid("MessageDeduplicationId")),
        Some(id) => Ok(Some(id)),
        None if topic.content_based_deduplication => {
            let sum = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
            Ok(Some(sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
        }
        None => Err(invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
    }
}
