//! The trail read backwards. Batches may overlap in time: what was kept in memory is written when somebody looks.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, Read};

use super::{BATCHES, Event};

/// An event and its place in the history.
struct Placed(Key, Event);

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Placed {}

/// The events of a scope between two times, both included, that come after a position, newest first.
pub(super) fn newest_first<'a>(
    read: &'a dyn Read,
    scope: &Scope,
    (from, to): (Timestamp, Timestamp),
    after: Option<Key>,
) -> impl Iterator<Item = Result<(Key, Event), Trouble>> + use<'a> {
    let range = Range::all().from(Key::new().i64(from.0)).reverse();
    let mut batches = BATCHES.scan(read, scope, &range).peekable();
    let mut open: BinaryHeap<Placed> = BinaryHeap::new();
    let scope = scope.clone();
    std::iter::from_fn(move || {
        loop {
            // No batch that is still closed holds anything newer than its last call.
            let newest_closed = match batches.peek() {
                Some(Ok((_, batch))) => Some(batch.last),
                Some(Err(_)) => return batches.next().and_then(Result::err).map(Err),
                None => None,
            };
            let is_next = |placed: &Placed| newest_closed.is_none_or(|newest| placed.1.time > newest);
            if open.peek().is_some_and(is_next) {
                return open.pop().map(|Placed(key, event)| Ok((key, event)));
            }
            let (_, batch) = batches.next()?.ok()?;
            let events = batch.events(&scope).filter(|event| from <= event.time && event.time <= to);
            let placed = events.map(|event| Placed(Key::new().i64(event.time.0).str(&event.id), event));
            open.extend(placed.filter(|placed| after.as_ref().is_none_or(|after| placed.0 < *after)));
        }
    })
}
