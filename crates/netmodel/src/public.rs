//! The plan of the public addresses: which of them are the cloud's own, and from where on others are handed out.
//!
//! 198.18.0.0/15 is set aside for tests of networks (RFC 2544), so that nothing on the real internet has these addresses.

use std::net::{IpAddr, Ipv4Addr};

use crate::Cidr;

/// All public addresses of this cloud.
pub const POOL: Cidr = Cidr::v4(198, 18, 0, 0, 15);
/// The first address that may be given to an interface; what is below is the cloud's own.
pub const FIRST_PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 18, 4, 0);
/// What this machine is seen as when it connects to a public address.
pub const HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
/// Where AWS's endpoints are, but for those that have a gateway endpoint.
pub const CLOUD: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
/// Amazon S3: the addresses of the prefix list `com.amazonaws.{region}.s3`. The first one answers.
pub const S3: Cidr = Cidr::v4(198, 18, 1, 0, 24);
/// Amazon DynamoDB: the addresses of the prefix list `com.amazonaws.{region}.dynamodb`. The first one answers.
pub const DYNAMODB: Cidr = Cidr::v4(198, 18, 2, 0, 24);

/// Whether the address is one of the cloud's own: an endpoint, or this machine.
#[must_use]
pub fn is_cloud(address: IpAddr) -> bool {
    POOL.contains(address) && address < IpAddr::V4(FIRST_PUBLIC)
}
