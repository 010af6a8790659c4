//! This cloud's internet: the namespace between the VPCs, AWS's endpoints and this machine.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, Public};

use super::cell::{Cell, NEXT};
use super::namespace::Namespace;
use super::route::{End, LOCAL, MAIN, Routing, Way};
use crate::plan;

const EVERYWHERE: (Ipv4Addr, u8) = (Ipv4Addr::UNSPECIFIED, 0);
const WORLD_TABLE: u32 = 100;
/// The device that leads to the host, in this namespace.
const TO_HOST: &str = "host";
const HERE_MAC: [u8; 6] = [0x02, 0x6b, 0x6f, 0x68, 0, 1];
const HOST_MAC: [u8; 6] = [0x02, 0x6b, 0x6f, 0x68, 0, 2];
/// More clouds than this at once on one machine have no way in from it.
const MOST_CLOUDS: u32 = 1000;

pub(crate) struct LiveInet {
    cell: Cell,
    host: HostSide,
    seen: plan::Inet,
    public: Public,
}

/// What is ours in the host's namespace: a device, and routes over it. It goes when this namespace does.
struct HostSide {
    routing: Routing,
    device: u32,
    /// Clouds that run side by side have devices of different numbers, and the smallest number is asked first.
    number: u32,
    routes: BTreeSet<Cidr>,
}

impl LiveInet {
    pub(crate) fn new(host: &Namespace, public: Public) -> Result<Self, Trouble> {
        let mut cell = Cell::new(false)?;
        let host = HostSide::new(&mut cell, host, public)?;
        let device = cell.routing.index(TO_HOST)?;
        cell.routing.set_up(device)?;
        cell.routing.add_neighbour(device, NEXT, HOST_MAC)?;
        // The cloud's own addresses are here, all but the one of the host; the others of the pool are nowhere until
        // somebody has them; everything else is beyond the host.
        let way = Way::Via { device, gateway: NEXT };
        cell.routing.set_route(MAIN, EVERYWHERE, way)?;
        cell.routing.set_route(MAIN, block(&public.pool()), Way::Blackhole)?;
        cell.namespace.enter(say_so_each_time)?;
        for own in own_addresses(public) {
            cell.routing.set_route(LOCAL, block(&own), Way::Local(cell.loopback))?;
        }
        cell.routing.set_route(MAIN, (public.host(), 32), way)?;
        // What is marked as for the world is taken here, as if it were for this namespace itself.
        cell.routing.add_rule(plan::WORLD_MARK, WORLD_TABLE)?;
        cell.routing.set_route(WORLD_TABLE, EVERYWHERE, Way::Local(cell.loopback))?;
        Ok(Self { cell, host, seen: plan::Inet::default(), public })
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.cell.namespace
    }

    /// This namespace's end of a VPC's link.
    pub(crate) fn mac(number: u16) -> [u8; 6] {
        let [high, low] = number.to_be_bytes();
        [0x02, 0x6b, 0x6f, 0x69, high, low]
    }

    /// Makes a link into a VPC's namespace. One that is there already, from an earlier namespace, goes first.
    pub(crate) fn add_link(&mut self, device: &str, name: &str, vpc: &Namespace, number: u16) -> Result<(), Trouble> {
        let [high, low] = number.to_be_bytes();
        let other = [0x02, 0x6b, 0x6f, 0x76, high, low];
        let routing = &mut self.cell.routing;
        routing.remove_link(device)?;
        self.seen.routes.retain(|_, over| over != device);
        routing.add_pair(device, Self::mac(number), &End { name, mac: other, namespace: vpc })?;
        let index = routing.index(device)?;
        routing.set_up(index)?;
        routing.add_neighbour(index, NEXT, other)
    }

    /// The addresses of this machine itself, loopback aside.
    pub(crate) fn host_addresses(&mut self) -> Result<BTreeSet<Ipv4Addr>, Trouble> {
        let mut addresses = self.host.routing.addresses()?;
        addresses.retain(|address| !address.is_loopback());
        Ok(addresses)
    }

    pub(crate) fn apply(&mut self, wanted: &plan::Inet) -> Result<(), Trouble> {
        for (cidr, device) in &wanted.routes {
            if self.seen.routes.get(cidr) != Some(device) {
                let way = Way::Via { device: self.cell.routing.index(device)?, gateway: NEXT };
                self.cell.routing.set_route(MAIN, block(cidr), way)?;
            }
        }
        // Behind what comes and before what goes: nobody's packets are lost on the way.
        self.cell.set_rules(&wanted.ruleset)?;
        for cidr in self.seen.routes.keys().filter(|cidr| !wanted.routes.contains_key(*cidr)) {
            self.cell.routing.remove_route(MAIN, block(cidr))?;
        }
        self.seen = wanted.clone();
        self.host.set_routes(wanted.routes.keys().filter(|cidr| self.public.pool().covers(cidr)).copied().collect())
    }
}

/// Answers to whoever asks for an address that nobody has are not rationed.
fn say_so_each_time() -> Result<(), Trouble> {
    let path = "/proc/sys/net/ipv4/icmp_ratelimit";
    std::fs::write(path, "0").map_err(|e| Trouble::from_cause(format!("cannot set {path}"), e))
}

/// The cloud's own addresses, as blocks that leave out the host's.
fn own_addresses(public: Public) -> Vec<Cidr> {
    let first = u32::from(public.host()) & !0xff;
    let border = u32::from(public.first());
    let rest = (first..border).step_by(256).skip(1).filter_map(|base| Cidr::new(Ipv4Addr::from(base).into(), 24));
    let near = (2..256).map(|place| Cidr::host(Ipv4Addr::from(first + place).into()));
    rest.chain(near.take(14)).collect()
}

impl HostSide {
    fn new(cell: &mut Cell, host: &Namespace, public: Public) -> Result<Self, Trouble> {
        let mut routing = Routing::open(host)?;
        let (name, number) = Self::take_name(cell, host, &mut routing)?;
        let device = routing.index(&name)?;
        routing.add_address(device, public.host(), 32)?;
        routing.set_up(device)?;
        routing.add_neighbour(device, NEXT, HERE_MAC)?;
        let own: BTreeSet<Cidr> = own_addresses(public).into_iter().collect();
        let mut side = Self { routing, device, number, routes: BTreeSet::new() };
        for cidr in own {
            side.add(&cidr)?;
        }
        // What nobody has is not asked for in the world outside. Another cloud's addresses are narrower routes.
        side.add(&public.pool())?;
        Ok(side)
    }

    /// The first free name. Another cloud may take it in the same moment, and then the next one is tried.
    fn take_name(cell: &mut Cell, host: &Namespace, routing: &mut Routing) -> Result<(String, u32), Trouble> {
        let mut refused = Trouble::new("too many clouds run on this machine");
        for number in 0..MOST_CLOUDS {
            let name = format!("kogumo{number}");
            if routing.index(&name).is_ok() {
                continue;
            }
            let end = End { name: &name, mac: HOST_MAC, namespace: host };
            match cell.routing.add_pair(TO_HOST, HERE_MAC, &end) {
                Ok(()) => return Ok((name, number)),
                Err(trouble) if routing.index(&name).is_ok() => refused = trouble,
                Err(trouble) => return Err(trouble),
            }
        }
        Err(refused)
    }

    fn set_routes(&mut self, wanted: BTreeSet<Cidr>) -> Result<(), Trouble> {
        for cidr in wanted.difference(&self.routes) {
            let way = Way::Via { device: self.device, gateway: NEXT };
            self.routing.add_route(block(cidr), way, self.number + 1)?;
        }
        for cidr in self.routes.difference(&wanted) {
            self.routing.remove_route_over(block(cidr), self.device)?;
        }
        self.routes = wanted;
        Ok(())
    }

    fn add(&mut self, cidr: &Cidr) -> Result<(), Trouble> {
        let way = Way::Via { device: self.device, gateway: NEXT };
        self.routing.add_route(block(cidr), way, self.number + 1)
    }
}

fn block(cidr: &Cidr) -> (Ipv4Addr, u8) {
    let address = match cidr.address() {
        std::net::IpAddr::V4(address) => address,
        std::net::IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    (address, cidr.prefix())
}
