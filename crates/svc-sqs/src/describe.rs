//! The attributes of queues are asked for and set.

use std::collections::BTreeMap;

use kogumo_base::Trouble;
use kogumo_door::{Reader, Writer};
use kogumo_model::sqs::{GetQueueAttributesRequest, GetQueueAttributesResult, SetQueueAttributesRequest};
use kogumo_store::Range;
use kogumo_wire::{Fault, Unit};

use crate::attributes::{Attributes, COUNTED, is_known, unknown, wrong};
use crate::message::{MESSAGES, tally};
use crate::queue::{Found, find, find_to_write};
use crate::{fifo, ready, redrive, shelf, sweep};

pub fn get_queue_attributes(r: &Reader, input: GetQueueAttributesRequest) -> Result<GetQueueAttributesResult, Fault> {
    let wanted = input.attribute_names.unwrap_or_default();
    if let Some(other) = wanted.iter().find(|name| !is_known(name)) {
        return Err(unknown(other));
    }
    let found = find(r, &input.queue_url)?;
    let is_wanted = |name: &str| wanted.iter().any(|wanted| wanted == name || wanted == "All");
    let mut told = found.queue.attributes.told();
    told.extend([
        ("CreatedTimestamp", found.queue.created.seconds().to_string()),
        ("LastModifiedTimestamp", found.queue.modified.seconds().to_string()),
        ("QueueArn", found.at.arn()),
    ]);
    if COUNTED.iter().take(3).any(|name| is_wanted(name)) {
        told.extend(counts(r, &found)?);
    }
    let told = told.into_iter().filter(|(name, _)| is_wanted(name));
    let attributes: BTreeMap<String, String> = told.map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(GetQueueAttributesResult { attributes: (!attributes.is_empty()).then_some(attributes) })
}

/// How many messages can be received, are with somebody, and are delayed.
fn counts(r: &Reader, found: &Found) -> Result<[(&'static str, String); 3], Trouble> {
    let all = tally(r.store, found)?.messages;
    let (held, delayed) = if found.is_fifo() { of_groups(r, found)? } else { of_messages(r, found)? };
    Ok([
        ("ApproximateNumberOfMessages", all.saturating_sub(held + delayed).to_string()),
        ("ApproximateNumberOfMessagesNotVisible", held.to_string()),
        ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
    ])
}

/// Only what cannot be received now is looked at.
fn of_messages(r: &Reader, found: &Found) -> Result<(u64, u64), Trouble> {
    let (mut held, mut delayed) = (0, 0);
    for row in ready::later(r.store, found, r.now) {
        match shelf::get(r.store, found, &row?.what)? {
            Some(message) if message.receipt == 0 => delayed += 1,
            _ => held += 1,
        }
    }
    Ok((held, delayed))
}

fn of_groups(r: &Reader, found: &Found) -> Result<(u64, u64), Trouble> {
    let mut held = 0;
    for row in ready::later(r.store, found, r.now) {
        let group = fifo::get(r.store, found, &fifo::name_of(&row?.what)?)?;
        held += group.map_or(0, |group| u64::from(group.in_flight));
    }
    if found.queue.attributes.delay == 0 {
        return Ok((held, 0));
    }
    let mut delayed = 0;
    for row in MESSAGES.scan(r.store, &found.at.scope, &Range::prefix(&found.shelf())) {
        let message = row?.1;
        delayed += u64::from(message.receipt == 0 && message.visible > r.now);
    }
    Ok((held, delayed))
}

/// Whether the policy names somebody who is not there.
///
/// # Errors
/// `InvalidAttributeValue`
pub fn check_principals(w: &Writer, attributes: &Attributes) -> Result<(), Fault> {
    let document = attributes.policy.as_deref().and_then(|text| w.cloud.documents.get(text));
    let Some(document) = document else { return Ok(()) };
    match w.cloud.stranger(w.store(), w.caller.account(), &document)? {
        Some(_) => Err(wrong("Policy")),
        None => Ok(()),
    }
}

pub fn set_queue_attributes(w: &mut Writer, input: SetQueueAttributesRequest) -> Result<Unit, Fault> {
    let mut found = find_to_write(w, &input.queue_url)?;
    let attributes = found.queue.attributes.clone().changed(&input.attributes)?;
    if input.attributes.contains_key("Policy") {
        check_principals(w, &attributes)?;
    }
    if let Some(redrive) = &attributes.redrive
        && input.attributes.contains_key("RedrivePolicy")
    {
        redrive::check(w.store(), &found.at, attributes.fifo, redrive)?;
    }
    let retention = found.queue.attributes.retention != attributes.retention;
    found.queue.attributes = attributes;
    found.queue.modified = w.now;
    found.put(w.tx)?;
    if retention && tally(w.store(), &found)?.messages > 0 {
        sweep::expire_now(w, &found)?;
    }
    Ok(Unit)
}
