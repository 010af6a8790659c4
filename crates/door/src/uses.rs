//! When keys and roles were last used. Requests note it in memory; it is written with the audit trail.

use std::sync::{PoisonError, RwLock};

use foldhash::HashMap;
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Read, Store, Table};
use serde::{Deserialize, Serialize};

use crate::{Caller, Principal};

/// By an access key's id or a role's `account/name`, in no account's scope.
static USES: Table<Use> = Table::new("door/last-use");

/// A use this near to the noted one is not noted again: IAM tells the last use to about some minutes.
const GRAIN_SECONDS: i64 = 60;

/// The last use of a key or a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    pub time: Timestamp,
    /// The service's signing name: `s3`.
    pub service: String,
    pub region: String,
}

/// The last uses that this process has seen.
#[derive(Default)]
pub struct Uses {
    seen: RwLock<HashMap<String, Seen>>,
}

struct Seen {
    last: Use,
    written: bool,
}

/// The name under which a role's use is noted.
fn role_key(account: &str, role: &str) -> String {
    format!("{account}/{}", role.to_ascii_lowercase())
}

fn nowhere() -> Scope {
    Scope::new("", "")
}

impl Uses {
    /// Notes a call of a signed caller.
    pub(crate) fn note(&self, caller: &Caller, service: &'static str, now: Timestamp) {
        // What a service does on somebody's behalf is no use of a key.
        if caller.access_key.is_empty() || caller.invoked_by.is_some() {
            return;
        }
        match &*caller.principal {
            Principal::AssumedRole { account, role, .. } => {
                self.note_one(&role_key(account, role), service, caller.region(), now);
            }
            Principal::User { .. } | Principal::Root { .. } if caller.access_key.starts_with("AKIA") => {
                self.note_one(&caller.access_key, service, caller.region(), now);
            }
            _ => {}
        }
    }

    fn note_one(&self, key: &str, service: &str, region: &str, now: Timestamp) {
        if self.is_noted(key, service, region, now) {
            return;
        }
        let last = Use { time: now, service: service.to_owned(), region: region.to_owned() };
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.insert(key.to_owned(), Seen { last, written: false });
    }

    /// Whether a use is near enough to the one that is known: nearly all are.
    fn is_noted(&self, key: &str, service: &str, region: &str, now: Timestamp) -> bool {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.get(key).is_some_and(|Seen { last, .. }| {
            now < last.time.plus_seconds(GRAIN_SECONDS) && last.service == service && last.region == region
        })
    }

    /// The last use of an access key.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn of_key(&self, read: &dyn Read, access_key: &str) -> Result<Option<Use>, Trouble> {
        self.of(read, access_key)
    }

    /// The last use of a role by any of its sessions.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn of_role(&self, read: &dyn Read, account: &str, role: &str) -> Result<Option<Use>, Trouble> {
        self.of(read, &role_key(account, role))
    }

    fn of(&self, read: &dyn Read, key: &str) -> Result<Option<Use>, Trouble> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        match seen.get(key) {
            Some(seen) => Ok(Some(seen.last.clone())),
            None => USES.get(read, &nowhere(), key),
        }
    }

    /// Writes what is new.
    ///
    /// # Errors
    /// A store that cannot be written; nothing is forgotten then.
    pub(crate) fn flush(&self, store: &Store) -> Result<(), Trouble> {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let fresh: Vec<_> = seen.iter().filter(|(_, seen)| !seen.written).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        store.write(|tx| fresh.iter().try_for_each(|(key, seen)| USES.put(tx, &nowhere(), *key, &seen.last)))?;
        seen.values_mut().for_each(|seen| seen.written = true);
        Ok(())
    }

    pub(crate) fn forget(&self) {
        self.seen.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
