//! A VPC's namespace: its ports, its routes, its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use kogumo_netmodel::{Cidr, Id, Interface, Target, Topology, Vpc};

use super::{device_of, peering_device, rules};
use crate::nft::Ruleset;

/// Where the resolver and the metadata service are in every VPC.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
pub(crate) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// The device to the internet, and the one to the services behind gateway endpoints.
pub(crate) const IGW: &str = "igw";
pub(crate) const VPCE: &str = "vpce";

/// What a VPC's namespace is to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Router {
    /// Addresses of the router itself: each subnet's base + 1, the resolver, the metadata service.
    pub local: BTreeSet<Ipv4Addr>,
    /// By interface id.
    pub ports: BTreeMap<Id, Port>,
    /// Peerings whose other side is up, by id.
    pub peers: BTreeSet<Id>,
    pub igw: bool,
    pub vpce: bool,
    /// By subnet's number.
    pub tables: BTreeMap<u32, BTreeMap<Cidr, Hop>>,
    pub ruleset: Ruleset,
}

/// An interface that has somebody behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Port {
    pub device: String,
    pub mac: [u8; 6],
    /// The primary one first.
    pub addresses: Vec<Ipv4Addr>,
    /// The length of the subnet's prefix.
    pub prefix: u8,
    /// The subnet's router: base + 1.
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
    Port {
        device: String,
        via: Ipv4Addr,
    },
    Igw,
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
    let mut router = Router { igw: topology.internet_gateway_of(id).is_some(), ..Router::default() };
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
        let mut hops = BTreeMap::new();
        for (cidr, target) in topology.routes(vpc, table) {
            if cidr.is_v4() {
                hops.entry(cidr).or_insert_with(|| hop(topology, id, target, &router));
            }
        }
        router.tables.insert(number, hops);
    }
    router.vpce = router.tables.values().flat_map(BTreeMap::values).any(|hop| *hop == Hop::Vpce);
    router.ruleset = rules::ruleset(topology, id, vpc, &router, situation);
    router
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

fn local_addresses(topology: &Topology, id: &str, vpc: &Vpc) -> BTreeSet<Ipv4Addr> {
    let subnets = topology.subnets.values().filter(|subnet| subnet.vpc == id);
    let gateways = subnets.filter_map(|subnet| v4(subnet.cidr.nth(1)?));
    let mut local: BTreeSet<Ipv4Addr> = gateways.collect();
    local.insert(METADATA);
    local.insert(RESOLVER);
    local.extend(vpc.resolver().and_then(v4));
    local
}

fn port(topology: &Topology, id: &str, interface: &Interface, guest: u64) -> Option<Port> {
    let subnet = topology.subnets.get(&interface.subnet)?;
    let addresses: Vec<Ipv4Addr> = interface.addresses.iter().filter_map(|own| v4(own.private)).collect();
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

fn hop(topology: &Topology, vpc: &str, target: &Target, router: &Router) -> Hop {
    if !topology.is_active(vpc, target) {
        return Hop::Blackhole;
    }
    let to_port = |id: &str| {
        let port = router.ports.get(id)?;
        Some(Hop::Port { device: port.device.clone(), via: *port.addresses.first()? })
    };
    match target {
        Target::Local => Hop::Local,
        Target::InternetGateway(_) => Hop::Igw,
        Target::Endpoint(_) => Hop::Vpce,
        Target::EgressOnlyInternetGateway(_) => Hop::Blackhole,
        Target::Interface(id) => to_port(id).unwrap_or(Hop::Blackhole),
        Target::NatGateway(id) => {
            topology.nat_gateways.get(id).and_then(|nat| to_port(&nat.interface)).unwrap_or(Hop::Blackhole)
        }
        Target::Peering(id) if router.peers.contains(id) => Hop::Peer(peering_device(id)),
        Target::Peering(_) => Hop::Blackhole,
    }
}
