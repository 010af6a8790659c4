//! Locks of snapshots: for how long nobody may delete one. Source: Amazon EBS User Guide, "Amazon EBS snapshot lock".

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::find::own;
use super::record::Snapshot;
use crate::faults::{invalid_combination, invalid_value, missing_parameter};
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::resource::{chosen, put};

const DAY: i64 = 24 * 3600;
const HOUR: i64 = 3600;

/// A lock as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotLock {
    /// `governance` or `compliance`.
    pub mode: String,
    pub created: Timestamp,
    pub days: i32,
    pub expires: Timestamp,
    /// Hours in which a lock in compliance mode may still be taken off.
    pub cool_off: Option<i32>,
}

impl SnapshotLock {
    fn cool_off_end(&self) -> Option<Timestamp> {
        self.cool_off.map(|hours| self.created.plus_seconds(i64::from(hours) * HOUR))
    }

    pub fn state(&self, now: Timestamp) -> &'static str {
        match self.mode.as_str() {
            _ if self.expires <= now => "expired",
            "governance" => "governance",
            _ if self.cool_off_end().is_some_and(|end| now < end) => "compliance-cooloff",
            _ => "compliance",
        }
    }

    /// Whether it may be made longer, and nothing else.
    fn is_final(&self, now: Timestamp) -> bool {
        self.state(now) == "compliance"
    }
}

/// A snapshot that is locked is not deleted.
///
/// # Errors
/// `OperationNotPermitted`.
pub fn check_unlocked(snapshot: &Snapshot, now: Timestamp) -> Result<(), Fault> {
    match snapshot.lock.as_ref().map(|lock| lock.state(now)) {
        None | Some("expired") => Ok(()),
        Some(_) => {
            let message = format!("The snapshot {} is locked and cannot be deleted.", snapshot.id);
            Err(Fault::coded("OperationNotPermitted", 400, message))
        }
    }
}

/// Until when, and for how many days, a lock is asked for.
fn span(now: Timestamp, input: &LockSnapshotRequest) -> Result<(i32, Timestamp), Fault> {
    match (input.lock_duration, input.expiration_date) {
        (Some(_), Some(_)) => {
            Err(invalid_combination("You can specify either LockDuration or ExpirationDate, but not both."))
        }
        (Some(days), None) => Ok((days, now.plus_seconds(i64::from(days) * DAY))),
        (None, Some(end)) if end < now.plus_seconds(DAY) => {
            Err(invalid_value("The expiration date must be at least 1 day after the lock creation date."))
        }
        (None, Some(end)) => {
            let days = (end.0 - now.0 + DAY * 1000 - 1) / (DAY * 1000);
            Ok((i32::try_from(days).unwrap_or(i32::MAX), end))
        }
        (None, None) => Err(missing_parameter("LockDuration or ExpirationDate")),
    }
}

pub fn lock_snapshot(w: &mut Writer, input: LockSnapshotRequest) -> Result<LockSnapshotResult, Fault> {
    let mut snapshot = own(w.store(), w.scope(), &input.snapshot_id)?;
    let (days, expires) = span(w.now, &input)?;
    if input.lock_mode == "governance" && input.cool_off_period.is_some() {
        return Err(invalid_combination(
            "CoolOffPeriod can only be specified for snapshots locked in compliance mode.",
        ));
    }
    let cool_off = input.cool_off_period;
    let new = SnapshotLock { mode: input.lock_mode, created: w.now, days, expires, cool_off };
    let lock = match snapshot.lock.take() {
        Some(old) if old.is_final(w.now) => {
            if new.mode != "compliance" || new.cool_off.is_some() || new.expires < old.expires {
                let message =
                    "The snapshot is locked in compliance mode: its lock duration can only be increased.".to_owned();
                return Err(Fault::coded("OperationNotPermitted", 400, message));
            }
            SnapshotLock { days: new.days, expires: new.expires, ..old }
        }
        _ => new,
    };
    snapshot.lock = Some(lock.clone());
    put(w, &snapshot)?;
    Ok(LockSnapshotResult {
        snapshot_id: Some(snapshot.id),
        lock_state: Some(lock.state(w.now).into()),
        lock_duration: Some(lock.days),
        cool_off_period: lock.cool_off,
        cool_off_period_expires_on: lock.cool_off_end(),
        lock_created_on: Some(lock.created),
        lock_expires_on: Some(lock.expires),
        lock_duration_start_time: Some(lock.created),
    })
}

pub fn unlock_snapshot(w: &mut Writer, input: UnlockSnapshotRequest) -> Result<UnlockSnapshotResult, Fault> {
    let mut snapshot = own(w.store(), w.scope(), &input.snapshot_id)?;
    let lock = snapshot.lock.take().ok_or_else(|| {
        Fault::coded("SnapshotLockNotFound", 400, format!("The snapshot {} is not locked.", snapshot.id))
    })?;
    if lock.is_final(w.now) {
        let message = "The snapshot is locked in compliance mode and can't be unlocked.";
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    put(w, &snapshot)?;
    Ok(UnlockSnapshotResult { snapshot_id: Some(snapshot.id) })
}

static FILTERS: Filters<LockedSnapshotsInfo> =
    Filters { names: &[("lock-state", |one| text(&one.lock_state))], tags: None };

pub fn describe_locked_snapshots(
    r: &Reader,
    input: DescribeLockedSnapshotsRequest,
) -> Result<DescribeLockedSnapshotsResult, Fault> {
    let snapshots = chosen::<Snapshot>(r.store, r.scope(), input.snapshot_ids.as_deref())?;
    let locked = snapshots.into_iter().filter_map(|snapshot| {
        let lock = snapshot.lock?;
        Some(LockedSnapshotsInfo {
            owner_id: Some(r.scope().account.clone()),
            snapshot_id: Some(snapshot.id),
            lock_state: Some(lock.state(r.now).into()),
            lock_duration: Some(lock.days),
            cool_off_period: lock.cool_off,
            cool_off_period_expires_on: lock.cool_off_end(),
            lock_created_on: Some(lock.created),
            lock_duration_start_time: Some(lock.created),
            lock_expires_on: Some(lock.expires),
        })
    });
    let locked = FILTERS.select(locked.collect(), input.filters)?;
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(locked, wanted, |one| one.snapshot_id.clone().unwrap_or_default())?;
    Ok(DescribeLockedSnapshotsResult { snapshots: Some(page.items), next_token: page.next_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compliance_cools_off_and_then_holds_until_it_expires() {
        let lock = SnapshotLock {
            mode: "compliance".into(),
            created: Timestamp(0),
            days: 1,
            expires: Timestamp(DAY * 1000),
            cool_off: Some(2),
        };
        let at = |hours: i64| lock.state(Timestamp(hours * HOUR * 1000));
        assert_eq!([at(1), at(2), at(23), at(24)], ["compliance-cooloff", "compliance", "compliance", "expired"]);
    }
}
