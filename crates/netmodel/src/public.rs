//! The plan of the public addresses: which of them are the cloud's own, and from where on others are handed out.

use std::net::{IpAddr, Ipv4Addr};

use crate::Cidr;

/// The public addresses of a cloud: an IPv4 block with room for the cloud's own and for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Public {
    base: u32,
    prefix: u8,
}

/// 198.18.0.0/15 is set aside for tests of networks (RFC 2544), so that nothing on the real internet has these addresses.
impl Default for Public {
    fn default() -> Self {
        Self { base: u32::from(Ipv4Addr::new(198, 18, 0, 0)), prefix: 15 }
    }
}

impl Public {
    /// The cloud's own addresses are the first 1,024.
    const OWN: u32 = 1024;

    /// The plan for a block; none where it is not one, or has no room for others than the cloud's own.
    #[must_use]
    pub fn new(base: Ipv4Addr, prefix: u8) -> Option<Self> {
        let block = Cidr::new(base.into(), prefix)?;
        ((8..=21).contains(&prefix) && block.address() == IpAddr::V4(base))
            .then_some(Self { base: base.into(), prefix })
    }

    /// All public addresses of this cloud.
    #[must_use]
    pub fn pool(self) -> Cidr {
        self.block(0, self.prefix)
    }

    /// The first address that may be given to an interface; what is below is the cloud's own.
    #[must_use]
    pub fn first(self) -> Ipv4Addr {
        self.at(Self::OWN)
    }

    /// What this machine is seen as when it connects to a public address.
    #[must_use]
    pub fn host(self) -> Ipv4Addr {
        self.at(1)
    }

    /// Where AWS's endpoints are, but for those that have a gateway endpoint.
    #[must_use]
    pub fn cloud(self) -> Ipv4Addr {
        self.at(2)
    }

    /// Amazon S3: the addresses of the prefix list `com.amazonaws.{region}.s3`. The first one answers.
    #[must_use]
    pub fn s3(self) -> Cidr {
        self.block(256, 24)
    }

    /// Amazon DynamoDB: the addresses of the prefix list `com.amazonaws.{region}.dynamodb`. The first one answers.
    #[must_use]
    pub fn dynamodb(self) -> Cidr {
        self.block(512, 24)
    }

    /// Whether the address is one of the cloud's own: an endpoint, or this machine.
    #[must_use]
    pub fn is_cloud(self, address: IpAddr) -> bool {
        self.pool().contains(address) && address < IpAddr::V4(self.first())
    }

    fn at(self, place: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.base | place)
    }

    fn block(self, place: u32, prefix: u8) -> Cidr {
        let [a, b, c, d] = self.at(place).octets();
        Cidr::v4(a, b, c, d, prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_follows_its_block() {
        let usual = Public::default();
        assert_eq!(
            (usual.pool().to_string(), usual.first().to_string()),
            ("198.18.0.0/15".into(), "198.18.4.0".into())
        );
        let other = Public::new(Ipv4Addr::new(100, 96, 0, 0), 16).expect("a plan");
        assert_eq!((other.host().to_string(), other.cloud().to_string()), ("100.96.0.1".into(), "100.96.0.2".into()));
        assert_eq!(
            (other.s3().to_string(), other.dynamodb().to_string()),
            ("100.96.1.0/24".into(), "100.96.2.0/24".into())
        );
        assert!(other.is_cloud(other.cloud().into()) && !other.is_cloud(other.first().into()));
        for (base, prefix) in [([10, 0, 0, 1], 16), ([10, 0, 0, 0], 22), ([10, 0, 0, 0], 7), ([10, 0, 0, 0], 33)] {
            assert_eq!(Public::new(base.into(), prefix), None);
        }
    }
}
