//! The audit trail: one event for every call, as CloudTrail keeps them.
//!
//! Events are gathered in memory and written in batches: a call must not wait for its own protocol. What is in memory
//! is written when the server stops; a crash loses at most the last moment of the trail, never of the data.
//!
//! Calls that move bulk data (items, objects, invocations) come by the ten thousand; CloudTrail's event history leaves
//! them out. Here the last of them are kept in memory, and written when somebody looks.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, Read, Store, Table};
use kogumo_wire::{Fault, Operation, Protocol, Structure, redacted_json};
use serde::{Deserialize, Serialize};

use crate::{Caller, Principal};

/// How long events may wait in memory.
pub const WRITE_EVERY: Duration = Duration::from_millis(200);

/// CloudTrail's event history reaches back 90 days.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// Longer parameters are left out of an event, as CloudTrail does.
const LONGEST_PARAMETERS: usize = 16 * 1024;

/// So many calls that move bulk data are remembered until somebody looks.
const BULK_KEPT: usize = 4096;

/// By scope and (time, id): newest last.
static EVENTS: Table<Event> = Table::new("cloudtrail/event");

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
}

/// Gathers events and keeps them.
pub struct Trail {
    store: Store,
    waiting: Mutex<Vec<(Note, Caller)>>,
    bulk: Mutex<VecDeque<(Note, Caller)>>,
}

/// A call that is under way or over: what an event is made of, once somebody wants it. Most notes of bulk calls are
/// forgotten before anybody does.
pub(crate) struct Note {
    service: &'static kogumo_wire::Service,
    operation: &'static Operation,
    time: Timestamp,
    parameters: String,
    error: Option<(String, String)>,
    bulk: bool,
}

impl Note {
    pub(crate) fn begin(
        service: &'static kogumo_wire::Service,
        operation: &'static Operation,
        input: &dyn Structure,
        time: Timestamp,
    ) -> Self {
        let bulk = carries_data(service.name, operation.name);
        let parameters = if bulk { String::new() } else { parameters(input) };
        Note { service, operation, time, parameters, error: None, bulk }
    }

    pub(crate) fn fail(&mut self, fault: &Fault) {
        let protocol = self.service.protocols.first().copied().unwrap_or(Protocol::Json11);
        self.error = Some((fault.code(protocol).to_owned(), fault.message.clone()));
    }

    fn into_event(self, caller: Caller) -> Event {
        let principal = &caller.principal;
        let scope = if self.service.global { caller.scope.global() } else { caller.scope.clone() };
        Event {
            id: kogumo_base::uuid(),
            time: self.time,
            scope,
            source: format!("{}.amazonaws.com", event_source(self.service)),
            name: self.operation.name.to_owned(),
            read_only: is_read_only(self.operation.name),
            principal_kind: principal.kind().to_owned(),
            principal_id: principal.id().to_owned(),
            principal_arn: principal.arn(),
            user_name: principal.name().to_owned(),
            invoked_by: caller.invoked_by.or_else(|| match principal {
                Principal::Service(name) => Some(name.clone()),
                _ => None,
            }),
            source_ip: caller.source_ip.map_or_else(|| "AWS Internal".to_owned(), |ip| ip.to_string()),
            access_key: caller.access_key,
            user_agent: caller.user_agent,
            request_id: caller.request_id,
            parameters: self.parameters,
            error: self.error,
        }
    }
}

fn parameters(input: &dyn Structure) -> String {
    let json = String::from_utf8(redacted_json(input)).unwrap_or_default();
    if json.len() > LONGEST_PARAMETERS || json == "{}" { String::new() } else { json }
}

/// CloudTrail's name of a service: mostly its endpoint's.
fn event_source(service: &kogumo_wire::Service) -> &'static str {
    match service.name {
        "cloudwatch" => "monitoring",
        _ => service.endpoint_prefix,
    }
}

/// Calls that move bulk data ("data events"): their parameters are not kept.
fn carries_data(service: &str, operation: &str) -> bool {
    match service {
        "s3" => operation.contains("Object") || operation.contains("Part"),
        "dynamodb" => operation.contains("Item") || matches!(operation, "Query" | "Scan"),
        "lambda" => operation.starts_with("Invoke"),
        "logs" => operation == "PutLogEvents",
        "sqs" => operation.contains("Message"),
        "kinesis" => operation.contains("Record"),
        _ => false,
    }
}

/// Whether a call is noted. What a service reads of streams on and on is none: each note is a commit, and would wake the
/// service to read again.
pub(crate) fn is_noted(caller: &Caller, service: &str) -> bool {
    !(service == "dynamodbstreams" && matches!(caller.principal, Principal::Service(_)))
}

/// CloudTrail's `readOnly`, by the verbs that AWS's read operations begin with.
fn is_read_only(operation: &str) -> bool {
    const VERBS: [&str; 10] =
        ["Get", "List", "Describe", "Head", "Lookup", "Batch", "Query", "Scan", "Search", "Filter"];
    VERBS.iter().any(|verb| operation.starts_with(verb)) && operation != "BatchWriteItem" && operation != "BatchDelete"
}

impl Trail {
    pub(crate) fn new(store: Store) -> Self {
        Trail { store, waiting: Mutex::default(), bulk: Mutex::default() }
    }

    pub(crate) fn note(&self, note: Note, caller: Caller) {
        if !note.bulk {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((note, caller));
            return;
        }
        let mut bulk = self.bulk.lock().unwrap_or_else(PoisonError::into_inner);
        if bulk.len() == BULK_KEPT {
            bulk.pop_front();
        }
        bulk.push_back((note, caller));
    }

    pub(crate) fn forget(&self) {
        drop((self.take(), self.take_bulk()));
    }

    fn take(&self) -> Vec<(Note, Caller)> {
        mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_bulk(&self) -> VecDeque<(Note, Caller)> {
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

    fn keep(&self, notes: Vec<(Note, Caller)>) -> Result<(), Trouble> {
        if notes.is_empty() {
            return Ok(());
        }
        let events: Vec<Event> = notes.into_iter().map(|(note, caller)| note.into_event(caller)).collect();
        self.store.write(|tx| events.iter().try_for_each(|event| EVENTS.put(tx, &event.scope, key(event), event)))
    }

    /// The events of a scope, newest first, from `from` to `to` inclusive, after the position that an earlier page
    /// ended with.
    pub fn events<'a>(
        read: &'a dyn Read,
        scope: &Scope,
        (from, to): (Timestamp, Timestamp),
        after: Option<Key>,
    ) -> impl Iterator<Item = Result<(Key, Event), Trouble>> + use<'a> {
        let range = Range::all().from(Key::new().i64(from.0)).before(Key::new().i64(to.0.saturating_add(1))).reverse();
        let range = match after {
            Some(key) => range.before(key),
            None => range,
        };
        EVENTS.scan(read, scope, &range)
    }

    /// Removes events that are older than CloudTrail keeps them.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn expire(&self, now: Timestamp) -> Result<(), Trouble> {
        let horizon = now.plus_seconds(-KEPT_SECONDS);
        let snapshot = self.store.read();
        let old = EVENTS.scan_all_scopes(&snapshot).filter_map(|row| match row {
            Ok((scope, key, event)) if event.time < horizon => Some((scope, key)),
            _ => None,
        });
        let old: Vec<_> = old.collect();
        self.store.write(|tx| old.iter().try_for_each(|(scope, key)| EVENTS.delete(tx, scope, key).map(drop)))
    }
}

fn key(event: &Event) -> Key {
    Key::new().i64(event.time.0).str(&event.id)
}
