//! The data plane: what happens to a request of an API's client.

pub mod access;
mod address;
mod authorize;
mod backend;
pub mod call;
pub mod context;
pub mod exchange;
pub mod failure;
mod function;
mod http_backend;
mod iam;
mod limits;
mod mapping;
mod proxy;
pub mod route;
pub mod runtime;
mod schema;
pub mod serve;
mod service_backend;
mod throttle;
mod transform;
mod validate;
