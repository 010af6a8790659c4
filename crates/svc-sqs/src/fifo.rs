//! FIFO queues: messages of a group one after the other, and none of a group while somebody has some of it.

use std::collections::HashSet;

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::{Key, Range, Read, Table};
use serde::{Deserialize, Serialize};

use crate::message::{MESSAGES, Message};
use crate::queue::Found;
use crate::ready::{self, Row};
use crate::shelf::{self, Fate, LOOKED_AT, Taken};

/// A group that has messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// From when on its first message may be received.
    pub from: Timestamp,
    /// No message of it has a smaller number.
    pub head: u64,
    /// How many of its messages somebody had until `from`. They are its first ones.
    pub in_flight: u32,
}

/// Groups by shelf and name.
pub static GROUPS: Table<Group> = Table::new("sqs/group").compact();

/// Somebody has at most so many of a group: as many as one request takes.
const MOST_IN_FLIGHT: usize = 10;

/// A new message waits behind those of its group.
pub fn join(w: &mut Writer, found: &Found, message: &Message) -> Result<(), Trouble> {
    if get(w.store(), found, message.group())?.is_some() {
        return Ok(());
    }
    let group = Group { from: message.visible, head: message.sequence, in_flight: 0 };
    set(w, found, message.group(), None, Some(group))
}

/// Finds out anew from when on a group may be received, after its messages have changed.
pub fn settle(w: &mut Writer, found: &Found, name: &str) -> Result<(), Trouble> {
    let Some(old) = get(w.store(), found, name)? else { return Ok(()) };
    let first = messages(w.store(), found, name, old.head, MOST_IN_FLIGHT)?;
    let new = first.first().map(|head| {
        let held: Vec<Timestamp> = first.iter().filter(|it| it.is_in_flight(w.now)).map(|it| it.visible).collect();
        Group {
            from: held.iter().max().copied().unwrap_or(head.visible),
            head: head.sequence,
            in_flight: u32::try_from(held.len()).unwrap_or(0),
        }
    });
    set(w, found, name, Some(&old), new)
}

/// Takes messages of the first groups, as many of a group as there are.
pub fn take(w: &mut Writer, found: &Found, most: usize, timeout: i64) -> Result<Taken, Trouble> {
    let mut taken = Taken::default();
    let mut looked_at = 0;
    // With a timeout of nothing a group is at the front again.
    let mut seen = HashSet::new();
    let mut rows = ready::front(w, found, None, most)?;
    while let Some(last) = rows.last().map(|row| Row { from: row.from, what: row.what.clone() }) {
        for row in rows {
            let name = name_of(&row.what)?;
            let lacks = most.saturating_sub(taken.messages.len());
            if lacks > 0 && seen.insert(name.clone()) {
                looked_at += take_group(w, found, &name, lacks, timeout, &mut taken)?;
            }
        }
        let lacks = most.saturating_sub(taken.messages.len());
        rows =
            if lacks == 0 || looked_at > LOOKED_AT { Vec::new() } else { ready::front(w, found, Some(&last), lacks)? };
    }
    if taken.messages.is_empty() {
        taken.next = shelf::look_again(w, found, looked_at)?;
    }
    Ok(taken)
}

/// Takes up to `most` messages of one group and answers how many it has looked at.
fn take_group(
    w: &mut Writer,
    found: &Found,
    name: &str,
    most: usize,
    timeout: i64,
    taken: &mut Taken,
) -> Result<usize, Trouble> {
    let Some(group) = get(w.store(), found, name)?.filter(|group| group.from <= w.now) else { return Ok(1) };
    let mut dead = None;
    let mut looked_at = 0;
    let mut head = group.head;
    let mut lacks = most;
    while lacks > 0 && looked_at < LOOKED_AT {
        let next = messages(w.store(), found, name, head, lacks)?;
        let Some(last) = next.last() else { break };
        head = last.sequence.saturating_add(1);
        looked_at += next.len();
        for message in next {
            match shelf::fate(w, found, &message, &mut dead)? {
                Fate::Receive if message.visible > w.now => lacks = 0,
                // What was behind something that is taken stays behind it.
                Fate::Receive if lacks == 0 => {}
                Fate::Receive => {
                    let message = shelf::received(w, message, timeout);
                    shelf::keep(w, found, &message)?;
                    taken.messages.push(message);
                    lacks -= 1;
                }
                Fate::Expire => shelf::forget(w, found, &message)?,
                Fate::Bury(target) => {
                    shelf::forget(w, found, &message)?;
                    shelf::bury(w, found, message, &target)?;
                }
            }
        }
    }
    settle(w, found, name)?;
    Ok(looked_at.max(1))
}

/// The first messages of a group.
pub fn messages(store: &dyn Read, found: &Found, name: &str, head: u64, most: usize) -> Result<Vec<Message>, Trouble> {
    let group = found.shelf().str(name);
    let range = Range::prefix(&group).from(group.clone().u64(head));
    MESSAGES.scan(store, &found.at.scope, &range).take(most).map(|row| Ok(row?.1)).collect()
}

pub fn get(store: &dyn Read, found: &Found, name: &str) -> Result<Option<Group>, Trouble> {
    GROUPS.get(store, &found.at.scope, found.shelf().str(name))
}

/// Writes a group and where it stands among those that are ready.
fn set(w: &mut Writer, found: &Found, name: &str, old: Option<&Group>, new: Option<Group>) -> Result<(), Trouble> {
    if let Some(old) = old {
        ready::remove(w, found, old.from, &what(old, name));
    }
    let key = found.shelf().str(name);
    match new {
        Some(group) => {
            ready::put(w, found, group.from, &what(&group, name))?;
            GROUPS.put(w.tx, &found.at.scope, key, &group)
        }
        None => GROUPS.delete(w.tx, &found.at.scope, key).map(drop),
    }
}

/// A group among those that are ready: of two that have waited as long, the one with the older message is first.
fn what(group: &Group, name: &str) -> Key {
    Key::new().u64(group.head).str(name)
}

pub fn name_of(what: &Key) -> Result<String, Trouble> {
    let mut reader = what.reader();
    let name = reader.u64().and_then(|_| reader.str());
    name.ok_or_else(|| Trouble::new("a row of sqs/ready names no group"))
}
