//! Quotas: requests of a key under a plan, counted by period of the cloud's clock.

use super::{Quota, UsagePlan};
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Table, Transaction};

/// By plan, key and the first day of the period.
static USAGE: Table<i64> = Table::new("apigateway/usage");

/// Seconds.
const DAY: i64 = 24 * 3600;

/// Counts a request; false when the quota is used up.
pub fn spend(
    tx: &mut Transaction,
    scope: &Scope,
    plan: &UsagePlan,
    key: &str,
    now: Timestamp,
) -> Result<bool, Trouble> {
    let Some(quota) = &plan.quota else { return Ok(true) };
    let at = Key::new().str(&plan.id).str(key).str(&period_start(quota, now));
    let used = USAGE.get(tx, scope, &at)?.unwrap_or(0);
    if used >= i64::from(quota.limit) {
        return Ok(false);
    }
    USAGE.put(tx, scope, at, &(used + 1))?;
    Ok(true)
}

/// The day on which the period of `now` began, in UTC. The offset is the day of the week, from Sunday, or of the month
/// that periods begin with.
fn period_start(quota: &Quota, now: Timestamp) -> String {
    let today = now.seconds().div_euclid(DAY);
    let passed = match quota.period.as_str() {
        // Day 0 of 1970 was a Thursday.
        "WEEK" => (today + 4 - i64::from(quota.offset)).rem_euclid(7),
        "MONTH" => days_since(today, 1 + i64::from(quota.offset)),
        _ => 0,
    };
    Timestamp::from_seconds((today - passed) * DAY).format("%Y-%m-%d")
}

/// How many days ago it was the `day` of a month; `day` is 28 at most.
fn days_since(today: i64, day: i64) -> i64 {
    let wanted = format!("{day:02}");
    (0..31).find(|ago| Timestamp::from_seconds((today - ago) * DAY).format("%d") == wanted).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        // A Sunday.
        let now = Timestamp::parse_iso("2026-11-22T15:00:00Z").expect("a time");
        let start = |period: &str, offset: i32| period_start(&Quota { period: period.into(), offset, limit: 1 }, now);
        assert_eq!([start("DAY", 0), start("WEEK", 0), start("MONTH", 0)], ["2026-11-22", "2026-11-22", "2026-11-01"]);
        assert_eq!([start("WEEK", 1), start("WEEK", 6)], ["2026-11-16", "2026-11-21"]);
        assert_eq!([start("MONTH", 21), start("MONTH", 22)], ["2026-11-22", "2026-10-23"]);
    }
}
