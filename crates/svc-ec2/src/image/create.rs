//! New images: of an instance, of snapshots, of another image.

use kogumo_base::Scope;
use kogumo_door::{Context, Writer};
use kogumo_model::ec2::*;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::base;
use super::find::find;
use super::lifecycle::Lifecycle;
use super::ops::check_name;
use super::record::{Image, ImageDevice};
use crate::client_token::{claim, is_repeated};
use crate::encryption::{self, Asked, Lock, Refusal};
use crate::faults::{invalid_value, missing_parameter, refuse};
use crate::instance::{Instance, State};
use crate::resource::{Resource, get, put};
use crate::snapshot::{self, Snapshot};
use crate::tag::{self, Tags};
use crate::volume::{
    self,
    rules::{self, Shape},
};

/// The tags for the image, and those for its snapshots.
fn tags_for(w: &Writer, specifications: Option<Vec<TagSpecification>>) -> Result<(Vec<Tag>, Vec<Tag>), Fault> {
    let (images, snapshots): (Vec<_>, Vec<_>) = specifications
        .unwrap_or_default()
        .into_iter()
        .partition(|one| one.resource_type.as_deref() != Some(Snapshot::KIND.name));
    Ok((tag::specified(w, Some(images), Image::KIND)?, tag::specified(w, Some(snapshots), Snapshot::KIND)?))
}

/// Takes snapshots of the instance's volumes. The file systems stand still for a moment meanwhile, so that the image is
/// whole; for that the instance need not be restarted.
pub fn create_image(w: &mut Writer, input: CreateImageRequest) -> Result<CreateImageResult, Fault> {
    refuse(&[
        ("SnapshotLocation", input.snapshot_location.as_deref() == Some("local")),
        ("BootModeOverride", input.boot_mode_override.is_some()),
    ])?;
    let instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    check_name(w.store(), w.scope(), &input.name)?;
    let (image_tags, snapshot_tags) = tags_for(w, input.tag_specifications)?;
    if !matches!(instance.state, State::Running | State::Stopped | State::Stopping) {
        let message = format!("Instance '{}' is not 'running' or 'stopped'.", instance.id);
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    let mut devices = Vec::new();
    let id = Image::KIND.new_id();
    let mut mappings = input.block_device_mappings.unwrap_or_default();
    let left_out: Vec<String> = mappings.iter().filter(|one| one.no_device.is_some()).filter_map(named).collect();
    if left_out.contains(&instance.root_device) {
        let message = format!("The root device {} cannot be left out", instance.root_device);
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    mappings.retain(|one| one.no_device.is_none());
    for volume in volume::of_instance(w, &instance.id)? {
        if volume.attachment.as_ref().is_some_and(|held| left_out.contains(&held.device)) {
            continue;
        }
        let description = format!("Created by CreateImage({}) for {id}", instance.id);
        let snapshot = snapshot::make(w, &volume, &description)?;
        tag::mark(w, &snapshot, snapshot_tags.clone())?;
        let attachment = volume.attachment.as_ref();
        devices.push(ImageDevice {
            name: attachment.map(|one| one.device.clone()).unwrap_or_default(),
            snapshot: Some(snapshot.id),
            size: volume.size,
            iops: volume.iops.filter(|_| volume.kind.starts_with("io") || volume.kind == "gp3"),
            kind: volume.kind,
            throughput: volume.throughput,
            delete_on_termination: attachment.is_some_and(|one| one.delete_on_termination),
        });
    }
    for mapping in mappings {
        map(w, &mut devices, mapping, &instance.root_device)?;
    }
    // The root first, as in every image.
    devices.sort_by_key(|device| (device.name != instance.root_device, device.name.clone()));
    let image = Image {
        id,
        name: input.name,
        description: input.description.unwrap_or_default(),
        owner: w.caller.account().to_owned(),
        owner_alias: None,
        architecture: instance.architecture.clone(),
        root_device: instance.root_device.clone(),
        devices,
        public: false,
        launch_users: Vec::new(),
        created: w.now,
        base: instance.base.clone(),
        source_instance: Some(instance.id.clone()),
        source_image: Some(instance.image.clone()),
        source_region: Some(w.caller.region().to_owned()),
        lifecycle: Lifecycle::default(),
    };
    put(w, &image)?;
    tag::mark(w, &image, image_tags)?;
    Ok(CreateImageResult { image_id: Some(image.id) })
}

fn named(mapping: &BlockDeviceMapping) -> Option<String> {
    mapping.device_name.clone()
}

/// Brings in what a request says of one device: of an instance's volume, or a further one.
fn map(w: &Writer, devices: &mut Vec<ImageDevice>, mapping: BlockDeviceMapping, root: &str) -> Result<(), Fault> {
    let name = named(&mapping).ok_or_else(|| missing_parameter("deviceName"))?;
    let ebs = mapping.ebs.unwrap_or_default();
    refuse(&[
        ("BlockDeviceMapping.VirtualName", mapping.virtual_name.is_some()),
        // An image's snapshots are encrypted as the volumes are that they are of; a copy of it may be otherwise.
        ("BlockDeviceMapping.Ebs.Encrypted", ebs.encrypted == Some(true)),
        ("BlockDeviceMapping.Ebs.KmsKeyId", ebs.kms_key_id.is_some()),
    ])?;
    let at = devices.iter().position(|device| device.name == name);
    let before = at.map(|at| devices.remove(at));
    if before.is_some() && ebs.snapshot_id.is_some() {
        let message = format!("The snapshot of {name} is taken of the instance's volume; snapshotId cannot be given");
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    let source = ebs.snapshot_id.as_deref().map(|id| get::<Snapshot>(w.store(), w.scope(), id)).transpose()?;
    let least = before.as_ref().map(|device| device.size).or(source.as_ref().map(|one| one.volume_size));
    let size = ebs.volume_size.or(least).ok_or_else(|| missing_parameter("size or snapshotId"))?;
    if let Some(least) = least.filter(|least| size < *least) {
        let message = format!("Volume of size {size}GB is smaller than snapshot, expect size >= {least}GB");
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    let kind = ebs.volume_type.or(before.as_ref().map(|one| one.kind.clone())).unwrap_or_else(|| "gp2".into());
    let shape = Shape {
        iops: ebs.iops.or(before.as_ref().filter(|one| one.kind == kind).and_then(|one| one.iops)),
        throughput: ebs.throughput.or(before.as_ref().filter(|one| one.kind == kind).and_then(|one| one.throughput)),
        kind,
        size,
    };
    let checked = rules::check(shape.clone(), name == root)?;
    devices.push(ImageDevice {
        name,
        snapshot: before.as_ref().and_then(|one| one.snapshot.clone()).or(ebs.snapshot_id),
        size: checked.size,
        iops: shape.iops,
        kind: checked.kind,
        throughput: shape.throughput,
        delete_on_termination: ebs
            .delete_on_termination
            .unwrap_or(before.as_ref().is_none_or(|one| one.delete_on_termination)),
    });
    Ok(())
}

/// An image of a snapshot of a root volume; the snapshot says what base its files lie on.
pub fn register_image(w: &mut Writer, input: RegisterImageRequest) -> Result<RegisterImageResult, Fault> {
    refuse(&[
        ("ImageLocation", input.image_location.is_some()),
        ("KernelId", input.kernel_id.is_some()),
        ("RamdiskId", input.ramdisk_id.is_some()),
        ("UefiData", input.uefi_data.is_some()),
        ("TpmSupport", input.tpm_support.is_some()),
        ("BillingProducts", input.billing_products.is_some()),
    ])?;
    check_name(w.store(), w.scope(), &input.name)?;
    let (tags, _) = tags_for(w, input.tag_specifications)?;
    let root = input.root_device_name.unwrap_or_else(|| "/dev/sda1".into());
    let architecture = input.architecture.unwrap_or_else(|| "x86_64".into());
    if architecture != "x86_64" {
        return Err(invalid_value(format!("Images of the architecture {architecture} cannot run on this machine")));
    }
    let mut devices = Vec::new();
    for mapping in input.block_device_mappings.unwrap_or_default() {
        let ebs = mapping.ebs.unwrap_or_default();
        let snapshot = ebs.snapshot_id.ok_or_else(|| missing_parameter("snapshotId"))?;
        let source: Snapshot = get(w.store(), w.scope(), &snapshot)?;
        devices.push(ImageDevice {
            name: mapping.device_name.unwrap_or_default(),
            snapshot: Some(snapshot),
            size: ebs.volume_size.unwrap_or(source.volume_size),
            kind: ebs.volume_type.unwrap_or_else(|| "gp2".into()),
            iops: ebs.iops,
            throughput: ebs.throughput,
            delete_on_termination: ebs.delete_on_termination.unwrap_or(true),
        });
    }
    if !devices.iter().any(|device| device.name == root) {
        let message = format!("No snapshot is given for the root device {root}");
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    let of_root = devices.iter().find(|device| device.name == root).and_then(|device| device.snapshot.as_deref());
    let base = base::of(w.store(), of_root.unwrap_or_default())?;
    let image = Image {
        id: Image::KIND.new_id(),
        name: input.name,
        description: input.description.unwrap_or_default(),
        owner: w.caller.account().to_owned(),
        owner_alias: None,
        architecture,
        root_device: root,
        devices,
        public: false,
        launch_users: Vec::new(),
        created: w.now,
        base,
        source_instance: None,
        source_image: None,
        source_region: None,
        lifecycle: Lifecycle::default(),
    };
    put(w, &image)?;
    tag::mark(w, &image, tags)?;
    Ok(RegisterImageResult { image_id: Some(image.id) })
}

/// A copy has snapshots of its own, wherever it is.
pub async fn copy_image(context: Context, input: CopyImageRequest) -> Result<CopyImageResult, Fault> {
    let asked = Asked::new(input.encrypted, input.kms_key_id.as_deref());
    let wants = context.read(|r| {
        if is_repeated(r, "CopyImage", input.client_token.as_deref(), &input)? {
            return Ok(Vec::new());
        }
        let from = Scope::new(r.scope().account.as_str(), &input.source_region);
        let image = find(r.store, &from, &input.source_image_id)?;
        let ids = image.devices.iter().filter_map(|device| device.snapshot.clone());
        ids.map(|id| {
            let of = source_of(r.store, &image, &input.source_region, &id)?;
            Ok::<_, Fault>((id, snapshot::wanted(r, &asked, &of, &from)?))
        })
        .collect::<Result<Vec<_>, Fault>>()
    })?;
    let mut locks = Vec::new();
    for (id, want) in wants {
        locks.push((id, encryption::lock(&context, &want, &Snapshot::KIND.new_id()).await));
    }
    context.write(|w| copy(w, input.clone(), &locks))
}

/// The snapshot that an image starts from. Whoever may use an image may copy it.
fn source_of(read: &dyn Read, image: &Image, region: &str, id: &str) -> Result<Snapshot, Fault> {
    let owner = Scope::new(&image.owner, region);
    crate::resource::find::<Snapshot>(read, &owner, id)?.ok_or_else(|| Snapshot::KIND.missing(id))
}

/// By the ids of the snapshots that are copied.
type Locks = [(String, Result<Option<Lock>, Refusal>)];

fn copy(w: &mut Writer, input: CopyImageRequest, locks: &Locks) -> Result<CopyImageResult, Fault> {
    refuse(&[
        ("DestinationOutpostArn", input.destination_outpost_arn.is_some()),
        ("DestinationAvailabilityZone", input.destination_availability_zone.is_some()),
        ("SnapshotCopyCompletionDurationMinutes", input.snapshot_copy_completion_duration_minutes.is_some()),
    ])?;
    let claim = claim(w, "CopyImage", input.client_token.as_deref(), &input)?;
    if claim.made.is_some() {
        return Ok(CopyImageResult { image_id: claim.made });
    }
    let from = Scope::new(w.caller.account(), &input.source_region);
    let source = find(w.store(), &from, &input.source_image_id)?;
    check_name(w.store(), w.scope(), &input.name)?;
    let (mut tags, snapshot_tags) = tags_for(w, input.tag_specifications)?;
    if input.copy_image_tags == Some(true) && source.owner == from.account {
        let before = Tags::of_one(w.store(), &from, &source.id)?.shown(&source.id);
        let is_named = |own: &Tag| tags.iter().any(|tag| tag.key == own.key);
        let missing: Vec<Tag> = before.into_iter().filter(|own| !is_named(own)).collect();
        tags.extend(missing);
    }
    let id = Image::KIND.new_id();
    let mut devices = source.devices.clone();
    for device in &mut devices {
        let Some(of) = &device.snapshot else { continue };
        let before = source_of(w.store(), &source, &input.source_region, of)?;
        let lock = locks.iter().find(|(id, _)| id == of).map_or(Ok(&None), |(_, lock)| lock.as_ref());
        let description = format!("Copied for {id} from {} for {of}", source.id);
        let snapshot = snapshot::copy_of(w, &before, description, lock)?;
        tag::mark(w, &snapshot, snapshot_tags.clone())?;
        device.snapshot = Some(snapshot.id);
    }
    let image = Image {
        id,
        name: input.name,
        description: input.description.unwrap_or_else(|| source.description.clone()),
        owner: w.caller.account().to_owned(),
        owner_alias: None,
        devices,
        public: false,
        launch_users: Vec::new(),
        created: w.now,
        source_instance: None,
        source_image: Some(source.id.clone()),
        source_region: Some(input.source_region),
        lifecycle: Lifecycle::default(),
        ..source
    };
    put(w, &image)?;
    tag::mark(w, &image, tags)?;
    claim.keep(w, &image.id)?;
    Ok(CopyImageResult { image_id: Some(image.id) })
}
