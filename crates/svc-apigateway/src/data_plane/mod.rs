//! The data plane: what happens to a request of an API's client.

mod authorize;
mod backend;
pub mod call;
mod compress;
pub mod failure;
mod function;
mod iam;
pub mod journal;
mod limits;
mod mapping;
mod measure;
mod resource_policy;
mod route;
pub mod runtime;
mod schema;
pub mod serve;
mod service_backend;
mod transform;
mod user_pool;
mod validate;
