//! What instances say to AWS's maintenance and to Capacity Reservations. Nothing of either happens here: no hardware fails,
//! and nothing is reserved; so the choices are kept and told.

use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;
use serde::{Deserialize, Serialize};

use super::record::Instance;
use crate::faults::{invalid_combination, refuse};
use crate::resource::{get, put};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// `default` or `disabled`.
    pub auto_recovery: String,
    pub reboot_migration: String,
    /// `open` or `none`: whether it would run in a Capacity Reservation that fits.
    pub reservation: String,
}

impl Default for Maintenance {
    fn default() -> Self {
        Maintenance { auto_recovery: "default".into(), reboot_migration: "default".into(), reservation: "open".into() }
    }
}

/// What a launch asks for.
///
/// # Errors
/// A reservation that is not there.
pub fn of_launch(input: &RunInstancesRequest) -> Result<Maintenance, Fault> {
    let mut wanted = Maintenance::default();
    if let Some(recovery) = input.maintenance_options.as_ref().and_then(|options| options.auto_recovery.clone()) {
        wanted.auto_recovery = recovery;
    }
    if let Some(specification) = &input.capacity_reservation_specification {
        wanted.reservation = preference(specification)?;
    }
    Ok(wanted)
}

fn preference(specification: &CapacityReservationSpecification) -> Result<String, Fault> {
    let preference = specification.capacity_reservation_preference.as_deref();
    refuse(&[
        ("CapacityReservationTarget", specification.capacity_reservation_target.is_some()),
        ("CapacityReservationPreference=capacity-reservations-only", preference == Some("capacity-reservations-only")),
    ])?;
    Ok(preference.unwrap_or("open").to_owned())
}

pub fn shown(maintenance: &Maintenance) -> InstanceMaintenanceOptions {
    InstanceMaintenanceOptions {
        auto_recovery: Some(maintenance.auto_recovery.clone()),
        reboot_migration: Some(maintenance.reboot_migration.clone()),
    }
}

pub fn modify_instance_maintenance_options(
    w: &mut Writer,
    input: ModifyInstanceMaintenanceOptionsRequest,
) -> Result<ModifyInstanceMaintenanceOptionsResult, Fault> {
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    if input.auto_recovery.is_none() && input.reboot_migration.is_none() {
        return Err(invalid_combination("No maintenance options specified."));
    }
    let own = &mut instance.maintenance;
    own.auto_recovery = input.auto_recovery.unwrap_or_else(|| own.auto_recovery.clone());
    own.reboot_migration = input.reboot_migration.unwrap_or_else(|| own.reboot_migration.clone());
    let answer = shown(own);
    put(w, &instance)?;
    Ok(ModifyInstanceMaintenanceOptionsResult {
        instance_id: Some(instance.id),
        auto_recovery: answer.auto_recovery,
        reboot_migration: answer.reboot_migration,
    })
}

pub fn modify_instance_capacity_reservation_attributes(
    w: &mut Writer,
    input: ModifyInstanceCapacityReservationAttributesRequest,
) -> Result<ModifyInstanceCapacityReservationAttributesResult, Fault> {
    let mut instance: Instance = get(w.store(), w.scope(), &input.instance_id)?;
    instance.maintenance.reservation = preference(&input.capacity_reservation_specification)?;
    put(w, &instance)?;
    Ok(ModifyInstanceCapacityReservationAttributesResult { return_: Some(true) })
}
