//! Many calls in one row: whoever calls a thousand times is written down once.

use std::collections::HashMap;
use std::sync::Arc;

use kogumo_base::{Scope, Timestamp};
use kogumo_store::Key;
use serde::{Deserialize, Serialize};

use super::{Event, Note, Noted};
use crate::{Caller, Principal};

/// So many calls are in one row at most.
const LARGEST: usize = 4096;

/// Calls of one scope that were written together, the oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Batch {
    /// The events' ids are this number with their place in the batch mixed in.
    id: (u64, u64),
    /// When the last one was made.
    pub(super) last: Timestamp,
    callers: Vec<Identity>,
    operations: Vec<Operation>,
    calls: Vec<Call>,
}

/// Who called, from where, with what: the same for all calls of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Identity {
    access_key: String,
    principal_kind: String,
    principal_id: String,
    principal_arn: String,
    user_name: String,
    invoked_by: Option<String>,
    source_ip: String,
    user_agent: String,
}

/// What was called.
#[derive(Debug, Serialize, Deserialize)]
struct Operation {
    source: String,
    name: String,
    read_only: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Call {
    time: Timestamp,
    /// Places in `callers` and `operations`.
    caller: usize,
    operation: usize,
    request_id: String,
    parameters: String,
    error: Option<(String, String)>,
    #[serde(default)]
    decision: Option<String>,
}

impl Batch {
    /// Puts calls in batches, those of each scope together.
    pub(super) fn pack(notes: impl Iterator<Item = Noted>) -> Vec<(Scope, Batch)> {
        let mut open: HashMap<Scope, Packer> = HashMap::new();
        let mut full = Vec::new();
        for noted in notes {
            let scope = noted.note.scope(&noted.caller);
            let packer = match open.get_mut(&scope) {
                Some(packer) => packer,
                None => open.entry(scope.clone()).or_default(),
            };
            packer.push(noted);
            if packer.batch.calls.len() == LARGEST {
                full.push((scope, std::mem::take(packer).batch));
            }
        }
        let rest = open.into_iter().map(|(scope, packer)| (scope, packer.batch));
        full.extend(rest.filter(|(_, batch)| !batch.calls.is_empty()));
        full
    }

    pub(super) fn key(&self) -> Key {
        Key::new().i64(self.last.0).u64(self.id.0).u64(self.id.1)
    }

    /// The events, the oldest first.
    pub(super) fn events(self, scope: &Scope) -> impl Iterator<Item = Event> {
        let Batch { id, callers, operations, calls, .. } = self;
        calls.into_iter().enumerate().filter_map(move |(place, call)| {
            let caller = callers.get(call.caller)?.clone();
            let operation = operations.get(call.operation)?;
            Some(Event {
                id: kogumo_base::uuid_of(u128::from(id.0) << 64 | u128::from(id.1 ^ place as u64)),
                time: call.time,
                scope: scope.clone(),
                source: operation.source.clone(),
                name: operation.name.clone(),
                read_only: operation.read_only,
                access_key: caller.access_key,
                principal_kind: caller.principal_kind,
                principal_id: caller.principal_id,
                principal_arn: caller.principal_arn,
                user_name: caller.user_name,
                invoked_by: caller.invoked_by,
                source_ip: caller.source_ip,
                user_agent: caller.user_agent,
                request_id: call.request_id,
                parameters: call.parameters,
                error: call.error,
                decision: call.decision,
            })
        })
    }
}

/// A batch that is being filled.
struct Packer {
    batch: Batch,
    places: HashMap<Identity, usize>,
    /// The last call's caller, and its place: mostly the next one is the same.
    recent: Option<(Arc<Caller>, usize)>,
}

impl Default for Packer {
    fn default() -> Self {
        let half = || u64::from_be_bytes(kogumo_base::random_bytes());
        let batch = Batch {
            id: (half(), half()),
            last: Timestamp(i64::MIN),
            callers: Vec::new(),
            operations: Vec::new(),
            calls: Vec::new(),
        };
        Packer { batch, places: HashMap::new(), recent: None }
    }
}

impl Packer {
    fn push(&mut self, noted: Noted) {
        let Noted { note, caller, request_id } = noted;
        let caller = self.place_of(caller);
        let operation = self.place_of_operation(&note);
        self.batch.last = self.batch.last.max(note.time);
        let Note { time, parameters, error, decision, .. } = note;
        self.batch.calls.push(Call { time, caller, operation, request_id, parameters, error, decision });
    }

    fn place_of(&mut self, caller: Arc<Caller>) -> usize {
        if let Some((recent, place)) = &self.recent
            && Arc::ptr_eq(recent, &caller)
        {
            return *place;
        }
        let identity = Identity::of(&caller);
        let place = match self.places.get(&identity) {
            Some(place) => *place,
            None => {
                let place = self.batch.callers.len();
                self.batch.callers.push(identity.clone());
                self.places.insert(identity, place);
                place
            }
        };
        self.recent = Some((caller, place));
        place
    }

    fn place_of_operation(&mut self, note: &Note) -> usize {
        let (source, name) = (note.source(), note.operation.name);
        let is_it = |known: &Operation| known.name == name && known.source == source;
        self.batch.operations.iter().position(is_it).unwrap_or_else(|| {
            self.batch.operations.push(Operation {
                source: source.to_owned(),
                name: name.to_owned(),
                read_only: note.is_read_only(),
            });
            self.batch.operations.len() - 1
        })
    }
}

impl Identity {
    fn of(caller: &Caller) -> Self {
        let principal = &*caller.principal;
        Identity {
            access_key: caller.access_key.clone(),
            principal_kind: principal.kind().to_owned(),
            principal_id: principal.id().to_owned(),
            principal_arn: principal.arn(),
            user_name: principal.name().to_owned(),
            invoked_by: caller.invoked_by.clone().or_else(|| match principal {
                Principal::Service(name) => Some(name.clone()),
                _ => None,
            }),
            source_ip: caller.source_ip.map_or_else(|| "AWS Internal".to_owned(), |ip| ip.to_string()),
            user_agent: caller.user_agent.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kogumo_store::Store;
    use kogumo_wire::schema::{Kind, Layout, Shape};

    use super::super::{Trail, history};
    use super::*;

    static NOTHING: Layout = Layout::new(&[]);
    static EMPTY: Shape = Shape::new("Empty", Kind::Structure(&NOTHING));
    static OPERATION: kogumo_wire::Operation = kogumo_wire::Operation {
        name: "GetThing",
        method: "POST",
        uri: "/",
        status: 200,
        input: &EMPTY,
        output: &EMPTY,
        errors: &[],
        result_wrapper: "",
        unsigned: false,
        built: true,
        invalid: None,
    };
    static SERVICE: kogumo_wire::Service = kogumo_wire::Service {
        name: "things",
        sdk_id: "Things",
        signing_name: "things",
        endpoint_prefix: "things",
        api_version: "",
        target_prefix: "",
        xmlns: "",
        protocols: &[],
        query_compatible: false,
        global: false,
        operations: &[&OPERATION],
    };

    fn noted(time: i64, account: &str) -> Noted {
        let note = Note {
            service: &SERVICE,
            operation: &OPERATION,
            time: Timestamp(time),
            parameters: String::new(),
            error: None,
            decision: None,
            bulk: false,
        };
        let caller = Caller::root(account, "us-east-1");
        Noted { note, request_id: caller.request_id.clone(), caller: Arc::new(caller) }
    }

    #[test]
    fn batches_that_overlap_are_read_in_order() {
        let store = Store::ephemeral().expect("a store");
        let trail = Trail::new(store.clone());
        trail.keep([1, 5, 9].map(|time| noted(time, "111111111111")).into()).expect("kept");
        trail.keep([2, 5, 7].map(|time| noted(time, "111111111111")).into()).expect("kept");
        trail.keep(vec![noted(6, "222222222222")]).expect("kept");
        let scope = Scope::new("111111111111", "us-east-1");
        let snapshot = store.read();
        let read = |from, to, after| {
            let rows = history::newest_first(&snapshot, &scope, (Timestamp(from), Timestamp(to)), after);
            rows.map(|row| row.expect("read")).collect::<Vec<_>>()
        };
        let times = |rows: &[(Key, Event)]| rows.iter().map(|(_, event)| event.time.0).collect::<Vec<_>>();
        let all = read(0, 100, None);
        assert_eq!(times(&all), [9, 7, 5, 5, 2, 1]);
        assert_eq!(times(&read(2, 7, None)), [7, 5, 5, 2]);
        let ids: std::collections::HashSet<_> = all.iter().map(|(_, event)| event.id.clone()).collect();
        assert_eq!(ids.len(), 6);
        let (third, _) = &all[2];
        assert_eq!(read(0, 100, Some(third.clone())), all[3..]);
    }
}
