//! ModifyVolume: larger, or of another type, while it is in use.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::record::{Modification, Volume};
use super::rules::{self, Shape};
use crate::faults::{invalid_value, missing_parameter, refuse};
use crate::filter::{Filters, number, text};
use crate::page::{Wanted, cut};
use crate::resource::{chosen, get, put};

/// AWS lets a volume be modified again after six hours.
const REST_SECONDS: i64 = 6 * 3600;

pub fn modify_volume(w: &mut Writer, input: ModifyVolumeRequest) -> Result<ModifyVolumeResult, Fault> {
    refuse(&[("MultiAttachEnabled", input.multi_attach_enabled == Some(true))])?;
    if input.size.is_none() && input.volume_type.is_none() && input.iops.is_none() && input.throughput.is_none() {
        return Err(missing_parameter("size, volumeType, iops or throughput"));
    }
    let mut volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    if volume.modified.as_ref().is_some_and(|last| w.now < last.started.plus_seconds(REST_SECONDS)) {
        let message = format!(
            "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume. Volume: {}",
            volume.id
        );
        return Err(Fault::coded("VolumeModificationRateExceeded", 400, message));
    }
    let size = input.size.unwrap_or(volume.size);
    if size < volume.size {
        return Err(invalid_value("New size cannot be smaller than existing size"));
    }
    let kind = input.volume_type.unwrap_or_else(|| volume.kind.clone());
    let same_kind = kind == volume.kind;
    let provisioned = matches!(kind.as_str(), "io1" | "io2" | "gp3");
    let iops = input.iops.or(volume.iops.filter(|_| same_kind && provisioned));
    let throughput = input.throughput.or(volume.throughput.filter(|_| same_kind));
    let is_root = volume.fresh_root;
    let shape = rules::check(Shape { kind, size, iops, throughput }, is_root)?;
    let modification = Modification {
        size: (volume.size, shape.size),
        kind: (volume.kind.clone(), shape.kind.clone()),
        iops: (volume.iops, shape.iops),
        throughput: (volume.throughput, shape.throughput),
        started: w.now,
    };
    (volume.size, volume.kind, volume.iops, volume.throughput) = (shape.size, shape.kind, shape.iops, shape.throughput);
    let answer = VolumeModification {
        modification_state: Some("modifying".into()),
        progress: Some(0),
        ..shown(&volume.id, &modification)
    };
    volume.modified = Some(modification);
    put(w, &volume)?;
    Ok(ModifyVolumeResult { volume_modification: Some(answer) })
}

fn shown(id: &str, modification: &Modification) -> VolumeModification {
    VolumeModification {
        volume_id: Some(id.to_owned()),
        modification_state: Some("completed".into()),
        progress: Some(100),
        start_time: Some(modification.started),
        end_time: None,
        original_size: Some(modification.size.0),
        target_size: Some(modification.size.1),
        original_volume_type: Some(modification.kind.0.clone()),
        target_volume_type: Some(modification.kind.1.clone()),
        original_iops: modification.iops.0,
        target_iops: modification.iops.1,
        original_throughput: modification.throughput.0,
        target_throughput: modification.throughput.1,
        original_multi_attach_enabled: Some(false),
        target_multi_attach_enabled: Some(false),
        ..VolumeModification::default()
    }
}

static FILTERS: Filters<VolumeModification> = Filters {
    names: &[
        ("modification-state", |one| text(&one.modification_state)),
        ("original-iops", |one| number(one.original_iops)),
        ("original-size", |one| number(one.original_size)),
        ("original-volume-type", |one| text(&one.original_volume_type)),
        ("target-iops", |one| number(one.target_iops)),
        ("target-size", |one| number(one.target_size)),
        ("target-volume-type", |one| text(&one.target_volume_type)),
        ("volume-id", |one| text(&one.volume_id)),
    ],
    tags: None,
};

pub fn describe_volumes_modifications(
    r: &Reader,
    input: DescribeVolumesModificationsRequest,
) -> Result<DescribeVolumesModificationsResult, Fault> {
    let volumes = chosen::<Volume>(r.store, r.scope(), input.volume_ids.as_deref())?;
    let all = volumes.iter().filter_map(|volume| Some(shown(&volume.id, volume.modified.as_ref()?)));
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page =
        cut(FILTERS.select(all.collect(), input.filters)?, wanted, |one| one.volume_id.clone().unwrap_or_default())?;
    Ok(DescribeVolumesModificationsResult { volumes_modifications: Some(page.items), next_token: page.next_token })
}
