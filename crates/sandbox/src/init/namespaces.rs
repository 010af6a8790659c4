//! Steps that take the inside out of the host's namespaces and into its control groups.

use std::ffi::OsStr;

use kogumo_base::Trouble;
use kogumo_userns::{Standing, standing};
use rustix::thread::UnshareFlags;

use super::{Order, become_nobody, root};
use crate::Confinement;

/// What the helper does for itself, before there is an inside: the next process starts a process namespace, and where
/// the server isn't root, a user namespace gives the power to do the rest.
pub(super) fn prepare(order: &Order) -> Result<(), Trouble> {
    match order.confinement {
        Confinement::Root => unshare(UnshareFlags::NEWPID),
        Confinement::UserNamespace => {
            unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWPID)?;
            become_nobody::map_user(order)
        }
        Confinement::Plain => Ok(()),
    }
}

/// Joins the control groups, as whoever started the server.
pub(super) fn join_groups(order: &Order) -> Result<(), Trouble> {
    for group in &order.groups {
        std::fs::write(group, "0").map_err(|e| Trouble::from_cause(format!("cannot join {}", group.display()), e))?;
    }
    Ok(())
}

/// Leaves the host's mounts, IPC objects and host name behind. The network stays the host's.
pub(super) fn leave(order: &Order) -> Result<(), Trouble> {
    // A session of its own in every case: a Ctrl-C at the server's terminal isn't meant for what runs in sandboxes.
    rustix::process::setsid().map_err(|e| Trouble::from_cause("cannot start a session", e))?;
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    unshare(UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS)
}

/// Gives the sandbox its host name.
pub(super) fn name_host(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    let name = order.spec.hostname.as_bytes();
    rustix::system::sethostname(name).map_err(|e| Trouble::from_cause("cannot set the host name", e))
}

/// Whether this process may leave all of the host's namespaces in that way. It has left them afterwards.
pub(super) fn attempt(confinement: &OsStr) -> bool {
    let all = UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWPID;
    if confinement == Confinement::Root.name() {
        return standing() == Standing::Root && unshare(all).is_ok() && root::part_from_host().is_ok();
    }
    unshare(UnshareFlags::NEWUSER | all).is_ok() && root::part_from_host().is_ok()
}

pub(super) fn unshare(namespaces: UnshareFlags) -> Result<(), Trouble> {
    // SAFETY: none of the flags is `FILES`, which is what could change the meaning of descriptors that others hold, and
    // the process has one thread.
    #[allow(unsafe_code)]
    let done = unsafe { rustix::thread::unshare_unsafe(namespaces) };
    done.map_err(|e| Trouble::from_cause(format!("the kernel refuses {namespaces:?}"), e))
}
