//! The outbox: mail and text messages that the cloud's services send. They lie here to be read (`GET /_kogumo/mail`); where
//! an SMTP relay is set, mail goes on to it (`kogumo-mail`).

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use serde::{Deserialize, Serialize};

/// By which way a message went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    #[default]
    Mail,
    Sms,
}

/// A message that was sent. A text message has no subject, and its sender is the service's name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Message {
    pub medium: Medium,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Whether the text is HTML.
    #[serde(default)]
    pub html: bool,
}

static OUTBOX: Table<Message> = Table::new("cloud/outbox");

/// So many messages are kept, the latest ones.
const KEPT: u64 = 10_000;

/// Sends a message with the transaction: if that does not happen, neither does the sending.
///
/// # Errors
/// A store that cannot be read or written.
pub fn send(tx: &mut Transaction, message: &Message) -> Result<(), Trouble> {
    let next = next(tx)?;
    OUTBOX.put(tx, &scope(), number(next), message)?;
    if let Some(old) = next.checked_sub(KEPT) {
        OUTBOX.delete(tx, &scope(), number(old))?;
    }
    Ok(())
}

/// The number that the next message will have.
///
/// # Errors
/// A store that cannot be read.
pub fn next(read: &dyn Read) -> Result<u64, Trouble> {
    let last = OUTBOX.scan(read, &scope(), &Range::all().reverse()).next().transpose()?;
    Ok(last.and_then(|(key, _)| key.reader().u64()).map_or(0, |number| number.saturating_add(1)))
}

/// The first message of that number or a later one, with its number.
///
/// # Errors
/// A store that cannot be read.
pub fn from(read: &dyn Read, first: u64) -> Result<Option<(u64, Message)>, Trouble> {
    let row = OUTBOX.scan(read, &scope(), &Range::all().from(number(first))).next().transpose()?;
    Ok(row.and_then(|(key, message)| Some((key.reader().u64()?, message))))
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
