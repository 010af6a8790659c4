//! One fsync for many commits: whoever comes first leads, the others wait for what they need to be on disk.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use kogumo_base::Trouble;

/// How often a leader lets others finish their commit before it syncs: each takes microseconds, a sync much longer.
const PATIENCE: usize = 64;

/// Who has committed, who is on disk, and who is on the way.
#[derive(Debug, Default)]
pub(crate) struct GroupCommit {
    /// Writers that have begun and not yet committed: worth waiting for.
    on_the_way: AtomicUsize,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    synced: u64,
    led: bool,
}

/// A writer that has begun; dropped when it has committed or given up.
pub(crate) struct Arrival<'a>(&'a GroupCommit);

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        self.0.on_the_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl GroupCommit {
    /// Tells leaders that a commit is about to come.
    pub(crate) fn arrive(&self) -> Arrival<'_> {
        self.on_the_way.fetch_add(1, Ordering::Relaxed);
        Arrival(self)
    }

    /// Returns once generation `wanted` is on disk. `committed` tells the newest commit; `sync` puts all of them on disk.
    pub(crate) fn wait_for(
        &self,
        wanted: u64,
        committed: impl Fn() -> u64,
        sync: impl Fn() -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut state = self.state();
        while state.synced < wanted {
            if state.led {
                state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.led = true;
            drop(state);
            for _ in 0..PATIENCE {
                if self.on_the_way.load(Ordering::Relaxed) == 0 {
                    break;
                }
                thread::yield_now();
            }
            let reached = committed();
            let outcome = sync();
            state = self.state();
            state.led = false;
            if outcome.is_ok() {
                state.synced = state.synced.max(reached);
            }
            self.done.notify_all();
            outcome?;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
