//! Throttling and quotas of stages and usage plans: decided over counters that the caller keeps.

use serde::{Deserialize, Serialize};

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
        Bucket {
            tokens: burst,
            filled: now_millis,
        }
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

/// The period of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// AWS's name: `DAY`, `WEEK`, `MONTH`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "DAY" => Some(Period::Day),
            "WEEK" => Some(Period::Week),
            "MONTH" => Some(Period::Month),
            _ => None,
        }
    }

    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            Period::Day => "DAY",
            Period::Week => "WEEK",
            Period::Month => "MONTH",
        }
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
        assert_eq!(
            [take(60_000), take(60_000), take(60_000)],
            [true, true, false]
        );
        assert!(!take(0), "a clock that goes back gives nothing");
    }
}
