//! Describing and deregistering images.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{Image as Shown, *};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::allowed::Allowed;
use super::find::{own, usable};
use super::record::Image;
use crate::filter::{Filters, each, flag, number, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, delete, find};
use crate::snapshot::Snapshot;
use crate::tag::Tags;

/// An image is there once the snapshots that it needs are.
fn is_available(r: &Reader, image: &Image) -> Result<bool, Fault> {
    for id in image.devices.iter().filter_map(|device| device.snapshot.as_deref()) {
        if find::<Snapshot>(r.store, r.scope(), id)?.is_some_and(|snapshot| !snapshot.made) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn shown(r: &Reader, image: &Image, tags: &Tags, allowed: &Allowed) -> Result<Shown, Fault> {
    let owner = Scope::new(&image.owner, &r.scope().region);
    let mut encrypted = Vec::new();
    for id in image.devices.iter().filter_map(|device| device.snapshot.as_ref()) {
        if find::<Snapshot>(r.store, &owner, id)?.is_some_and(|snapshot| snapshot.encryption.is_some()) {
            encrypted.push(id);
        }
    }
    let devices = image.devices.iter().map(|device| BlockDeviceMapping {
        device_name: Some(device.name.clone()),
        ebs: Some(EbsBlockDevice {
            delete_on_termination: Some(device.delete_on_termination),
            encrypted: Some(device.snapshot.as_ref().is_some_and(|id| encrypted.contains(&id))),
            iops: device.iops,
            snapshot_id: device.snapshot.clone(),
            throughput: device.throughput,
            volume_size: Some(device.size),
            volume_type: Some(device.kind.clone()),
            ..EbsBlockDevice::default()
        }),
        ..BlockDeviceMapping::default()
    });
    let state = match is_available(r, image)? {
        _ if image.lifecycle.disabled => "disabled",
        true => "available",
        false => "pending",
    };
    Ok(Shown {
        architecture: Some(image.architecture.clone()),
        block_device_mappings: Some(devices.collect()),
        boot_mode: Some("uefi-preferred".into()),
        creation_date: Some(image.created.iso_millis()),
        deprecation_time: image.lifecycle.deprecated_at.map(|at| at.iso_millis()),
        deregistration_protection: Some(image.lifecycle.protection_words())
            .filter(|_| image.owner == r.scope().account),
        description: Some(image.description.clone()).filter(|text| !text.is_empty()),
        ena_support: Some(true),
        free_tier_eligible: Some(true),
        hypervisor: Some("xen".into()),
        image_allowed: allowed.verdict(&r.scope().account, image, r.now),
        image_id: Some(image.id.clone()),
        image_location: Some(format!("{}/{}", image.owner_alias.as_ref().unwrap_or(&image.owner), image.name)),
        image_owner_alias: image.owner_alias.clone(),
        image_type: Some("machine".into()),
        imds_support: Some("v2.0".into()).filter(|_| image.name.starts_with("al2023")),
        name: Some(image.name.clone()),
        owner_id: Some(image.owner.clone()),
        platform_details: Some("Linux/UNIX".into()),
        public: Some(image.public),
        root_device_name: Some(image.root_device.clone()),
        root_device_type: Some("ebs".into()),
        source_image_id: image.source_image.clone(),
        source_image_region: image.source_region.clone(),
        source_instance_id: image.source_instance.clone(),
        sriov_net_support: Some("simple".into()),
        state: Some(state.into()),
        tags: tags.shown_if_any(&image.id),
        usage_operation: Some("RunInstances".into()),
        virtualization_type: Some("hvm".into()),
        ..Shown::default()
    })
}

fn ebs(image: &Shown, value: fn(&EbsBlockDevice) -> Vec<String>) -> Vec<String> {
    image.block_device_mappings.iter().flatten().filter_map(|device| device.ebs.as_ref()).flat_map(value).collect()
}

/// The public parameters of Systems Manager that have led to it.
fn parameters(image: &Shown) -> Vec<String> {
    let offer = kogumo_ami::OFFERS.iter().find(|offer| image.name.as_deref() == Some(offer.name));
    let offer = offer.filter(|offer| image.owner_id.as_deref() == Some(offer.owner));
    offer.iter().flat_map(|offer| offer.parameters).map(|name| (*name).to_owned()).collect()
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("architecture", |image| text(&image.architecture)),
        ("block-device-mapping.delete-on-termination", |image| ebs(image, |ebs| flag(ebs.delete_on_termination))),
        ("block-device-mapping.device-name", |image| each(&image.block_device_mappings, |one| text(&one.device_name))),
        ("block-device-mapping.snapshot-id", |image| ebs(image, |ebs| text(&ebs.snapshot_id))),
        ("block-device-mapping.volume-size", |image| ebs(image, |ebs| number(ebs.volume_size))),
        ("block-device-mapping.volume-type", |image| ebs(image, |ebs| text(&ebs.volume_type))),
        ("block-device-mapping.encrypted", |image| ebs(image, |ebs| flag(ebs.encrypted))),
        ("boot-mode", |image| text(&image.boot_mode)),
        ("creation-date", |image| text(&image.creation_date)),
        ("description", |image| text(&image.description)),
        ("ena-support", |image| flag(image.ena_support)),
        ("free-tier-eligible", |image| flag(image.free_tier_eligible)),
        ("hypervisor", |image| text(&image.hypervisor)),
        ("image-allowed", |image| flag(image.image_allowed)),
        ("image-id", |image| text(&image.image_id)),
        ("image-type", |image| text(&image.image_type)),
        // No image here has watermarks, findings, or a list of the types that it suits.
        ("image-watermark.source-image-creation-time", |_| Vec::new()),
        ("image-watermark.source-image-id", |_| Vec::new()),
        ("image-watermark.source-image-region", |_| Vec::new()),
        ("image-watermark.watermark-creation-time", |_| Vec::new()),
        ("image-watermark.watermark-key", |_| Vec::new()),
        ("instance-type-specification.supported-instance-type", |_| Vec::new()),
        ("instance-type-specification.unsupported-instance-type", |_| Vec::new()),
        ("scan-result.critical-fix-available-since", |_| Vec::new()),
        ("scan-result.finding-scan-date", |_| Vec::new()),
        ("scan-result.high-fix-available-since", |_| Vec::new()),
        ("scan-result.highest-finding-severity-label", |_| Vec::new()),
        ("scan-result.informational-fix-available-since", |_| Vec::new()),
        ("scan-result.low-fix-available-since", |_| Vec::new()),
        ("scan-result.medium-fix-available-since", |_| Vec::new()),
        ("is-public", |image| flag(image.public)),
        ("kernel-id", |image| text(&image.kernel_id)),
        ("manifest-location", |image| text(&image.image_location)),
        ("name", |image| text(&image.name)),
        ("owner-alias", |image| text(&image.image_owner_alias)),
        ("owner-id", |image| text(&image.owner_id)),
        ("platform", |image| text(&image.platform)),
        ("product-code", |_| Vec::new()),
        ("product-code.type", |_| Vec::new()),
        ("public-ssm-parameter-name", parameters),
        ("ramdisk-id", |image| text(&image.ramdisk_id)),
        ("root-device-name", |image| text(&image.root_device_name)),
        ("root-device-type", |image| text(&image.root_device_type)),
        ("source-image-id", |image| text(&image.source_image_id)),
        ("source-image-region", |image| text(&image.source_image_region)),
        ("source-instance-id", |image| text(&image.source_instance_id)),
        ("state", |image| text(&image.state)),
        ("state-reason-code", |_| Vec::new()),
        ("state-reason-message", |_| Vec::new()),
        ("sriov-net-support", |image| text(&image.sriov_net_support)),
        ("virtualization-type", |image| text(&image.virtualization_type)),
    ],
    tags: Some(|image| image.tags.as_ref()),
};

pub fn describe_images(r: &Reader, input: DescribeImagesRequest) -> Result<DescribeImagesResult, Fault> {
    let mut images = usable(r.store, r.scope())?;
    let allowed = Allowed::of(r.store, r.scope())?;
    images.retain(|image| !allowed.hides(&r.scope().account, image, r.now));
    if let Some(ids) = input.image_ids.as_ref().filter(|ids| !ids.is_empty()) {
        for id in ids {
            Image::KIND.check(id)?;
            if !images.iter().any(|image| image.id == *id) {
                return Err(Image::KIND.missing(id));
            }
        }
        images.retain(|image| ids.contains(&image.id));
    }
    let account = &r.scope().account;
    if let Some(owners) = input.owners.filter(|owners| !owners.is_empty()) {
        let by = |image: &Image, owner: &String| match owner.as_str() {
            "self" => image.owner == *account,
            alias => image.owner == alias || image.owner_alias.as_deref() == Some(alias),
        };
        images.retain(|image| owners.iter().any(|owner| by(image, owner)));
    }
    let named = |image: &Image| input.image_ids.as_ref().is_some_and(|ids| ids.contains(&image.id));
    let now = r.now;
    images.retain(|image| {
        let is_found = input.include_deprecated == Some(true) || !image.lifecycle.is_deprecated(now);
        let is_usable = input.include_disabled == Some(true) || !image.lifecycle.disabled;
        (image.owner == *account || is_found || named(image)) && (is_usable || named(image))
    });
    if let Some(users) = input.executable_users.filter(|users| !users.is_empty()) {
        let may = |image: &Image, user: &String| match user.as_str() {
            "all" => image.public,
            "self" => image.launch_users.contains(account),
            user => image.launch_users.iter().any(|one| one == user),
        };
        images.retain(|image| users.iter().any(|user| may(image, user)));
    }
    let tags = Tags::of_all(r.store, r.scope())?;
    let images = images.iter().map(|image| shown(r, image, &tags, &allowed)).collect::<Result<_, _>>()?;
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut(FILTERS.select(images, input.filters)?, wanted, |one| one.image_id.clone().unwrap_or_default())?;
    Ok(DescribeImagesResult { images: Some(page.items), next_token: page.next_token })
}

/// Its snapshots stay.
pub fn deregister_image(w: &mut Writer, input: DeregisterImageRequest) -> Result<DeregisterImageResult, Fault> {
    let image = own(w.store(), w.scope(), &input.image_id)?;
    if image.lifecycle.is_protected(w.now) {
        let message = format!("The AMI {} is protected from being deregistered.", image.id);
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    delete::<Image>(w, &image.id)?;
    if input.delete_associated_snapshots == Some(true) {
        for id in image.devices.iter().filter_map(|device| device.snapshot.as_deref()) {
            if super::find::using(w.store(), w.scope(), id)?.is_none() {
                delete::<Snapshot>(w, id)?;
            }
        }
    }
    Ok(DeregisterImageResult { return_: Some(true), ..DeregisterImageResult::default() })
}

/// Whether the name is free in the account.
pub(super) fn check_name(read: &dyn Read, scope: &kogumo_base::Scope, name: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
        let message = "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'";
        return Err(Fault::coded("InvalidAMIName.Malformed", 400, message));
    }
    let same = crate::resource::all::<Image>(read, scope)?.into_iter().find(|image| image.name == name);
    match same {
        Some(image) => {
            let message = format!("AMI name {name} is already in use by AMI {}", image.id);
            Err(Fault::coded("InvalidAMIName.Duplicate", 400, message))
        }
        None => Ok(()),
    }
}
