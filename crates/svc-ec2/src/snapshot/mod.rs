//! Snapshots of volumes.

mod attribute;
mod copy;
pub mod fast_restore;
mod find;
mod import;
pub mod lock;
mod ops;
mod record;
pub mod tier;

pub use attribute::*;
pub use copy::{copy_of, copy_snapshot, create_snapshots, wanted};
pub use find::find;
pub use import::{IMPORTING, Import, Imports, cancel_import_task, describe_import_snapshot_tasks, import_snapshot};
pub use ops::*;
pub use record::{NO_VOLUME, Snapshot, Writing};
