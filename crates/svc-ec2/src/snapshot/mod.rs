//! Snapshots of volumes.

mod attribute;
mod copy;
mod find;
mod ops;
mod record;

pub use attribute::*;
pub use copy::{copy_of, copy_snapshot, create_snapshots};
pub use find::find;
pub use ops::*;
pub use record::{NO_VOLUME, Snapshot, Writing};
