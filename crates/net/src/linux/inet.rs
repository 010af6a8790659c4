//! This cloud's internet: the namespace between the VPCs, AWS's endpoints and this machine.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, Public};

use super::cell::{Cell, has_ipv6};
use super::namespace::Namespace;
use super::route::{End, LOCAL, MAIN, Routing, Way};
use crate::family::Family;
use crate::plan;

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
    /// Whether it has IPv6.
    v6: bool,
    routes: BTreeSet<Cidr>,
}

impl LiveInet {
    pub(crate) fn new(host: &Namespace, public: Public) -> Result<Self, Trouble> {
        let mut cell = Cell::new(false)?;
        let host = HostSide::new(&mut cell, host, public)?;
        let device = cell.routing.index(TO_HOST)?;
        cell.routing.set_up(device)?;
        cell.routing.join(device, HOST_MAC)?;
        cell.namespace.enter(say_so_each_time)?;
        for own in own_addresses(public) {
            cell.routing.set_route(LOCAL, own, Way::Local(cell.loopback))?;
        }
        lead(&mut cell, device, public.pool(), public.host().into())?;
        if has_ipv6() {
            lead(&mut cell, device, public.pool_v6(), public.host_v6().into())?;
        }
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
        routing.join(index, other)
    }

    /// The addresses of this machine itself that others know it by.
    pub(crate) fn host_addresses(&mut self) -> Result<BTreeSet<IpAddr>, Trouble> {
        let mut addresses = self.host.routing.addresses()?;
        addresses.retain(|address| {
            let link_local = matches!(address, IpAddr::V6(own) if own.is_unicast_link_local());
            !address.is_loopback() && !link_local
        });
        Ok(addresses)
    }

    pub(crate) fn apply(&mut self, wanted: &plan::Inet) -> Result<(), Trouble> {
        for (cidr, device) in &wanted.routes {
            if self.seen.routes.get(cidr) != Some(device) {
                let gateway = Family::of(cidr.address()).next();
                let way = Way::Via { device: self.cell.routing.index(device)?, gateway };
                self.cell.routing.set_route(MAIN, *cidr, way)?;
            }
        }
        // Behind what comes and before what goes: nobody's packets are lost on the way.
        self.cell.set_rules(&wanted.rules)?;
        for cidr in self.seen.routes.keys().filter(|cidr| !wanted.routes.contains_key(*cidr)) {
            self.cell.routing.remove_route(MAIN, *cidr)?;
        }
        self.seen = wanted.clone();
        let is_public = |cidr: &&Cidr| self.public.pool().covers(cidr) || self.public.pool_v6().covers(cidr);
        self.host.set_routes(wanted.routes.keys().filter(is_public).copied().collect())
    }
}

/// One family's ways: addresses of the pool are nowhere until somebody has them, all but the one of the host; everything else
/// is beyond the host. The cloud's own addresses are here.
fn lead(cell: &mut Cell, device: u32, pool: Cidr, host: IpAddr) -> Result<(), Trouble> {
    let family = Family::of(host);
    let way = Way::Via { device, gateway: family.next() };
    cell.routing.set_route(MAIN, family.everywhere(), way)?;
    cell.routing.set_route(MAIN, pool, Way::Blackhole)?;
    cell.routing.set_route(MAIN, Cidr::host(host), way)?;
    // What is marked as for the world is taken here, as if it were for this namespace itself.
    cell.routing.add_rule(family, plan::WORLD_MARK, WORLD_TABLE)?;
    cell.routing.set_route(WORLD_TABLE, family.everywhere(), Way::Local(cell.loopback))
}

/// Answers to whoever asks for an address that nobody has are not rationed.
fn say_so_each_time() -> Result<(), Trouble> {
    let set = |path: &str| std::fs::write(path, "0").map_err(|e| Trouble::from_cause(format!("cannot set {path}"), e));
    set("/proc/sys/net/ipv4/icmp_ratelimit")?;
    if has_ipv6() { set("/proc/sys/net/ipv6/icmp/ratelimit") } else { Ok(()) }
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
        routing.add_address(device, public.host().into(), Family::V4.host())?;
        let v6 = has_ipv6() && Self::take_v6(host, &name, &mut routing, device, public);
        routing.set_up(device)?;
        routing.join(device, HERE_MAC)?;
        let mut side = Self { routing, device, number, v6, routes: BTreeSet::new() };
        for cidr in own_addresses(public) {
            side.add(&cidr)?;
        }
        // What nobody has is not asked for in the world outside. Another cloud's addresses are narrower routes.
        side.add(&public.pool())?;
        side.add(&public.pool_v6())?;
        Ok(side)
    }

    /// Gives the device its IPv6 address. Where this machine wants no IPv6, and does not let us have it on our own device
    /// either, the cloud is reached over IPv4 from here.
    fn take_v6(host: &Namespace, name: &str, routing: &mut Routing, device: u32, public: Public) -> bool {
        let quiet = || {
            for (setting, value) in [("disable_ipv6", "0"), ("addr_gen_mode", "1"), ("accept_ra", "0")] {
                let path = format!("/proc/sys/net/ipv6/conf/{name}/{setting}");
                std::fs::write(&path, value).map_err(|e| Trouble::from_cause(format!("cannot set {path}"), e))?;
            }
            Ok(())
        };
        if let Err(trouble) = host.enter(quiet) {
            tracing::debug!(%trouble, "the cloud's device is as this machine makes devices");
        }
        let given = routing.add_address(device, public.host_v6().into(), Family::V6.host());
        if let Err(trouble) = &given {
            tracing::info!(%trouble, "this machine does not reach IPv6 addresses of the cloud");
        }
        given.is_ok()
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
        let new: Vec<Cidr> = wanted.difference(&self.routes).copied().collect();
        new.iter().try_for_each(|cidr| self.add(cidr))?;
        for cidr in self.routes.difference(&wanted).filter(|cidr| cidr.is_v4() || self.v6) {
            self.routing.remove_route_over(*cidr, self.device)?;
        }
        self.routes = wanted;
        Ok(())
    }

    fn add(&mut self, cidr: &Cidr) -> Result<(), Trouble> {
        if !cidr.is_v4() && !self.v6 {
            return Ok(());
        }
        let way = Way::Via { device: self.device, gateway: Family::of(cidr.address()).next() };
        self.routing.add_route(*cidr, way, self.number + 1)
    }
}
