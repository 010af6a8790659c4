//! What goes by itself: messages whose time is over, and what deleted and purged queues have left. A little at a time.

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, KeyReader, Range, RawTable};

use crate::address::Address;
use crate::message::{MESSAGES, Message, TALLIES, Tally, count};
use crate::queue::{Found, look_up};
use crate::ready::{Floors, READY};
use crate::{fifo, shelf, standard};

/// Takes messages away whose time is over.
pub const EXPIRE: &str = "sqs/expire";
/// Takes away what nobody finds any more.
pub const CLEAR: &str = "sqs/clear";

/// So many rows go in one transaction.
const AT_ONCE: usize = 1000;

/// A sweep that has nothing left to do rests for so long at least.
const REST_SECONDS: i64 = 1;

/// The rows of messages and groups, unread.
static MESSAGE_ROWS: RawTable = RawTable::new("sqs/message");
static GROUP_ROWS: RawTable = RawTable::new("sqs/group");

/// Sees to it that a message goes when its time is over.
pub fn expire_later(w: &mut Writer, found: &Found, sent: Timestamp) -> Result<(), Trouble> {
    count(w, found, |tally| tally.expires = true)?;
    let due = sent.plus_seconds(i64::from(found.queue.attributes.retention));
    set(w, found, due.max(w.now))
}

/// Looks through a queue whose messages are kept for another time from now on.
pub fn expire_now(w: &mut Writer, found: &Found) -> Result<(), Trouble> {
    count(w, found, |tally| tally.expires = true)?;
    set(w, found, w.now)
}

fn set(w: &mut Writer, found: &Found, due: Timestamp) -> Result<(), Trouble> {
    timers::put(w.tx, due, EXPIRE, &found.at.scope, found.shelf(), payload(found).as_bytes())
}

/// What a timer needs to find its queue again.
fn payload(found: &Found) -> Key {
    Key::new().str(&found.at.name).then(&found.shelf())
}

/// The queue of a timer, if it is still that queue with those messages.
fn queue_of(w: &Writer, timer: &Timer) -> Result<Option<Found>, Trouble> {
    let mut reader = KeyReader::over(&timer.payload);
    let Some(name) = reader.str() else { return Ok(None) };
    let shelf = Key::from_encoded(reader.rest());
    Ok(look_up(w.store(), Address::new(&timer.scope, &name))?.filter(|found| found.shelf() == shelf))
}

/// Says in a queue's tally that a timer is not set any more.
pub fn no_longer(w: &mut Writer, timer: &Timer, change: fn(&mut Tally)) -> Result<(), Trouble> {
    match queue_of(w, timer)? {
        Some(found) => count(w, &found, change).map(drop),
        None => Ok(()),
    }
}

/// Takes the messages of a queue away whose time is over.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(found) = queue_of(w, timer)? else { return Ok(()) };
    let oldest = if found.is_fifo() { expire_groups(w, &found)? } else { expire_messages(w, &found)? };
    let Some(oldest) = oldest else { return count(w, &found, |tally| tally.expires = false).map(drop) };
    let due = oldest.plus_seconds(i64::from(found.queue.attributes.retention));
    set(w, &found, if due <= w.now { w.now } else { due.max(w.now.plus_seconds(REST_SECONDS)) })
}

/// Answers when the oldest message that is left was sent. They lie in that order.
fn expire_messages(w: &mut Writer, found: &Found) -> Result<Option<Timestamp>, Trouble> {
    let oldest = MESSAGES.scan(w.tx, &found.at.scope, &Range::prefix(&found.shelf())).take(AT_ONCE);
    let oldest = oldest.map(|row| Ok(row?.1)).collect::<Result<Vec<Message>, Trouble>>()?;
    let (retention, now) = (found.queue.attributes.retention, w.now);
    let gone = oldest.iter().take_while(|message| message.has_expired(retention, now)).count();
    for message in oldest.iter().take(gone) {
        standard::hide(w, found, message);
        shelf::forget(w, found, message)?;
    }
    // What comes behind so many is not known: it is looked at next.
    Ok(oldest.get(gone).or(oldest.last().filter(|_| gone == AT_ONCE)).map(|message| message.sent))
}

/// The same with groups: of each its first messages are the oldest.
fn expire_groups(w: &mut Writer, found: &Found) -> Result<Option<Timestamp>, Trouble> {
    let names = fifo::GROUPS.scan(w.tx, &found.at.scope, &Range::prefix(&found.shelf()));
    let depth = found.shelf().as_bytes().len();
    let names = names.map(|row| {
        let (key, group) = row?;
        let name = KeyReader::over(key.as_bytes().get(depth..).unwrap_or_default()).str();
        Ok((name.ok_or_else(|| Trouble::new("a group has no name"))?, group))
    });
    let names = names.collect::<Result<Vec<_>, Trouble>>()?;
    let mut oldest: Option<Timestamp> = None;
    for (name, group) in names {
        let first = fifo::messages(w.store(), found, &name, group.head, AT_ONCE)?;
        let retention = found.queue.attributes.retention;
        let expired = first.iter().take_while(|message| message.has_expired(retention, w.now)).count();
        for message in first.iter().take(expired) {
            shelf::forget(w, found, message)?;
        }
        if expired > 0 {
            fifo::settle(w, found, &name)?;
        }
        let left = first.get(expired).or(first.last().filter(|_| expired == AT_ONCE)).map(|message| message.sent);
        oldest = [oldest, left].into_iter().flatten().min();
    }
    Ok(oldest)
}

/// Leaves the shelf of a queue behind, which goes by itself.
pub fn leave(w: &mut Writer, found: &Found) -> Result<(), Trouble> {
    timers::cancel(w.tx, EXPIRE, &found.at.scope, found.shelf())?;
    timers::put(w.tx, w.now, CLEAR, &found.at.scope, found.shelf(), &[])
}

/// Takes some rows of a shelf away that has been left.
pub fn clear(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let shelf = &timer.id;
    let mut room = AT_ONCE;
    for table in [&MESSAGE_ROWS, &READY, &GROUP_ROWS] {
        let keys = table.scan(w.tx, &timer.scope, &Range::prefix(shelf)).take(room).map(|row| Ok(row?.0));
        let keys = keys.collect::<Result<Vec<Key>, Trouble>>()?;
        room -= keys.len();
        keys.into_iter().for_each(|key| table.delete(w.tx, &timer.scope, key));
    }
    if room == 0 {
        return timers::put(w.tx, w.now, CLEAR, &timer.scope, shelf.clone(), &[]);
    }
    TALLIES.delete(w.tx, &timer.scope, shelf)?;
    w.cloud.part::<Floors>()?.forget(Some(shelf));
    Ok(())
}
