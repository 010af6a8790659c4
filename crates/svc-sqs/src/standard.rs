//! Standard queues: every message for itself, about in the order in which they may be received.

use std::collections::HashSet;

use kogumo_base::Trouble;
use kogumo_door::Writer;

use crate::message::Message;
use crate::queue::Found;
use crate::ready::{self, Row};
use crate::shelf::{self, Fate, LOOKED_AT, Taken};

/// Lets a message be received from its moment on.
pub fn show(w: &mut Writer, found: &Found, message: &Message) -> Result<(), Trouble> {
    ready::put(w, found, message.visible, &message.key(false))
}

/// Takes that back.
pub fn hide(w: &mut Writer, found: &Found, message: &Message) {
    ready::remove(w, found, message.visible, &message.key(false));
}

/// Takes messages from the front.
pub fn take(w: &mut Writer, found: &Found, most: usize, timeout: i64) -> Result<Taken, Trouble> {
    let mut taken = Taken::default();
    let mut dead = None;
    let mut looked_at = 0;
    // With a timeout of nothing a message is at the front again.
    let mut seen = HashSet::new();
    let mut rows = ready::front(w, found, None, most)?;
    while let Some(last) = rows.last().map(|row| Row { from: row.from, what: row.what.clone() }) {
        looked_at += rows.len();
        for row in rows {
            if !seen.insert(row.what.clone()) {
                continue;
            }
            ready::remove(w, found, row.from, &row.what);
            let Some(message) = shelf::get(w.store(), found, &row.what)? else { continue };
            match shelf::fate(w, found, &message, &mut dead)? {
                Fate::Receive => {
                    let message = shelf::received(w, message, timeout);
                    shelf::keep(w, found, &message)?;
                    show(w, found, &message)?;
                    taken.messages.push(message);
                }
                Fate::Expire => shelf::forget(w, found, &message)?,
                Fate::Bury(target) => {
                    shelf::forget(w, found, &message)?;
                    shelf::bury(w, found, message, &target)?;
                }
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
