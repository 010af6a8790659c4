//! Which snapshots are of one line: of the same volume, or of one another by StartSnapshot. Only those are compared.

use kogumo_base::{Scope, Trouble};
use kogumo_store::Read;

use crate::resource::find;
use crate::snapshot::{NO_VOLUME, Snapshot};
use crate::volume::Volume;

/// No line is followed further back.
const LONGEST: usize = 1000;

/// Whether two snapshots, or their volumes, have an ancestor in common.
///
/// # Errors
/// Trouble with the store.
pub fn is_one(read: &dyn Read, scope: &Scope, first: &Snapshot, second: &Snapshot) -> Result<bool, Trouble> {
    let (first, second) = (ancestors(read, scope, first)?, ancestors(read, scope, second)?);
    Ok(first.iter().any(|own| second.contains(own)))
}

/// The ids of a snapshot, its volume, and what they were made of.
fn ancestors(read: &dyn Read, scope: &Scope, snapshot: &Snapshot) -> Result<Vec<String>, Trouble> {
    let mut ids = vec![snapshot.id.clone()];
    let mut next = Some(snapshot.clone());
    while let Some(one) = next.filter(|_| ids.len() < LONGEST) {
        let mut parent = one.parent;
        if one.volume != NO_VOLUME {
            let volume: Option<Volume> = find(read, scope, &one.volume)?;
            parent = parent.or(volume.and_then(|volume| volume.snapshot));
            ids.push(one.volume);
        }
        let Some(parent) = parent else { break };
        next = find(read, scope, &parent)?;
        ids.push(parent);
    }
    Ok(ids)
}
