//! What the data planes of REST APIs and HTTP APIs share: addresses, requests and responses as
//! plain data, the event of proxy integrations, authorizers' policies, HTTP backends.

pub mod access;
pub mod access_log;
pub mod address;
pub mod arrival;
pub mod backend;
pub mod context;
pub mod domain;
pub mod exchange;
pub mod function;
pub mod jwt;
pub mod metrics;
pub mod pattern;
pub mod proxy;
pub mod role;
pub mod signature;
pub mod throttle;
mod tls;
