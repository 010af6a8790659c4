//! The plan of the public addresses: which of them are the cloud's own, and from where on others are handed out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Cidr;

/// The public addresses of a cloud: an IPv4 block with room for the cloud's own and for others, and an IPv6 block of which
/// each VPC that wants it gets a /56.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Public {
    base: u32,
    prefix: u8,
    base_v6: u128,
    prefix_v6: u8,
}

/// 198.18.0.0/15 is set aside for tests of networks (RFC 2544) and 2001:db8::/32 for documentation (RFC 3849), so that
/// nothing on the real internet has these addresses. Unlike unique local ones (fd00::/8), programs take the latter for
/// global addresses, and prefer them to IPv4 (RFC 6724).
impl Default for Public {
    fn default() -> Self {
        let base_v6 = u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0));
        Self { base: u32::from(Ipv4Addr::new(198, 18, 0, 0)), prefix: 15, base_v6, prefix_v6: 32 }
    }
}

impl Public {
    /// The cloud's own addresses are the first 1,024.
    const OWN: u32 = 1024;
    /// The length of a VPC's IPv6 prefix, as Amazon gives them.
    const OF_VPC: u8 = 56;

    /// The plan for a block; none where it is not one, or has no room for others than the cloud's own.
    #[must_use]
    pub fn new(base: Ipv4Addr, prefix: u8) -> Option<Self> {
        let block = Cidr::new(base.into(), prefix)?;
        ((8..=21).contains(&prefix) && block.address() == IpAddr::V4(base)).then_some(Self {
            base: base.into(),
            prefix,
            ..Self::default()
        })
    }

    /// The same with another IPv6 block; none where it is not one, or has not room for many VPCs.
    #[must_use]
    pub fn with_v6(self, base: Ipv6Addr, prefix: u8) -> Option<Self> {
        let block = Cidr::new(base.into(), prefix)?;
        ((8..=48).contains(&prefix) && block.address() == IpAddr::V6(base)).then_some(Self {
            base_v6: base.into(),
            prefix_v6: prefix,
            ..self
        })
    }

    /// All public IPv6 addresses of this cloud.
    #[must_use]
    pub fn pool_v6(self) -> Cidr {
        Cidr::new(Ipv6Addr::from(self.base_v6).into(), self.prefix_v6).unwrap_or(Cidr::ANY_V6)
    }

    /// The first /56 of them is the cloud's own.
    #[must_use]
    pub fn own_v6(self) -> Cidr {
        Cidr::new(Ipv6Addr::from(self.base_v6).into(), Self::OF_VPC).unwrap_or(Cidr::ANY_V6)
    }

    /// What this machine is seen as when it connects to a public IPv6 address.
    #[must_use]
    pub fn host_v6(self) -> Ipv6Addr {
        Ipv6Addr::from(self.base_v6 | 1)
    }

    /// The IPv6 block of a VPC, the number taken into the range that there is; never the cloud's own.
    #[must_use]
    pub fn of_vpc(self, number: u64) -> Cidr {
        let blocks = 1_u128 << (Self::OF_VPC - self.prefix_v6);
        let place = 1 + u128::from(number) % (blocks - 1);
        let base = self.base_v6 | (place << (128 - Self::OF_VPC));
        Cidr::new(Ipv6Addr::from(base).into(), Self::OF_VPC).unwrap_or(Cidr::ANY_V6)
    }

    /// The cloud's own addresses, and this machine's: what is below the first one that an interface may have.
    #[must_use]
    pub fn own(self) -> Cidr {
        self.block(0, 22)
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
        (self.pool().contains(address) && address < IpAddr::V4(self.first())) || self.own_v6().contains(address)
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
        assert_eq!(usual.pool_v6().to_string(), "2001:db8::/32");
        assert_eq!(
            (usual.of_vpc(0).to_string(), usual.own_v6().to_string()),
            ("2001:db8:0:100::/56".into(), "2001:db8::/56".into())
        );
        assert!(usual.pool_v6().covers(&usual.of_vpc(u64::MAX)) && usual.own_v6().contains(usual.host_v6().into()));
        let ula = usual.with_v6("fd12:3456:789a::".parse().expect("an address"), 48).expect("a plan");
        assert_eq!((ula.of_vpc(255).to_string(), ula.pool()), ("fd12:3456:789a:100::/56".into(), usual.pool()));
        assert_eq!(usual.with_v6("fd00::1".parse().expect("an address"), 32), None);
        for (base, prefix) in [([10, 0, 0, 1], 16), ([10, 0, 0, 0], 22), ([10, 0, 0, 0], 7), ([10, 0, 0, 0], 33)] {
            assert_eq!(Public::new(base.into(), prefix), None);
        }
    }
}
