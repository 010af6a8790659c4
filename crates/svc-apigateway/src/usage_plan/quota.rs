//! Quotas: requests of a key under a plan, counted by period of the cloud's clock.

use super::{Quota, UsagePlan};
use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_store::{Key, Table, Transaction};

/// By plan, key and the first day of the period.
static USAGE: Table<i64> = Table::new("apigateway/usage");

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

/// The first day of the period in which `now` lies, in UTC.
fn period_start(quota: &Quota, now: Timestamp) -> String {
    match quota.period.as_str() {
        "MONTH" => now.format("%Y-%m"),
        // ISO's week and its year.
        "WEEK" => now.format("%G-W%V"),
        _ => now.format("%Y-%m-%d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        let now = Timestamp::parse_iso("2026-11-22T15:00:00Z").expect("a time");
        let start = |period: &str| period_start(&Quota { period: period.into(), ..Quota::default() }, now);
        assert_eq!([start("DAY"), start("WEEK"), start("MONTH")], ["2026-11-22", "2026-W47", "2026-11"]);
    }
}
