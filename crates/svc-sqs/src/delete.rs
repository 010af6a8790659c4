//! Messages go when whoever received them says so.

use kogumo_door::Writer;
use kogumo_model::sqs::{
    DeleteMessageBatchRequest, DeleteMessageBatchResult, DeleteMessageBatchResultEntry, DeleteMessageRequest,
};
use kogumo_wire::{Fault, Unit};

use crate::faults::invalid;
use crate::queue::{Found, find_to_write};
use crate::{batch, receipt, shelf};

pub fn delete_message(w: &mut Writer, input: DeleteMessageRequest) -> Result<Unit, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    delete(w, &found, &input.receipt_handle)?;
    Ok(Unit)
}

pub fn delete_message_batch(
    w: &mut Writer,
    input: DeleteMessageBatchRequest,
) -> Result<DeleteMessageBatchResult, Fault> {
    let found = find_to_write(w, &input.queue_url)?;
    batch::check("DeleteMessageBatchRequestEntry", input.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut result = DeleteMessageBatchResult::default();
    for entry in input.entries {
        match delete(w, &found, &entry.receipt_handle) {
            Ok(()) => result.successful.push(DeleteMessageBatchResultEntry { id: entry.id }),
            Err(fault) => result.failed.push(batch::failed(entry.id, fault)?),
        }
    }
    Ok(result)
}

/// A message that is gone may be deleted again. The handle of an earlier receipt deletes nothing; a FIFO queue says so
/// if the message has become visible since.
fn delete(w: &mut Writer, found: &Found, handle: &str) -> Result<(), Fault> {
    let receipt = receipt::read(found, handle)?;
    let message = if receipt.is_current { shelf::get(w.store(), found, &receipt.key)? } else { None };
    let Some(message) = message else { return Ok(()) };
    let is_latest = message.receipt == receipt.number;
    if found.is_fifo() && !(is_latest && message.is_in_flight(w.now)) {
        return Err(invalid(handle, "ReceiptHandle", "The receipt handle has expired."));
    }
    if is_latest {
        shelf::remove(w, found, &message)?;
    }
    Ok(())
}
