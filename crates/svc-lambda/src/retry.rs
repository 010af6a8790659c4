//! When an asynchronous invocation is tried again. Pure.
//! Source: "How Lambda handles errors and retries with asynchronous invocation" of the developer guide.

use kogumo_base::Timestamp;

use crate::outcome::Condition;

/// Seconds before the first and the second new try.
const BETWEEN: [i64; 2] = [60, 120];
/// Seconds after which an event without room is tried again: from this, doubling, to at most that.
const THROTTLED: (i64, i64) = (1, 300);
const USUAL_RETRIES: i32 = 2;
const USUAL_AGE: i32 = 21_600;

/// How often and how long an event is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub retries: u32,
    /// Seconds.
    pub age: i64,
}

impl Rules {
    /// What was configured, or the usual.
    pub fn of(retries: Option<i32>, age: Option<i32>) -> Rules {
        let retries = u32::try_from(retries.unwrap_or(USUAL_RETRIES)).unwrap_or(0);
        Rules { retries, age: i64::from(age.unwrap_or(USUAL_AGE)) }
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Again { due: Timestamp },
    Over(Condition),
}

/// After the function has failed; `calls` counts this one.
pub fn after_failure(calls: u32, rules: Rules, accepted: Timestamp, now: Timestamp) -> Next {
    if calls > rules.retries {
        return Next::Over(Condition::RetriesExhausted);
    }
    let index = usize::try_from(calls.saturating_sub(1)).unwrap_or(0).min(BETWEEN.len() - 1);
    again_unless_too_old(now.plus_seconds(BETWEEN[index]), rules, accepted)
}

/// After there was no room; `throttles` counts the times before.
pub fn after_throttle(throttles: u32, rules: Rules, accepted: Timestamp, now: Timestamp) -> Next {
    let (least, most) = THROTTLED;
    let seconds = least.checked_shl(throttles.min(30)).unwrap_or(most).min(most);
    again_unless_too_old(now.plus_seconds(seconds), rules, accepted)
}

fn again_unless_too_old(due: Timestamp, rules: Rules, accepted: Timestamp) -> Next {
    if due > accepted.plus_seconds(rules.age) { Next::Over(Condition::EventAgeExceeded) } else { Next::Again { due } }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(0);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn two_retries_after_one_and_two_minutes() {
        let rules = Rules::of(None, None);
        assert_eq!(after_failure(1, rules, START, at(5)), Next::Again { due: at(65) });
        assert_eq!(after_failure(2, rules, START, at(70)), Next::Again { due: at(190) });
        assert_eq!(after_failure(3, rules, START, at(200)), Next::Over(Condition::RetriesExhausted));
        assert_eq!(after_failure(1, Rules::of(Some(0), None), START, at(5)), Next::Over(Condition::RetriesExhausted));
    }

    #[test]
    fn events_grow_too_old() {
        let rules = Rules::of(None, Some(60));
        assert_eq!(after_failure(1, rules, START, at(5)), Next::Over(Condition::EventAgeExceeded));
        assert_eq!(after_failure(1, rules, START, at(0)), Next::Again { due: at(60) });
    }

    #[test]
    fn without_room_it_waits_longer_and_longer() {
        let rules = Rules::of(None, None);
        let waits: Vec<i64> = [0, 1, 2, 8, 9, 100]
            .map(|throttles| match after_throttle(throttles, rules, START, START) {
                Next::Again { due } => due.seconds(),
                Next::Over(_) => -1,
            })
            .into();
        assert_eq!(waits, [1, 2, 4, 256, 300, 300]);
        assert_eq!(after_throttle(0, rules, START, at(21_600)), Next::Over(Condition::EventAgeExceeded));
    }
}
