//! The decision: where a packet goes and why, there and back.
//!
//! A way is made of legs. A leg leaves one place (an interface, or the internet), passes what stands between, and comes to
//! the next: another interface, the internet, or a part of the VPC itself. Where the next place forwards (a NAT gateway, a
//! guest that masquerades, the internet with an address of another VPC) a further leg begins there. What answers
//! finds its way back by the routes of where it comes by: security groups and translations remember it, network ACLs and
//! routes do not.

mod arrive;
mod leave;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::{Cause, Forwarding, Header, Id, Origin, Owner, Packet, Protocol, Step, Topology, What};

/// Where a packet ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At an interface: its own address, or one that it is to forward to in a way nobody knows of.
    Interface(Id),
    /// On the internet, at this machine, or at one of AWS's public endpoints.
    Internet,
    /// At the resolver of the VPC.
    Resolver(Id),
    /// At the instance metadata service.
    Metadata(Id),
    /// At the service behind a gateway endpoint.
    Endpoint(Id),
}

/// One way: what was passed, and the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    pub steps: Vec<Step>,
    pub end: Result<Place, Cause>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub there: Path,
    /// The way of the answer; none where the packet does not arrive.
    pub back: Option<Path>,
    /// The packet as it arrives, or as it was when it was stopped.
    pub header: Header,
}

impl Verdict {
    /// Whether a connection comes about: the packet arrives, and the answer does.
    #[must_use]
    pub fn connects(&self) -> bool {
        self.there.end.is_ok() && self.back.as_ref().is_some_and(|back| back.end.is_ok())
    }

    /// What stops the packet or its answer.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        let back = self.back.as_ref().and_then(|back| back.end.as_ref().err());
        self.there.end.as_ref().err().or(back)
    }
}

/// More than this many forwarders in a row is a circle.
const LEGS: usize = 16;

/// Whether a packet begins something or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Request,
    Answer,
}

/// One leg as it was gone: from where, to where, and the header at either end.
struct Leg {
    from: Origin,
    to: Place,
    left: Header,
    arrived: Header,
}

/// Follows a packet and what answers it.
#[must_use]
pub fn decide(topology: &Topology, packet: &Packet) -> Verdict {
    let mut steps = Vec::new();
    let mut legs = Vec::new();
    let mut header = packet.header;
    let end = go(topology, packet, &mut header, &mut steps, &mut legs);
    let back = end.is_ok().then(|| come_back(topology, packet, &legs));
    Verdict { there: Path { steps, end }, back, header }
}

fn go(
    topology: &Topology,
    packet: &Packet,
    header: &mut Header,
    steps: &mut Vec<Step>,
    legs: &mut Vec<Leg>,
) -> Result<Place, Cause> {
    let mut from = packet.from.clone();
    while legs.len() < LEGS {
        let left = *header;
        let to = leg(topology, &from, header, Phase::Request, steps)?;
        legs.push(Leg { from, to: to.clone(), left, arrived: *header });
        match onward(topology, &to, header, steps)? {
            Some(next) => from = next,
            None => return Ok(to),
        }
    }
    let component = match from {
        Origin::Interface(id) => id,
        Origin::Internet => packet.header.destination.to_string(),
    };
    Err(Cause::Loop { component })
}

/// Goes one leg and changes the header as gateways do on the way.
fn leg(
    topology: &Topology,
    from: &Origin,
    header: &mut Header,
    phase: Phase,
    steps: &mut Vec<Step>,
) -> Result<Place, Cause> {
    match from {
        Origin::Interface(id) => leave::interface(topology, id, header, phase, steps),
        Origin::Internet => arrive::from_internet(topology, header, phase, steps),
    }
}

/// Whether the packet goes on from where it came to, and from where then.
fn onward(
    topology: &Topology,
    place: &Place,
    header: &mut Header,
    steps: &mut Vec<Step>,
) -> Result<Option<Origin>, Cause> {
    match place {
        Place::Internet if topology.is_public(header.destination) => Ok(Some(Origin::Internet)),
        Place::Interface(id) => {
            let interface = topology.interfaces.get(id).ok_or_else(|| Cause::NoSource { component: id.clone() })?;
            let own = interface.owns(header.destination);
            match &interface.owner {
                Owner::NatGateway(nat) if own || !comes_from_inside(topology, nat, header) => {
                    Err(Cause::NatGatewayForInside { nat_gateway: nat.clone(), header: *header })
                }
                Owner::NatGateway(nat) => Ok(Some(masquerade(id, nat, interface, header, steps))),
                _ if !own && routes(interface, header) => Ok(Some(Origin::Interface(id.clone()))),
                _ if !own && masquerades(interface, header) => Ok(Some(masquerade(id, id, interface, header, steps))),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// A guest has a way for what it forwards only in a family that it has an address of.
fn has_way(interface: &crate::Interface, header: &Header) -> bool {
    interface.primary(header.source.is_ipv4()).is_some()
}

fn routes(interface: &crate::Interface, header: &Header) -> bool {
    interface.forwarding == Forwarding::Route && has_way(interface, header)
}

fn masquerades(interface: &crate::Interface, header: &Header) -> bool {
    interface.forwarding == Forwarding::Masquerade && has_way(interface, header)
}

fn comes_from_inside(topology: &Topology, nat: &str, header: &Header) -> bool {
    let vpc = topology.nat_gateways.get(nat).and_then(|nat| topology.vpcs.get(&nat.vpc));
    header.source.is_ipv4() && vpc.is_some_and(|vpc| vpc.contains(header.source))
}

fn masquerade(
    id: &Id,
    component: &Id,
    interface: &crate::Interface,
    header: &mut Header,
    steps: &mut Vec<Step>,
) -> Origin {
    if let Some(source) = interface.primary(header.source.is_ipv4()) {
        header.source = source;
        steps.push(Step { component: component.clone(), what: What::Masquerades { source }, header: *header });
    }
    Origin::Interface(id.clone())
}

/// The answer: from where the packet ended, by the routes that are there, until it is where the packet began. Whoever put
/// his own address into the packet on its way puts the other one back.
fn come_back(topology: &Topology, packet: &Packet, legs: &[Leg]) -> Path {
    let mut steps = Vec::new();
    let end = follow_back(topology, packet, legs, &mut steps);
    Path { steps, end }
}

fn follow_back(topology: &Topology, packet: &Packet, legs: &[Leg], steps: &mut Vec<Step>) -> Result<Place, Cause> {
    let begin = place_of(&packet.from);
    let Some(last) = legs.last() else { return Ok(begin) };
    let mut header = last.arrived.reply();
    let mut place = last.to.clone();
    for _ in 0..LEGS {
        place = match &place {
            Place::Interface(id) => leave::interface(topology, id, &mut header, Phase::Answer, steps)?,
            Place::Internet => arrive::from_internet(topology, &mut header, Phase::Answer, steps)?,
            // A gateway endpoint gives it straight back to the interface.
            Place::Endpoint(_) => match &last.from {
                Origin::Interface(id) => arrive::interface(topology, id, None, &header, Phase::Answer, steps)?,
                Origin::Internet => Place::Internet,
            },
            Place::Resolver(_) | Place::Metadata(_) => place_of(&last.from),
        };
        if place == begin && header.destination == packet.header.source {
            let known = header.source == packet.header.destination;
            return if known { Ok(place) } else { Err(astray(&place, &header)) };
        }
        match remembered(legs, &place, &header) {
            Some(destination) => {
                header.destination = destination;
                let Place::Interface(id) = &place else { continue };
                steps.push(Step { component: id.clone(), what: What::Returns { destination }, header });
            }
            None if passes_back(topology, &place, &header) => {}
            None => return Err(astray(&place, &header)),
        }
    }
    Err(astray(&place, &header))
}

/// Whether an answer goes on from where it came to, though nobody there has seen what it answers.
fn passes_back(topology: &Topology, place: &Place, header: &Header) -> bool {
    match place {
        Place::Internet => topology.is_public(header.destination),
        Place::Interface(id) => topology.interfaces.get(id).is_some_and(|interface| match interface.forwarding {
            _ if interface.owns(header.destination) || !has_way(interface, header) => false,
            Forwarding::Route => true,
            // What belongs to no connection that a guest knows of it forwards as it is. Datagrams begin one.
            Forwarding::Masquerade => matches!(header.protocol, Protocol::Tcp { .. } | Protocol::Icmp { .. }),
            Forwarding::None => false,
        }),
        _ => false,
    }
}

/// Whose answer it is, where the interface put its own address in place of another one.
fn remembered(legs: &[Leg], place: &Place, header: &Header) -> Option<IpAddr> {
    let pairs = legs.iter().zip(legs.iter().skip(1));
    let translated = pairs.filter(|(before, after)| before.to == *place && place_of(&after.from) == *place);
    let mut own =
        translated.filter(|(_, after)| matches!(place, Place::Interface(_)) && after.left.source == header.destination);
    own.next().map(|(before, _)| before.arrived.source)
}

fn place_of(origin: &Origin) -> Place {
    match origin {
        Origin::Interface(id) => Place::Interface(id.clone()),
        Origin::Internet => Place::Internet,
    }
}

/// The answer came where nobody knows of it.
fn astray(place: &Place, header: &Header) -> Cause {
    match place {
        Place::Interface(id) => Cause::Astray { interface: id.clone(), header: *header },
        _ => Cause::NoSuchPublicAddress { address: header.destination },
    }
}
