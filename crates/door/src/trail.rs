//! The audit trail: one event for every call, as CloudTrail keeps them.
//!
//! Calls are noted in memory and written in batches: a call must not wait for its own protocol. What is in memory
//! is written when the server stops; a crash loses at most the last moment of the trail, never of the data.
//!
//! Calls that move bulk data (items, objects, invocations) come by the ten thousand; CloudTrail's event history leaves
//! them out. Here the last of them are kept in memory, and written when somebody looks.

mod batch;
mod callers;
mod history;
mod note;

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Read, Store, Table};

use crate::Caller;
use batch::Batch;
use callers::Callers;
pub(crate) use note::{Note, is_noted};

/// How long events may wait in memory.
pub const WRITE_EVERY: Duration = Duration::from_millis(200);

/// CloudTrail's event history reaches back 90 days.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// So many calls that move bulk data are remembered until somebody looks.
const BULK_KEPT: usize = 4096;

/// Room for so many calls is kept for the next ones.
const LARGEST_ROOM: usize = 16 * 1024;

/// By scope and (time of the last call, id).
static BATCHES: Table<Batch> = Table::new("cloudtrail/batch").compact();

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub time: Timestamp,
    pub scope: Scope,
    /// `ssm.amazonaws.com`
    pub source: String,
    pub name: String,
    pub read_only: bool,
    pub access_key: String,
    pub principal_kind: String,
    pub principal_id: String,
    pub principal_arn: String,
    pub user_name: String,
    pub invoked_by: Option<String>,
    pub source_ip: String,
    pub user_agent: String,
    pub request_id: String,
    /// JSON, secrets hidden; empty where the call carries bulk data.
    pub parameters: String,
    pub error: Option<(String, String)>,
    /// Of a call that was refused: what decided.
    pub decision: Option<String>,
}

/// Gathers events and keeps them.
pub struct Trail {
    store: Store,
    callers: Callers,
    waiting: Mutex<Vec<Noted>>,
    bulk: Mutex<VecDeque<Noted>>,
}

/// A call that is over, and who made it.
struct Noted {
    note: Note,
    caller: Arc<Caller>,
    request_id: String,
}

impl Trail {
    pub(crate) fn new(store: Store) -> Self {
        Trail { store, callers: Callers::default(), waiting: Mutex::default(), bulk: Mutex::default() }
    }

    pub(crate) fn note(&self, note: Note, mut caller: Caller) {
        let request_id = mem::take(&mut caller.request_id);
        let noted = Noted { note, caller: self.callers.share(caller), request_id };
        if !noted.note.bulk {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(noted);
            return;
        }
        let mut bulk = self.bulk.lock().unwrap_or_else(PoisonError::into_inner);
        if bulk.len() == BULK_KEPT {
            bulk.pop_front();
        }
        bulk.push_back(noted);
    }

    pub(crate) fn forget(&self) {
        drop((self.take(), self.take_bulk()));
    }

    fn take(&self) -> Vec<Noted> {
        mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_bulk(&self) -> VecDeque<Noted> {
        mem::take(&mut *self.bulk.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes what waits, but for bulk calls.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn flush(&self) -> Result<(), Trouble> {
        self.keep(self.take())
    }

    /// Writes all that is in memory. Who looks events up calls it first, so that a call is seen by the next one.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn settle(&self) -> Result<(), Trouble> {
        let mut notes = self.take();
        notes.extend(self.take_bulk());
        self.keep(notes)
    }

    fn keep(&self, mut notes: Vec<Noted>) -> Result<(), Trouble> {
        if notes.is_empty() {
            return Ok(());
        }
        let batches = Batch::pack(notes.drain(..));
        self.reuse(notes);
        self.store.write(|tx| batches.iter().try_for_each(|(scope, batch)| BATCHES.put(tx, scope, batch.key(), batch)))
    }

    /// Lets the next calls be noted in the room of the last ones: a busy cloud fills a megabyte between two writes.
    fn reuse(&self, room: Vec<Noted>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() && room.capacity() <= LARGEST_ROOM {
            *waiting = room;
        }
    }

    /// The events of a scope, newest first, from `from` to `to` inclusive, after the position that an earlier page
    /// ended with.
    pub fn events<'a>(
        read: &'a dyn Read,
        scope: &Scope,
        times: (Timestamp, Timestamp),
        after: Option<Key>,
    ) -> impl Iterator<Item = Result<(Key, Event), Trouble>> + use<'a> {
        history::newest_first(read, scope, times, after)
    }

    /// The events of an account in all regions from a time on, in no order.
    pub fn of_account<'a>(
        read: &'a dyn Read,
        account: &'a str,
        from: Timestamp,
    ) -> impl Iterator<Item = Result<Event, Trouble>> + 'a {
        let of_batch = move |row: Result<(Scope, Key, Batch), Trouble>| match row {
            Ok((scope, _, batch)) if scope.account == account && batch.last >= from => {
                batch.events(&scope).map(Ok).collect::<Vec<_>>()
            }
            Ok(_) => Vec::new(),
            Err(trouble) => vec![Err(trouble)],
        };
        let events = BATCHES.scan_all_scopes(read).flat_map(of_batch);
        events.filter(move |event| event.as_ref().map_or(true, |event| event.time >= from))
    }

    /// Removes events that are older than CloudTrail keeps them.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn expire(&self, now: Timestamp) -> Result<(), Trouble> {
        let horizon = now.plus_seconds(-KEPT_SECONDS);
        let snapshot = self.store.read();
        let old = BATCHES.scan_all_scopes(&snapshot).filter_map(|row| match row {
            Ok((scope, key, batch)) if batch.last < horizon => Some((scope, key)),
            _ => None,
        });
        let old: Vec<_> = old.collect();
        self.store.write(|tx| old.iter().try_for_each(|(scope, key)| BATCHES.delete(tx, scope, key).map(drop)))
    }
}
