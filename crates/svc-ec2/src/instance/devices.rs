//! The volumes that a launch makes: the image's devices under the request's, and how each is encrypted.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_base::Scope;
use kogumo_door::Reader;
use kogumo_model::ec2::{EbsBlockDevice, RunInstancesRequest};
use kogumo_wire::Fault;

use crate::encryption::{Asked, Defaults, Want, decide};
use crate::faults::refuse;
use crate::image::{Image as ImageRecord, ImageDevice};
use crate::resource::find;
use crate::snapshot::{self, Snapshot as SnapshotRecord};
use crate::volume::{
    self,
    rules::{self, Shape},
};

/// A volume to be made with each instance.
pub struct Device {
    pub name: String,
    pub shape: Shape,
    pub snapshot: Option<String>,
    pub fresh_root: bool,
    pub delete_on_termination: bool,
    pub want: Want,
}

/// The image's devices, with the request's in their place or beside them.
///
/// # Errors
/// AWS's, for the first that cannot be.
pub fn devices(r: &Reader, input: &RunInstancesRequest, image: &ImageRecord) -> Result<Vec<Device>, Fault> {
    let mut wanted = image.devices.clone();
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    let mut repeated = None;
    for mapping in input.block_device_mappings.iter().flatten() {
        let name = mapping.device_name.clone().unwrap_or_default();
        refuse(&[("BlockDeviceMapping.VirtualName", mapping.virtual_name.is_some())])?;
        if mapping.no_device.is_some() {
            wanted.retain(|device| device.name != name);
            continue;
        }
        if !volume::is_device(&name) {
            let message = format!("Invalid device name {name}");
            return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
        }
        let ebs = mapping.ebs.clone().unwrap_or_default();
        if asked.insert(name.clone(), Asked::new(ebs.encrypted, ebs.kms_key_id.as_deref())).is_some() {
            repeated = mapping.device_name.as_deref().map(volume::file_name);
        }
        let before = wanted.iter().position(|device| device.name == name).map(|at| wanted.remove(at));
        wanted.push(overlaid(r, name, ebs, before)?);
    }
    let mut names = BTreeSet::new();
    let twice = wanted.iter().map(|device| volume::file_name(&device.name)).find(|name| !names.insert(*name));
    if let Some(name) = twice.or(repeated) {
        let message = format!("The device '{name}' is used in more than one block-device mapping");
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    if !wanted.iter().any(|device| device.name == image.root_device) {
        let message = format!("The root device {} is missing", image.root_device);
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    let defaults = Defaults::of(r.store, r.scope())?;
    let with_want = |device: ImageDevice| {
        let asked = asked.get(&device.name).cloned().unwrap_or_default();
        let source = source_of(r, device.snapshot.as_deref(), image)?;
        let own = source.as_ref().is_some_and(|source| source.owner == r.scope().account);
        let source = source.and_then(|source| source.encryption);
        let wish = decide(&asked, source.as_ref().map(|one| (one, own)), &defaults)?;
        let is_root = device.name == image.root_device;
        let want = Want { wish, source, has_content: is_root || device.snapshot.is_some(), is_used: true };
        checked(device, is_root, want)
    };
    wanted.into_iter().map(with_want).collect()
}

/// The snapshot of a device: the caller's own, or the image's.
fn source_of(r: &Reader, id: Option<&str>, image: &ImageRecord) -> Result<Option<SnapshotRecord>, Fault> {
    let Some(id) = id else { return Ok(None) };
    if let Some(own) = find::<SnapshotRecord>(r.store, r.scope(), id)? {
        return Ok(Some(own));
    }
    match find(r.store, &Scope::new(&image.owner, &r.scope().region), id)? {
        Some(of_image) => Ok(Some(of_image)),
        None => snapshot::find(r.store, r.scope(), id).map(Some),
    }
}

fn overlaid(r: &Reader, name: String, ebs: EbsBlockDevice, before: Option<ImageDevice>) -> Result<ImageDevice, Fault> {
    let source = ebs.snapshot_id.as_deref().map(|id| snapshot::find(r.store, r.scope(), id)).transpose()?;
    if let Some(source) = &source {
        snapshot::tier::check_within_reach(source, r.now)?;
    }
    let snapshot = ebs.snapshot_id.or(before.as_ref().and_then(|one| one.snapshot.clone()));
    let least = source.as_ref().map(|one| one.volume_size).or(before.as_ref().map(|one| one.size));
    let size = ebs.volume_size.or(least);
    let size = size.ok_or_else(|| {
        Fault::coded(
            "MissingParameter",
            400,
            format!("The request must contain the parameter size or snapshotId for {name}"),
        )
    })?;
    if let Some(least) = least.filter(|least| size < *least) {
        let of = snapshot.as_deref().unwrap_or("of the image");
        let message = format!("Volume of size {size}GB is smaller than snapshot '{of}', expect size >= {least}GB");
        return Err(Fault::coded("InvalidBlockDeviceMapping", 400, message));
    }
    let kind = ebs.volume_type.or(before.as_ref().map(|one| one.kind.clone())).unwrap_or_else(|| "gp2".into());
    let same = before.as_ref().filter(|one| one.kind == kind);
    Ok(ImageDevice {
        iops: ebs.iops.or(same.and_then(|one| one.iops)),
        throughput: ebs.throughput.or(same.and_then(|one| one.throughput)),
        delete_on_termination: ebs
            .delete_on_termination
            .or(before.map(|one| one.delete_on_termination))
            .unwrap_or(true),
        name,
        snapshot,
        size,
        kind,
    })
}

fn checked(device: ImageDevice, is_root: bool, want: Want) -> Result<Device, Fault> {
    let shape = Shape { kind: device.kind, size: device.size, iops: device.iops, throughput: device.throughput };
    Ok(Device {
        shape: rules::check(shape, is_root)?,
        fresh_root: is_root,
        name: device.name,
        snapshot: device.snapshot,
        delete_on_termination: device.delete_on_termination,
        want,
    })
}
