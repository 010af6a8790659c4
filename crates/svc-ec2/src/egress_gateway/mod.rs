//! Egress-only internet gateways: IPv6 out, and only answers in.

mod ops;
mod record;

pub use ops::*;
pub use record::EgressGateway;
