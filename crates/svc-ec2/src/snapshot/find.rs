//! Which snapshots an account can use: its own, those that are shared with it, and public ones.

use kogumo_base::{Scope, Trouble};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::Snapshot;
use super::sharing_is_blocked;
use crate::resource::{self, Resource};

/// The snapshots of the region that an account can make volumes of.
///
/// # Errors
/// Trouble with the store.
pub fn usable(read: &dyn Read, scope: &Scope) -> Result<Vec<Snapshot>, Trouble> {
    let mut found = Vec::new();
    for row in Snapshot::TABLE.scan_all_scopes(read) {
        let (of, _, snapshot) = row?;
        if of.region != scope.region {
            continue;
        }
        let is_shared = || snapshot.users.contains(&scope.account);
        let is_public = || Ok::<_, Trouble>(snapshot.public && !sharing_is_blocked(read, &of)?);
        if of.account == scope.account || is_shared() || is_public()? {
            found.push(snapshot);
        }
    }
    Ok(found)
}

/// The snapshot of that id, if the account can use it.
///
/// # Errors
/// `InvalidSnapshotID.Malformed`, `InvalidSnapshot.NotFound`.
pub fn find(read: &dyn Read, scope: &Scope, id: &str) -> Result<Snapshot, Fault> {
    Snapshot::KIND.check(id)?;
    if let Some(own) = resource::find::<Snapshot>(read, scope, id)? {
        return Ok(own);
    }
    usable(read, scope)?.into_iter().find(|snapshot| snapshot.id == id).ok_or_else(|| Snapshot::KIND.missing(id))
}

/// A snapshot of the account's own, which it may change.
///
/// # Errors
/// As of [`find`]; `AuthFailure` for another's.
pub fn own(read: &dyn Read, scope: &Scope, id: &str) -> Result<Snapshot, Fault> {
    find(read, scope, id)?;
    let own = resource::find::<Snapshot>(read, scope, id)?;
    own.ok_or_else(|| Fault::coded("AuthFailure", 403, format!("Not authorized for snapshot:{id}")))
}
