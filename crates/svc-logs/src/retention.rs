//! Retention: events older than their group keeps them are hidden from every read at once, and removed in daily sweeps.

use kogumo_base::{Scope, Trouble};
use kogumo_door::Writer;
use kogumo_store::timers::{self, Timer};

use crate::record::{self, GROUPS, Group, STREAMS};

/// The timer of a group that has a retention; its id is the group's name.
pub const SWEEP: &str = "logs/sweep";

const DAY: i64 = 24 * 3600;

/// One transaction removes at most so many events; the rest follows at once in the next.
const BATCH: usize = 10_000;

/// Sets the next sweep of a group, or takes it back.
pub fn schedule(w: &mut Writer, scope: &Scope, group: &Group) -> Result<(), Trouble> {
    let name = group.name.as_str();
    match group.retention_days {
        Some(_) => timers::put(w.tx, w.now.plus_seconds(DAY), SWEEP, scope, name, name.as_bytes()),
        None => timers::cancel(w.tx, SWEEP, scope, name).map(drop),
    }
}

/// Removes what a group does not keep any longer.
pub fn sweep(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let scope = &timer.scope;
    let name = String::from_utf8_lossy(&timer.payload);
    let Some(group) = GROUPS.get(w.tx, scope, &*name)? else { return Ok(()) };
    let horizon = group.horizon(w.now);
    let mut room = BATCH;
    for mut stream in record::streams(w.tx, scope, &group.name, "")? {
        let (removed, bytes) = record::delete_events(w.tx, scope, &group.name, &stream.name, Some(horizon), room)?;
        if removed > 0 {
            stream.bytes = stream.bytes.saturating_sub(bytes);
            STREAMS.put(w.tx, scope, record::stream_key(&group.name, &stream.name), &stream)?;
        }
        room -= removed.min(room);
        if room == 0 {
            return timers::put(w.tx, w.now, SWEEP, scope, group.name.as_str(), &timer.payload);
        }
    }
    schedule(w, scope, &group)
}
