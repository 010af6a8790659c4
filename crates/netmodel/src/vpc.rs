//! A VPC: its address blocks, and where its resolver is.

use std::net::IpAddr;

use crate::{Cidr, Id};

/// The address of the resolver that every VPC has beside base + 2.
pub(crate) const RESOLVER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 169, 253));
/// The address of the instance metadata service.
pub(crate) const METADATA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 169, 254));
/// The same two in IPv6, for VPCs that have it.
pub(crate) const RESOLVER_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253));
pub(crate) const METADATA_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254));

#[derive(Debug, Clone, PartialEq)]
pub struct Vpc {
    pub account: String,
    pub region: String,
    /// The primary block first, of IPv4 and IPv6.
    pub cidrs: Vec<Cidr>,
    /// `enableDnsSupport`: the resolver at base + 2 answers.
    pub dns_support: bool,
    /// `enableDnsHostnames`: instances with public addresses have public names.
    pub dns_hostnames: bool,
    /// `dopt-…`; none for AWS's defaults.
    pub dhcp_options: Option<Id>,
    /// The table of all subnets that have none of their own.
    pub main_route_table: Id,
}

impl Vpc {
    /// Base + 2 of the primary block.
    #[must_use]
    pub fn resolver(&self) -> Option<IpAddr> {
        self.cidrs.first()?.nth(2)
    }

    /// Whether the address belongs to one of the VPC's blocks.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.cidrs.iter().any(|cidr| cidr.contains(address))
    }
}

/// What DHCP tells the instances of a VPC.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DhcpOptions {
    pub domain_name: Option<String>,
    /// Empty for AmazonProvidedDNS.
    pub domain_name_servers: Vec<IpAddr>,
    pub ntp_servers: Vec<IpAddr>,
}
