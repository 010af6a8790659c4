//! Everything a packet may meet: all VPCs of the cloud, of every account and region, since peerings join them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::{
    Cidr, DhcpOptions, Endpoint, Interface, InternetGateway, NatGateway, NetworkAcl, Peering, PrefixList, Public,
    RouteTable, SecurityGroup, Subnet, Vpc,
};

/// AWS's identifier: `vpc-0a1b…`.
pub type Id = String;

/// The records of an instance's resource name: `i-….ap-northeast-1.compute.internal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceNames {
    /// `EnableResourceNameDnsARecord`.
    pub v4: bool,
    /// `EnableResourceNameDnsAAAARecord`.
    pub v6: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    pub vpcs: BTreeMap<Id, Vpc>,
    pub subnets: BTreeMap<Id, Subnet>,
    pub route_tables: BTreeMap<Id, RouteTable>,
    pub network_acls: BTreeMap<Id, NetworkAcl>,
    pub security_groups: BTreeMap<Id, SecurityGroup>,
    pub interfaces: BTreeMap<Id, Interface>,
    pub internet_gateways: BTreeMap<Id, InternetGateway>,
    /// The tables by which internet gateways pass on what comes in: edge associations, by gateway.
    pub gateway_route_tables: BTreeMap<Id, Id>,
    pub egress_only_internet_gateways: BTreeMap<Id, InternetGateway>,
    pub nat_gateways: BTreeMap<Id, NatGateway>,
    pub peerings: BTreeMap<Id, Peering>,
    pub endpoints: BTreeMap<Id, Endpoint>,
    pub prefix_lists: BTreeMap<Id, PrefixList>,
    pub dhcp_options: BTreeMap<Id, DhcpOptions>,
    /// Which addresses are public.
    pub public: Public,
    /// Interfaces whose packets flow logs want to know of. It changes nothing for packets.
    pub logged: BTreeSet<Id>,
    /// Interfaces of instances whose metadata service answers over IPv6, too: `HttpProtocolIpv6`.
    pub metadata_v6: BTreeSet<Id>,
    /// Which addresses an instance's name has that is made of its id. It changes nothing for packets.
    pub resource_names: BTreeMap<Id, ResourceNames>,
    /// What the owners of public addresses call them. It changes nothing for packets.
    pub reverse_names: BTreeMap<IpAddr, String>,
}

impl Topology {
    /// As it is on a machine whose kernel speaks no IPv6.
    #[must_use]
    pub fn without_ipv6(&self) -> Self {
        let mut without = self.clone();
        without.vpcs.values_mut().for_each(|vpc| vpc.cidrs.retain(Cidr::is_v4));
        let interfaces = without.interfaces.values_mut();
        interfaces.for_each(|interface| interface.addresses.retain(|own| own.private.is_ipv4()));
        without
    }

    /// The internet gateway of a VPC.
    #[must_use]
    pub fn internet_gateway_of(&self, vpc: &str) -> Option<&Id> {
        self.internet_gateways.iter().find(|(_, gateway)| gateway.vpc.as_deref() == Some(vpc)).map(|(id, _)| id)
    }

    /// The interface of a VPC that has this private address.
    #[must_use]
    pub fn interface_at(&self, vpc: &str, private: IpAddr) -> Option<(&Id, &Interface)> {
        self.interfaces.iter().find(|(_, interface)| interface.vpc == vpc && interface.owns(private))
    }

    /// The interface that a public address is mapped to, and the private address behind it.
    #[must_use]
    pub fn interface_behind(&self, public: IpAddr) -> Option<(&Id, &Interface, IpAddr)> {
        self.interfaces.iter().find_map(|(id, interface)| {
            let own = interface.addresses.iter().find(|own| interface.public_of(own.private) == Some(public))?;
            Some((id, interface, own.private))
        })
    }
}
