//! DHCP options: what a VPC tells its instances of names and clocks.

mod parts;
mod record;

pub use parts::*;
pub use record::DhcpOptions;
