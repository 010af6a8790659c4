//! A message as it is kept, and the numbers that a queue counts by.

use std::collections::BTreeMap;

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::{Key, Read, Table};
use serde::{Deserialize, Serialize};

use crate::content::Attribute;
use crate::encryption::Sealed;
use crate::queue::Found;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub attributes: BTreeMap<String, Attribute>,
    /// The system attribute `AWSTraceHeader`.
    pub trace: Option<String>,
    /// The unique id of who sent it.
    pub sender: String,
    pub sent: Timestamp,
    /// Its number in the queue; later ones have larger ones.
    pub sequence: u64,
    pub group: Option<String>,
    pub deduplication: Option<String>,
    /// The ARN of the queue that it was moved from, in a dead-letter queue.
    pub source: Option<String>,
    pub receives: u32,
    pub first_received: Option<Timestamp>,
    /// From when on it may be received.
    pub visible: Timestamp,
    /// What its latest receipt handle holds; 0 before it has been received.
    pub receipt: u64,
    /// Body and attributes, where the queue encrypts under a key of KMS; they are empty above then.
    #[serde(default)]
    pub sealed: Option<Sealed>,
}

/// Messages by shelf and [`Message::key`].
pub static MESSAGES: Table<Message> = Table::new("sqs/message").compact();

impl Message {
    /// Its key on its queue's shelf: FIFO queues keep groups together, others the order of time.
    pub fn key(&self, fifo: bool) -> Key {
        if fifo {
            return Key::new().str(self.group()).u64(self.sequence);
        }
        Key::new().i64(self.sent.0).u64(self.sequence)
    }

    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or_default()
    }

    /// Whether somebody has it in his hands.
    pub fn is_in_flight(&self, now: Timestamp) -> bool {
        self.receipt != 0 && self.visible > now
    }

    pub fn has_expired(&self, retention: u32, now: Timestamp) -> bool {
        self.sent.plus_seconds(i64::from(retention)) <= now
    }

    /// The sequence number as clients see it: twenty digits.
    pub fn sequence_number(&self) -> String {
        (FIRST_SEQUENCE_NUMBER + u128::from(self.sequence) * 256).to_string()
    }
}

const FIRST_SEQUENCE_NUMBER: u128 = 18_849_496_460_467_696_128;

/// What a shelf counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    pub messages: u64,
    /// The number of the message that came last.
    pub sequence: u64,
    /// Whether a timer is set that takes messages away whose time is over.
    pub expires: bool,
    /// Whether a timer is set that forgets deduplication ids and receive attempts.
    pub forgets: bool,
}

pub static TALLIES: Table<Tally> = Table::new("sqs/tally").compact();

/// The tally of a queue.
pub fn tally(store: &dyn Read, found: &Found) -> Result<Tally, Trouble> {
    Ok(TALLIES.get(store, &found.at.scope, found.shelf())?.unwrap_or_default())
}

/// Changes the tally of a queue and answers it.
pub fn count(w: &mut Writer, found: &Found, change: impl FnOnce(&mut Tally)) -> Result<Tally, Trouble> {
    let mut tally = tally(w.store(), found)?;
    change(&mut tally);
    TALLIES.put(w.tx, &found.at.scope, found.shelf(), &tally)?;
    Ok(tally)
}
