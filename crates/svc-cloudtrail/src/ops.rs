//! The operations of CloudTrail that are built.

use kogumo_door::{Op, task};
use kogumo_model::cloudtrail::LookupEvents;

use crate::lookup::lookup_events;

pub fn ops() -> Vec<Op> {
    vec![
        // One a line: `cargo xtask model` reads them.
        task::<LookupEvents, _>(lookup_events),
    ]
}
