//! The cloud's clock: the machine's time plus what `kogumo clock advance` has added.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Timestamp;

/// Tells the cloud's time. This is the one place that reads the system clock (house, law 7).
#[derive(Debug, Default)]
pub struct Clock {
    ahead_millis: AtomicI64,
}

impl Clock {
    /// A clock that is `millis` ahead of the machine's.
    pub fn ahead_by(millis: i64) -> Self {
        Clock { ahead_millis: AtomicI64::new(millis) }
    }

    /// The cloud's time.
    pub fn now(&self) -> Timestamp {
        Clock::machine_now().plus_millis(self.ahead_millis.load(Ordering::Relaxed))
    }

    /// The machine's time: for the age of signatures only, since clients sign with their own clock.
    pub fn machine_now() -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Moves the cloud's time forward and answers how far ahead it now is, in milliseconds.
    pub fn advance(&self, millis: u64) -> i64 {
        let step = i64::try_from(millis).unwrap_or(i64::MAX);
        let before =
            self.ahead_millis.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| Some(at.saturating_add(step)));
        before.unwrap_or_else(|at| at).saturating_add(step)
    }

    /// How far ahead of the machine the cloud is, in milliseconds.
    pub fn ahead_millis(&self) -> i64 {
        self.ahead_millis.load(Ordering::Relaxed)
    }

    /// Back to the machine's time (`kogumo reset`).
    pub fn reset(&self) {
        self.ahead_millis.store(0, Ordering::Relaxed);
    }
}
