//! ScheduleKeyDeletion and CancelKeyDeletion: keys go when their time comes, by the cloud's clock.

use kogumo_base::Trouble;
use kogumo_door::Writer;
use kogumo_model::kms::{
    CancelKeyDeletionRequest, CancelKeyDeletionResponse, ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse,
};
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key as RowKey, Range};
use kogumo_wire::Fault;

use super::{KEYS, MATERIALS, multi_region};
use crate::alias::ALIASES;
use crate::target::{self, Target};
use crate::{faults, grant};

/// The timer of a key that is to go.
pub const DELETION: &str = "kms/delete";

const SECONDS_OF_A_DAY: i64 = 24 * 3600;

pub fn schedule_key_deletion(
    w: &mut Writer,
    input: ScheduleKeyDeletionRequest,
) -> Result<ScheduleKeyDeletionResponse, Fault> {
    let days = input.pending_window_in_days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(Fault::validation("PendingWindowInDays must be between 7 and 30 days."));
    }
    let mut target = target::write(w, &input.key_id)?;
    target.refuse_managed()?;
    target.check_alive()?;
    let is_primary = !multi_region::is_replica(&target.scope, &target.key);
    let has_replicas = target.key.regions.as_ref().is_some_and(|regions| !regions.replicas.is_empty());
    if is_primary && has_replicas {
        target.key.waiting_days = Some(days);
        target.put(w)?;
    } else {
        schedule(w, &mut target, days)?;
    }
    Ok(ScheduleKeyDeletionResponse {
        key_id: Some(target.arn()),
        deletion_date: target.key.deletion,
        key_state: Some(target.key.state().name().into()),
        pending_window_in_days: Some(days),
    })
}

fn schedule(w: &mut Writer, target: &mut Target, days: i32) -> Result<(), Trouble> {
    let due = w.now.plus_seconds(i64::from(days).saturating_mul(SECONDS_OF_A_DAY));
    target.key.deletion = Some(due);
    target.key.waiting_days = None;
    target.put(w)?;
    timers::put(w.tx, due, DELETION, &target.scope, target.key.id.as_str(), b"")
}

/// The key is left disabled.
pub fn cancel_key_deletion(
    w: &mut Writer,
    input: CancelKeyDeletionRequest,
) -> Result<CancelKeyDeletionResponse, Fault> {
    let mut target = target::write(w, &input.key_id)?;
    let (due, waiting) = (target.key.deletion.take(), target.key.waiting_days.take());
    if due.is_none() && waiting.is_none() {
        return Err(faults::invalid_state(&target.arn(), "is not pending deletion"));
    }
    target.key.enabled = false;
    target.put(w)?;
    timers::cancel(w.tx, DELETION, &target.scope, target.key.id.as_str())?;
    Ok(CancelKeyDeletionResponse { key_id: Some(target.arn()) })
}

/// A key's time has come: it goes with its material, its aliases and its grants.
///
/// # Errors
/// Trouble with the store.
pub fn delete(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some(id) = timer.id.reader().str() else { return Ok(()) };
    let scope = &timer.scope;
    let Some(key) = KEYS.delete(w.tx, scope, id.as_str())? else { return Ok(()) };
    key.materials.iter().for_each(|material| MATERIALS.delete(w.tx, scope, &id, &material.id));
    timers::cancel(w.tx, super::rotation::ROTATION, scope, id.as_str())?;
    grant::forget(w.tx, scope, &id)?;
    if let Some(mut primary) = multi_region::leave(w, scope, &key)? {
        let days = primary.key.waiting_days.unwrap_or(30);
        schedule(w, &mut primary, days)?;
    }
    let aliases: Vec<RowKey> = ALIASES
        .scan(w.tx, scope, &Range::all())
        .filter_map(|row| match row {
            Ok((place, alias)) if alias.key == id => Some(Ok(place)),
            Ok(_) => None,
            Err(trouble) => Some(Err(trouble)),
        })
        .collect::<Result<_, _>>()?;
    for alias in aliases {
        ALIASES.delete(w.tx, scope, &alias)?;
    }
    Ok(())
}
