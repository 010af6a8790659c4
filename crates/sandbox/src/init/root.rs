//! Steps that give the inside a root of its own: an empty one in memory, filled by `files`, turned to, closed.

use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, mount_remount, unmount};

use super::{Order, files};
use crate::Confinement;

/// Where the new root lies until it is turned to: the first of these folders that the host has. Nothing is ever shown to
/// a sandbox out of them, so nothing is lost when the new root covers one, in the sandbox's own mount namespace.
const PLACES: [&str; 3] = ["/sys", "/media", "/mnt"];

/// How much the root itself may hold: the small files of `Mount::File`.
const ROOT_BYTES: &str = "size=8m,mode=755";

pub(super) fn place() -> Result<PathBuf, Trouble> {
    let found = PLACES.iter().map(PathBuf::from).find(|place| place.is_dir());
    found.ok_or_else(|| Trouble::new(format!("none of {} is there", PLACES.join(", "))))
}

/// An empty root, and no mount or unmount that the host hears of.
pub(super) fn lay(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    part_from_host()?;
    in_memory(&place()?, ROOT_BYTES, MountFlags::empty())
}

/// From here on, what is mounted or unmounted in this mount namespace stays in it.
pub(super) fn part_from_host() -> Result<(), Trouble> {
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .map_err(|e| Trouble::from_cause("cannot part from the host's mounts", e))
}

/// Turns to the new root and lets go of the old one, with everything that was in it.
pub(super) fn turn(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    rustix::process::chdir(place()?).map_err(|e| Trouble::from_cause("cannot go to the new root", e))?;
    // Both names the same: the old root then lies on top of the new one, to be taken off (pivot_root(2), "NOTES").
    rustix::process::pivot_root(".", ".").map_err(|e| Trouble::from_cause("cannot turn to the new root", e))?;
    unmount(".", UnmountFlags::DETACH).map_err(|e| Trouble::from_cause("cannot let the old root go", e))?;
    rustix::process::chdir("/").map_err(|e| Trouble::from_cause("cannot go to the new root", e))
}

/// Nothing is added to the root from here on.
pub(super) fn close(order: &Order) -> Result<(), Trouble> {
    if order.confinement == Confinement::Plain {
        return Ok(());
    }
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    mount_remount("/", flags, "").map_err(|e| Trouble::from_cause("cannot close the root", e))
}

/// Mounts a file system in memory.
pub(super) fn in_memory(at: &Path, options: &str, flags: MountFlags) -> Result<(), Trouble> {
    let options = files::c_string(options)?;
    let flags = flags | MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", at, "tmpfs", flags, options.as_c_str())
        .map_err(|e| Trouble::from_cause(format!("cannot mount memory at {}", at.display()), e))
}
