//! App clients: what programs may do with a pool, and the secret that some of them have.

pub mod ops;
mod record;
pub mod rotation;
mod rules;
pub mod secret;

pub use record::{Client, Site, delete_all, get, of_pool, put};
