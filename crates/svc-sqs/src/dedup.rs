//! What FIFO queues remember for five minutes: the deduplication ids of messages, and attempts to receive.

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Index, Key, Range, Table};
use serde::{Deserialize, Serialize};

use crate::message::count;
use crate::queue::Found;

/// How long it is remembered. Source: Amazon SQS Developer Guide, "Exactly-once processing in Amazon SQS".
const REMEMBERED_SECONDS: i64 = 300;

/// The timer that forgets.
pub const FORGET: &str = "sqs/forget";

/// So many rows go in one transaction.
const AT_ONCE: usize = 1000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The queue's id.
    pub queue: String,
    pub at: Timestamp,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A message that was sent: its id, and its sequence number.
    Sent(String, String),
    /// Messages that were received, by key and receipt.
    Received(Vec<(Vec<u8>, u64)>),
}

/// By queue, sort, and id.
static REMEMBERED: Table<Remembered> = Table::indexed("sqs/remembered", &[Index { name: BY_AGE, key: age }]);
const BY_AGE: &str = "age";

fn age(remembered: &Remembered) -> Option<Key> {
    Some(Key::new().str(&remembered.queue).i64(remembered.at.0))
}

/// The key of a message's deduplication id.
pub fn of_message(found: &Found, group: &str, id: &str) -> Key {
    let scope = if found.queue.attributes.deduplicates_by_group { group } else { "" };
    Key::new().str(&found.queue.id).u64(0).str(scope).str(id)
}

/// The key of a receive attempt. A purge ends what was received.
pub fn of_attempt(found: &Found, id: &str) -> Key {
    Key::new().str(&found.queue.id).u64(1).u64(found.queue.purges).str(id)
}

/// What is remembered under a key, if it is not too long ago.
pub fn recall(w: &Writer, found: &Found, key: &Key) -> Result<Option<What>, Trouble> {
    let remembered = REMEMBERED.get(w.store(), &found.at.scope, key)?;
    Ok(remembered.filter(|it| w.now < it.at.plus_seconds(REMEMBERED_SECONDS)).map(|it| it.what))
}

pub fn remember(w: &mut Writer, found: &Found, key: &Key, what: What) -> Result<(), Trouble> {
    let remembered = Remembered { queue: found.queue.id.clone(), at: w.now, what };
    REMEMBERED.put(w.tx, &found.at.scope, key, &remembered)?;
    let mut is_set = true;
    count(w, found, |tally| is_set = std::mem::replace(&mut tally.forgets, true))?;
    if !is_set {
        let due = w.now.plus_seconds(REMEMBERED_SECONDS);
        let payload = Key::new().str(&found.at.name).then(&found.shelf());
        timers::put(w.tx, due, FORGET, &found.at.scope, Key::from(&found.queue.id), payload.as_bytes())?;
    }
    Ok(())
}

/// Forgets what is too long ago.
pub fn forget(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(id) = timer.id.reader().str() else { return Ok(()) };
    let until = w.now.plus_seconds(-REMEMBERED_SECONDS);
    let range = Range::prefix(id.as_str()).before(Key::new().str(&id).i64(until.0.saturating_add(1)));
    let old = REMEMBERED.by_index(w.tx, &timer.scope, BY_AGE, &range).take(AT_ONCE).map(|row| Ok(row?.0));
    let old = old.collect::<Result<Vec<Key>, Trouble>>()?;
    for key in &old {
        REMEMBERED.delete(w.tx, &timer.scope, key)?;
    }
    let next = REMEMBERED.by_index(w.tx, &timer.scope, BY_AGE, &Range::prefix(id.as_str())).next().transpose()?;
    match next {
        Some((_, next)) => {
            let due = next.at.plus_seconds(REMEMBERED_SECONDS);
            timers::put(w.tx, due, FORGET, &timer.scope, timer.id.clone(), &timer.payload)
        }
        None => crate::sweep::no_longer(w, timer, |tally| tally.forgets = false),
    }
}
