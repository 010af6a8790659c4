//! NAT gateways: how a subnet reaches out without being reached.

mod ops;
mod record;

pub use ops::*;
pub use record::NatGateway;
