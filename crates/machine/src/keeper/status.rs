//! What the keeper leaves in a machine's folder for whichever server looks: who runs, how far, how it ended.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use kogumo_base::Trouble;
use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::{Ending, Spec};

const SPEC: &str = "spec.json";
const STATUS: &str = "status.json";
const GO: &str = "go";

/// A process that no later one is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub pid: i32,
    /// In ticks since boot (proc_pid_stat(5), field 22).
    pub started: u64,
}

/// How far a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub keeper: Process,
    pub init: Process,
    pub booted: bool,
    pub ending: Option<Ending>,
}

impl Process {
    /// The one that has that number now.
    pub fn of(pid: i32) -> Option<Process> {
        Some(Process { pid, started: start_time(pid)? })
    }

    /// Whether it still runs; a zombie does not.
    pub fn lives(self) -> bool {
        start_time(self.pid) == Some(self.started)
    }
}

fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

impl Status {
    pub fn prepared(init: Pid) -> Result<Status, Trouble> {
        let known = |pid| Process::of(pid).ok_or_else(|| Trouble::new("the machine ended before it was there"));
        let keeper = i32::try_from(std::process::id()).map_err(|e| Trouble::from_cause("no process id", e))?;
        Ok(Status { keeper: known(keeper)?, init: known(init.as_raw_nonzero().get())?, booted: false, ending: None })
    }

    /// What the folder says; `None` where no machine has been made.
    pub fn read(folder: &Path) -> Option<Status> {
        serde_json::from_slice(&fs::read(folder.join(STATUS)).ok()?).ok()
    }

    pub fn write(&self, folder: &Path) -> Result<(), Trouble> {
        let failed = |e: std::io::Error| Trouble::from_cause("cannot note the machine's state", e);
        let text = serde_json::to_vec(self).map_err(|e| failed(e.into()))?;
        let fresh = folder.join("status.new");
        fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, folder.join(STATUS))).map_err(failed)
    }
}

impl Spec {
    /// Writes it for the keeper.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Trouble> {
        let failed = |e: std::io::Error| Trouble::from_cause("cannot write the machine's description", e);
        let text = serde_json::to_vec(self).map_err(|e| failed(e.into()))?;
        fs::write(folder.join(SPEC), text).map_err(failed)
    }

    pub(crate) fn read(folder: &Path) -> Result<Spec, Trouble> {
        let failed = |e: std::io::Error| Trouble::from_cause("cannot read the machine's description", e);
        let text = fs::read(folder.join(SPEC)).map_err(failed)?;
        serde_json::from_slice(&text).map_err(|e| failed(e.into()))
    }
}

/// The folder of a machine.
pub(crate) fn folder_of(all: &Path, id: &str) -> PathBuf {
    all.join(id)
}

/// The line on which a server says that the machine may boot, for the keeper: open at both ends, so that it never ends.
pub(super) fn go_line(folder: &Path) -> Result<OwnedFd, Trouble> {
    let failed = |e| Trouble::from_cause("cannot make the line for the boot", e);
    let path = folder.join(GO);
    let _from_before = fs::remove_file(&path);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, Mode::from(0o600), 0).map_err(failed)?;
    rustix::fs::open(&path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(failed)
}

/// The server's end of it.
pub(crate) fn say_go(folder: &Path) -> Result<(), Trouble> {
    let failed = |e| Trouble::from_cause("the machine cannot be told to boot", e);
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let line = rustix::fs::open(folder.join(GO), flags, Mode::empty()).map_err(|e| failed(e.into()))?;
    std::io::Write::write_all(&mut File::from(line), b"go").map_err(failed)
}
