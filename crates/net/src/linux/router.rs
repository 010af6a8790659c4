//! A VPC's namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, Id};

use super::cell::{Cell, has_ipv6};
use super::flows::Counted;
use super::guest::{self, Attached};
use super::inet::LiveInet;
use super::namespace::Namespace;
use super::route::{End, MAIN, Way};
use crate::family::{Family, ROUTER_V6};
use crate::plan::{self, Hop, Port, peering_device};

pub(crate) struct LiveRouter {
    cell: Cell,
    number: u16,
    seen: plan::Router,
    /// Devices of the namespace and their indexes.
    devices: BTreeMap<String, u32>,
}

impl LiveRouter {
    pub(crate) fn new(number: u16) -> Result<Self, Trouble> {
        let mut cell = Cell::new(true)?;
        // What no table and no port is for ends here, silently.
        for family in Family::ALL.into_iter().filter(|family| *family == Family::V4 || has_ipv6()) {
            cell.routing.set_route(MAIN, family.everywhere(), Way::Blackhole)?;
        }
        Ok(Self { cell, number, seen: plan::Router::default(), devices: BTreeMap::new() })
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.cell.namespace
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Devices go before the rules for them do, and come after: nothing passes without rules. The answer says whether rules
    /// changed for connections that may be there already.
    pub(crate) fn apply(
        &mut self,
        wanted: &plan::Router,
        guests: &BTreeMap<Id, Attached>,
        peerings: &[(Id, Option<&LiveRouter>)],
        inet: &mut LiveInet,
    ) -> Result<bool, Trouble> {
        if *wanted == self.seen {
            return Ok(false);
        }
        let changed = self.seen.rules != wanted.rules && !self.seen.ports.is_empty();
        self.remove_devices(wanted)?;
        self.cell.set_rules(&wanted.rules)?;
        self.set_local(&wanted.local)?;
        self.add_links(wanted, peerings, inet)?;
        self.add_ports(&wanted.ports, guests)?;
        self.set_tables(&wanted.tables)?;
        self.seen = wanted.clone();
        Ok(changed)
    }

    fn remove_devices(&mut self, wanted: &plan::Router) -> Result<(), Trouble> {
        let mut gone = Vec::new();
        for (id, port) in &self.seen.ports {
            let stays = wanted.ports.get(id).is_some_and(|new| same_device(port, new));
            if !stays {
                gone.push(port.device.clone());
            }
        }
        gone.extend(self.seen.peers.difference(&wanted.peers).map(|id| peering_device(id)));
        let links = links(&self.seen).into_iter().zip(links(wanted));
        gone.extend(links.filter(|((_, was), (_, is))| *was && !is).map(|((device, _), _)| device.to_owned()));
        for device in gone {
            self.devices.remove(&device);
            self.cell.routing.remove_link(&device)?;
            // Its routes went with it.
            for hops in self.seen.tables.values_mut() {
                hops.retain(|_, hop| device_of(hop) != Some(device.as_str()));
            }
        }
        Ok(())
    }

    fn set_local(&mut self, wanted: &BTreeSet<IpAddr>) -> Result<(), Trouble> {
        for address in wanted.difference(&self.seen.local) {
            self.cell.routing.add_address(self.cell.loopback, *address, Family::of(*address).host())?;
        }
        for address in self.seen.local.difference(wanted) {
            self.cell.routing.remove_address(self.cell.loopback, *address, Family::of(*address).host())?;
        }
        Ok(())
    }

    fn add_links(
        &mut self,
        wanted: &plan::Router,
        peerings: &[(Id, Option<&LiveRouter>)],
        inet: &mut LiveInet,
    ) -> Result<(), Trouble> {
        for (device, _) in links(wanted).into_iter().filter(|(_, wanted)| *wanted) {
            if !self.devices.contains_key(device) {
                let there = format!("{device}{}", self.number);
                inet.add_link(&there, device, &self.cell.namespace, self.number)?;
                self.finish_link(device, LiveInet::mac(self.number))?;
            }
        }
        for (id, other) in peerings {
            let device = peering_device(id);
            // The one of the two VPCs that comes second makes the pair.
            if let (false, Some(other)) = (self.devices.contains_key(&device), other) {
                self.join(&device, other)?;
            }
        }
        Ok(())
    }

    /// Whether packets pass to and from an interface that has been asked for.
    pub(crate) fn passes(&mut self, interface: &str) -> Result<bool, Trouble> {
        match self.seen.ports.get(interface) {
            Some(port) => self.cell.routing.passes(&port.device),
            None => Ok(true),
        }
    }

    pub(crate) fn take_over_connections(&self, may: bool) -> Result<(), Trouble> {
        self.cell.take_over_connections(may)
    }

    /// What its ports have counted since the last time.
    pub(crate) fn count(&mut self, vpc: &str) -> Result<Vec<Counted>, Trouble> {
        let counted = self.cell.count()?;
        let interfaces: BTreeMap<&str, &Id> =
            self.seen.ports.iter().map(|(id, port)| (port.device.as_str(), id)).collect();
        let known = counted.into_iter().filter_map(|(key, (packets, bytes))| {
            let interface = (*interfaces.get(key.device.as_str())?).clone();
            let plan::Key { egress, accepted, source, destination, protocol, ports, tcp_flags, .. } = key;
            let vpc = vpc.to_owned();
            Some(Counted {
                vpc,
                interface,
                egress,
                accepted,
                source,
                destination,
                protocol,
                ports,
                tcp_flags,
                packets,
                bytes,
            })
        });
        Ok(known.collect())
    }

    /// Forgets the links of peerings: another VPC's namespace ended, and they with it.
    pub(crate) fn forget_peers(&mut self) {
        for id in std::mem::take(&mut self.seen.peers) {
            let device = peering_device(&id);
            self.devices.remove(&device);
            for hops in self.seen.tables.values_mut() {
                hops.retain(|_, hop| device_of(hop) != Some(device.as_str()));
            }
        }
    }

    /// Makes the link of a peering, unless the other side has done so.
    fn join(&mut self, device: &str, other: &LiveRouter) -> Result<(), Trouble> {
        if self.cell.routing.index(device).is_err() {
            let end = End { name: device, mac: peer_mac(other.number), namespace: &other.cell.namespace };
            self.cell.routing.add_pair(device, peer_mac(self.number), &end)?;
        }
        self.finish_link(device, peer_mac(other.number))
    }

    /// Brings a link up whose other end has that address, and remembers it.
    fn finish_link(&mut self, device: &str, other: [u8; 6]) -> Result<(), Trouble> {
        let index = self.cell.routing.index(device)?;
        self.cell.routing.set_up(index)?;
        self.cell.routing.join(index, other)?;
        self.devices.insert(device.to_owned(), index);
        Ok(())
    }

    fn add_ports(&mut self, wanted: &BTreeMap<Id, Port>, guests: &BTreeMap<Id, Attached>) -> Result<(), Trouble> {
        for (id, port) in wanted {
            let Some(attached) = guests.get(id) else { continue };
            let routing = &mut self.cell.routing;
            let known = self.devices.get(&port.device).copied();
            let index = match known {
                Some(index) => index,
                None => {
                    let end = End { name: &attached.guest.device, mac: port.mac, namespace: &attached.guest.namespace };
                    guest::clear(&attached.guest)?;
                    routing.add_pair(&port.device, router_mac(port.mac), &end)?;
                    let index = routing.index(&port.device)?;
                    routing.join(index, port.mac)?;
                    self.cell.answer_at_once(index)?;
                    index
                }
            };
            let routing = &mut self.cell.routing;
            let seen = self.seen.ports.get(id).filter(|_| known.is_some());
            let before: &[IpAddr] = seen.map(|seen| seen.addresses.as_slice()).unwrap_or_default();
            if known.is_none() {
                routing.set_up(index)?;
                guest::configure(&attached.guest, port)?;
                self.devices.insert(port.device.clone(), index);
            } else if let Some(seen) = seen.filter(|seen| seen.addresses != port.addresses) {
                guest::readdress(&attached.guest, seen, port)?;
            }
            let is_new = |address: &&IpAddr| !before.contains(address);
            if port.addresses.iter().any(IpAddr::is_ipv6) && !before.iter().any(IpAddr::is_ipv6) {
                routing.add_address(index, ROUTER_V6.into(), 64)?;
            }
            for address in port.addresses.iter().filter(is_new) {
                let way = Way::Via { device: index, gateway: Family::of(*address).next() };
                routing.set_route(MAIN, Cidr::host(*address), way)?;
            }
            for address in before.iter().filter(|address| !port.addresses.contains(address)) {
                routing.remove_route_over(Cidr::host(*address), index)?;
            }
        }
        Ok(())
    }

    fn set_tables(&mut self, wanted: &BTreeMap<(Family, u32), BTreeMap<Cidr, Hop>>) -> Result<(), Trouble> {
        let nothing = BTreeMap::new();
        for (key, hops) in wanted {
            let (family, number) = key;
            let seen = self.seen.tables.get(key);
            for (cidr, hop) in hops {
                if seen.and_then(|seen| seen.get(cidr)) != Some(hop) {
                    let way = self.way(*family, hop)?;
                    self.cell.routing.set_route(*number, *cidr, way)?;
                }
            }
            let gone = seen.unwrap_or(&nothing).keys().filter(|cidr| !hops.contains_key(*cidr));
            for cidr in gone {
                self.cell.routing.remove_route(*number, *cidr)?;
            }
            if seen.is_none() {
                self.cell.routing.add_rule(*family, *number, *number)?;
            }
        }
        for ((family, number), hops) in self.seen.tables.iter().filter(|(key, _)| !wanted.contains_key(key)) {
            self.cell.routing.remove_rule(*family, *number, *number)?;
            for cidr in hops.keys() {
                self.cell.routing.remove_route(*number, *cidr)?;
            }
        }
        Ok(())
    }

    fn way(&self, family: Family, hop: &Hop) -> Result<Way, Trouble> {
        let gateway = family.next();
        let over = |device: &str| {
            let index = self.devices.get(device).copied();
            let device =
                index.ok_or_else(|| Trouble::new(format!("a route leads over {device}, which is not there")))?;
            Ok(Way::Via { device, gateway })
        };
        Ok(match hop {
            Hop::Local => Way::Throw,
            Hop::Blackhole => Way::Blackhole,
            Hop::Port(device) => over(device)?,
            Hop::Igw => over(plan::IGW)?,
            Hop::Eigw => over(plan::EIGW)?,
            Hop::Vpce => over(plan::VPCE)?,
            // The other side may be made a moment later, and joins the two then.
            Hop::Peer(device) => match self.devices.get(device) {
                Some(index) => Way::Via { device: *index, gateway },
                None => Way::Blackhole,
            },
        })
    }
}

/// Whether the same pair of devices serves both.
fn same_device(one: &Port, other: &Port) -> bool {
    one.device == other.device && one.guest == other.guest && one.mac == other.mac && one.prefix == other.prefix
}

fn device_of(hop: &Hop) -> Option<&str> {
    match hop {
        Hop::Port(device) | Hop::Peer(device) => Some(device),
        Hop::Igw => Some(plan::IGW),
        Hop::Eigw => Some(plan::EIGW),
        Hop::Vpce => Some(plan::VPCE),
        Hop::Local | Hop::Blackhole => None,
    }
}

/// The links out of the VPC, and whether a plan has them.
fn links(plan: &plan::Router) -> [(&'static str, bool); 3] {
    [(plan::IGW, plan.igw), (plan::EIGW, plan.eigw), (plan::VPCE, plan.vpce)]
}

/// The router's end of a port: the guest's address with another first byte.
fn router_mac(guest: [u8; 6]) -> [u8; 6] {
    let [_, rest @ ..] = guest;
    let [a, b, c, d, e] = rest;
    [0x0a, a, b, c, d, e]
}

fn peer_mac(number: u16) -> [u8; 6] {
    let [high, low] = number.to_be_bytes();
    [0x02, 0x6b, 0x6f, 0x70, high, low]
}
