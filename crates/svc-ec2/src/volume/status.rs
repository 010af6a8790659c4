//! DescribeVolumeStatus, and what becomes of a volume's I/O when AWS finds an inconsistency. None is ever found here: the
//! files of volumes are the host's, and I/O is always enabled.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::{Fault, Unit};

use super::record::Volume;
use crate::faults::missing_parameter;
use crate::filter::{Filters, each, text};
use crate::page::{Wanted, cut_fives};
use crate::region;
use crate::resource::{chosen, get, put};

static FILTERS: Filters<VolumeStatusItem> = Filters {
    names: &[
        ("action.code", |_| Vec::new()),
        ("action.description", |_| Vec::new()),
        ("action.event-id", |_| Vec::new()),
        ("attachment-status.instance-id", |one| each(&one.attachment_statuses, |held| text(&held.instance_id))),
        ("attachment-status.io-performance", |one| each(&one.attachment_statuses, |held| text(&held.io_performance))),
        ("availability-zone", |one| text(&one.availability_zone)),
        ("availability-zone-id", |one| text(&one.availability_zone_id)),
        ("event.description", |_| Vec::new()),
        ("event.event-id", |_| Vec::new()),
        ("event.event-type", |_| Vec::new()),
        ("event.not-after", |_| Vec::new()),
        ("event.not-before", |_| Vec::new()),
        ("volume-status.details-name", |one| detail(one, |detail| &detail.name)),
        ("volume-status.details-status", |one| detail(one, |detail| &detail.status)),
        ("volume-status.status", |one| one.volume_status.iter().flat_map(|own| text(&own.status)).collect()),
    ],
    tags: None,
};

fn detail(item: &VolumeStatusItem, of: fn(&VolumeStatusDetails) -> &Option<String>) -> Vec<String> {
    let details = item.volume_status.iter().flat_map(|own| own.details.iter().flatten());
    details.flat_map(|one| text(of(one))).collect()
}

/// AWS watches it for volumes whose IOPS are provisioned, while they are attached.
fn performance(volume: &Volume) -> &'static str {
    let is_provisioned = matches!(volume.kind.as_str(), "io1" | "io2") && volume.attachment.is_some();
    if is_provisioned { "normal" } else { "not-applicable" }
}

fn attached(volume: &Volume, instance: &str) -> VolumeStatusAttachmentStatus {
    VolumeStatusAttachmentStatus {
        instance_id: Some(instance.to_owned()),
        io_performance: Some(performance(volume).into()),
    }
}

fn details(volume: &Volume) -> Vec<VolumeStatusDetails> {
    let detail =
        |name: &str, status: &str| VolumeStatusDetails { name: Some(name.into()), status: Some(status.into()) };
    vec![detail("io-enabled", "passed"), detail("io-performance", performance(volume))]
}

pub fn describe_volume_status(
    r: &Reader,
    input: DescribeVolumeStatusRequest,
) -> Result<DescribeVolumeStatusResult, Fault> {
    let zones = region::zones(r.caller.region());
    let volumes = chosen::<Volume>(r.store, r.scope(), input.volume_ids.as_deref())?;
    let items = volumes.into_iter().filter(|volume| volume.made).map(|volume| VolumeStatusItem {
        actions: Some(Vec::new()),
        attachment_statuses: Some(volume.attachments().map(|held| attached(&volume, &held.instance)).collect()),
        availability_zone: Some(volume.zone.clone()),
        availability_zone_id: zones.iter().find(|zone| zone.name == volume.zone).map(|zone| zone.id.clone()),
        events: Some(Vec::new()),
        volume_status: Some(VolumeStatusInfo { status: Some("ok".into()), details: Some(details(&volume)) }),
        volume_id: Some(volume.id),
        ..VolumeStatusItem::default()
    });
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.volume_ids.as_ref().map(|_| "volumeIds"),
    };
    let page = cut_fives(FILTERS.select(items.collect(), input.filters)?, wanted, |one| {
        one.volume_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeVolumeStatusResult { volume_statuses: Some(page.items), next_token: page.next_token })
}

/// I/O is enabled already.
pub fn enable_volume_io(r: &Reader, input: EnableVolumeIORequest) -> Result<Unit, Fault> {
    get::<Volume>(r.store, r.scope(), &input.volume_id)?;
    Ok(Unit)
}

pub fn modify_volume_attribute(w: &mut Writer, input: ModifyVolumeAttributeRequest) -> Result<Unit, Fault> {
    let mut volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    let wanted = input.auto_enable_io.and_then(|value| value.value);
    volume.auto_enable_io = wanted.ok_or_else(|| missing_parameter("autoEnableIO"))?;
    put(w, &volume)?;
    Ok(Unit)
}

pub fn describe_volume_attribute(
    r: &Reader,
    input: DescribeVolumeAttributeRequest,
) -> Result<DescribeVolumeAttributeResult, Fault> {
    let volume: Volume = get(r.store, r.scope(), &input.volume_id)?;
    let answer =
        DescribeVolumeAttributeResult { volume_id: Some(volume.id), ..DescribeVolumeAttributeResult::default() };
    Ok(match input.attribute.as_str() {
        "productCodes" => DescribeVolumeAttributeResult { product_codes: Some(Vec::new()), ..answer },
        _ => DescribeVolumeAttributeResult {
            auto_enable_io: Some(AttributeBooleanValue { value: Some(volume.auto_enable_io) }),
            ..answer
        },
    })
}
