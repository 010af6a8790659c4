//! What a handler may touch: its signature says it. A `Reader` sees a snapshot, a `Writer` a transaction,
//! a `Context` (streams and long waits) the whole cloud.

use std::sync::Arc;

use kogumo_base::{Arn, Scope, Timestamp};
use kogumo_store::{Read, Snapshot, Transaction};

use crate::{Caller, Client, Cloud};

/// A read handler's world: one consistent view.
pub struct Reader<'a> {
    pub store: &'a dyn Read,
    pub caller: &'a Caller,
    pub now: Timestamp,
    pub cloud: &'a Cloud,
}

/// A write handler's world: a transaction that happens whole or not at all. The handler may be run again on a
/// conflict, so it does nothing else.
pub struct Writer<'a> {
    pub tx: &'a mut Transaction,
    pub caller: &'a Caller,
    pub now: Timestamp,
    pub cloud: &'a Cloud,
}

/// A task's world.
#[derive(Clone)]
pub struct Context {
    pub cloud: Arc<Cloud>,
    pub caller: Caller,
}

impl Reader<'_> {
    pub fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    /// An ARN in the caller's account and region.
    pub fn arn(&self, service: &str, resource: impl Into<String>) -> String {
        Arn::new(service, self.caller.region(), self.caller.account(), resource).to_string()
    }
}

impl Writer<'_> {
    pub fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    pub fn store(&self) -> &dyn Read {
        &*self.tx
    }

    /// The same world for functions that only read. They see what this transaction has changed.
    pub fn reader(&self) -> Reader<'_> {
        Reader { store: &*self.tx, caller: self.caller, now: self.now, cloud: self.cloud }
    }

    /// An ARN in the caller's account and region.
    pub fn arn(&self, service: &str, resource: impl Into<String>) -> String {
        Arn::new(service, self.caller.region(), self.caller.account(), resource).to_string()
    }
}

impl Context {
    pub fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    pub fn now(&self) -> Timestamp {
        self.cloud.clock.now()
    }

    pub fn snapshot(&self) -> Snapshot {
        self.cloud.store.read()
    }

    /// Runs `work` with a reader over a fresh snapshot.
    pub fn read<R>(&self, work: impl FnOnce(&Reader) -> R) -> R {
        let snapshot = self.snapshot();
        work(&Reader { store: &snapshot, caller: &self.caller, now: self.now(), cloud: &self.cloud })
    }

    /// Runs `work` in a transaction. It may be run again on a conflict.
    ///
    /// # Errors
    /// Those of `work` (nothing has happened then), and trouble with the store.
    pub fn write<R, E: From<kogumo_base::Trouble>>(
        &self,
        mut work: impl FnMut(&mut Writer) -> Result<R, E>,
    ) -> Result<R, E> {
        let (caller, cloud) = (&self.caller, &*self.cloud);
        let now = self.now();
        cloud.write(caller.rehearses, |tx| work(&mut Writer { tx, caller, now, cloud }))
    }

    /// A client that calls other services as this caller.
    pub fn client(&self) -> Client {
        Client::new(Arc::clone(&self.cloud), self.caller.clone())
    }
}
