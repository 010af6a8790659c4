//! Receipt handles: which message was received, and which of its receipts this is. Opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kogumo_model::sqs::RECEIPT_HANDLE_IS_INVALID;
use kogumo_store::{Key, KeyReader};
use kogumo_wire::Fault;

use crate::queue::Found;

/// What every handle begins with.
const MARK: [u8; 3] = [1, 1, 1];

/// A receipt of a message that is on a queue's shelf, or was.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub key: Key,
    pub number: u64,
    /// Whether it is of the queue as it is since its last purge.
    pub is_current: bool,
}

/// The handle of a receipt.
pub fn handle(found: &Found, key: &Key, number: u64) -> String {
    let queue = &found.queue;
    let whole = Key::new().str(&queue.id).u64(queue.purges).u64(number).then(key);
    STANDARD.encode([&MARK, whole.as_bytes()].concat())
}

/// Reads a handle of that queue.
///
/// # Errors
/// `ReceiptHandleIsInvalid`, also for another queue's handle.
pub fn read(found: &Found, handle: &str) -> Result<Receipt, Fault> {
    let message = || format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    parse(found, handle).ok_or_else(|| RECEIPT_HANDLE_IS_INVALID.because(message()))
}

fn parse(found: &Found, handle: &str) -> Option<Receipt> {
    let bytes = STANDARD.decode(handle).ok()?;
    let mut reader = KeyReader::over(bytes.strip_prefix(&MARK)?);
    let (id, purges, number) = (reader.str()?, reader.u64()?, reader.u64()?);
    let receipt = Receipt { key: Key::from_encoded(reader.rest()), number, is_current: purges == found.queue.purges };
    (id == found.queue.id && number != 0).then_some(receipt)
}
