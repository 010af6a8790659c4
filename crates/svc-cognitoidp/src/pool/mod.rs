//! User pools: their settings, schema, keys, domains, resource servers.

pub mod domain;
pub mod keys;
pub mod mfa_config;
pub mod ops;
mod record;
pub mod resource_server;
pub mod rules;
pub mod schema;
pub mod tags;

pub use record::{CustomDomain, Pool, delete, find, get, listed, put};
