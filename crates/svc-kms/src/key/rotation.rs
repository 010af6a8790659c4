//! Rotation: a key gets new material and keeps the old for what was encrypted under it.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::kms::{
    DisableKeyRotationRequest, EnableKeyRotationRequest, GetKeyRotationStatusRequest, GetKeyRotationStatusResponse,
    LIMIT_EXCEEDED_EXCEPTION, ListKeyRotationsRequest, ListKeyRotationsResponse, RotateKeyOnDemandRequest,
    RotateKeyOnDemandResponse, RotationsListEntry,
};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key as RowKey, Transaction};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use super::{KEYS, Key, MATERIALS, Material, Origin, multi_region};
use crate::page::Page;
use crate::target::{self, Aliases, Target};
use crate::{faults, secret};

/// The timer of a key's next rotation.
pub const ROTATION: &str = "kms/rotate";

const SECONDS_OF_A_DAY: i64 = 24 * 3600;
const YEAR: i32 = 365;
/// So many rotations may be asked for in a key's life.
const MOST_ON_DEMAND: usize = 25;

/// A key rotates by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rotation {
    pub period_days: i32,
    pub next: Timestamp,
}

/// What brought material about that is not a key's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rotated {
    Automatic,
    OnDemand,
}

impl Rotation {
    pub fn from(now: Timestamp, period_days: i32) -> Self {
        let next = now.plus_seconds(i64::from(period_days).saturating_mul(SECONDS_OF_A_DAY));
        Rotation { period_days, next }
    }

    /// Of keys that AWS manages: each year.
    pub fn yearly(now: Timestamp) -> Self {
        Rotation::from(now, YEAR)
    }
}

pub fn enable_key_rotation(w: &mut Writer, input: EnableKeyRotationRequest) -> Result<Unit, Fault> {
    let mut target = rotatable(w, &input.key_id)?;
    let rotation = Rotation::from(w.now, input.rotation_period_in_days.unwrap_or(YEAR));
    timers::put(w.tx, rotation.next, ROTATION, &target.scope, target.key.id.as_str(), b"")?;
    target.key.rotation = Some(rotation);
    target.put(w)?;
    multi_region::follow(w, &target.scope, &target.key)?;
    Ok(Unit)
}

pub fn disable_key_rotation(w: &mut Writer, input: DisableKeyRotationRequest) -> Result<Unit, Fault> {
    let mut target = rotatable(w, &input.key_id)?;
    timers::cancel(w.tx, ROTATION, &target.scope, target.key.id.as_str())?;
    target.key.rotation = None;
    target.put(w)?;
    multi_region::follow(w, &target.scope, &target.key)?;
    Ok(Unit)
}

pub fn get_key_rotation_status(
    r: &Reader,
    input: GetKeyRotationStatusRequest,
) -> Result<GetKeyRotationStatusResponse, Fault> {
    let target = target::read(r, &input.key_id, Aliases::Refused)?;
    if !target.key.spec.is_symmetric() {
        return Err(faults::unsupported(""));
    }
    // While a key is on its way out nothing is rotated.
    let rotation = target.key.rotation.as_ref().filter(|_| target.check_alive().is_ok());
    Ok(GetKeyRotationStatusResponse {
        key_rotation_enabled: Some(rotation.is_some()),
        key_id: Some(target.arn()),
        rotation_period_in_days: rotation.map(|rotation| rotation.period_days),
        next_rotation_date: rotation.map(|rotation| rotation.next),
        on_demand_rotation_start_date: None,
    })
}

pub fn rotate_key_on_demand(
    w: &mut Writer,
    input: RotateKeyOnDemandRequest,
) -> Result<RotateKeyOnDemandResponse, Fault> {
    let mut target = rotatable(w, &input.key_id)?;
    let asked = target.key.materials.iter().filter(|material| material.rotated == Some(Rotated::OnDemand)).count();
    if asked >= MOST_ON_DEMAND {
        let arn = target.arn();
        return Err(LIMIT_EXCEEDED_EXCEPTION
            .because(format!("The on-demand rotations limit has been reached for the given keyId {arn}.")));
    }
    rotate(w.tx, &target.scope, &mut target.key, w.now, Rotated::OnDemand);
    target.put(w)?;
    multi_region::follow(w, &target.scope, &target.key)?;
    Ok(RotateKeyOnDemandResponse { key_id: Some(target.arn()) })
}

pub fn list_key_rotations(r: &Reader, input: ListKeyRotationsRequest) -> Result<ListKeyRotationsResponse, Fault> {
    let target = target::read(r, &input.key_id, Aliases::Refused)?;
    if !target.key.spec.is_symmetric() {
        return Err(faults::unsupported(""));
    }
    let all = input.include_key_material.as_deref() == Some("ALL_KEY_MATERIAL");
    let current = target.key.current().map(|material| material.id.clone());
    let mut page = Page::new(input.limit, 100, 1000, input.marker.as_deref())?;
    for (at, material) in target.key.materials.iter().enumerate() {
        let place = RowKey::new().u64(at as u64);
        if (!all && material.rotated.is_none()) || !page.starts_before(&place) {
            continue;
        }
        if !page.push(place, entry(&target.key, material, current.as_deref())) {
            break;
        }
    }
    let (rotations, next_marker, truncated) = page.finish();
    Ok(ListKeyRotationsResponse { rotations: Some(rotations), next_marker, truncated: Some(truncated) })
}

fn entry(key: &Key, material: &Material, current: Option<&str>) -> RotationsListEntry {
    let state = if current == Some(material.id.as_str()) { "CURRENT" } else { "NON_CURRENT" };
    let kind = material.rotated.map(|rotated| match rotated {
        Rotated::Automatic => "AUTOMATIC",
        Rotated::OnDemand => "ON_DEMAND",
    });
    let is_imported = key.origin == Origin::External;
    RotationsListEntry {
        key_id: Some(key.id.clone()),
        key_material_id: Some(material.id.clone()),
        key_material_state: Some(state.into()),
        rotation_date: kind.map(|_| material.since),
        rotation_type: kind.map(Into::into),
        import_state: is_imported.then(|| if material.gone { "PENDING_IMPORT" } else { "IMPORTED" }.into()),
        expiration_model: is_imported.then(|| super::import::expiration_model(material).into()),
        valid_to: material.valid_to,
        ..RotationsListEntry::default()
    }
}

/// A key whose rotation can be changed.
fn rotatable(w: &Writer, key: &str) -> Result<Target, Fault> {
    let target = target::write(w, key)?;
    target.refuse_managed()?;
    target.key.check_usable(&target.arn())?;
    let is_replica = multi_region::is_replica(&target.scope, &target.key);
    if !target.key.spec.is_symmetric() || target.key.origin != Origin::Kms || is_replica {
        return Err(faults::unsupported(""));
    }
    Ok(target)
}

/// A key's time has come to rotate. One that is disabled waits until it is enabled.
///
/// # Errors
/// Trouble with the store.
pub fn rotate_due(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(id) = timer.id.reader().str() else { return Ok(()) };
    let Some(mut key) = KEYS.get(w.tx, &timer.scope, id.as_str())? else { return Ok(()) };
    catch_up(w, &timer.scope, &mut key)?;
    KEYS.put(w.tx, &timer.scope, id.as_str(), &key)
}

/// Rotates a key whose time is past, and sets the next one.
///
/// # Errors
/// Trouble with the store.
pub fn catch_up(w: &mut Writer, scope: &Scope, key: &mut Key) -> Result<(), Trouble> {
    let Some(rotation) = key.rotation.clone().filter(|_| key.state().is_enabled()) else { return Ok(()) };
    if rotation.next > w.now || multi_region::is_replica(scope, key) {
        return Ok(());
    }
    rotate(w.tx, scope, key, w.now, Rotated::Automatic);
    // The clock may have been moved by years: what was missed is made up for once.
    let mut next = Rotation::from(rotation.next, rotation.period_days);
    if next.next <= w.now {
        next = Rotation::from(w.now, rotation.period_days);
    }
    timers::put(w.tx, next.next, ROTATION, scope, key.id.as_str(), b"")?;
    key.rotation = Some(next);
    multi_region::follow(w, scope, key)
}

fn rotate(tx: &mut Transaction, scope: &Scope, key: &mut Key, now: Timestamp, how: Rotated) {
    let material = Material { rotated: Some(how), ..Material::new(now) };
    MATERIALS.put(tx, scope, &key.id, &material.id, &secret::random(32));
    key.materials.push(material);
}
