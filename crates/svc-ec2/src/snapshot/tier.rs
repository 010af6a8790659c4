//! The archive tier of snapshots: a day to get into it, days to come back, and no volume is made of what is in it.
//! Source: Amazon EBS User Guide, "Archive Amazon EBS snapshots".

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::find::own;
use super::record::Snapshot;
use crate::faults::{invalid_combination, invalid_value};
use crate::filter::{Filters, text};
use crate::image;
use crate::page::{Wanted, cut};
use crate::resource::{all, put};
use crate::tag::Tags;

/// "The time it takes to archive a snapshot depends on its size"; AWS promises a day to restore one of up to 4 TiB.
const MOVING_SECONDS: i64 = 24 * 3600;
const MOST_DAYS: i32 = 180;

/// Where a snapshot is on its way to, or has got to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    Archived {
        since: Timestamp,
    },
    /// Back for so many days, or for good.
    Restored {
        archived: Timestamp,
        since: Timestamp,
        days: Option<i32>,
    },
}

impl Tier {
    /// When a temporary restore is over.
    fn expiry(&self) -> Option<Timestamp> {
        match self {
            Tier::Restored { since, days: Some(days), .. } => {
                Some(since.plus_seconds(MOVING_SECONDS + i64::from(*days) * 24 * 3600))
            }
            _ => None,
        }
    }

    fn is_moving(&self, now: Timestamp) -> bool {
        let (Tier::Archived { since } | Tier::Restored { since, .. }) = self;
        now < since.plus_seconds(MOVING_SECONDS)
    }

    /// Whether its bytes are out of reach.
    fn is_archived(&self, now: Timestamp) -> bool {
        match self {
            Tier::Archived { .. } => !self.is_moving(now),
            Tier::Restored { .. } => self.is_moving(now) || self.expiry().is_some_and(|end| end <= now),
        }
    }

    fn status(&self, now: Timestamp) -> &'static str {
        match (self, self.is_moving(now)) {
            (Tier::Archived { .. }, true) => "archival-in-progress",
            (Tier::Archived { .. }, false) => "archival-completed",
            (Tier::Restored { days: Some(_), .. }, true) => "temporary-restore-in-progress",
            (Tier::Restored { days: Some(_), .. }, false) => "temporary-restore-completed",
            (Tier::Restored { days: None, .. }, true) => "permanent-restore-in-progress",
            (Tier::Restored { days: None, .. }, false) => "permanent-restore-completed",
        }
    }
}

/// `standard` or `archive`. A temporary restore stays in the archive, too.
pub fn words(snapshot: &Snapshot, now: Timestamp) -> &'static str {
    let temporary = matches!(snapshot.tier, Some(Tier::Restored { days: Some(_), .. }));
    if temporary || is_archived(snapshot, now) { "archive" } else { "standard" }
}

pub fn is_archived(snapshot: &Snapshot, now: Timestamp) -> bool {
    snapshot.tier.as_ref().is_some_and(|tier| tier.is_archived(now))
}

/// When a temporary restore ends.
pub fn expiry(snapshot: &Snapshot) -> Option<Timestamp> {
    snapshot.tier.as_ref().and_then(Tier::expiry)
}

/// What is archived cannot be used.
///
/// # Errors
/// `IncorrectState`.
pub fn check_within_reach(snapshot: &Snapshot, now: Timestamp) -> Result<(), Fault> {
    if !is_archived(snapshot, now) {
        return Ok(());
    }
    let message = format!("The snapshot '{}' is archived. Restore it before you use it.", snapshot.id);
    Err(Fault::coded("IncorrectState", 400, message))
}

pub fn modify_snapshot_tier(
    w: &mut Writer,
    input: ModifySnapshotTierRequest,
) -> Result<ModifySnapshotTierResult, Fault> {
    let mut snapshot = own(w.store(), w.scope(), &input.snapshot_id)?;
    let refused = |message: String| Err(Fault::coded("UnsupportedOperation", 400, message));
    if !snapshot.made {
        let message = format!("The snapshot '{}' is not completed.", snapshot.id);
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    if let Some(image) = image::using(w.store(), w.scope(), &snapshot.id)? {
        return refused(format!("The snapshot {} is currently in use by {image}", snapshot.id));
    }
    let locked = snapshot.lock.as_ref().is_some_and(|lock| lock.state(w.now) != "expired");
    if locked {
        return refused(format!("The snapshot {} is locked and cannot be archived.", snapshot.id));
    }
    if snapshot.tier.as_ref().is_some_and(|tier| tier.is_moving(w.now) || tier.is_archived(w.now)) {
        return Err(Fault::coded("IncorrectState", 400, format!("The snapshot '{}' is archived.", snapshot.id)));
    }
    snapshot.tier = Some(Tier::Archived { since: w.now });
    put(w, &snapshot)?;
    Ok(ModifySnapshotTierResult { snapshot_id: Some(snapshot.id), tiering_start_time: Some(w.now) })
}

pub fn restore_snapshot_tier(
    w: &mut Writer,
    input: RestoreSnapshotTierRequest,
) -> Result<RestoreSnapshotTierResult, Fault> {
    let mut snapshot = own(w.store(), w.scope(), &input.snapshot_id)?;
    let permanent = input.permanent_restore == Some(true);
    let days = match (permanent, input.temporary_restore_days) {
        (true, Some(_)) => {
            return Err(invalid_combination("PermanentRestore and TemporaryRestoreDays cannot be specified together."));
        }
        (true, None) => None,
        (false, days) => Some(days.unwrap_or(1)),
    };
    if let Some(days) = days.filter(|days| !(1..=MOST_DAYS).contains(days)) {
        return Err(invalid_value(format!("Value ({days}) for parameter TemporaryRestoreDays is invalid.")));
    }
    let (archived, since) = match &snapshot.tier {
        Some(tier @ Tier::Archived { since }) if tier.is_archived(w.now) => (*since, w.now),
        // What is back for a while may be kept longer, or for good, at once.
        Some(Tier::Restored { archived, since, days: Some(_) }) => {
            let over = snapshot.tier.as_ref().is_some_and(|tier| tier.is_archived(w.now));
            (*archived, if over { w.now } else { *since })
        }
        _ => {
            let message = format!("The snapshot '{}' is not archived.", snapshot.id);
            return Err(Fault::coded("IncorrectState", 400, message));
        }
    };
    snapshot.tier = Some(Tier::Restored { archived, since, days });
    put(w, &snapshot)?;
    Ok(RestoreSnapshotTierResult {
        snapshot_id: Some(snapshot.id),
        restore_start_time: Some(w.now),
        restore_duration: days,
        is_permanent_restore: Some(permanent),
    })
}

static FILTERS: Filters<SnapshotTierStatus> = Filters {
    names: &[
        ("snapshot-id", |one| text(&one.snapshot_id)),
        ("volume-id", |one| text(&one.volume_id)),
        ("last-tiering-operation", |one| text(&one.last_tiering_operation_status)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

fn shown(scope: &Scope, snapshot: Snapshot, tags: &Tags, now: Timestamp) -> SnapshotTierStatus {
    let tier = snapshot.tier.as_ref();
    let archived = tier.map(|tier| match tier {
        Tier::Archived { since } | Tier::Restored { archived: since, .. } => *since,
    });
    let started = tier.map(|tier| match tier {
        Tier::Archived { since } | Tier::Restored { since, .. } => *since,
    });
    let passed = started.map(|started| (now.0 - started.0) * 100 / (MOVING_SECONDS * 1000));
    SnapshotTierStatus {
        snapshot_id: Some(snapshot.id.clone()),
        volume_id: Some(snapshot.volume.clone()),
        status: Some(snapshot.state().into()),
        owner_id: Some(scope.account.clone()),
        tags: tags.shown_if_any(&snapshot.id),
        storage_tier: Some(words(&snapshot, now).into()),
        last_tiering_start_time: started,
        last_tiering_progress: passed.map(|percent| i32::try_from(percent.clamp(0, 100)).unwrap_or_default()),
        last_tiering_operation_status: tier.map(|tier| tier.status(now).into()),
        archival_complete_time: archived.map(|at| at.plus_seconds(MOVING_SECONDS)).filter(|at| *at <= now),
        restore_expiry_time: expiry(&snapshot),
        ..SnapshotTierStatus::default()
    }
}

pub fn describe_snapshot_tier_status(
    r: &Reader,
    input: DescribeSnapshotTierStatusRequest,
) -> Result<DescribeSnapshotTierStatusResult, Fault> {
    let tags = Tags::of_all(r.store, r.scope())?;
    let all = all::<Snapshot>(r.store, r.scope())?.into_iter();
    let all = all.map(|snapshot| shown(r.scope(), snapshot, &tags, r.now)).collect();
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(FILTERS.select(all, input.filters)?, wanted, |one| one.snapshot_id.clone().unwrap_or_default())?;
    Ok(DescribeSnapshotTierStatusResult { snapshot_tier_statuses: Some(page.items), next_token: page.next_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600 * 1000;

    #[test]
    fn what_is_restored_for_some_days_goes_back() {
        let tier = Tier::Restored { archived: Timestamp(0), since: Timestamp(10 * DAY), days: Some(3) };
        let archived = [10, 11, 13, 14].map(|day| tier.is_archived(Timestamp(day * DAY)));
        assert_eq!(archived, [true, false, false, true]);
        assert_eq!(tier.status(Timestamp(11 * DAY)), "temporary-restore-completed");
    }
}
