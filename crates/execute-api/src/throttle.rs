//! Throttling: token buckets by name.

use kogumo_base::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Buckets before all of them are forgotten.
const MAX_BUCKETS: usize = 4096;

/// The buckets of a data plane. They can be lost at any time.
#[derive(Default)]
pub struct Buckets(Mutex<HashMap<String, Bucket>>);

impl Buckets {
    /// Takes a token from a bucket, which is full when it is new; false when it has none.
    pub fn take(&self, name: &str, rate: f64, burst: f64, now: Timestamp) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_BUCKETS && !buckets.contains_key(name) {
            buckets.clear();
        }
        let bucket = buckets.entry(name.to_owned()).or_insert_with(|| Bucket::full(burst, now.0));
        bucket.take(rate, burst, now.0)
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A token bucket: `rate` tokens a second, up to `burst` at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    tokens: f64,
    /// When it was last filled, milliseconds.
    filled: i64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(burst: f64, now_millis: i64) -> Self {
        Bucket { tokens: burst, filled: now_millis }
    }

    /// Takes a token; false when there is none.
    pub fn take(&mut self, rate: f64, burst: f64, now_millis: i64) -> bool {
        let seconds = now_millis.saturating_sub(self.filled).max(0) as f64 / 1000.0;
        self.tokens = (self.tokens + seconds * rate).min(burst);
        self.filled = self.filled.max(now_millis);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_bursts_and_refills() {
        let mut bucket = Bucket::full(2.0, 0);
        let mut take = |now| bucket.take(1.0, 2.0, now);
        assert_eq!(
            [take(0), take(0), take(0), take(999), take(1000), take(1000)],
            [true, true, false, false, true, false]
        );
        assert_eq!([take(60_000), take(60_000), take(60_000)], [true, true, false]);
        assert!(!take(0), "a clock that goes back gives nothing");
    }
}
