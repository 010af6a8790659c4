//! DHCP options: what a VPC tells its instances of names and clocks.

mod ops;
mod parts;
mod record;

pub use ops::*;
pub use parts::*;
pub use record::DhcpOptions;
