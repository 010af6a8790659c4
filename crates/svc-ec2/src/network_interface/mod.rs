//! Network interfaces: an instance's, a NAT gateway's or an endpoint's place in a subnet.

mod attachment;
mod attribute;
mod ops;
mod parts;
mod private_address;
mod record;
mod shown;

pub use attachment::*;
pub use attribute::*;
pub use ops::*;
pub use parts::*;
pub use private_address::*;
pub use record::{NetworkInterface, Public};
pub use shown::{Surroundings, groups, private_dns_name};
