//! A limit holds for reads and writes together; the kernel limits each by itself. So the one gets what the other leaves.

use crate::Rate;

/// What reads and writes may do, each by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    pub reads: Rate,
    pub writes: Rate,
}

/// Shares a limit after what was done last: each side has half of it for certain, and beyond that what the other did not
/// use. Once both want all, both have half from the next round on.
#[must_use]
pub fn share(limit: Rate, done: Share) -> Share {
    let left = |limit: f64, other: f64| (limit - other).max(limit / 2.0);
    let side = |other: Rate| Rate { iops: left(limit.iops, other.iops), bytes: left(limit.bytes, other.bytes) };
    Share { reads: side(done.writes), writes: side(done.reads) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(iops: f64) -> Rate {
        Rate { iops, bytes: iops * 4096.0 }
    }

    #[test]
    fn one_side_alone_has_all() {
        let shared = share(rate(1000.0), Share { reads: rate(1000.0), writes: rate(0.0) });
        assert_eq!(shared, Share { reads: rate(1000.0), writes: rate(500.0) });
    }

    #[test]
    fn two_that_want_all_have_half() {
        let begun = share(rate(1000.0), Share { reads: rate(1000.0), writes: rate(500.0) });
        assert_eq!(begun, Share { reads: rate(500.0), writes: rate(500.0) });
        assert_eq!(share(rate(1000.0), begun), begun);
    }

    #[test]
    fn a_little_of_one_leaves_the_rest_to_the_other() {
        let shared = share(rate(1000.0), Share { reads: rate(1000.0), writes: rate(200.0) });
        assert_eq!(shared.reads, rate(800.0));
    }
}
