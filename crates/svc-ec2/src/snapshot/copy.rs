//! CopySnapshot, and CreateSnapshots of all volumes of an instance.

use kogumo_base::Scope;
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::find::find;
use super::ops::make;
use super::record::{NO_VOLUME, Snapshot};
use super::tier;
use crate::encryption::{self, Asked, Defaults, Lock, Refusal, Want, decide};
use crate::faults::{invalid_value, refuse};
use crate::image::base;
use crate::instance::Instance;
use crate::resource::{Resource, get, put};
use crate::tag::{self, Tags};
use crate::volume;

/// What a copy's encryption is to be. `from` is where the snapshot lies.
///
/// # Errors
/// A key for what is not to be encrypted.
pub fn wanted(r: &Reader, asked: &Asked, source: &Snapshot, from: &Scope) -> Result<Want, Fault> {
    // A key is of one region, and another account's is not for new data keys.
    let again = source.owner == r.scope().account && from.region == r.scope().region;
    let encryption = source.encryption.as_ref().map(|one| (one, again));
    let wish = decide(asked, encryption, &Defaults::of(r.store, r.scope())?)?;
    Ok(Want { wish, source: source.encryption.clone(), has_content: true, is_used: false })
}

/// Records a copy in the caller's region; the reconciler copies the file.
pub async fn copy_snapshot(context: Context, input: CopySnapshotRequest) -> Result<CopySnapshotResult, Fault> {
    let asked = Asked::new(input.encrypted, input.kms_key_id.as_deref());
    let from = Scope::new(context.caller.account(), &input.source_region);
    let want = context.read(|r| wanted(r, &asked, &find(r.store, &from, &input.source_snapshot_id)?, &from))?;
    let lock = encryption::lock(&context, &want, &Snapshot::KIND.new_id()).await;
    context.write(|w| copy(w, &input, lock.as_ref()))
}

fn copy(
    w: &mut Writer,
    input: &CopySnapshotRequest,
    lock: Result<&Option<Lock>, &Refusal>,
) -> Result<CopySnapshotResult, Fault> {
    refuse(&[
        ("DestinationOutpostArn", input.destination_outpost_arn.is_some()),
        ("DestinationAvailabilityZone", input.destination_availability_zone.is_some()),
    ])?;
    if input.destination_region.as_ref().is_some_and(|region| region != w.caller.region()) {
        return Err(invalid_value("The destination region must be the region that the request is sent to"));
    }
    // Copies that AWS would have done by then are done at once.
    if let Some(minutes) = input.completion_duration_minutes {
        if !(15..=2880).contains(&minutes) || minutes % 15 != 0 {
            return Err(invalid_value(format!(
                "Value ({minutes}) for parameter CompletionDurationMinutes is invalid: 15 to 2880 minutes in steps of 15."
            )));
        }
    }
    let tags = tag::specified(w, input.tag_specifications.clone(), Snapshot::KIND)?;
    let from = Scope::new(w.caller.account(), &input.source_region);
    let source = find(w.store(), &from, &input.source_snapshot_id)?;
    let snapshot = copy_of(w, &source, input.description.clone().unwrap_or_default(), lock)?;
    let snapshot = Snapshot { copy_minutes: input.completion_duration_minutes, ..snapshot };
    put(w, &snapshot)?;
    tag::mark(w, &snapshot, tags)?;
    let tags = Tags::of_one(w.store(), w.scope(), &snapshot.id)?;
    Ok(CopySnapshotResult { tags: tags.shown_if_any(&snapshot.id), snapshot_id: Some(snapshot.id) })
}

/// Records a copy, in the caller's account and region; the reconciler copies the file.
///
/// # Errors
/// The snapshot is not there yet.
pub fn copy_of(
    w: &mut Writer,
    source: &Snapshot,
    description: String,
    lock: Result<&Option<Lock>, &Refusal>,
) -> Result<Snapshot, Fault> {
    if !source.made {
        let message = format!("The snapshot '{}' is not completed.", source.id);
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    tier::check_within_reach(source, w.now)?;
    let mut snapshot = Snapshot {
        copy_of: Some(source.id.clone()),
        source: source.encryption.clone(),
        ..Snapshot::new(w, NO_VOLUME, source.volume_size, description)
    };
    match lock {
        Ok(Some(lock)) => {
            snapshot.id = lock.id.clone();
            snapshot.encryption = Some(lock.encryption.clone());
            snapshot.grants = lock.grants.clone();
        }
        Ok(None) => {}
        Err(refusal) => snapshot.failure = Some(format!("Given key ID is not accessible. {}", refusal.why)),
    }
    put(w, &snapshot)?;
    base::inherit(w, &source.id, &snapshot.id)?;
    Ok(snapshot)
}

/// One snapshot of each volume of an instance.
pub fn create_snapshots(w: &mut Writer, input: CreateSnapshotsRequest) -> Result<CreateSnapshotsResult, Fault> {
    refuse(&[("OutpostArn", input.outpost_arn.is_some()), ("Location", input.location.as_deref() == Some("local"))])?;
    let tags = tag::specified(w, input.tag_specifications, Snapshot::KIND)?;
    let of: Instance = get(w.store(), w.scope(), &input.instance_specification.instance_id)?;
    let without = input.instance_specification.exclude_data_volume_ids.unwrap_or_default();
    let without_root = input.instance_specification.exclude_boot_volume == Some(true);
    let description = input.description.unwrap_or_default();
    let volumes = volume::of_instance(w, &of.id)?;
    if let Some(stranger) = without.iter().find(|id| !volumes.iter().any(|volume| volume.id == **id)) {
        return Err(invalid_value(format!("The volume '{stranger}' is not attached to instance '{}'", of.id)));
    }
    let mut shown = Vec::new();
    for volume in volumes {
        let is_root = volume.attachment.as_ref().is_some_and(|held| held.device == of.root_device);
        if is_root && without_root || without.contains(&volume.id) {
            continue;
        }
        let snapshot = make(w, &volume, &description)?;
        let mut own = tags.clone();
        if input.copy_tags_from_source.as_deref() == Some("volume") {
            let of_volume = Tags::of_one(w.store(), w.scope(), &volume.id)?;
            own.extend(of_volume.shown_if_any(&volume.id).unwrap_or_default());
        }
        tag::mark(w, &snapshot, own)?;
        let marked = Tags::of_one(w.store(), w.scope(), &snapshot.id)?;
        shown.push(SnapshotInfo {
            description: Some(snapshot.description),
            encrypted: Some(snapshot.encryption.is_some()),
            owner_id: Some(snapshot.owner),
            progress: Some("0%".into()),
            start_time: Some(snapshot.started),
            state: Some("pending".into()),
            tags: marked.shown_if_any(&snapshot.id),
            snapshot_id: Some(snapshot.id),
            volume_id: Some(volume.id),
            volume_size: Some(volume.size),
            ..SnapshotInfo::default()
        });
    }
    Ok(CreateSnapshotsResult { snapshots: Some(shown) })
}
