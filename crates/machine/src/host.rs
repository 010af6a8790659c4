//! The wall between whoever wants machines and the kernel that runs them.

use std::path::PathBuf;

use kogumo_base::Trouble;

use crate::{Spec, Usage};

/// Runs machines. Every call is idempotent: a reconciler repeats it after a crash.
pub trait Host: Send + Sync {
    /// What keeps this host from running machines; empty if it can.
    fn lacks(&self) -> Vec<Lack>;

    /// What keeps this host from showing volumes as devices of machines; nothing if it can.
    fn lacks_devices(&self) -> Option<Lack>;

    /// The machines that there is anything of on this host, ended ones too.
    fn list(&self) -> Vec<String>;

    /// What has become of a machine.
    fn state(&self, id: &str) -> State;

    /// Makes a machine's namespaces and file system. It then waits, so that a network can be connected, for `boot`.
    ///
    /// # Errors
    /// If a step fails; the message names it. Nothing is left behind then.
    fn prepare(&self, spec: &Spec) -> Result<State, Trouble>;

    /// Lets a prepared machine start.
    ///
    /// # Errors
    /// There is no such machine.
    fn boot(&self, id: &str) -> Result<(), Trouble>;

    /// Asks a machine to shut down in order; `state` tells when it has.
    fn shut_down(&self, id: &str);

    /// Ends a machine at once.
    fn kill(&self, id: &str);

    /// Removes whatever is left of a machine but its volumes; one that runs is killed first.
    fn remove(&self, id: &str) -> Vec<Trouble>;

    /// The last 64 KiB that the machine wrote to its console.
    fn console(&self, id: &str) -> Vec<u8>;

    /// What a machine that runs has used since it was started; `None` where it does not run, or nobody counts.
    fn usage(&self, id: &str) -> Option<Usage>;

    /// Does something while the file system on one of the machine's volumes stands still, if it is mounted.
    ///
    /// # Errors
    /// Those of `work`.
    fn while_still(
        &self,
        id: &str,
        volume: &std::path::Path,
        work: &mut dyn FnMut() -> Result<(), Trouble>,
    ) -> Result<(), Trouble>;

    /// Shows a block device of the host in a machine's `/dev`, under that name.
    ///
    /// # Errors
    /// There is no such machine, or its `/dev` has something of that name.
    fn plug(&self, id: &str, name: &str, device: &std::path::Path) -> Result<(), Trouble>;

    /// Shows a machine how large a device has become.
    fn refresh(&self, id: &str, name: &str, device: &std::path::Path);

    /// Takes a device away from a machine.
    fn unplug(&self, id: &str, name: &str) -> Result<(), Trouble>;
}

/// Something that this host has not, and machines need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// `root`, `overlay`, …
    pub name: &'static str,
    /// What is missing and what to do about it.
    pub why: String,
}

/// What has become of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is nothing of it.
    Absent,
    /// Its namespaces are there and it waits for `boot`.
    Prepared { network: PathBuf },
    /// It runs. `network` is its network namespace, as a path that setns(2) takes.
    Running { network: PathBuf },
    /// It has ended.
    Ended(Ending),
}

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Ending {
    /// It was shut down, from inside or outside.
    PowerOff,
    /// It wants to be started again.
    Reboot,
    /// It was killed, or its init failed.
    Killed,
}
