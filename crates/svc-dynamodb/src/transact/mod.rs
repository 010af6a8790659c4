//! Transactions over several items: all or nothing.

mod get;
mod token;
mod write;

pub use get::transact_get_items;
pub use token::{EXPIRY, expire};
pub use write::transact_write_items;

use kogumo_dynamo::{Item, ValidationError};
use kogumo_model::dynamodb::{CancellationReason, TRANSACTION_CANCELED_EXCEPTION, TransactionCanceledException};
use kogumo_wire::Fault;

use crate::parameters::to_json;

/// The reason of an item that stood in nobody's way.
fn none() -> CancellationReason {
    CancellationReason { code: Some("None".to_owned()), ..CancellationReason::default() }
}

fn validation_error(error: ValidationError) -> CancellationReason {
    CancellationReason { code: Some("ValidationError".to_owned()), message: Some(error.0), item: None }
}

fn condition_failed(item: Option<Item>) -> CancellationReason {
    CancellationReason {
        code: Some("ConditionalCheckFailed".to_owned()),
        message: Some("The conditional request failed".to_owned()),
        item: item.map(|item| to_json(&item)),
    }
}

/// Nothing happens unless every reason is "None".
fn check(reasons: Vec<CancellationReason>) -> Result<(), Fault> {
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.code.as_deref()).collect();
    if codes.iter().all(|code| *code == "None") {
        return Ok(());
    }
    let codes = codes.join(", ");
    let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]");
    let fields = TransactionCanceledException { cancellation_reasons: Some(reasons) };
    Err(Fault::with_fields(&TRANSACTION_CANCELED_EXCEPTION, message, fields))
}
