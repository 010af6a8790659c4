//! A topology with real guests: a namespace and servers behind each interface, and an outside.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kogumo_netmodel::*;

use super::super::cell::Cell;
use super::super::route::Routing;
use super::probe::Servers;
use super::*;
use crate::{Guest, Net};

/// What guests see of the world: an address of the host's own.
pub(super) const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
pub(super) const OUTSIDE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0, 9));

pub(super) struct Lab {
    pub net: Linux,
    pub topology: Topology,
    host: Namespace,
    guests: BTreeMap<String, Namespace>,
    _servers: Vec<Servers>,
    /// Guests that forward as NAT instances do.
    _forwarders: Vec<Cell>,
}

impl Lab {
    /// Makes the topology real, with somebody behind every interface that is up.
    pub(super) fn new(topology: Topology) -> Self {
        let host = Namespace::new().expect("an outside");
        let mut routing = Routing::open(&host).expect("rtnetlink");
        let loopback = routing.index("lo").expect("lo");
        routing.set_up(loopback).expect("lo up");
        routing.add_address(loopback, OUTSIDE, 32).expect("an address");
        routing.add_address(loopback, OUTSIDE_V6, 128).expect("an address");
        let net = Linux::seen_from(host.share().expect("a share")).expect("a network");
        let mut servers = vec![Servers::start(&host, &[OUTSIDE, OUTSIDE_V6])];
        let mut guests = BTreeMap::new();
        net.realise(&topology).expect("nothing to do yet");
        let mut forwarders = Vec::new();
        let guested = |own: &Interface| matches!(own.owner, Owner::Instance { running: true, .. });
        for (id, interface) in topology.interfaces.iter().filter(|(_, interface)| guested(interface)) {
            let namespace = if interface.forwarding != Forwarding::None {
                let mut cell = Cell::new(false).expect("a guest that forwards");
                if interface.forwarding == Forwarding::Masquerade {
                    cell.set_rules(&crate::plan::masquerade()).expect("masquerading");
                }
                let namespace = cell.namespace.share().expect("a share");
                // As guests usually are, and unlike ours: it asks for its neighbours by an address of the link.
                let link_local = || Ok(std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "0"));
                let _without_ipv6 = namespace.enter(link_local);
                forwarders.push(cell);
                namespace
            } else {
                Namespace::new().expect("a guest")
            };
            let guest =
                Guest { namespace: namespace.share().expect("a share"), device: "eth0".into(), default_route: true };
            net.attach(id, guest).expect("an interface");
            servers.push(Servers::start(&namespace, &[Ipv6Addr::UNSPECIFIED.into()]));
            guests.insert(id.clone(), namespace);
        }
        Self { net, topology, host, guests, _servers: servers, _forwarders: forwarders }
    }

    /// An interface's guest, or the outside.
    pub(super) fn namespace(&self, interface: Option<&str>) -> &Namespace {
        interface.map_or(&self.host, |id| &self.guests[id])
    }

    /// The interfaces that have a guest.
    pub(super) fn guests(&self) -> Vec<String> {
        self.guests.keys().cloned().collect()
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Topology)) {
        change(&mut self.topology);
        self.net.realise(&self.topology).expect("a change");
    }
}

pub(super) fn rule(egress: bool, traffic: Traffic, peer: Peer) -> SecurityGroupRule {
    SecurityGroupRule { id: "sgr-1".into(), egress, traffic, peer }
}

pub(super) fn interface(
    vpc: &str,
    subnet: &str,
    number: u8,
    private: &str,
    public: Option<&str>,
    group: &str,
) -> Interface {
    Interface {
        vpc: vpc.into(),
        subnet: subnet.into(),
        mac: [2, 0, 0, 0, 1, number],
        addresses: vec![Address {
            private: private.parse().expect("an address"),
            public: public.map(|public| public.parse().expect("an address")),
        }],
        groups: vec![group.into()],
        source_dest_check: true,
        owner: Owner::Instance { id: format!("i-{number}"), device_index: 0, running: true },
        forwarding: Forwarding::None,
    }
}

pub(super) fn add_vpc(topology: &mut Topology, id: &str, block: &str) {
    let main = format!("rtb-main-{id}");
    let vpc = Vpc {
        account: "000000000000".into(),
        region: "ap-northeast-1".into(),
        cidrs: vec![block.parse().expect("a block")],
        dns_support: true,
        dns_hostnames: true,
        dhcp_options: None,
        main_route_table: main.clone(),
    };
    topology.vpcs.insert(id.into(), vpc);
    topology.route_tables.insert(main, RouteTable { vpc: id.into(), routes: Vec::new() });
    let entry = |number, egress, cidr| AclEntry { number, egress, allow: true, traffic: Traffic::All, cidr };
    let both = |egress| [entry(100, egress, Cidr::ANY), entry(101, egress, Cidr::ANY_V6)];
    let acl = NetworkAcl { vpc: id.into(), entries: [both(false), both(true)].concat() };
    topology.network_acls.insert(format!("acl-{id}"), acl);
}

pub(super) fn add_subnet(topology: &mut Topology, vpc: &str, id: &str, block: &str) {
    let subnet = Subnet {
        vpc: vpc.into(),
        zone: "ap-northeast-1a".into(),
        cidr: block.parse().expect("a block"),
        ipv6_cidr: None,
        route_table: None,
        network_acl: format!("acl-{vpc}"),
    };
    topology.subnets.insert(id.into(), subnet);
}

/// Gives a VPC a /56 of the public plan, and each of its subnets the /64 of its place.
pub(super) fn add_ipv6(topology: &mut Topology, vpc: &str, number: u64) -> Cidr {
    let block = topology.public.of_vpc(number);
    topology.vpcs.get_mut(vpc).expect("a vpc").cidrs.push(block);
    for (place, subnet) in topology.subnets.values_mut().filter(|own| own.vpc == vpc).enumerate() {
        let base = block.nth((place as u128) << 64).expect("an address");
        subnet.ipv6_cidr = Cidr::new(base, 64);
    }
    block
}

/// Gives an interface that address of its subnet's IPv6 block.
pub(super) fn add_address_v6(topology: &mut Topology, interface: &str, place: u128) {
    let own = topology.interfaces.get_mut(interface).expect("an interface");
    let Some(block) = topology.subnets[&own.subnet].ipv6_cidr else { return };
    own.addresses.push(Address { private: block.nth(place).expect("an address"), public: None });
}

pub(super) fn add_route(topology: &mut Topology, table: &str, vpc: &str, block: &str, target: Target) {
    let route = Route { destination: Destination::Cidr(block.parse().expect("a block")), target };
    let table = topology.route_tables.entry(table.into());
    let routes = &mut table.or_insert_with(|| RouteTable { vpc: vpc.into(), routes: Vec::new() }).routes;
    // EC2 takes one route to a destination: RouteAlreadyExists.
    if routes.iter().all(|known| known.destination != route.destination) {
        routes.push(route);
    }
}

/// A public subnet with a web server, a private one with a database; port 80 and ping are open between them.
pub(crate) fn two_subnets() -> Topology {
    let mut topology = Topology::default();
    add_vpc(&mut topology, "vpc-a", "10.0.0.0/16");
    add_subnet(&mut topology, "vpc-a", "subnet-pub", "10.0.1.0/24");
    add_subnet(&mut topology, "vpc-a", "subnet-pri", "10.0.2.0/24");
    topology.internet_gateways.insert("igw-a".into(), InternetGateway { vpc: Some("vpc-a".into()) });
    add_route(&mut topology, "rtb-pub", "vpc-a", "0.0.0.0/0", Target::InternetGateway("igw-a".into()));
    add_route(&mut topology, "rtb-pub", "vpc-a", "::/0", Target::InternetGateway("igw-a".into()));
    topology.subnets.get_mut("subnet-pub").expect("a subnet").route_table = Some("rtb-pub".into());
    add_ipv6(&mut topology, "vpc-a", 0);
    topology.subnets.get_mut("subnet-pub").expect("a subnet").ipv6_cidr = "2001:db8:0:101::/64".parse().ok();
    topology.subnets.get_mut("subnet-pri").expect("a subnet").ipv6_cidr = "2001:db8:0:102::/64".parse().ok();
    let one = |traffic, from| rule(false, traffic, Peer::Cidr(from));
    let of = |cidr: Cidr| {
        let ping =
            if cidr.is_v4() { Traffic::Icmp(IcmpRange::default()) } else { Traffic::Icmpv6(IcmpRange::default()) };
        [
            one(Traffic::Tcp(PortRange::one(80)), cidr),
            one(Traffic::Udp(PortRange::one(80)), cidr),
            one(ping, cidr),
            rule(true, Traffic::All, Peer::Cidr(cidr)),
        ]
    };
    let rules = [of(Cidr::ANY), of(Cidr::ANY_V6)].concat();
    topology.security_groups.insert("sg-a".into(), SecurityGroup { vpc: "vpc-a".into(), rules });
    let web = interface("vpc-a", "subnet-pub", 1, "10.0.1.5", Some("198.18.4.1"), "sg-a");
    topology.interfaces.insert("eni-web".into(), web);
    topology.interfaces.insert("eni-db".into(), interface("vpc-a", "subnet-pri", 2, "10.0.2.5", None, "sg-a"));
    add_address_v6(&mut topology, "eni-web", 5);
    add_address_v6(&mut topology, "eni-db", 5);
    topology
}
