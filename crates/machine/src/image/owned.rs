//! What must belong to root in an image of a host whose root is not ours. In a user namespace the host's own files belong to
//! nobody: programs with the set-user-id bit do not become anybody then, sudo refuses to load its own parts, and nobody may
//! put a file beside others. So these programs are copied, and their folders made anew; both lie over the host's.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use kogumo_base::Trouble;

use super::{etc, skeleton};

/// Where programs lie.
const PROGRAMS: [&str; 4] = ["usr/bin", "usr/sbin", "bin", "sbin"];
/// What sudo loads, and wants to be root's.
const OF_SUDO: [&str; 2] = ["usr/libexec/sudo", "usr/lib/sudo"];
const SET_USER_ID: u32 = 0o4000;
/// Folders down to here can be written to in a machine: `/usr/local/share/ca-certificates`.
const DEEPEST: usize = 3;
/// More than any of those programs.
const LARGEST: u64 = 16 << 20;

/// Makes them in the image's folder, over those that are there from before.
pub(super) fn make(folder: &Path) -> Result<(), Trouble> {
    for shown in skeleton::shown() {
        folders(&shown, &folder.join(shown.strip_prefix("/").unwrap_or(&shown)), DEEPEST)?;
    }
    let is_privileged = |meta: &Metadata| meta.mode() & SET_USER_ID != 0;
    for place in PROGRAMS {
        copy(place, folder, &is_privileged)?;
    }
    for place in OF_SUDO {
        copy(place, folder, &|_| true)?;
    }
    Ok(())
}

fn folders(from: &Path, to: &Path, depth: usize) -> Result<(), Trouble> {
    let mode = fs::symlink_metadata(from).map_or(0o755, |meta| meta.mode() & 0o7777);
    etc::make(to, mode | 0o700)?;
    for entry in fs::read_dir(from).into_iter().flatten().flatten().filter(|_| depth > 0) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders(&entry.path(), &to.join(entry.file_name()), depth - 1)?;
        }
    }
    Ok(())
}

/// Copies files of a folder of the host. One that may not be read is left out: it would be of no use.
fn copy(place: &str, folder: &Path, is_wanted: &dyn Fn(&Metadata) -> bool) -> Result<(), Trouble> {
    let from = Path::new("/").join(place);
    if fs::symlink_metadata(&from).is_ok_and(|meta| !meta.is_dir()) {
        return Ok(());
    }
    for entry in fs::read_dir(&from).into_iter().flatten().flatten() {
        let Ok(meta) = fs::symlink_metadata(entry.path()) else { continue };
        if !meta.is_file() || meta.len() > LARGEST || !is_wanted(&meta) {
            continue;
        }
        let Ok(bytes) = fs::read(entry.path()) else { continue };
        let at = folder.join(place).join(entry.file_name());
        // A machine may be running it: it is replaced, and not written over.
        if fs::read(&at).is_ok_and(|there| there == bytes) {
            continue;
        }
        let part = at.with_extension("kogumo-part");
        let mode = fs::Permissions::from_mode(meta.mode() & 0o7777);
        let made = at.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&part, bytes));
        let made = made.and_then(|()| fs::set_permissions(&part, mode)).and_then(|()| fs::rename(&part, &at));
        made.map_err(|e| Trouble::from_cause(format!("cannot copy {}", entry.path().display()), e))?;
    }
    Ok(())
}
