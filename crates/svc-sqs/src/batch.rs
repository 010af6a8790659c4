//! Requests of several entries: what must be right of all of them, and how the wrong ones are told. Pure.

use std::collections::HashSet;

use kogumo_model::sqs::{
    BATCH_ENTRY_IDS_NOT_DISTINCT, BatchResultErrorEntry, EMPTY_BATCH_REQUEST, INVALID_BATCH_ENTRY_ID,
    TOO_MANY_ENTRIES_IN_BATCH_REQUEST,
};
use kogumo_wire::{Fault, Protocol};

const MOST: usize = 10;

/// Checks the ids of a request's entries; `entry` is what the API calls them.
///
/// # Errors
/// What is wrong with the request as a whole.
pub fn check<'a>(entry: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        return Err(EMPTY_BATCH_REQUEST.because(format!("There should be at least one {entry} in the request.")));
    }
    if ids.len() > MOST {
        let message = format!("Maximum number of entries per request are {MOST}. You have sent {}.", ids.len());
        return Err(TOO_MANY_ENTRIES_IN_BATCH_REQUEST.because(message));
    }
    if !ids.iter().all(|id| is_id(id)) {
        return Err(INVALID_BATCH_ENTRY_ID.because(
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
        ));
    }
    let mut seen = HashSet::new();
    match ids.iter().find(|id| !seen.insert(**id)) {
        Some(repeated) => Err(BATCH_ENTRY_IDS_NOT_DISTINCT.because(format!("Id {repeated} repeated."))),
        None => Ok(()),
    }
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=80).contains(&id.len()) && id.bytes().all(plain)
}

/// How an entry that went wrong is told. Trouble of ours is not told entry by entry.
///
/// # Errors
/// A fault that is not the sender's.
pub fn failed(id: String, fault: Fault) -> Result<BatchResultErrorEntry, Fault> {
    if !fault.sender(Protocol::Query) {
        return Err(fault);
    }
    let code = fault.code(Protocol::Query).to_owned();
    Ok(BatchResultErrorEntry { id, sender_fault: true, code, message: Some(fault.message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let code = |ids: &[&str]| {
            check("Entry", ids.iter().copied()).err().map(|fault| fault.code(Protocol::Json10).to_owned())
        };
        assert_eq!(code(&["a", "b-_9"]), None);
        assert_eq!(code(&[]).as_deref(), Some("EmptyBatchRequest"));
        assert_eq!(code(&["a"; 11]).as_deref(), Some("TooManyEntriesInBatchRequest"));
        assert_eq!(code(&["a", "a"]).as_deref(), Some("BatchEntryIdsNotDistinct"));
        assert_eq!(code(&["a", "b c"]).as_deref(), Some("InvalidBatchEntryId"));
        assert_eq!(code(&[""]).as_deref(), Some("InvalidBatchEntryId"));
    }
}
