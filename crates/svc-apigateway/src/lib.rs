//! API Gateway REST APIs (`apigateway`): their records, their rules, and the data plane that serves them.

pub mod access;
pub mod context;
pub mod definition;
pub mod exchange;
pub mod failure;
pub mod integration;
pub mod mapping;
pub mod openapi;
pub mod proxy;
pub mod route;
pub mod schema;
pub mod usage;
pub mod validate;
