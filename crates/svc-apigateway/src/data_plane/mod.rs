//! The data plane: what happens to a request of an API's client.

pub mod access;
pub mod context;
pub mod exchange;
pub mod failure;
pub mod mapping;
pub mod proxy;
pub mod route;
pub mod schema;
pub mod throttle;
pub mod transform;
pub mod validate;
