//! ImportSnapshot: a disk's raw image out of S3 becomes a snapshot. The object is read in the role that the account has
//! given to VM Import. Source: VM Import/Export User Guide, "Import a disk as a snapshot using VM Import/Export".

mod ops;
mod record;
mod run;

pub use ops::{cancel_import_task, describe_import_snapshot_tasks, import_snapshot};
pub use record::Import;
pub use run::{Imports, RECONCILER as IMPORTING};
