//! Which placement group an instance is in: chosen at the launch, changed while it is stopped.

use kogumo_door::Writer;
use kogumo_model::ec2::{ModifyInstancePlacementRequest, ModifyInstancePlacementResult, Placement};
use kogumo_wire::Fault;

use super::record::{Instance, State};
use crate::faults::{invalid_combination, missing_parameter, refuse};
use crate::instance_type::{self, InstanceType};
use crate::placement_group::{self, PlacementGroup};
use crate::resource::{get, put};

/// The group that a launch names.
///
/// # Errors
/// There is none such, or a partition is wanted without a group.
pub(super) fn of_launch(w: &Writer, wanted: Option<&Placement>) -> Result<Option<PlacementGroup>, Fault> {
    let Some(wanted) = wanted else { return Ok(None) };
    chosen(w, wanted.group_name.as_deref(), wanted.group_id.as_deref(), wanted.partition_number)
}

fn chosen(
    w: &Writer,
    name: Option<&str>,
    id: Option<&str>,
    partition: Option<i32>,
) -> Result<Option<PlacementGroup>, Fault> {
    let group = placement_group::wanted(w.store(), w.scope(), name, id)?;
    if group.is_none() && partition.is_some() {
        return Err(invalid_combination("PartitionNumber is valid only with a placement group."));
    }
    Ok(group)
}

/// The partition of one more instance of a group, if it has any.
///
/// # Errors
/// The group does not take it.
pub(super) fn partition(
    w: &Writer,
    group: Option<&PlacementGroup>,
    kind: &InstanceType,
    zone: &str,
    wanted: Option<i32>,
) -> Result<Option<i32>, Fault> {
    group.map_or(Ok(None), |group| placement_group::join(w, group, kind, zone, wanted))
}

/// Whether the group of an instance that starts takes it.
///
/// # Errors
/// As of [`partition`].
pub(super) fn check_start(w: &Writer, instance: &Instance) -> Result<(), Fault> {
    let (name, kind) = (instance.group_name.as_str(), instance_type::find(&instance.kind));
    if let (false, Some(kind)) = (name.is_empty(), kind) {
        let group = placement_group::named(w.store(), w.scope(), name)?;
        placement_group::join(w, &group, kind, &instance.zone, instance.partition)?;
    }
    Ok(())
}

pub fn modify_instance_placement(
    w: &mut Writer,
    input: ModifyInstancePlacementRequest,
) -> Result<ModifyInstancePlacementResult, Fault> {
    refuse(&[
        ("Affinity", input.affinity.as_deref().is_some_and(|affinity| affinity != "default")),
        ("HostId", input.host_id.is_some()),
        ("HostResourceGroupArn", input.host_resource_group_arn.is_some()),
        ("Tenancy", input.tenancy.as_deref().is_some_and(|tenancy| tenancy != "default")),
    ])?;
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    let moves = input.group_name.is_some() || input.group_id.is_some() || input.partition_number.is_some();
    if !moves && input.tenancy.is_none() && input.affinity.is_none() {
        return Err(missing_parameter("one of affinity, hostId, tenancy, groupName"));
    }
    if moves {
        if instance.state != State::Stopped {
            let message = format!("The instance '{}' is not in the 'stopped' state.", instance.id);
            return Err(Fault::coded("IncorrectInstanceState", 400, message));
        }
        let own = Some(instance.group_name.clone()).filter(|_| input.group_name.is_none() && input.group_id.is_none());
        let name = input.group_name.or(own);
        let group = chosen(w, name.as_deref(), input.group_id.as_deref(), input.partition_number)?;
        instance.partition = match instance_type::find(&instance.kind) {
            Some(kind) => partition(w, group.as_ref(), kind, &instance.zone, input.partition_number)?,
            None => None,
        };
        instance.group_name = group.map(|group| group.name).unwrap_or_default();
        put(w, &instance)?;
    }
    Ok(ModifyInstancePlacementResult { return_: Some(true) })
}
