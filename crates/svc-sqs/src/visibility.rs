//! Whoever has a message may keep it for longer, or give it back.

use kogumo_door::Writer;
use kogumo_model::sqs::{
    ChangeMessageVisibilityBatchRequest, ChangeMessageVisibilityBatchResult, ChangeMessageVisibilityBatchResultEntry,
    ChangeMessageVisibilityRequest, MESSAGE_NOT_INFLIGHT,
};
use kogumo_wire::{Fault, Unit};

use crate::faults::invalid;
use crate::queue::{Found, find_to_write};
use crate::{batch, receipt, shelf};

/// A message is not visible for so long at most, from when it was received. Source: SQS's quotas.
const LONGEST_SECONDS: i64 = 43_200;

pub fn change_message_visibility(w: &mut Writer, input: ChangeMessageVisibilityRequest) -> Result<Unit, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    change(w, &found, &input.receipt_handle, input.visibility_timeout)?;
    Ok(Unit)
}

pub fn change_message_visibility_batch(
    w: &mut Writer,
    input: ChangeMessageVisibilityBatchRequest,
) -> Result<ChangeMessageVisibilityBatchResult, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    batch::check("ChangeMessageVisibilityBatchRequestEntry", input.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut result = ChangeMessageVisibilityBatchResult::default();
    for entry in input.entries {
        match change(w, &found, &entry.receipt_handle, entry.visibility_timeout.unwrap_or(0)) {
            Ok(()) => result.successful.push(ChangeMessageVisibilityBatchResultEntry { id: entry.id }),
            Err(fault) => result.failed.push(batch::failed(entry.id, fault)?),
        }
    }
    Ok(result)
}

fn change(w: &mut Writer, found: &Found, handle: &str, seconds: i32) -> Result<(), Fault> {
    let timeout = i64::from(seconds);
    if !(0..=LONGEST_SECONDS).contains(&timeout) {
        let reason = format!("VisibilityTimeout must be an integer between 0 and {LONGEST_SECONDS}.");
        return Err(invalid(seconds, "VisibilityTimeout", &reason));
    }
    let gone = || {
        let reason = "Message does not exist or is not available for visibility timeout change.";
        invalid(handle, "ReceiptHandle", reason)
    };
    let receipt = receipt::read(found, handle)?;
    let message = if receipt.is_current { shelf::get(w.store(), found, &receipt.key)? } else { None };
    let message = message.filter(|message| message.receipt == receipt.number).ok_or_else(gone)?;
    if !message.is_in_flight(w.now) {
        return Err(MESSAGE_NOT_INFLIGHT.because("The specified message isn't in flight."));
    }
    let visible = w.now.plus_seconds(timeout);
    shelf::show_from(w, found, message, visible)?;
    Ok(())
}
