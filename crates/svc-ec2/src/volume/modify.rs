//! ModifyVolume: larger, or of another type, while it is in use.

use kogumo_base::Timestamp;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::record::{Modification, Volume};
use super::rules::{self, Shape};
use crate::faults::{invalid_value, missing_parameter};
use crate::filter::{Filters, flag, number, text};
use crate::page::{Wanted, cut_fives};
use crate::resource::{chosen, get, put};

/// AWS lets a volume be modified four times within a rolling day.
const MOST: usize = 4;
const DAY: i64 = 24 * 3600;
/// How long a volume is `optimizing`. On AWS its blocks move meanwhile, for minutes to hours; here nothing has to, and the
/// state is passed through so that programs that wait for it meet it.
const OPTIMIZING_MILLIS: i64 = 5_000;

/// Where a modification is at a moment of the cloud's clock: its state, and its progress in percent.
fn stage(modification: &Modification, now: Timestamp) -> (&'static str, i64) {
    match modification.applied {
        None => ("modifying", 0),
        Some(applied) => match now.0 - applied.0 {
            passed if passed < OPTIMIZING_MILLIS => ("optimizing", passed.max(0) * 100 / OPTIMIZING_MILLIS),
            _ => ("completed", 100),
        },
    }
}

/// Whether a volume may be modified now.
fn check_turn(volume: &Volume, now: Timestamp) -> Result<(), Fault> {
    let state = volume.modified().map_or("completed", |last| stage(last, now).0);
    if state != "completed" {
        let message =
            format!("Volume {} cannot be modified in modification state {}", volume.id, state.to_ascii_uppercase());
        return Err(Fault::coded("IncorrectModificationState", 400, message));
    }
    // The fourth from the end.
    let fourth = volume.modifications.iter().rev().nth(MOST - 1);
    match fourth.map(|modification| modification.started.plus_seconds(DAY)).filter(|free| now < *free) {
        None => Ok(()),
        Some(free) => {
            let message = format!(
                "You've reached the maximum modification rate per volume limit. Volume {} can be modified again at {}.",
                volume.id,
                free.iso_millis()
            );
            Err(Fault::coded("VolumeModificationRateExceeded", 400, message))
        }
    }
}

pub fn modify_volume(w: &mut Writer, input: ModifyVolumeRequest) -> Result<ModifyVolumeResult, Fault> {
    let no_shape = input.size.is_none() && input.volume_type.is_none() && input.iops.is_none();
    if no_shape && input.throughput.is_none() && input.multi_attach_enabled.is_none() {
        return Err(missing_parameter("size, volumeType, iops or throughput"));
    }
    let mut volume: Volume = get(w.store(), w.scope(), &input.volume_id)?;
    check_turn(&volume, w.now)?;
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
    let multi_attach = input.multi_attach_enabled.unwrap_or(volume.multi_attach);
    check_switch(&volume, &shape.kind, multi_attach)?;
    let modification = Modification {
        multi_attach: (volume.multi_attach, multi_attach),
        size: (volume.size, shape.size),
        kind: (volume.kind.clone(), shape.kind.clone()),
        iops: (volume.iops, shape.iops),
        throughput: (volume.throughput, shape.throughput),
        started: w.now,
        applied: None,
    };
    (volume.size, volume.kind, volume.iops, volume.throughput) = (shape.size, shape.kind, shape.iops, shape.throughput);
    volume.multi_attach = multi_attach;
    let answer = shown(&volume.id, &modification, w.now);
    volume.modifications.retain(|one| w.now < one.started.plus_seconds(DAY));
    volume.modifications.push(modification);
    put(w, &volume)?;
    Ok(ModifyVolumeResult { volume_modification: Some(answer) })
}

/// Multi-Attach of io2 volumes is switched on while they are detached, and off while no more than one instance has them.
/// Source: Amazon EBS User Guide, "Enable Multi-Attach for an Amazon EBS volume".
fn check_switch(volume: &Volume, kind: &str, wanted: bool) -> Result<(), Fault> {
    rules::check_multi_attach(kind, wanted)?;
    if wanted == volume.multi_attach {
        return Ok(());
    }
    if kind != "io2" {
        return Err(invalid_value("Multi-Attach can be modified for io2 volumes only."));
    }
    let most = usize::from(!wanted);
    if volume.attachments().count() > most {
        let message = format!("Volume {} is attached: Multi-Attach cannot be modified.", volume.id);
        return Err(Fault::coded("IncorrectState", 400, message));
    }
    Ok(())
}

fn shown(id: &str, modification: &Modification, now: Timestamp) -> VolumeModification {
    let (state, progress) = stage(modification, now);
    let end = modification.applied.filter(|_| state == "completed");
    VolumeModification {
        volume_id: Some(id.to_owned()),
        modification_state: Some(state.into()),
        progress: Some(progress),
        start_time: Some(modification.started),
        end_time: end.map(|applied| applied.plus_millis(OPTIMIZING_MILLIS)),
        original_size: Some(modification.size.0),
        target_size: Some(modification.size.1),
        original_volume_type: Some(modification.kind.0.clone()),
        target_volume_type: Some(modification.kind.1.clone()),
        original_iops: modification.iops.0,
        target_iops: modification.iops.1,
        original_throughput: modification.throughput.0,
        target_throughput: modification.throughput.1,
        original_multi_attach_enabled: Some(modification.multi_attach.0),
        target_multi_attach_enabled: Some(modification.multi_attach.1),
        ..VolumeModification::default()
    }
}

static FILTERS: Filters<VolumeModification> = Filters {
    names: &[
        ("modification-state", |one| text(&one.modification_state)),
        ("original-multi-attach-enabled", |one| flag(one.original_multi_attach_enabled)),
        ("original-iops", |one| number(one.original_iops)),
        ("original-size", |one| number(one.original_size)),
        ("original-volume-type", |one| text(&one.original_volume_type)),
        ("start-time", |one| one.start_time.iter().map(|at| at.iso_millis()).collect()),
        ("target-multi-attach-enabled", |one| flag(one.target_multi_attach_enabled)),
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
    let all = volumes.iter().filter_map(|volume| Some(shown(&volume.id, volume.modified()?, r.now)));
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let page = cut_fives(FILTERS.select(all.collect(), input.filters)?, wanted, |one| {
        one.volume_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeVolumesModificationsResult { volumes_modifications: Some(page.items), next_token: page.next_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modification_goes_through_its_states() {
        let started = Timestamp(1_000);
        let mut one = Modification {
            size: (1, 2),
            kind: ("gp2".into(), "gp2".into()),
            iops: (None, None),
            throughput: (None, None),
            multi_attach: (false, false),
            started,
            applied: None,
        };
        assert_eq!(stage(&one, Timestamp(9_000_000)), ("modifying", 0));
        one.applied = Some(Timestamp(2_000));
        assert_eq!(stage(&one, Timestamp(4_500)), ("optimizing", 50));
        assert_eq!(stage(&one, Timestamp(7_000)), ("completed", 100));
    }
}
