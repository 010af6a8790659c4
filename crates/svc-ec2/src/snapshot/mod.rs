//! Snapshots of volumes.

mod ops;
mod record;

pub use ops::*;
pub use record::Snapshot;
