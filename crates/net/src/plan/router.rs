//! A VPC's namespace: its ports, its routes, its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kogumo_netmodel::{Cidr, Id, Interface, RouteTable, Target, Topology, Vpc};

use super::{device_of, peering_device, rules};
use crate::family::Family;
use crate::nft::{Ruleset, Rulesets};

/// Where the resolver and the metadata service are in every VPC.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
pub(crate) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
pub(crate) const RESOLVER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253);
pub(crate) const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The devices to the internet, through either kind of gateway, and the one to the services behind gateway endpoints.
pub(crate) const IGW: &str = "igw";
pub(crate) const EIGW: &str = "eigw";
pub(crate) const VPCE: &str = "vpce";

/// The number of the internet gateway's own route table, which no subnet has.
pub(crate) const EDGE: u32 = 1;

/// What a VPC's namespace is to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Router {
    /// Addresses of the router itself: each subnet's base + 1, the resolver, the metadata service.
    pub local: BTreeSet<IpAddr>,
    /// By interface id.
    pub ports: BTreeMap<Id, Port>,
    /// Peerings whose other side is up, by id.
    pub peers: BTreeSet<Id>,
    pub igw: bool,
    /// It has an egress-only internet gateway.
    pub eigw: bool,
    pub vpce: bool,
    /// By subnet's number, for each family.
    pub tables: BTreeMap<(Family, u32), BTreeMap<Cidr, Hop>>,
    pub rules: Rulesets,
}

/// An interface that has somebody behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Port {
    pub device: String,
    pub mac: [u8; 6],
    /// The primary one first, and those of IPv6 last.
    pub addresses: Vec<IpAddr>,
    /// The length of the subnet's IPv4 prefix.
    pub prefix: u8,
    /// The subnet's router in IPv4: base + 1.
    pub gateway: Ipv4Addr,
    /// Which guest it is: another one gets another device.
    pub guest: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Hop {
    /// Local: on to the table that holds the ports.
    Local,
    Blackhole,
    /// To an interface, whatever the packet's address is.
    Port(String),
    Igw,
    Eigw,
    Vpce,
    Peer(String),
}

/// What a plan has to know beside the topology.
#[derive(Debug, Clone, Default)]
pub(crate) struct Situation {
    /// Which guest is behind each interface.
    pub guests: BTreeMap<Id, u64>,
    /// The VPCs that have a namespace.
    pub live: BTreeSet<Id>,
    /// The address that this VPC's packets have at gateway endpoints.
    pub endpoint_source: Option<Ipv4Addr>,
}

/// The namespace of a VPC.
pub(crate) fn router(topology: &Topology, id: &str, vpc: &Vpc, situation: &Situation) -> Router {
    let mut router = Router {
        igw: topology.internet_gateway_of(id).is_some(),
        eigw: topology.egress_only_internet_gateways.values().any(|gateway| gateway.vpc.as_deref() == Some(id)),
        ..Router::default()
    };
    router.local = local_addresses(topology, id, vpc);
    for (interface_id, interface) in topology.interfaces.iter().filter(|(_, own)| own.vpc == id) {
        let guest = situation.guests.get(interface_id).filter(|_| interface.is_up());
        if let Some(port) = guest.and_then(|guest| port(topology, interface_id, interface, *guest)) {
            router.ports.insert(interface_id.clone(), port);
        }
    }
    for (peering_id, peering) in topology.peerings.iter().filter(|(_, peering)| peering.active) {
        if peering.beyond(id).is_some_and(|other| situation.live.contains(other)) {
            router.peers.insert(peering_id.clone());
        }
    }
    for subnet in topology.subnets.values().filter(|subnet| subnet.vpc == id) {
        let Some(number) = number(&subnet.cidr) else { continue };
        let Some((_, table)) = topology.route_table_of(subnet) else { continue };
        add_table(&mut router, topology, (id, vpc), number, table);
    }
    let edge = topology.internet_gateway_of(id).and_then(|gateway| topology.gateway_route_tables.get(gateway));
    if let Some(table) = edge.and_then(|table| topology.route_tables.get(table)) {
        add_table(&mut router, topology, (id, vpc), EDGE, table);
    }
    router.vpce = router.tables.values().flat_map(BTreeMap::values).any(|hop| *hop == Hop::Vpce);
    let rules = |family| rules::ruleset(family, topology, id, vpc, &router, situation);
    let v6 = if has_ipv6(vpc) { rules(Family::V6) } else { Ruleset::default() };
    let rules = Rulesets { v4: rules(Family::V4), v6 };
    Router { rules, ..router }
}

/// Adds a route table under that number. The first of several routes for a block counts.
fn add_table(router: &mut Router, topology: &Topology, (id, vpc): (&str, &Vpc), number: u32, table: &RouteTable) {
    let routes = topology.routes(vpc, table);
    for family in families(vpc) {
        let mut hops = BTreeMap::new();
        for (cidr, target) in routes.iter().filter(|(cidr, _)| family.has(cidr.address())) {
            hops.entry(*cidr).or_insert_with(|| hop(topology, id, family, target, router));
        }
        router.tables.insert((family, number), hops);
    }
}

/// Whether any of its blocks is IPv6. Where none is, nothing is made for it.
fn has_ipv6(vpc: &Vpc) -> bool {
    vpc.cidrs.iter().any(|cidr| !cidr.is_v4())
}

fn families(vpc: &Vpc) -> impl Iterator<Item = Family> {
    let six = has_ipv6(vpc);
    Family::ALL.into_iter().filter(move |family| *family == Family::V4 || six)
}

/// A subnet's number: its base address. Subnets of a VPC never share it.
pub(crate) fn number(subnet: &Cidr) -> Option<u32> {
    v4(subnet.address()).map(u32::from)
}

pub(crate) fn v4(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V4(v4) => Some(v4),
        IpAddr::V6(_) => None,
    }
}

fn local_addresses(topology: &Topology, id: &str, vpc: &Vpc) -> BTreeSet<IpAddr> {
    let subnets = topology.subnets.values().filter(|subnet| subnet.vpc == id);
    let gateways = subnets.filter_map(|subnet| subnet.cidr.nth(1));
    let mut local: BTreeSet<IpAddr> = gateways.collect();
    local.extend([METADATA, RESOLVER].map(IpAddr::V4));
    if has_ipv6(vpc) {
        local.extend([METADATA_V6, RESOLVER_V6].map(IpAddr::V6));
    }
    local.extend(vpc.resolver());
    local
}

fn port(topology: &Topology, id: &str, interface: &Interface, guest: u64) -> Option<Port> {
    let subnet = topology.subnets.get(&interface.subnet)?;
    let addresses: Vec<IpAddr> = interface.addresses.iter().map(|own| own.private).collect();
    (!addresses.is_empty()).then_some(())?;
    Some(Port {
        device: device_of(id),
        mac: interface.mac,
        addresses,
        prefix: subnet.cidr.prefix(),
        gateway: v4(subnet.cidr.nth(1)?)?,
        guest,
    })
}

fn hop(topology: &Topology, vpc: &str, family: Family, target: &Target, router: &Router) -> Hop {
    if !topology.is_active(vpc, target) {
        return Hop::Blackhole;
    }
    let to_port = |id: &str| router.ports.get(id).map(|port| Hop::Port(port.device.clone()));
    match target {
        Target::Local => Hop::Local,
        Target::InternetGateway(_) => Hop::Igw,
        Target::Endpoint(_) => Hop::Vpce,
        Target::EgressOnlyInternetGateway(_) if family == Family::V6 => Hop::Eigw,
        Target::EgressOnlyInternetGateway(_) => Hop::Blackhole,
        Target::NatGateway(_) if family == Family::V6 => Hop::Blackhole,
        Target::Interface(id) => to_port(id).unwrap_or(Hop::Blackhole),
        Target::NatGateway(id) => {
            topology.nat_gateways.get(id).and_then(|nat| to_port(&nat.interface)).unwrap_or(Hop::Blackhole)
        }
        Target::Peering(id) if router.peers.contains(id) => Hop::Peer(peering_device(id)),
        Target::Peering(_) => Hop::Blackhole,
    }
}
