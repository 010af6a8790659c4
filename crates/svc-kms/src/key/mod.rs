//! Keys: what is kept of them, how they are made and described, and the states that they go through.

mod create;
mod deletion;
mod describe;
mod import;
mod material;
mod multi_region;
mod record;
mod rotation;
mod state;

pub use create::{create_key, managed_key};
pub use deletion::{DELETION, cancel_key_deletion, delete, schedule_key_deletion};
pub use describe::{describe_key, list_keys, update_key_description};
pub use import::{EXPIRY, delete_imported_key_material, expire, get_parameters_for_import, import_key_material};
pub use material::{MATERIALS, Material};
pub use multi_region::{replicate_key, update_primary_region};
pub use record::{KEYS, Key, Manager, Origin, arn};
pub use rotation::{
    ROTATION, disable_key_rotation, enable_key_rotation, get_key_rotation_status, list_key_rotations, rotate_due,
    rotate_key_on_demand,
};
pub use state::{disable_key, enable_key};
