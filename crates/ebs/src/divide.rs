//! An instance's volumes together may do no more than its type lets them: what each of them gets of that.

use crate::Rate;

/// Who did this much of what he was given would have done more.
const WANTS_MORE: f64 = 0.8;

/// One of the volumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// What it may do by itself, by its type, size and credits.
    pub own: Rate,
    /// What it was given last, and what it made of that.
    pub given: Rate,
    pub done: Rate,
}

/// Divides a limit fairly (max-min): who wants little gets that, the others have equal parts of the rest. One that rests may
/// begin with an equal part at least, which the others lose in the next round.
#[must_use]
pub fn divide(limit: Rate, claims: &[Claim]) -> Vec<Rate> {
    let iops = level(limit.iops, claims.iter().map(|one| wish(one.own.iops, one.given.iops, one.done.iops)).collect());
    let bytes =
        level(limit.bytes, claims.iter().map(|one| wish(one.own.bytes, one.given.bytes, one.done.bytes)).collect());
    claims.iter().map(|one| Rate { iops: one.own.iops.min(iops), bytes: one.own.bytes.min(bytes) }).collect()
}

fn wish(own: f64, given: f64, done: f64) -> f64 {
    if done >= given * WANTS_MORE { own } else { done }
}

/// How much each may have so that all together have no more than the limit.
fn level(limit: f64, mut wishes: Vec<f64>) -> f64 {
    wishes.sort_by(f64::total_cmp);
    let (mut rest, mut left) = (limit, wishes.len() as f64);
    for wish in &wishes {
        if *wish > rest / left {
            return rest / left;
        }
        (rest, left) = (rest - wish, left - 1.0);
    }
    wishes.last().map_or(limit, |most| most + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(iops: f64) -> Rate {
        Rate { iops, bytes: iops * 4096.0 }
    }

    fn claim(own: f64, given: f64, done: f64) -> Claim {
        Claim { own: rate(own), given: rate(given), done: rate(done) }
    }

    fn divided(limit: f64, claims: &[Claim]) -> Vec<f64> {
        divide(rate(limit), claims).iter().map(|one| one.iops).collect()
    }

    #[test]
    fn who_wants_all_shares_equally() {
        let busy = claim(3000.0, 1800.0, 1800.0);
        assert_eq!(divided(3600.0, &[busy, busy]), [1800.0, 1800.0]);
        assert_eq!(divided(3600.0, &[busy]), [3000.0]);
        // One that cannot use its part leaves it to the others.
        let slow = claim(100.0, 100.0, 100.0);
        assert_eq!(divided(3600.0, &[busy, slow, busy]), [1750.0, 100.0, 1750.0]);
    }

    #[test]
    fn who_rests_leaves_the_rest_and_may_begin() {
        let (busy, idle) = (claim(16000.0, 3600.0, 3600.0), claim(3000.0, 1800.0, 0.0));
        let given = divided(3600.0, &[busy, idle]);
        assert_eq!(given, [3600.0, 3000.0]);
        // It has begun: the next round is fair.
        let begun = [claim(16000.0, given[0], 3600.0), claim(3000.0, given[1], 3000.0)];
        assert_eq!(divided(3600.0, &begun), [1800.0, 1800.0]);
        assert_eq!(divided(3600.0, &[idle, idle]), [3000.0, 3000.0]);
    }

    #[test]
    fn whatever_they_wish_for_it_is_no_more_than_there_is() {
        for wishes in 1_u32..200 {
            let claims: Vec<Claim> = (0..wishes % 7 + 1)
                .map(|one| {
                    let own = f64::from((wishes * 31 + one * 17) % 97 * 100);
                    claim(own, own, own)
                })
                .collect();
            let sum: f64 = divided(3600.0, &claims).iter().sum();
            let wanted: f64 = claims.iter().map(|one| one.own.iops).sum();
            assert!(sum <= 3600.0 + 1e-6 && sum >= wanted.min(3600.0) - 1e-6, "{claims:?}: {sum}");
        }
    }
}
