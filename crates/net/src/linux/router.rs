//! A VPC's namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, Id};

use super::cell::{Cell, NEXT};
use super::flows::Counted;
use super::guest::{self, Attached};
use super::inet::LiveInet;
use super::namespace::Namespace;
use super::route::{End, MAIN, Way};
use crate::plan::{self, Hop, Port, peering_device};

const EVERYWHERE: (Ipv4Addr, u8) = (Ipv4Addr::UNSPECIFIED, 0);

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
        cell.routing.set_route(MAIN, EVERYWHERE, Way::Blackhole)?;
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
        let changed = self.seen.ruleset != wanted.ruleset && !self.seen.ports.is_empty();
        self.remove_devices(wanted)?;
        self.cell.set_rules(&wanted.ruleset)?;
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
        if self.seen.igw && !wanted.igw {
            gone.push(plan::IGW.to_owned());
        }
        if self.seen.vpce && !wanted.vpce {
            gone.push(plan::VPCE.to_owned());
        }
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

    fn set_local(&mut self, wanted: &BTreeSet<Ipv4Addr>) -> Result<(), Trouble> {
        for address in wanted.difference(&self.seen.local) {
            self.cell.routing.add_address(self.cell.loopback, *address, 32)?;
        }
        for address in self.seen.local.difference(wanted) {
            self.cell.routing.remove_address(self.cell.loopback, *address, 32)?;
        }
        Ok(())
    }

    fn add_links(
        &mut self,
        wanted: &plan::Router,
        peerings: &[(Id, Option<&LiveRouter>)],
        inet: &mut LiveInet,
    ) -> Result<(), Trouble> {
        if wanted.igw && !self.devices.contains_key(plan::IGW) {
            inet.add_link(&plan::igw_device(self.number), plan::IGW, &self.cell.namespace, self.number)?;
            self.finish_link(plan::IGW, LiveInet::mac(self.number))?;
        }
        if wanted.vpce && !self.devices.contains_key(plan::VPCE) {
            inet.add_link(&plan::vpce_device(self.number), plan::VPCE, &self.cell.namespace, self.number)?;
            self.finish_link(plan::VPCE, LiveInet::mac(self.number))?;
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
        self.cell.routing.add_neighbour(index, NEXT, other)?;
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
                    self.cell.answer_at_once(index)?;
                    index
                }
            };
            let routing = &mut self.cell.routing;
            let seen = self.seen.ports.get(id).filter(|_| known.is_some());
            let before: &[Ipv4Addr] = seen.map(|seen| seen.addresses.as_slice()).unwrap_or_default();
            if known.is_none() {
                routing.set_up(index)?;
                guest::configure(&attached.guest, port)?;
                self.devices.insert(port.device.clone(), index);
            } else if let Some(seen) = seen.filter(|seen| seen.addresses != port.addresses) {
                guest::readdress(&attached.guest, seen, port)?;
            }
            for address in port.addresses.iter().filter(|address| !before.contains(address)) {
                routing.add_neighbour(index, *address, port.mac)?;
                let way = Way::Via { device: index, gateway: *address };
                routing.set_route(MAIN, (*address, 32), way)?;
            }
            for address in before.iter().filter(|address| !port.addresses.contains(address)) {
                routing.remove_route_over((*address, 32), index)?;
                routing.remove_neighbour(index, *address)?;
            }
        }
        Ok(())
    }

    fn set_tables(&mut self, wanted: &BTreeMap<u32, BTreeMap<Cidr, Hop>>) -> Result<(), Trouble> {
        let nothing = BTreeMap::new();
        for (number, hops) in wanted {
            let seen = self.seen.tables.get(number);
            for (cidr, hop) in hops {
                if seen.and_then(|seen| seen.get(cidr)) != Some(hop) {
                    let way = self.way(hop)?;
                    self.cell.routing.set_route(*number, block(cidr), way)?;
                }
            }
            let gone = seen.unwrap_or(&nothing).keys().filter(|cidr| !hops.contains_key(*cidr));
            for cidr in gone {
                self.cell.routing.remove_route(*number, block(cidr))?;
            }
            if seen.is_none() {
                self.cell.routing.add_rule(*number, *number)?;
            }
        }
        for (number, hops) in self.seen.tables.iter().filter(|(number, _)| !wanted.contains_key(number)) {
            self.cell.routing.remove_rule(*number, *number)?;
            for cidr in hops.keys() {
                self.cell.routing.remove_route(*number, block(cidr))?;
            }
        }
        Ok(())
    }

    fn way(&self, hop: &Hop) -> Result<Way, Trouble> {
        let index = |device: &str| {
            let index = self.devices.get(device).copied();
            index.ok_or_else(|| Trouble::new(format!("a route leads over {device}, which is not there")))
        };
        Ok(match hop {
            Hop::Local => Way::Throw,
            Hop::Blackhole => Way::Blackhole,
            Hop::Port { device, via } => Way::Via { device: index(device)?, gateway: *via },
            Hop::Igw => Way::Via { device: index(plan::IGW)?, gateway: NEXT },
            Hop::Vpce => Way::Via { device: index(plan::VPCE)?, gateway: NEXT },
            // The other side may be made a moment later, and joins the two then.
            Hop::Peer(device) => match self.devices.get(device) {
                Some(index) => Way::Via { device: *index, gateway: NEXT },
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
        Hop::Port { device, .. } | Hop::Peer(device) => Some(device),
        Hop::Igw => Some(plan::IGW),
        Hop::Vpce => Some(plan::VPCE),
        Hop::Local | Hop::Blackhole => None,
    }
}

fn block(cidr: &Cidr) -> (Ipv4Addr, u8) {
    let address = match cidr.address() {
        std::net::IpAddr::V4(address) => address,
        std::net::IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    (address, cidr.prefix())
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
