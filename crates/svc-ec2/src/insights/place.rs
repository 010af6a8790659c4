//! From what people call the ends of a path to a packet: instances, interfaces, gateways, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kogumo_netmodel::{Header, Interface, Origin, Owner, Packet, Protocol, Topology, Traffic, Verdict, decide};

use super::ends::End;

/// What somebody wants to know.
pub struct Asked<'a> {
    /// `i-…`, `eni-…`, `igw-…`, an ARN of one of them, an address, or `internet`.
    pub source: &'a str,
    pub source_ip: Option<IpAddr>,
    /// As `source`; none where only the address is known.
    pub destination: Option<&'a str>,
    pub destination_ip: Option<IpAddr>,
    pub protocol: &'a str,
    pub port: Option<u16>,
    /// What packets have to look like where they start, and where they arrive.
    pub at_source: Option<&'a End>,
    pub at_destination: Option<&'a End>,
}

/// A host of the internet that nobody of this cloud is. Source: RFC 5737.
const SOMEBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
/// The same in IPv6: of an address block that nobody of this cloud has.
const SOMEBODY_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0, 0, 0x10));
/// A port as clients have them.
const CLIENT_PORT: u16 = 50000;

enum Place<'t> {
    Interface(&'t str, &'t Interface),
    Internet,
}

/// What an id or address means.
fn place<'t>(topology: &'t Topology, text: &str) -> Option<Place<'t>> {
    let id = text.rsplit('/').next().unwrap_or(text);
    if id == "internet" || topology.internet_gateways.contains_key(id) {
        return Some(Place::Internet);
    }
    if let Some((id, interface)) = topology.interfaces.get_key_value(id) {
        return Some(Place::Interface(id, interface));
    }
    let of_instance = |interface: &&Interface| match &interface.owner {
        Owner::Instance { id: own, device_index, .. } => own == id && *device_index == 0,
        _ => false,
    };
    if let Some((id, interface)) = topology.interfaces.iter().find(|(_, interface)| of_instance(interface)) {
        return Some(Place::Interface(id, interface));
    }
    let address: IpAddr = id.parse().ok()?;
    let has = |interface: &Interface| {
        interface.owns(address) || interface.addresses.iter().any(|own| own.public == Some(address))
    };
    topology
        .interfaces
        .iter()
        .find(|(_, interface)| has(interface))
        .map(|(id, interface)| Place::Interface(id, interface))
}

/// The packet of a question, for one port.
fn packet(topology: &Topology, asked: &Asked, port: u16) -> Result<Packet, String> {
    let source = place(topology, asked.source).ok_or_else(|| asked.source.to_owned())?;
    let destination = match asked.destination {
        Some(text) => Some(place(topology, text).ok_or_else(|| text.to_owned())?),
        None => None,
    };
    let from_internet = matches!(source, Place::Internet);
    let at_source = asked.at_source.cloned().unwrap_or_default();
    let to = match (asked.destination_ip.or(at_source.destination), &destination) {
        (Some(address), _) => address,
        (None, Some(Place::Internet)) => SOMEBODY,
        (None, Some(Place::Interface(id, interface))) => {
            let primary = interface.primary(true).ok_or_else(|| (*id).to_owned())?;
            // From outside an interface is known by its public address only.
            interface.public_of(primary).filter(|_| from_internet).unwrap_or(primary)
        }
        (None, None) => return Err("a destination".to_owned()),
    };
    let (from, own) = match source {
        Place::Internet if to.is_ipv6() => (Origin::Internet, SOMEBODY_V6),
        Place::Internet => (Origin::Internet, SOMEBODY),
        Place::Interface(id, interface) => {
            let own = interface.primary(to.is_ipv4()).ok_or_else(|| id.to_owned())?;
            (Origin::Interface(id.to_owned()), own)
        }
    };
    let client = at_source.source_ports.map_or(CLIENT_PORT, |(from, to)| CLIENT_PORT.clamp(from, to));
    let protocol = match asked.protocol {
        "udp" => Protocol::Udp { source: client, destination: port },
        "icmp" if to.is_ipv6() => Protocol::PING_V6,
        "icmp" => Protocol::PING,
        _ => Protocol::Tcp { source: client, destination: port },
    };
    let source = asked.source_ip.or(at_source.source).unwrap_or(own);
    Ok(Packet { from, header: Header { source, destination: to, protocol } })
}

/// The ports worth trying where a question names none: those that the destination's groups speak of.
fn ports(topology: &Topology, asked: &Asked) -> Vec<u16> {
    if let Some(port) = asked.port {
        return vec![port];
    }
    let mut ports = vec![443];
    if let Some(Place::Interface(_, interface)) = asked.destination.and_then(|text| place(topology, text)) {
        let groups = interface.groups.iter().filter_map(|id| topology.security_groups.get(id));
        for rule in groups.flat_map(|group| &group.rules).filter(|rule| !rule.egress) {
            match rule.traffic {
                Traffic::Tcp(range) | Traffic::Udp(range) if !range.contains(443) => ports.push(range.from),
                _ => {}
            }
        }
    }
    let ranges =
        || [asked.at_source, asked.at_destination].into_iter().flatten().filter_map(|end| end.destination_ports);
    ports.extend(ranges().flat_map(|(from, to)| [from, to]));
    ports.retain(|port| ranges().all(|(from, to)| (from..=to).contains(port)));
    ports
}

/// Follows a packet; without a port the first one that gets through.
///
/// # Errors
/// The name of what does not exist.
pub fn follow(topology: &Topology, asked: &Asked) -> Result<Verdict, String> {
    let mut last = None;
    for port in ports(topology, asked) {
        let verdict = decide(topology, &packet(topology, asked, port)?);
        let fits = asked.at_destination.is_none_or(|end| end.fits(&verdict.header));
        if verdict.connects() && fits {
            return Ok(verdict);
        }
        last.get_or_insert(verdict);
    }
    last.ok_or_else(|| asked.source.to_owned())
}
