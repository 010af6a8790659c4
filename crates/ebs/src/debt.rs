//! What a volume did beyond its limit, because a limit came late or the kernel was generous: it is taken off afterwards, so
//! that over some seconds the limit is kept.

use crate::{Rate, Work};

/// In so many seconds a debt is paid back.
const PAYBACK: f64 = 2.0;
/// More than so many seconds' worth is forgiven.
const MOST: f64 = 4.0;
/// While it is paid back, this much of the limit stays.
const LEFT: f64 = 0.5;

/// I/Os and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Debt {
    ios: f64,
    bytes: f64,
}

impl Debt {
    /// The debt after some time in which that was done, and no more than the limit should have been.
    #[must_use]
    pub fn after(self, work: Work, limit: Rate, seconds: f64) -> Debt {
        let owed = |before: f64, done: f64, limit: f64| (before + done - limit * seconds).clamp(0.0, limit * MOST);
        Debt { ios: owed(self.ios, work.ios, limit.iops), bytes: owed(self.bytes, work.bytes, limit.bytes) }
    }

    /// What is left of a limit.
    #[must_use]
    pub fn taken_off(self, limit: Rate) -> Rate {
        let left = |limit: f64, owed: f64| (limit - owed / PAYBACK).max(limit * LEFT);
        Rate { iops: left(limit.iops, self.ios), bytes: left(limit.bytes, self.bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generous_kernel_is_held_to_the_limit() {
        let limit = Rate { iops: 100.0, bytes: 1e9 };
        let (mut debt, mut done) = (Debt::default(), 0.0);
        for _ in 0..100 {
            // It lets an eighth more pass than it is told, every half second.
            let work = Work { ios: debt.taken_off(limit).iops * 1.125 * 0.5, bytes: 0.0 };
            debt = debt.after(work, limit, 0.5);
            done += work.ios;
        }
        assert!((done / 50.0 - 100.0).abs() < 1.0, "{}", done / 50.0);
    }

    #[test]
    fn who_rests_owes_nothing() {
        let limit = Rate { iops: 100.0, bytes: 1e6 };
        let debt = Debt::default().after(Work { ios: 10_000.0, bytes: 0.0 }, limit, 1.0);
        assert_eq!(debt.taken_off(limit).iops, 50.0);
        assert_eq!(debt.after(Work::default(), limit, 4.0).taken_off(limit), limit);
    }
}
