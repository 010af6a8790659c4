//! Steps that take the inside's user away: first from the host's point of view, then from its own.

use std::fs;

use kogumo_base::Trouble;
use rustix::process::{DumpableBehavior, Gid, Uid, set_dumpable_behavior};
use rustix::thread::{UnshareFlags, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::{Order, namespaces};
use crate::Confinement;

/// From root to an unprivileged user of no name. Without root, the server's user is all there is.
pub(super) fn change_user(order: &Order) -> Result<(), Trouble> {
    if order.confinement != Confinement::Root {
        return Ok(());
    }
    let failed = |e| Trouble::from_cause("cannot change the user", e);
    let (uid, gid) = (Uid::from_raw(order.outer_uid), Gid::from_raw(order.outer_gid));
    set_thread_groups(&[]).map_err(failed)?;
    set_thread_res_gid(gid, gid, gid).map_err(failed)?;
    set_thread_res_uid(uid, uid, uid).map_err(failed)
}

/// From that user to one inside a user namespace, where the outside's users have no names at all.
pub(super) fn enter_user_namespace(order: &Order) -> Result<(), Trouble> {
    if order.confinement != Confinement::Root {
        return Ok(());
    }
    let failed = |e| Trouble::from_cause("cannot open its own /proc", e);
    namespaces::unshare(UnshareFlags::NEWUSER)?;
    // The files of /proc belong to root while a process may not be looked into; it has to write its own map.
    set_dumpable_behavior(DumpableBehavior::Dumpable).map_err(failed)?;
    map_user(order)
}

/// Says which user inside is which outside: only one (user_namespaces(7)).
pub(super) fn map_user(order: &Order) -> Result<(), Trouble> {
    let write = |file: &str, text: &str| {
        fs::write(format!("/proc/self/{file}"), text)
            .map_err(|e| Trouble::from_cause(format!("cannot write {file}"), e))
    };
    write("setgroups", "deny")?;
    write("uid_map", &format!("{} {} 1", order.spec.identity.uid, order.outer_uid))?;
    write("gid_map", &format!("{} {} 1", order.spec.identity.gid, order.outer_gid))
}
