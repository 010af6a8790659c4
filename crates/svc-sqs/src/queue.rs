//! A queue as it is kept.

use std::collections::BTreeMap;

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_store::{Index, Key, Read, Table, Transaction};
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::attributes::Attributes;
use crate::encryption::DataKey;
use crate::faults::no_queue;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    pub name: String,
    /// Of this queue and of none that has the name after it.
    pub id: String,
    /// How often it has been purged: its messages are kept under this number, so that a purge is a step of it.
    pub purges: u64,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub purged: Option<Timestamp>,
    /// What new messages are encrypted under, for a while.
    #[serde(default)]
    pub data_key: Option<DataKey>,
}

/// Queues by name; and by the dead-letter queue that they have.
pub static QUEUES: Table<Queue> = Table::indexed("sqs/queue", &[Index { name: BY_DEAD_LETTER, key: dead_letter }]);
pub const BY_DEAD_LETTER: &str = "dead-letter";

/// When a queue of that name was deleted last.
pub static DELETED: Table<Timestamp> = Table::new("sqs/deleted");

fn dead_letter(queue: &Queue) -> Option<Key> {
    queue.attributes.redrive.as_ref().map(|redrive| Key::from(&redrive.target))
}

/// A queue with its place.
#[derive(Clone, Debug)]
pub struct Found {
    pub at: Address,
    pub queue: Queue,
}

impl Found {
    /// Under which its messages are kept.
    pub fn shelf(&self) -> Key {
        Key::new().str(&self.queue.id).u64(self.queue.purges)
    }

    pub fn is_fifo(&self) -> bool {
        self.queue.attributes.fifo
    }

    pub fn put(&self, tx: &mut Transaction) -> Result<(), Trouble> {
        QUEUES.put(tx, &self.at.scope, &self.at.name, &self.queue)
    }
}

/// The queue at an address.
pub fn look_up(store: &dyn Read, at: Address) -> Result<Option<Found>, Trouble> {
    let queue = QUEUES.get(store, &at.scope, at.name.as_str())?;
    Ok(queue.map(|queue| Found { at, queue }))
}

/// The queue of a request.
///
/// # Errors
/// `InvalidAddress`, and `QueueDoesNotExist`.
pub fn find(r: &Reader, url: &str) -> Result<Found, Fault> {
    look_up(r.store, Address::of_url(url, r.caller.region())?)?.ok_or_else(no_queue)
}

/// As [`find`], for those who write.
///
/// # Errors
/// As [`find`].
pub fn find_to_write(w: &Writer, url: &str) -> Result<Found, Fault> {
    look_up(w.store(), Address::of_url(url, w.caller.region())?)?.ok_or_else(no_queue)
}
