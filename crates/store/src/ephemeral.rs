//! Folders for stores that keep nothing: removed at the end, or by the next one if the process was killed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;

use kogumo_base::{Trouble, hex_id};

const PREFIX: &str = "kogumo-ephemeral-";
const LOCK: &str = "in-use";

/// A folder of this process, removed on drop. The open lock shows others that it is in use.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl Folder {
    pub(crate) fn new() -> Result<Self, Trouble> {
        let temp = std::env::temp_dir();
        sweep(&temp);
        let path = temp.join(format!("{PREFIX}{}-{}", process::id(), hex_id(8)));
        let trouble = |error| Trouble::from_cause(format!("cannot make {}", path.display()), error);
        fs::create_dir(&path).map_err(trouble)?;
        let lock = File::create(path.join(LOCK)).map_err(trouble)?;
        lock.lock().map_err(trouble)?;
        Ok(Folder { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nobody is left to tell; the next ephemeral store sweeps what stays.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders of processes that are gone. Both signs are needed: a process in another container has
/// no number here but holds its lock; one that is just starting has a number but no lock yet.
fn sweep(temp: &Path) {
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split('-').next());
        if let Some(owner) = owner
            && !Path::new("/proc").join(owner).exists()
            && Path::new("/proc/self").exists()
            && File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_the_dead_and_spares_the_living() {
        let temp = std::env::temp_dir().join(format!("kogumo-sweep-test-{}", hex_id(8)));
        // Process numbers end at 2^22 on Linux: this one is never alive.
        let dead = temp.join(format!("{PREFIX}99999999-aa"));
        let elsewhere = temp.join(format!("{PREFIX}99999998-aa"));
        let alive = temp.join(format!("{PREFIX}{}-aa", process::id()));
        for folder in [&dead, &elsewhere, &alive] {
            fs::create_dir_all(folder).expect("a folder");
            File::create(folder.join(LOCK)).expect("a lock");
        }
        let held = File::open(elsewhere.join(LOCK)).expect("a lock");
        held.lock().expect("nobody else has it");
        sweep(&temp);
        assert!(!dead.exists() && elsewhere.exists() && alive.exists());
        fs::remove_dir_all(&temp).expect("removed");
    }
}
