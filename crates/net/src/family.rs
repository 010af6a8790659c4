//! The two families of addresses: where their packets hold what rules ask for, and how the kernel calls them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kogumo_netmodel::Cidr;

/// The other end of a link, as a route names it; and our own. The links have no addresses, and their neighbours are known
/// for good, so that the same two serve all links.
const NEXT: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1));
const NEXT_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2));
/// What guests know their VPC's router as, in IPv6. In IPv4 it is the subnet's base + 1.
pub(crate) const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) const ALL: [Self; 2] = [Self::V4, Self::V6];

    pub(crate) fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// `AF_INET` and `AF_INET6`, which are netfilter's numbers, too.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::V4 => 2,
            Self::V6 => 10,
        }
    }

    /// Where the source stands in the network header.
    pub(crate) const fn source(self) -> u32 {
        match self {
            Self::V4 => 12,
            Self::V6 => 8,
        }
    }

    /// Where the destination stands in the network header.
    pub(crate) const fn destination(self) -> u32 {
        match self {
            Self::V4 => 16,
            Self::V6 => 24,
        }
    }

    /// Bytes of an address.
    pub(crate) const fn length(self) -> u32 {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }

    /// The protocol number of its ICMP.
    pub(crate) const fn icmp(self) -> u8 {
        match self {
            Self::V4 => 1,
            Self::V6 => 58,
        }
    }

    /// The types of echo request and echo reply.
    pub(crate) const fn echo(self) -> (u8, u8) {
        match self {
            Self::V4 => (8, 0),
            Self::V6 => (128, 129),
        }
    }

    /// The length of the prefix that is one address.
    pub(crate) const fn host(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    pub(crate) const fn everywhere(self) -> Cidr {
        match self {
            Self::V4 => Cidr::ANY,
            Self::V6 => Cidr::ANY_V6,
        }
    }

    /// The other end of a link.
    pub(crate) const fn next(self) -> IpAddr {
        match self {
            Self::V4 => NEXT,
            Self::V6 => NEXT_V6,
        }
    }

    pub(crate) fn has(self, address: IpAddr) -> bool {
        Self::of(address) == self
    }

    /// An address as packets hold it; none where it is of the other family.
    pub(crate) fn octets(self, address: IpAddr) -> Option<Vec<u8>> {
        match (self, address) {
            (Self::V4, IpAddr::V4(address)) => Some(address.octets().to_vec()),
            (Self::V6, IpAddr::V6(address)) => Some(address.octets().to_vec()),
            _ => None,
        }
    }

    /// The first bytes as an address.
    pub(crate) fn read(self, bytes: &[u8]) -> Option<IpAddr> {
        match self {
            Self::V4 => bytes.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
            Self::V6 => bytes.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
        }
    }
}
