//! The wall between whoever wants code to run and the machine that runs it.

use std::sync::Arc;
use std::time::Duration;

use kogumo_base::Trouble;

use crate::{Report, Spec};

/// A machine that can run programs in sandboxes.
pub trait Host: Send + Sync {
    /// What this machine can do, what not, and what follows from it.
    fn report(&self) -> Report;

    /// Makes a sandbox and starts its program. Output and exit go to `watcher`, from a thread of the host's.
    ///
    /// # Errors
    /// If a step fails; the message names the step. Nothing is left behind then.
    fn start(&self, spec: Spec, watcher: Arc<dyn Watcher>) -> Result<Arc<dyn Sandbox>, Trouble>;

    /// Removes what servers that were killed have left on this machine; answers what could not be removed.
    fn sweep(&self) -> Vec<Trouble>;
}

/// One running (or ended) sandbox. Dropping the last reference closes it.
pub trait Sandbox: Send + Sync {
    /// Stops every process in it without their noticing, until `thaw`. When this returns, nothing in it runs.
    fn freeze(&self) -> Result<(), Trouble>;

    /// Lets a frozen sandbox go on.
    fn thaw(&self) -> Result<(), Trouble>;

    /// Hands to the watcher all output that the program has written until now.
    fn drain(&self);

    /// The user that it is outside, if that user is nobody else: tells whose a connection on this machine is.
    fn user(&self) -> Option<u32>;

    /// What it uses now and has used at most.
    fn usage(&self) -> Usage;

    /// Kills everything in it, frozen or not. The exit reaches the watcher soon after.
    fn kill(&self);

    /// How it ended, waiting for that for `patience` at most.
    fn wait(&self, patience: Duration) -> Option<Exit>;

    /// Kills everything, waits until it is gone and removes whatever the sandbox was made of. It goes on after a
    /// failure, and answers every failure. A second call finds nothing to do.
    fn close(&self) -> Vec<Trouble>;
}

/// Hears what happens in a sandbox. Calls come from one thread at a time, in order; they must not block for long.
pub trait Watcher: Send + Sync {
    /// Bytes that the program wrote to its standard output or error, in order, cut anywhere.
    fn output(&self, bytes: &[u8]);

    /// The program has ended; all of its output has been handed over before.
    fn exited(&self, exit: Exit);
}

/// How a sandbox ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The program ended by itself with this status.
    Code(i32),
    /// A signal ended it: its own fault (11) or `kill` (9).
    Signal(i32),
    /// It was killed because it used more memory than `Limits::memory`.
    OutOfMemory,
}

/// What a sandbox uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of memory now, without the page cache and without files in its own `/tmp`.
    pub memory: u64,
    /// The most that `memory` has been seen to be.
    pub peak_memory: u64,
    /// Processes and threads now.
    pub processes: u64,
}
