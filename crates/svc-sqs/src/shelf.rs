//! How messages are put on a queue's shelf, taken from it for a while, and taken away: what standard and FIFO queues do
//! alike. What may be received when is theirs: [`crate::standard`], [`crate::fifo`].

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::{Key, Range, Read};

use crate::message::{MESSAGES, Message, count};
use crate::queue::Found;
use crate::waiters::Waiters;
use crate::{fifo, ready, redrive, standard, sweep};

/// What a look at a queue has brought.
#[derive(Default)]
pub struct Taken {
    pub messages: Vec<Message>,
    /// When the next message may be received, if none was: a delay or a timeout ends then.
    pub next: Option<Timestamp>,
}

/// So many messages are looked at for one request, even if all of them are for the dead-letter queue.
pub const LOOKED_AT: usize = 1000;

/// When to look again where nothing could be taken: at once, if so many were looked at that the rest was not; else when
/// the next one may be received.
pub fn look_again(w: &Writer, found: &Found, looked_at: usize) -> Result<Option<Timestamp>, Trouble> {
    if looked_at > LOOKED_AT {
        return Ok(Some(w.now));
    }
    Ok(ready::later(w.store(), found, w.now).next().transpose()?.map(|row| row.from))
}

/// The message of a key.
pub fn get(store: &dyn Read, found: &Found, key: &Key) -> Result<Option<Message>, Trouble> {
    MESSAGES.get(store, &found.at.scope, found.shelf().then(key))
}

/// Writes a message as it now is; where it is found does not change with that.
pub fn keep(w: &mut Writer, found: &Found, message: &Message) -> Result<(), Trouble> {
    MESSAGES.put(w.tx, &found.at.scope, found.shelf().then(&message.key(found.is_fifo())), message)
}

/// Puts a new message on the shelf, under the next number, and answers it.
pub fn put(w: &mut Writer, found: &Found, message: Message) -> Result<Message, Trouble> {
    let tally = count(w, found, |tally| {
        tally.messages += 1;
        tally.sequence += 1;
    })?;
    let message = Message { sequence: tally.sequence, ..message };
    keep(w, found, &message)?;
    if found.is_fifo() {
        fifo::join(w, found, &message)?;
    } else {
        standard::show(w, found, &message)?;
    }
    if !tally.expires {
        sweep::expire_later(w, found, message.sent)?;
    }
    w.cloud.part::<Waiters>()?.wake(&found.queue.id);
    Ok(message)
}

/// Takes messages for `timeout` seconds. Those whose time is over go; those that have been received too often go to the
/// dead-letter queue.
pub fn take(w: &mut Writer, found: &Found, most: usize, timeout: i64) -> Result<Taken, Trouble> {
    if found.is_fifo() { fifo::take(w, found, most, timeout) } else { standard::take(w, found, most, timeout) }
}

/// Takes a message away for good.
pub fn remove(w: &mut Writer, found: &Found, message: &Message) -> Result<(), Trouble> {
    forget(w, found, message)?;
    if found.is_fifo() {
        fifo::settle(w, found, message.group())?;
        w.cloud.part::<Waiters>()?.wake(&found.queue.id);
    } else {
        standard::hide(w, found, message);
    }
    Ok(())
}

/// Takes a message off the shelf without a word to what is ready.
pub fn forget(w: &mut Writer, found: &Found, message: &Message) -> Result<(), Trouble> {
    MESSAGES.delete(w.tx, &found.at.scope, found.shelf().then(&message.key(found.is_fifo())))?;
    count(w, found, |tally| tally.messages = tally.messages.saturating_sub(1))?;
    Ok(())
}

/// Lets a message that somebody has be received from another moment on.
pub fn show_from(w: &mut Writer, found: &Found, message: Message, visible: Timestamp) -> Result<(), Trouble> {
    if found.is_fifo() {
        keep(w, found, &Message { visible, ..message.clone() })?;
        fifo::settle(w, found, message.group())?;
    } else {
        standard::hide(w, found, &message);
        let message = Message { visible, ..message };
        keep(w, found, &message)?;
        standard::show(w, found, &message)?;
    }
    w.cloud.part::<Waiters>()?.wake(&found.queue.id);
    Ok(())
}

/// A message as it is once it has been received.
pub fn received(w: &Writer, message: Message, timeout: i64) -> Message {
    Message {
        receives: message.receives.saturating_add(1),
        first_received: message.first_received.or(Some(w.now)),
        visible: w.now.plus_seconds(timeout),
        receipt: u64::from_be_bytes(kogumo_base::random_bytes()).max(1),
        ..message
    }
}

/// What is to be done with a message at the front.
pub enum Fate {
    Receive,
    Expire,
    /// To the dead-letter queue.
    Bury(Box<Found>),
}

/// Decides it; the dead-letter queue is looked up for the first message that needs it.
pub fn fate(w: &Writer, found: &Found, message: &Message, dead: &mut Option<Option<Found>>) -> Result<Fate, Trouble> {
    let attributes = &found.queue.attributes;
    if message.has_expired(attributes.retention, w.now) {
        return Ok(Fate::Expire);
    }
    if attributes.redrive.as_ref().is_none_or(|redrive| message.receives < redrive.most_receives) {
        return Ok(Fate::Receive);
    }
    if dead.is_none() {
        *dead = Some(redrive::dead_letter_queue(w.store(), found)?);
    }
    Ok(match dead.clone().flatten() {
        Some(target) => Fate::Bury(Box::new(target)),
        None => Fate::Receive,
    })
}

/// Moves a message to another queue, where it has not been received yet. Its age stays what it is.
pub fn bury(w: &mut Writer, found: &Found, message: Message, target: &Found) -> Result<(), Trouble> {
    let moved = Message {
        source: Some(found.at.arn()),
        receives: 0,
        first_received: None,
        receipt: 0,
        visible: w.now,
        // A FIFO queue counts the age of what comes to it anew.
        sent: if target.is_fifo() { w.now } else { message.sent },
        ..message
    };
    put(w, target, moved)?;
    Ok(())
}

/// Messages that nobody has, up to a number, the oldest first; behind the key where the last look ended. Answers where
/// this one has.
pub fn receivable(
    w: &Writer,
    found: &Found,
    after: Option<&Key>,
    most: usize,
) -> Result<(Vec<Message>, Option<Key>), Trouble> {
    let range = Range::prefix(&found.shelf());
    let range = after.map_or(range.clone(), |after| range.after(found.shelf().then(after)));
    let mut end = None;
    let mut free = Vec::new();
    for row in MESSAGES.scan(w.store(), &found.at.scope, &range).take(LOOKED_AT) {
        let message = row?.1;
        end = Some(message.key(found.is_fifo()));
        if message.visible <= w.now {
            free.push(message);
        }
        if free.len() == most {
            break;
        }
    }
    Ok((free, end))
}
