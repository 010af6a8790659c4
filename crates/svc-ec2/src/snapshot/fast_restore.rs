//! Fast snapshot restore: volumes of a snapshot that are at their full speed at once, in the zones where that is enabled.
//! Volumes of this cloud always are; what shows it is `FastRestored`, and the states that AWS goes through.
//! Source: Amazon EBS User Guide, "Amazon EBS fast snapshot restore".

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_store::{Key, Range, Read, Table};
use kogumo_wire::{Fault, Protocol};
use serde::{Deserialize, Serialize};

use super::find::find;
use super::record::Snapshot;
use crate::faults::missing_parameter;
use crate::filter::{Filters, text};
use crate::page::{Wanted, cut};
use crate::region::{self, Zone};

/// By snapshot and zone.
static RESTORES: Table<FastRestore> = Table::new("ec2/fast-snapshot-restore");

const ENABLING_SECONDS: i64 = 5;
const DISABLING_SECONDS: i64 = 5;
/// "Optimization takes 60 minutes per TiB".
const OPTIMIZING_SECONDS_PER_TIB: i64 = 3600;
/// Snapshots of a region.
const MOST: usize = 50;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct FastRestore {
    snapshot: String,
    zone: String,
    size: i32,
    enabled: Timestamp,
    disabled: Option<Timestamp>,
}

impl FastRestore {
    fn optimizing(&self) -> Timestamp {
        self.enabled.plus_seconds(ENABLING_SECONDS)
    }

    fn ready(&self) -> Timestamp {
        self.optimizing().plus_seconds((i64::from(self.size) * OPTIMIZING_SECONDS_PER_TIB + 1023) / 1024)
    }

    fn gone(&self) -> Option<Timestamp> {
        self.disabled.map(|at| at.plus_seconds(DISABLING_SECONDS))
    }

    fn state(&self, now: Timestamp) -> &'static str {
        match self.gone() {
            Some(gone) if gone <= now => "disabled",
            Some(_) => "disabling",
            None if now < self.optimizing() => "enabling",
            None if now < self.ready() => "optimizing",
            None => "enabled",
        }
    }

    fn reason(&self, now: Timestamp) -> &'static str {
        match self.state(now) {
            "enabling" | "disabling" => "Client.UserInitiated",
            _ => "Client.UserInitiated - Lifecycle state transition",
        }
    }
}

/// Whether a volume that is made now, of that snapshot in that zone, has been initialised.
///
/// # Errors
/// Trouble with the store.
pub fn is_fast(read: &dyn Read, scope: &Scope, now: Timestamp, snapshot: &str, zone: &str) -> Result<bool, Fault> {
    let found = RESTORES.get(read, scope, Key::new().str(snapshot).str(zone))?;
    Ok(found.is_some_and(|restore| restore.state(now) == "enabled"))
}

/// The snapshot is gone.
pub fn forget(w: &mut Writer, snapshot: &str) -> Result<(), Fault> {
    for zone in region::zones(w.caller.region()) {
        RESTORES.delete(w.tx, &w.caller.scope, Key::new().str(snapshot).str(&zone.name))?;
    }
    Ok(())
}

fn zones(w: &Writer, names: Option<Vec<String>>, ids: Option<Vec<String>>) -> Result<Vec<Zone>, Fault> {
    let names = names.unwrap_or_default().into_iter().map(|name| region::zone(w.caller.region(), Some(&name), None));
    let ids = ids.unwrap_or_default().into_iter().map(|id| region::zone(w.caller.region(), None, Some(&id)));
    let zones = names.chain(ids).collect::<Result<Vec<_>, Fault>>()?;
    if zones.is_empty() { Err(missing_parameter("AvailabilityZones")) } else { Ok(zones) }
}

type Shown = DescribeFastSnapshotRestoreSuccessItem;

fn shown(scope: &Scope, zone: &Zone, restore: &FastRestore, now: Timestamp) -> Shown {
    let passed = |at: Timestamp| Some(at).filter(|at| *at <= restore.disabled.unwrap_or(now).min(now));
    Shown {
        snapshot_id: Some(restore.snapshot.clone()),
        availability_zone: Some(zone.name.clone()),
        availability_zone_id: Some(zone.id.clone()),
        state: Some(restore.state(now).into()),
        state_transition_reason: Some(restore.reason(now).into()),
        owner_id: Some(scope.account.clone()),
        owner_alias: None,
        enabling_time: Some(restore.enabled),
        optimizing_time: passed(restore.optimizing()),
        enabled_time: passed(restore.ready()),
        disabling_time: restore.disabled,
        disabled_time: restore.gone().filter(|at| *at <= now),
    }
}

fn enable(w: &mut Writer, snapshot: &Snapshot, zone: &Zone) -> Result<Shown, Fault> {
    let key = Key::new().str(&snapshot.id).str(&zone.name);
    let old = RESTORES.get(w.store(), w.scope(), &key)?.filter(|old| old.disabled.is_none());
    let restore = old.unwrap_or_else(|| FastRestore {
        snapshot: snapshot.id.clone(),
        zone: zone.name.clone(),
        size: snapshot.volume_size,
        enabled: w.now,
        disabled: None,
    });
    RESTORES.put(w.tx, &w.caller.scope, key, &restore)?;
    Ok(shown(w.scope(), zone, &restore, w.now))
}

fn disable(w: &mut Writer, snapshot: &str, zone: &Zone) -> Result<Shown, Fault> {
    let key = Key::new().str(snapshot).str(&zone.name);
    let restore = RESTORES.get(w.store(), w.scope(), &key)?.filter(|old| old.disabled.is_none());
    let restore = restore.ok_or_else(|| {
        let message = format!("Fast snapshot restores are not enabled for {snapshot} in {}", zone.name);
        Fault::coded("InvalidFastSnapshotRestore.NotFound", 400, message)
    })?;
    let restore = FastRestore { disabled: Some(w.now), ..restore };
    RESTORES.put(w.tx, &w.caller.scope, key, &restore)?;
    Ok(shown(w.scope(), zone, &restore, w.now))
}

fn check_room(w: &Writer, more: usize) -> Result<(), Fault> {
    let rows: Vec<FastRestore> = rows(w.store(), w.scope())?;
    let used = rows.iter().filter(|one| one.disabled.is_none()).count();
    if used + more <= MOST {
        return Ok(());
    }
    let message = format!("The number of fast snapshot restores exceeds the limit of {MOST}.");
    Err(Fault::coded("FastSnapshotRestoresLimitExceeded", 400, message))
}

fn rows(read: &dyn Read, scope: &Scope) -> Result<Vec<FastRestore>, Fault> {
    let rows = RESTORES.scan(read, scope, &Range::all()).map(|row| row.map(|(_, restore)| restore));
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn enable_fast_snapshot_restores(
    w: &mut Writer,
    input: EnableFastSnapshotRestoresRequest,
) -> Result<EnableFastSnapshotRestoresResult, Fault> {
    let zones = zones(w, input.availability_zones, input.availability_zone_ids)?;
    check_room(w, zones.len() * input.source_snapshot_ids.len())?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for id in input.source_snapshot_ids {
        match find(w.store(), w.scope(), &id) {
            Ok(snapshot) => {
                for zone in &zones {
                    let one = enable(w, &snapshot, zone)?;
                    good.push(EnableFastSnapshotRestoreSuccessItem {
                        snapshot_id: one.snapshot_id,
                        availability_zone: one.availability_zone,
                        availability_zone_id: one.availability_zone_id,
                        state: one.state,
                        state_transition_reason: one.state_transition_reason,
                        owner_id: one.owner_id,
                        enabling_time: one.enabling_time,
                        ..EnableFastSnapshotRestoreSuccessItem::default()
                    });
                }
            }
            Err(fault) => bad.push(EnableFastSnapshotRestoreErrorItem {
                snapshot_id: Some(id),
                fast_snapshot_restore_state_errors: Some(zones.iter().map(|zone| refused(zone, &fault)).collect()),
            }),
        }
    }
    Ok(EnableFastSnapshotRestoresResult { successful: Some(good), unsuccessful: Some(bad) })
}

fn refused(zone: &Zone, fault: &Fault) -> EnableFastSnapshotRestoreStateErrorItem {
    EnableFastSnapshotRestoreStateErrorItem {
        availability_zone: Some(zone.name.clone()),
        availability_zone_id: Some(zone.id.clone()),
        error: Some(EnableFastSnapshotRestoreStateError {
            code: Some(fault.code(Protocol::Ec2).to_owned()),
            message: Some(fault.message.clone()),
        }),
    }
}

pub fn disable_fast_snapshot_restores(
    w: &mut Writer,
    input: DisableFastSnapshotRestoresRequest,
) -> Result<DisableFastSnapshotRestoresResult, Fault> {
    let zones = zones(w, input.availability_zones, input.availability_zone_ids)?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for id in input.source_snapshot_ids {
        let mut errors = Vec::new();
        for zone in &zones {
            match disable(w, &id, zone) {
                Ok(one) => good.push(DisableFastSnapshotRestoreSuccessItem {
                    snapshot_id: one.snapshot_id,
                    availability_zone: one.availability_zone,
                    availability_zone_id: one.availability_zone_id,
                    state: one.state,
                    state_transition_reason: one.state_transition_reason,
                    owner_id: one.owner_id,
                    owner_alias: None,
                    enabling_time: one.enabling_time,
                    optimizing_time: one.optimizing_time,
                    enabled_time: one.enabled_time,
                    disabling_time: one.disabling_time,
                    disabled_time: None,
                }),
                Err(fault) => errors.push(DisableFastSnapshotRestoreStateErrorItem {
                    availability_zone: Some(zone.name.clone()),
                    availability_zone_id: Some(zone.id.clone()),
                    error: Some(DisableFastSnapshotRestoreStateError {
                        code: Some(fault.code(Protocol::Ec2).to_owned()),
                        message: Some(fault.message.clone()),
                    }),
                }),
            }
        }
        if !errors.is_empty() {
            bad.push(DisableFastSnapshotRestoreErrorItem {
                snapshot_id: Some(id),
                fast_snapshot_restore_state_errors: Some(errors),
            });
        }
    }
    Ok(DisableFastSnapshotRestoresResult { successful: Some(good), unsuccessful: Some(bad) })
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("availability-zone", |one| text(&one.availability_zone)),
        ("availability-zone-id", |one| text(&one.availability_zone_id)),
        ("owner-id", |one| text(&one.owner_id)),
        ("snapshot-id", |one| text(&one.snapshot_id)),
        ("state", |one| text(&one.state)),
    ],
    tags: None,
};

pub fn describe_fast_snapshot_restores(
    r: &Reader,
    input: DescribeFastSnapshotRestoresRequest,
) -> Result<DescribeFastSnapshotRestoresResult, Fault> {
    let zones = region::zones(r.caller.region());
    let all = rows(r.store, r.scope())?;
    let all = all.iter().filter_map(|restore| {
        let zone = zones.iter().find(|zone| zone.name == restore.zone)?;
        Some(shown(r.scope(), zone, restore, r.now))
    });
    let wanted =
        Wanted { token: input.next_token.as_deref(), most: input.max_results.filter(|most| *most != 0), named: None };
    let page = cut(FILTERS.select(all.collect(), input.filters)?, wanted, |one| {
        let zone = one.availability_zone.as_deref().unwrap_or_default();
        format!("{} {zone}", one.snapshot_id.as_deref().unwrap_or_default())
    })?;
    Ok(DescribeFastSnapshotRestoresResult { fast_snapshot_restores: Some(page.items), next_token: page.next_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_for_each_tebibyte() {
        let restore = FastRestore {
            snapshot: "snap-1".into(),
            zone: "a".into(),
            size: 1024,
            enabled: Timestamp(0),
            disabled: None,
        };
        let at = |seconds: i64| restore.state(Timestamp(seconds * 1000));
        assert_eq!([at(0), at(5), at(3604), at(3605)], ["enabling", "optimizing", "optimizing", "enabled"]);
    }
}
