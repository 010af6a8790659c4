//! Creating, describing and deleting volumes.

use kogumo_base::{Arn, Scope};
use kogumo_door::{Context, Reader, Writer};
use kogumo_model::ec2::{Volume as Shown, VolumeAttachment, *};
use kogumo_store::Read;
use kogumo_wire::{Fault, Unit};

use super::record::{Attachment, Volume};
use super::rules::{self, Shape};
use crate::client_token::{claim, is_repeated};
use crate::encryption::{self, Asked, Defaults, Encryption, Lock, Want, Wish, decide};
use crate::faults::{missing_parameter, refuse};
use crate::filter::{Filters, each, flag, number, text};
use crate::image;
use crate::page::{Wanted, cut_fives};
use crate::region;
use crate::resource::{Resource, all, chosen, delete, get, put};
use crate::snapshot::{self, Snapshot};
use crate::tag::{self, Tags};

/// What a volume is made of.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub snapshot: Option<String>,
    /// How that is encrypted.
    pub source: Option<Encryption>,
    /// A root without a snapshot begins with an empty file system.
    pub fresh_root: bool,
}

/// Records a volume, encrypted where it has a lock. Its file is made by the reconciler.
pub fn make(w: &mut Writer, zone: &str, shape: Shape, origin: Origin, lock: Option<&Lock>) -> Result<Volume, Fault> {
    let Origin { snapshot, source, fresh_root } = origin;
    let fast_restored = match &snapshot {
        Some(snapshot) => snapshot::fast_restore::is_fast(w.store(), w.scope(), w.now, snapshot, zone)?,
        None => false,
    };
    let volume = Volume {
        id: lock.map_or_else(|| Volume::KIND.new_id(), |lock| lock.id.clone()),
        zone: zone.to_owned(),
        size: shape.size,
        kind: shape.kind,
        iops: shape.iops,
        throughput: shape.throughput,
        snapshot,
        created: w.now,
        fresh_root,
        made: false,
        attachment: None,
        others: Vec::new(),
        multi_attach: false,
        modifications: Vec::new(),
        auto_enable_io: false,
        encryption: lock.map(|lock| lock.encryption.clone()),
        source,
        grants: lock.map(|lock| lock.grants.clone()).unwrap_or_default(),
        refused: false,
        fast_restored,
    };
    put(w, &volume)?;
    if let Some(snapshot) = &volume.snapshot {
        image::base::inherit(w, snapshot, &volume.id)?;
    }
    Ok(volume)
}

/// The snapshot that a volume is to be made of.
fn source(read: &dyn Read, scope: &Scope, input: &CreateVolumeRequest) -> Result<Option<Snapshot>, Fault> {
    let id = input.snapshot_id.as_deref().filter(|id| !id.is_empty());
    id.map(|id| snapshot::find(read, scope, id)).transpose()
}

pub async fn create_volume(context: Context, input: CreateVolumeRequest) -> Result<Shown, Fault> {
    let want = context.read(|r| {
        if is_repeated(r, "CreateVolume", input.client_token.as_deref(), &input)? {
            return Ok(Want { wish: Wish::Plain, source: None, has_content: false, is_used: false });
        }
        let source = source(r.store, r.scope(), &input)?;
        let asked = Asked::new(input.encrypted, input.kms_key_id.as_deref());
        let encryption = source.as_ref().and_then(|source| source.encryption.clone());
        let own = source.as_ref().is_some_and(|source| source.owner == r.scope().account);
        let wish = decide(&asked, encryption.as_ref().map(|one| (one, own)), &Defaults::of(r.store, r.scope())?)?;
        Ok::<_, Fault>(Want { wish, source: encryption, has_content: source.is_some(), is_used: false })
    })?;
    match encryption::lock(&context, &want, &Volume::KIND.new_id()).await {
        Ok(lock) => context.write(|w| create(w, &input, lock.as_ref())),
        // As on AWS, which asks KMS later: it is answered, and then the volume is gone.
        Err(refusal) => context.write(|w| {
            tracing::warn!("KMS refuses the key of a new volume: {}", refusal.why);
            let answer = create(w, &input, None)?;
            let id = answer.volume_id.clone().unwrap_or_default();
            let volume: Volume = get(w.store(), w.scope(), &id)?;
            put(w, &Volume { refused: true, ..volume })?;
            Ok(answer)
        }),
    }
}

fn create(w: &mut Writer, input: &CreateVolumeRequest, lock: Option<&Lock>) -> Result<Shown, Fault> {
    refuse(&[
        ("OutpostArn", input.outpost_arn.is_some()),
        ("VolumeInitializationRate", input.volume_initialization_rate.is_some()),
    ])?;
    let claim = claim(w, "CreateVolume", input.client_token.as_deref(), input)?;
    if let Some(made) = &claim.made {
        let volume: Volume = get(w.store(), w.scope(), made)?;
        let tags = Tags::of_one(w.store(), w.scope(), made)?;
        return Ok(shown(w.scope(), &volume, &tags));
    }
    let zone = match (&input.availability_zone, &input.availability_zone_id) {
        (None, None) => return Err(missing_parameter("availabilityZone")),
        (name, id) => region::zone(w.caller.region(), name.as_deref(), id.as_deref()).map_err(|_| {
            let named = name.as_deref().or(id.as_deref()).unwrap_or_default();
            Fault::coded("InvalidZone.NotFound", 400, format!("The zone '{named}' does not exist."))
        })?,
    };
    let tags = tag::specified(w, input.tag_specifications.clone(), Volume::KIND)?;
    let source = source(w.store(), w.scope(), input)?;
    if let Some(source) = source.as_ref().filter(|one| one.writing.is_some() || one.failure.is_some()) {
        let message = format!("Snapshot is in invalid state - {}", source.state());
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    if let Some(source) = &source {
        snapshot::tier::check_within_reach(source, w.now)?;
    }
    let size = input.size.or(source.as_ref().map(|source| source.volume_size));
    let size = size.ok_or_else(|| missing_parameter("size or snapshotId"))?;
    if let Some(source) = source.as_ref().filter(|source| size < source.volume_size) {
        let message = format!("The size of a volume cannot be smaller than snapshot '{}'", source.id);
        return Err(Fault::coded("InvalidParameterValue", 400, message));
    }
    let kind = input.volume_type.clone().unwrap_or_else(|| "gp2".into());
    let shape = rules::check(Shape { kind, size, iops: input.iops, throughput: input.throughput }, false)?;
    let origin = Origin {
        snapshot: source.as_ref().map(|source| source.id.clone()),
        source: source.and_then(|source| source.encryption),
        fresh_root: false,
    };
    let multi_attach = input.multi_attach_enabled == Some(true);
    rules::check_multi_attach(&shape.kind, multi_attach)?;
    let volume = Volume { multi_attach, ..make(w, &zone.name, shape, origin, lock)? };
    put(w, &volume)?;
    tag::mark(w, &volume, tags)?;
    claim.keep(w, &volume.id)?;
    let tags = Tags::of_one(w.store(), w.scope(), &volume.id)?;
    Ok(shown(w.scope(), &volume, &tags))
}

pub fn shown_attachment(volume: &str, attachment: &Attachment) -> VolumeAttachment {
    VolumeAttachment {
        attach_time: Some(attachment.since),
        delete_on_termination: Some(attachment.delete_on_termination),
        device: Some(attachment.device.clone()),
        instance_id: Some(attachment.instance.clone()),
        state: Some(attachment.state.clone()),
        volume_id: Some(volume.to_owned()),
        ..VolumeAttachment::default()
    }
}

fn shown(scope: &Scope, volume: &Volume, tags: &Tags) -> Shown {
    let zones = region::zones(&scope.region);
    Shown {
        availability_zone: Some(volume.zone.clone()),
        availability_zone_id: zones.into_iter().find(|zone| zone.name == volume.zone).map(|zone| zone.id),
        attachments: Some(volume.attachments().map(|one| shown_attachment(&volume.id, one)).collect()),
        create_time: Some(volume.created),
        encrypted: Some(volume.encryption.is_some()),
        fast_restored: volume.fast_restored.then_some(true),
        kms_key_id: volume.encryption.as_ref().map(|one| one.key.clone()),
        iops: volume.iops,
        multi_attach_enabled: Some(volume.multi_attach),
        operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
        owner_id: Some(scope.account.clone()),
        size: Some(volume.size),
        snapshot_id: Some(volume.snapshot.clone().unwrap_or_default()),
        state: Some(volume.state().to_owned()),
        tags: tags.shown_if_any(&volume.id),
        throughput: volume.throughput,
        volume_arn: Some(Arn::new("ec2", &scope.region, &scope.account, format!("volume/{}", volume.id)).to_string()),
        volume_id: Some(volume.id.clone()),
        volume_type: Some(volume.kind.clone()),
        ..Shown::default()
    }
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("attachment.attach-time", |volume| {
            each(&volume.attachments, |one| one.attach_time.iter().map(|at| at.iso_millis()).collect())
        }),
        ("attachment.delete-on-termination", |volume| each(&volume.attachments, |one| flag(one.delete_on_termination))),
        ("attachment.device", |volume| each(&volume.attachments, |one| text(&one.device))),
        ("attachment.instance-id", |volume| each(&volume.attachments, |one| text(&one.instance_id))),
        ("attachment.status", |volume| each(&volume.attachments, |one| text(&one.state))),
        ("availability-zone", |volume| text(&volume.availability_zone)),
        ("availability-zone-id", |volume| text(&volume.availability_zone_id)),
        ("create-time", |volume| volume.create_time.iter().map(|at| at.iso_millis()).collect()),
        ("encrypted", |volume| flag(volume.encrypted)),
        ("fast-restored", |volume| flag(volume.fast_restored)),
        ("multi-attach-enabled", |volume| flag(volume.multi_attach_enabled)),
        ("operator.managed", |volume| volume.operator.iter().flat_map(|own| flag(own.managed)).collect()),
        ("operator.principal", |volume| volume.operator.iter().flat_map(|own| text(&own.principal)).collect()),
        ("size", |volume| number(volume.size)),
        ("snapshot-id", |volume| text(&volume.snapshot_id)),
        ("status", |volume| text(&volume.state)),
        ("volume-id", |volume| text(&volume.volume_id)),
        ("volume-type", |volume| text(&volume.volume_type)),
    ],
    tags: Some(|volume| volume.tags.as_ref()),
};

pub fn describe_volumes(r: &Reader, input: DescribeVolumesRequest) -> Result<DescribeVolumesResult, Fault> {
    let volumes = chosen::<Volume>(r.store, r.scope(), input.volume_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let volumes = volumes.iter().map(|volume| shown(r.scope(), volume, &tags)).collect();
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.volume_ids.as_ref().map(|_| "volumeIds"),
    };
    let page =
        cut_fives(FILTERS.select(volumes, input.filters)?, wanted, |one| one.volume_id.clone().unwrap_or_default())?;
    Ok(DescribeVolumesResult { volumes: Some(page.items), next_token: page.next_token })
}

/// Its file goes when the reconciler finds that nobody knows it any more.
pub fn delete_volume(w: &mut Writer, input: DeleteVolumeRequest) -> Result<Unit, Fault> {
    let volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    if let Some(attachment) = &volume.attachment {
        let message = format!("Volume {} is currently attached to {}", volume.id, attachment.instance);
        return Err(Fault::coded("VolumeInUse", 400, message));
    }
    delete::<Volume>(w, &volume.id)?;
    Ok(Unit)
}

/// The volumes of an instance, as they are seen from it.
///
/// # Errors
/// Trouble with the store.
pub fn of_instance(w: &Writer, instance: &str) -> Result<Vec<Volume>, Fault> {
    let volumes = all::<Volume>(w.store(), w.scope())?.into_iter().filter(|volume| volume.is_on(instance));
    Ok(volumes.map(|volume| volume.seen_from(instance)).collect())
}
