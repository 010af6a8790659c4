//! Links, addresses, neighbours, routes and rules of one namespace, over rtnetlink.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

use kogumo_base::Trouble;
use kogumo_netmodel::Cidr;
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, Parseable,
};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, State,
};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::neighbour_table::{NeighbourTableAttribute, NeighbourTableMessage, NeighbourTableParameter};
use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage, RouteProtocol, RouteScope, RouteType};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::cell::has_ipv6;
use super::namespace::Namespace;
use super::netlink::Netlink;
use crate::family::Family;

/// As AWS's jumbo frames.
pub(crate) const MTU: u32 = 9001;
const PROTOCOL_ROUTE: isize = 0;
const KIND_NEW_LINK: u16 = 16;
const KIND_NEW_ADDRESS: u16 = 20;
/// The table that is asked where no rule says otherwise.
pub(crate) const MAIN: u32 = 254;
/// The table of a namespace's own addresses.
pub(crate) const LOCAL: u32 = 255;

/// Where a route leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over a device, to a neighbour there.
    Via { device: u32, gateway: IpAddr },
    /// To this namespace itself.
    Local(u32),
    /// Nowhere, silently.
    Blackhole,
    /// On to the next table.
    Throw,
}

/// One end of a pair of virtual Ethernet devices.
pub(crate) struct End<'a> {
    pub name: &'a str,
    pub mac: [u8; 6],
    pub namespace: &'a Namespace,
}

/// A namespace's rtnetlink.
pub(crate) struct Routing(Netlink);

impl Routing {
    pub(crate) fn open(namespace: &Namespace) -> Result<Self, Trouble> {
        Ok(Self(Netlink::open(namespace, PROTOCOL_ROUTE)?))
    }

    /// Makes a pair; this namespace's end is `name`.
    pub(crate) fn add_pair(&mut self, name: &str, mac: [u8; 6], other: &End<'_>) -> Result<(), Trouble> {
        let mut peer = LinkMessage::default();
        peer.attributes = vec![
            LinkAttribute::IfName(other.name.to_owned()),
            LinkAttribute::Address(other.mac.to_vec()),
            LinkAttribute::Mtu(MTU),
            LinkAttribute::NetNsFd(other.namespace.as_fd().as_raw_fd()),
        ];
        let mut link = LinkMessage::default();
        let veth = InfoData::Veth(InfoVeth::Peer(peer));
        link.attributes = vec![
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::Address(mac.to_vec()),
            LinkAttribute::Mtu(MTU),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(veth)]),
        ];
        let made = self.send(RouteNetlinkMessage::NewLink(link), NLM_F_CREATE | NLM_F_EXCL);
        made.map_err(|e| Trouble::from_cause(format!("cannot make the devices {name} and {}", other.name), e))
    }

    /// The index of a device.
    pub(crate) fn index(&mut self, name: &str) -> Result<u32, Trouble> {
        self.link(name).map(|link| link.header.index)
    }

    /// Whether packets pass: a device's queue begins to take them a few milliseconds after its other end came up.
    pub(crate) fn passes(&mut self, name: &str) -> Result<bool, Trouble> {
        let link = self.link(name)?;
        Ok(link.attributes.contains(&LinkAttribute::OperState(State::Up)))
    }

    fn link(&mut self, name: &str) -> Result<LinkMessage, Trouble> {
        let mut link = LinkMessage::default();
        link.attributes = vec![LinkAttribute::IfName(name.to_owned())];
        let answers = self.ask(RouteNetlinkMessage::GetLink(link), NLM_F_ACK, KIND_NEW_LINK);
        let answers = answers.map_err(|e| Trouble::from_cause(format!("no device {name}"), e))?;
        let link = answers.iter().find_map(|payload| LinkMessage::parse(payload.as_slice()).ok());
        link.ok_or_else(|| Trouble::new(format!("no device {name}")))
    }

    pub(crate) fn set_up(&mut self, device: u32) -> Result<(), Trouble> {
        let mut link = LinkMessage::default();
        link.header.index = device;
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        let done = self.send(RouteNetlinkMessage::SetLink(link), 0);
        done.map_err(|e| Trouble::from_cause("cannot bring a device up", e))
    }

    /// Removes a device; one that is gone already is no error.
    pub(crate) fn remove_link(&mut self, name: &str) -> Result<(), Trouble> {
        let mut link = LinkMessage::default();
        link.attributes = vec![LinkAttribute::IfName(name.to_owned())];
        let done = gone_is_fine(self.send(RouteNetlinkMessage::DelLink(link), 0));
        done.map_err(|e| Trouble::from_cause(format!("cannot remove the device {name}"), e))
    }

    pub(crate) fn add_address(&mut self, device: u32, address: IpAddr, prefix: u8) -> Result<(), Trouble> {
        let message = RouteNetlinkMessage::NewAddress(address_message(device, address, prefix));
        let done = self.send(message, NLM_F_CREATE | NLM_F_REPLACE);
        done.map_err(|e| Trouble::from_cause(format!("cannot give a device the address {address}"), e))
    }

    pub(crate) fn remove_address(&mut self, device: u32, address: IpAddr, prefix: u8) -> Result<(), Trouble> {
        let message = RouteNetlinkMessage::DelAddress(address_message(device, address, prefix));
        let done = gone_is_fine(self.send(message, 0));
        done.map_err(|e| Trouble::from_cause(format!("cannot take the address {address} away"), e))
    }

    /// Says for good where the other end of a link is, in each family that this machine has.
    pub(crate) fn join(&mut self, device: u32, mac: [u8; 6]) -> Result<(), Trouble> {
        let known = Family::ALL.into_iter().filter(|family| *family == Family::V4 || has_ipv6());
        known.map(Family::next).try_for_each(|next| self.add_neighbour(device, next, mac))
    }

    /// So that nobody has to be asked.
    fn add_neighbour(&mut self, device: u32, address: IpAddr, mac: [u8; 6]) -> Result<(), Trouble> {
        let mut neighbour = NeighbourMessage::default();
        neighbour.header.family = family(address);
        neighbour.header.ifindex = device;
        neighbour.header.state = NeighbourState::Permanent;
        neighbour.attributes =
            vec![NeighbourAttribute::Destination(address.into()), NeighbourAttribute::LinkLayerAddress(mac.to_vec())];
        let done = self.send(RouteNetlinkMessage::NewNeighbour(neighbour), NLM_F_CREATE | NLM_F_REPLACE);
        done.map_err(|e| Trouble::from_cause(format!("cannot make {address} a neighbour"), e))
    }

    /// How many milliseconds a device waits at most before it answers ARP for others.
    pub(crate) fn set_proxy_delay(&mut self, device: u32, milliseconds: u64) -> Result<(), Trouble> {
        let mut message = NeighbourTableMessage::default();
        message.header.family = AddressFamily::Inet;
        let parameters =
            vec![NeighbourTableParameter::Ifindex(device), NeighbourTableParameter::ProxyDelay(milliseconds)];
        message.attributes =
            vec![NeighbourTableAttribute::Name("arp_cache".to_owned()), NeighbourTableAttribute::Parms(parameters)];
        let done = self.send(RouteNetlinkMessage::SetNeighbourTable(message), 0);
        done.map_err(|e| Trouble::from_cause("cannot let a device answer at once", e))
    }

    /// Makes a route, in place of one that leads to the same block in that table.
    pub(crate) fn set_route(&mut self, table: u32, to: Cidr, way: Way) -> Result<(), Trouble> {
        let message = RouteNetlinkMessage::NewRoute(route_message(table, to, Some(way)));
        let done = self.send(message, NLM_F_CREATE | NLM_F_REPLACE);
        done.map_err(|e| Trouble::from_cause(format!("cannot make a route to {to}"), e))
    }

    /// Makes a route beside others to the same block; the one with the smallest metric is taken.
    pub(crate) fn add_route(&mut self, to: Cidr, way: Way, metric: u32) -> Result<(), Trouble> {
        let mut message = route_message(MAIN, to, Some(way));
        message.attributes.push(RouteAttribute::Priority(metric));
        let done = self.send(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_REPLACE);
        done.map_err(|e| Trouble::from_cause(format!("cannot make a route to {to}"), e))
    }

    pub(crate) fn remove_route_over(&mut self, to: Cidr, device: u32) -> Result<(), Trouble> {
        let mut message = route_message(MAIN, to, None);
        message.attributes.push(RouteAttribute::Oif(device));
        let done = gone_is_fine(self.send(RouteNetlinkMessage::DelRoute(message), 0));
        done.map_err(|e| Trouble::from_cause(format!("cannot remove the route to {to}"), e))
    }

    /// The addresses of all devices.
    pub(crate) fn addresses(&mut self) -> Result<BTreeSet<IpAddr>, Trouble> {
        let mut message = AddressMessage::default();
        message.header.family = AddressFamily::Unspec;
        let answers = self.ask(RouteNetlinkMessage::GetAddress(message), NLM_F_DUMP, KIND_NEW_ADDRESS);
        let answers = answers.map_err(|e| Trouble::from_cause("cannot read the addresses of this machine", e))?;
        let parsed = answers.iter().filter_map(|payload| AddressMessage::parse(payload.as_slice()).ok());
        Ok(parsed.filter_map(|message| local_address(&message.attributes)).collect())
    }

    pub(crate) fn remove_route(&mut self, table: u32, to: Cidr) -> Result<(), Trouble> {
        let message = RouteNetlinkMessage::DelRoute(route_message(table, to, None));
        let done = gone_is_fine(self.send(message, 0));
        done.map_err(|e| Trouble::from_cause(format!("cannot remove the route to {to}"), e))
    }

    /// Packets of a family with that mark go by that table.
    pub(crate) fn add_rule(&mut self, of: Family, mark: u32, table: u32) -> Result<(), Trouble> {
        let message = RouteNetlinkMessage::NewRule(rule_message(of, mark, table));
        let done = match self.send(message, NLM_F_CREATE | NLM_F_EXCL) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        };
        done.map_err(|e| Trouble::from_cause(format!("cannot make a rule for the table {table}"), e))
    }

    pub(crate) fn remove_rule(&mut self, of: Family, mark: u32, table: u32) -> Result<(), Trouble> {
        let done = gone_is_fine(self.send(RouteNetlinkMessage::DelRule(rule_message(of, mark, table)), 0));
        done.map_err(|e| Trouble::from_cause(format!("cannot remove a rule for the table {table}"), e))
    }

    /// Packets from that address go by that table.
    pub(crate) fn add_source_rule(&mut self, source: IpAddr, table: u32) -> Result<(), Trouble> {
        let message = RouteNetlinkMessage::NewRule(source_rule_message(source, table));
        let done = match self.send(message, NLM_F_CREATE | NLM_F_EXCL) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        };
        done.map_err(|e| Trouble::from_cause(format!("cannot make a rule for what {source} sends"), e))
    }

    pub(crate) fn remove_source_rule(&mut self, source: IpAddr, table: u32) -> Result<(), Trouble> {
        let done = gone_is_fine(self.send(RouteNetlinkMessage::DelRule(source_rule_message(source, table)), 0));
        done.map_err(|e| Trouble::from_cause(format!("cannot remove the rule for what {source} sends"), e))
    }

    fn send(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.ask(message, flags | NLM_F_ACK, KIND_NEW_LINK).map(drop)
    }

    /// Sends a message; the answers are the bodies of what comes back and has that kind.
    fn ask(&mut self, message: RouteNetlinkMessage, flags: u16, kind: u16) -> io::Result<Vec<Vec<u8>>> {
        let sequence = self.0.next_sequence();
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        let answers = self.0.exchange(&bytes, sequence)?;
        Ok(answers.into_iter().filter(|answer| answer.kind == kind).map(|answer| answer.payload).collect())
    }
}

/// In IPv6 there is usually but one, and no other end.
fn local_address(attributes: &[AddressAttribute]) -> Option<IpAddr> {
    let local =
        attributes.iter().find_map(|one| if let AddressAttribute::Local(own) = one { Some(*own) } else { None });
    let only = |one: &AddressAttribute| if let AddressAttribute::Address(own) = one { Some(*own) } else { None };
    local.or_else(|| attributes.iter().find_map(only))
}

fn family(address: IpAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

/// What should be removed and is not there, is removed.
fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    const NO_ENTRY: i32 = 2;
    const NO_SUCH: i32 = 3;
    const NO_DEVICE: i32 = 19;
    const NO_ADDRESS: i32 = 99;
    match result {
        Err(error) if matches!(error.raw_os_error(), Some(NO_ENTRY | NO_SUCH | NO_DEVICE | NO_ADDRESS)) => Ok(()),
        result => result,
    }
}

fn address_message(device: u32, address: IpAddr, prefix: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family(address);
    message.header.prefix_len = prefix;
    message.header.scope = AddressScope::Universe;
    message.header.index = device;
    message.attributes = vec![AddressAttribute::Local(address), AddressAttribute::Address(address)];
    if address.is_ipv6() {
        // Who has which address is known: it is there at once.
        message.attributes.push(AddressAttribute::Flags(AddressFlags::Nodad));
    }
    message
}

fn route_message(table: u32, to: Cidr, way: Option<Way>) -> RouteMessage {
    let (address, prefix) = (to.address(), to.prefix());
    let mut message = RouteMessage::default();
    message.header.address_family = family(address);
    message.header.destination_prefix_length = prefix;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.attributes = vec![RouteAttribute::Table(table)];
    if prefix > 0 {
        message.attributes.push(RouteAttribute::Destination(address.into()));
    }
    match way {
        // A removal is for whatever leads there.
        None => message.header.scope = RouteScope::NoWhere,
        Some(Way::Via { device, gateway }) => {
            message.header.kind = RouteType::Unicast;
            message.header.flags = RouteFlags::Onlink;
            message.attributes.extend([RouteAttribute::Oif(device), RouteAttribute::Gateway(gateway.into())]);
        }
        Some(Way::Local(device)) => {
            message.header.kind = RouteType::Local;
            message.header.scope = RouteScope::Host;
            message.attributes.push(RouteAttribute::Oif(device));
        }
        Some(Way::Blackhole) => message.header.kind = RouteType::BlackHole,
        Some(Way::Throw) => message.header.kind = RouteType::Throw,
    }
    message
}

/// Before the kernel's own rule for the main table, after the one for local addresses.
const PRIORITY: u32 = 1000;

fn rule_message(of: Family, mark: u32, table: u32) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = family(of.next());
    message.header.action = RuleAction::ToTable;
    message.attributes =
        vec![RuleAttribute::Priority(PRIORITY), RuleAttribute::FwMark(mark), RuleAttribute::Table(table)];
    message
}

fn source_rule_message(source: IpAddr, table: u32) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = family(source);
    message.header.action = RuleAction::ToTable;
    message.header.src_len = Family::of(source).host();
    message.attributes =
        vec![RuleAttribute::Priority(PRIORITY), RuleAttribute::Source(source), RuleAttribute::Table(table)];
    message
}
