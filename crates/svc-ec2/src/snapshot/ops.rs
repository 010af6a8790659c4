//! The operations of snapshots.

use kogumo_base::{Scope, Timestamp};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{Snapshot as Shown, *};
use kogumo_wire::{Fault, Unit};

use super::find::{find, usable};
use super::record::Snapshot;
use super::{fast_restore, lock, tier};
use crate::ebs;
use crate::encryption::Encryption;
use crate::faults::refuse;
use crate::filter::{Filters, flag, number, text};
use crate::image;
use crate::page::{Wanted, cut_fives};
use crate::resource::{Resource, delete, get, put};
use crate::tag::{self, Tags};
use crate::volume::Volume;

/// Records a snapshot; the reconciler copies the volume as it is then.
pub fn make(w: &mut Writer, volume: &Volume, description: &str) -> Result<Snapshot, Fault> {
    let snapshot =
        Snapshot { encryption: volume.encryption.clone(), ..Snapshot::new(w, &volume.id, volume.size, description) };
    put(w, &snapshot)?;
    image::base::inherit(w, &volume.id, &snapshot.id)?;
    Ok(snapshot)
}

pub fn create_snapshot(w: &mut Writer, input: CreateSnapshotRequest) -> Result<Shown, Fault> {
    refuse(&[("OutpostArn", input.outpost_arn.is_some()), ("Location", input.location.as_deref() == Some("local"))])?;
    let volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    let tags = tag::specified(w, input.tag_specifications, Snapshot::KIND)?;
    if !volume.made {
        let message = format!("The volume '{}' is not 'available'.", volume.id);
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    let snapshot = make(w, &volume, &input.description.unwrap_or_default())?;
    tag::mark(w, &snapshot, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &snapshot.id)?;
    Ok(shown(w.scope(), &snapshot, &tags, w.now))
}

fn shown(scope: &Scope, snapshot: &Snapshot, tags: &Tags, now: Timestamp) -> Shown {
    let owner = if snapshot.owner.is_empty() { &scope.account } else { &snapshot.owner };
    Shown {
        description: Some(snapshot.description.clone()),
        completion_time: snapshot.completed.map(|(at, _)| at),
        full_snapshot_size_in_bytes: snapshot.completed.and_then(|(_, bytes)| i64::try_from(bytes).ok()),
        completion_duration_minutes: snapshot.copy_minutes,
        transfer_type: snapshot.copy_of.as_ref().map(|_| match snapshot.copy_minutes {
            Some(_) => "time-based".to_owned(),
            None => "standard".to_owned(),
        }),
        data_encryption_key_id: snapshot.encryption.as_ref().map(Encryption::data_key_id),
        encrypted: Some(snapshot.encryption.is_some()),
        kms_key_id: snapshot.encryption.as_ref().map(|one| one.key.clone()),
        owner_id: Some(owner.clone()),
        progress: Some(snapshot.progress()),
        snapshot_id: Some(snapshot.id.clone()),
        start_time: Some(snapshot.started),
        state: Some(snapshot.state().into()),
        state_message: snapshot.failure.clone(),
        storage_tier: Some(tier::words(snapshot, now).into()),
        restore_expiry_time: tier::expiry(snapshot),
        tags: tags.shown_if_any(&snapshot.id),
        volume_id: Some(snapshot.volume.clone()),
        volume_size: Some(snapshot.volume_size),
        ..Shown::default()
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("description", |one| text(&one.description)),
        ("encrypted", |one| flag(one.encrypted)),
        ("owner-alias", |one| text(&one.owner_alias)),
        ("owner-id", |one| text(&one.owner_id)),
        ("progress", |one| text(&one.progress)),
        ("snapshot-id", |one| text(&one.snapshot_id)),
        ("start-time", |one| one.start_time.iter().map(|at| at.iso_millis()).collect()),
        ("status", |one| text(&one.state)),
        ("storage-tier", |one| text(&one.storage_tier)),
        ("transfer-type", |one| text(&one.transfer_type)),
        ("volume-id", |one| text(&one.volume_id)),
        ("volume-size", |one| number(one.volume_size)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

/// An account sees its own, those that are shared with it, and public ones.
pub fn describe_snapshots(r: &Reader, input: DescribeSnapshotsRequest) -> Result<DescribeSnapshotsResult, Fault> {
    let mut snapshots = match input.snapshot_ids.as_deref().unwrap_or_default() {
        [] => usable(r.store, r.scope())?,
        ids => ids.iter().map(|id| find(r.store, r.scope(), id)).collect::<Result<_, _>>()?,
    };
    let account = &r.scope().account;
    let is_own = |snapshot: &Snapshot| snapshot.owner.is_empty() || snapshot.owner == *account;
    let is_of = |snapshot: &Snapshot, owner: &str| match owner {
        "self" => is_own(snapshot),
        owner => snapshot.owner == owner || owner == account && is_own(snapshot),
    };
    let restores = |snapshot: &Snapshot, who: &str| match who {
        "all" => snapshot.public,
        "self" => is_own(snapshot) || snapshot.users.contains(account),
        user => snapshot.users.iter().any(|own| own == user) || user == account && is_own(snapshot),
    };
    let any = |wanted: &Option<Vec<String>>, holds: &dyn Fn(&str) -> bool| match wanted.as_deref() {
        None | Some([]) => true,
        Some(wanted) => wanted.iter().any(|one| holds(one)),
    };
    snapshots.retain(|one| any(&input.owner_ids, &|owner| is_of(one, owner)));
    snapshots.retain(|one| any(&input.restorable_by_user_ids, &|who| restores(one, who)));
    let tags = Tags::of_all(r.store, r.scope())?;
    let snapshots = snapshots.iter().map(|one| shown(r.scope(), one, &tags, r.now)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.snapshot_ids.as_ref().map(|_| "snapshotIds"),
    };
    let page = cut_fives(FILTERS.select(snapshots, input.filters)?, wanted, |one| {
        one.snapshot_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeSnapshotsResult { snapshots: Some(page.items), next_token: page.next_token })
}

pub fn delete_snapshot(w: &mut Writer, input: DeleteSnapshotRequest) -> Result<Unit, Fault> {
    let snapshot: Snapshot = get(w.store(), w.scope(), &input.snapshot_id)?;
    if let Some(image) = image::using(w.store(), w.scope(), &snapshot.id)? {
        let message = format!("The snapshot {} is currently in use by {image}", snapshot.id);
        return Err(Fault::coded("InvalidSnapshot.InUse", 400, message));
    }
    lock::check_unlocked(&snapshot, w.now)?;
    fast_restore::forget(w, &snapshot.id)?;
    ebs::forget(w, &snapshot.id)?;
    delete::<Snapshot>(w, &snapshot.id)?;
    Ok(Unit)
}
