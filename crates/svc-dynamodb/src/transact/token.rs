//! ClientRequestToken: the same transaction sent twice happens once.

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_dynamo::partition_hash;
use kogumo_model::dynamodb::{IDEMPOTENT_PARAMETER_MISMATCH_EXCEPTION, TransactWriteItemsInput};
use kogumo_store::RawTable;
use kogumo_store::timers::{self, Timer};
use kogumo_wire::{Fault, json_text};

static TOKENS: RawTable = RawTable::new("dynamodb/transaction-token");

/// The kind of the timers that forget tokens.
pub const EXPIRY: &str = "dynamodb/transaction-token";

/// A token is good for ten minutes.
const SECONDS: i64 = 600;

/// Whether the transaction of this token has happened already; if not, it is remembered.
pub fn seen(w: &mut Writer, input: &TransactWriteItemsInput) -> Result<bool, Fault> {
    let Some(token) = &input.client_request_token else { return Ok(false) };
    let scope = w.scope().clone();
    let request = request_hash(input).to_be_bytes();
    if let Some(before) = TOKENS.get(w.tx, &scope, token)? {
        if before.as_ref() == request.as_slice() {
            return Ok(true);
        }
        return Err(IDEMPOTENT_PARAMETER_MISMATCH_EXCEPTION.because(
            "DynamoDB rejected the request because you retried a request with a different payload but with an \
             idempotent token that was already used.",
        ));
    }
    TOKENS.put(w.tx, &scope, token, request);
    let due: Timestamp = w.now.plus_seconds(SECONDS);
    timers::put(w.tx, due, EXPIRY, &scope, token, &[])?;
    Ok(false)
}

/// What the transaction does, without how it is to be told.
fn request_hash(input: &TransactWriteItemsInput) -> u64 {
    let request =
        TransactWriteItemsInput { transact_items: input.transact_items.clone(), ..TransactWriteItemsInput::default() };
    partition_hash(&json_text(&request))
}

/// Forgets a token.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    TOKENS.delete(w.tx, &timer.scope, &timer.id);
    Ok(())
}
