//! Keys: what is kept of them, how they are made and described, and the states that they go through.

mod create;
mod describe;
mod material;
mod record;
mod state;

pub use create::{create_key, managed_key};
pub use describe::{describe_key, list_keys, update_key_description};
pub use material::{MATERIALS, Material};
pub use record::{KEYS, Key, Manager, Origin, arn};
pub use state::{disable_key, enable_key};
