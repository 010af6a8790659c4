//! What the files on a root volume lie on. A root volume holds what was changed; the image below it is the same for all
//! of an image's instances. So a volume's snapshot, and a volume of that snapshot, go with the base of the first one.

use kogumo_base::{Scope, Trouble};
use kogumo_door::Writer;
use kogumo_store::{Read, Table};
use kogumo_wire::Fault;

use super::record::{Base, IMAGES};
use crate::instance::Instance;
use crate::resource::Resource;

/// By the ids of volumes and snapshots, which are nobody else's in the whole cloud. What has no row lies on this
/// machine's own userland.
static BASES: Table<Base> = Table::new("ec2/root-base");

fn everywhere() -> Scope {
    Scope::new("", "")
}

/// Notes what a new root volume lies on.
///
/// # Errors
/// Trouble with the store.
pub fn note(w: &mut Writer, volume: &str, base: &Base) -> Result<(), Fault> {
    if *base == Base::Host {
        return Ok(());
    }
    Ok(BASES.put(w.tx, &everywhere(), volume, base)?)
}

/// A copy lies on what its original lies on: a snapshot of a volume, a volume of a snapshot.
///
/// # Errors
/// Trouble with the store.
pub fn inherit(w: &mut Writer, from: &str, to: &str) -> Result<(), Fault> {
    let base = of(w.store(), from)?;
    note(w, to, &base)
}

/// What a root volume, or its snapshot, lies on.
///
/// # Errors
/// Trouble with the store.
pub fn of(read: &dyn Read, id: &str) -> Result<Base, Trouble> {
    Ok(BASES.get(read, &everywhere(), id)?.unwrap_or(Base::Host))
}

/// The imported root file systems that something may still start from.
///
/// # Errors
/// Trouble with the store.
pub fn needed(read: &dyn Read) -> Result<Vec<String>, Trouble> {
    let mut bases = Vec::new();
    for row in IMAGES.scan_all_scopes(read) {
        bases.push(row?.2.base);
    }
    for row in Instance::TABLE.scan_all_scopes(read) {
        bases.push(row?.2.base);
    }
    for row in BASES.scan_all_scopes(read) {
        bases.push(row?.2);
    }
    let name = |base| if let Base::Imported(name) = base { Some(name) } else { None };
    Ok(bases.into_iter().filter_map(name).collect())
}
