//! Subnets: parts of a VPC's block, each in one zone.

mod ipv6;
mod ops;
mod record;
mod reservation;
pub mod rules;

pub use ipv6::*;
pub use ops::*;
pub use record::Subnet;
pub use reservation::*;
