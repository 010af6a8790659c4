//! The outbox: mail and text messages that the cloud's services send. There is nobody outside to receive them, so they
//! lie here to be read (`GET /_kogumo/mail`).

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

/// By which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    Mail,
    Sms,
}

/// A message that was sent. A text message has no subject, and its sender is the service's name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub medium: Medium,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
}

static OUTBOX: Table<Message> = Table::new("cloud/outbox");

/// So many messages are kept, the latest ones.
const KEPT: u64 = 10_000;

/// Sends a message with the transaction: if that does not happen, neither does the sending.
///
/// # Errors
/// A store that cannot be read or written.
pub fn send(tx: &mut Transaction, message: &Message) -> Result<(), Trouble> {
    let last = OUTBOX.scan(tx, &scope(), &Range::all().reverse()).next().transpose()?;
    let next = last.and_then(|(key, _)| key.reader().u64()).map_or(0, |number| number.saturating_add(1));
    OUTBOX.put(tx, &scope(), number(next), message)?;
    if let Some(old) = next.checked_sub(KEPT) {
        OUTBOX.delete(tx, &scope(), number(old))?;
    }
    Ok(())
}

/// All messages, the oldest first.
///
/// # Errors
/// A store that cannot be read.
pub fn messages(read: &dyn Read) -> Result<Vec<Message>, Trouble> {
    OUTBOX.scan(read, &scope(), &Range::all()).map(|row| Ok(row?.1)).collect()
}

fn number(number: u64) -> Key {
    Key::new().u64(number)
}

fn scope() -> Scope {
    Scope::new("", "")
}
