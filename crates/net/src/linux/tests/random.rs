//! Topologies at random, from a seed: small, and full of what decides about packets.

use std::net::IpAddr;

use kogumo_netmodel::*;

use super::world::{OUTSIDE, OUTSIDE_V6, add_address_v6, add_ipv6, add_route, add_subnet, add_vpc, interface, rule};

/// A generator of numbers (xorshift); equal seeds give equal topologies.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, border: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % border.max(1)
    }

    /// True so many times of a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Two VPCs that may be peered, and a third with the same addresses as the first.
pub(super) fn topology(dice: &mut Dice) -> Topology {
    let mut topology = Topology::default();
    let blocks = [("vpc-a", 0_u64), ("vpc-b", 1), ("vpc-c", 0)];
    for (vpc, second) in blocks.into_iter().take(1 + dice.below(3)) {
        add_vpc(&mut topology, vpc, &format!("10.{second}.0.0/16"));
        if dice.chance(85) {
            let attached = dice.chance(90).then(|| vpc.to_owned());
            topology.internet_gateways.insert(format!("igw-{vpc}"), InternetGateway { vpc: attached });
        }
        for place in 0..1 + dice.below(3) {
            add_subnet(&mut topology, vpc, &format!("subnet-{vpc}-{place}"), &format!("10.{second}.{place}.0/24"));
        }
        if dice.chance(75) {
            add_ipv6(&mut topology, vpc, if vpc == "vpc-c" { 2 } else { second });
            if dice.chance(40) {
                let gateway = InternetGateway { vpc: Some(vpc.to_owned()) };
                topology.egress_only_internet_gateways.insert(format!("eigw-{vpc}"), gateway);
            }
        }
        for place in 0..1 + dice.below(2) {
            let group = SecurityGroup { vpc: vpc.into(), rules: Vec::new() };
            topology.security_groups.insert(format!("sg-{vpc}-{place}"), group);
        }
    }
    if topology.vpcs.contains_key("vpc-b") && dice.chance(70) {
        let peering = Peering {
            requester: "vpc-a".into(),
            accepter: "vpc-b".into(),
            active: dice.chance(90),
            resolving: Vec::new(),
        };
        topology.peerings.insert("pcx-ab".into(), peering);
    }
    topology.prefix_lists.insert(
        "pl-1".into(),
        PrefixList {
            name: "some".into(),
            cidrs: vec![
                block("10.0.1.0/24"),
                block("203.0.113.0/24"),
                block("2001:db8:0:100::/64"),
                block("2606:4700::/32"),
            ],
        },
    );
    add_interfaces(&mut topology, dice);
    add_nat_gateway(&mut topology, dice);
    for vpc in topology.vpcs.keys().cloned().collect::<Vec<_>>() {
        change_edge(&mut topology, dice, &vpc);
    }
    for id in topology.security_groups.keys().cloned().collect::<Vec<_>>() {
        change_group(&mut topology, dice, &id);
    }
    for vpc in topology.vpcs.keys().cloned().collect::<Vec<_>>() {
        add_tables(&mut topology, dice, &vpc);
    }
    if dice.chance(40) {
        change_acls(&mut topology, dice);
    }
    topology
}

/// One change of what users change while traffic flows.
pub(super) fn change(topology: &mut Topology, dice: &mut Dice) {
    match dice.below(5) {
        0 => {
            let ids: Vec<Id> = topology.security_groups.keys().cloned().collect();
            let id = dice.pick(&ids).clone();
            change_group(topology, dice, &id);
        }
        1 => change_acls(topology, dice),
        2 => {
            for interface in topology.interfaces.values_mut().filter(|own| !own.groups.is_empty()) {
                interface.source_dest_check = dice.chance(50);
            }
        }
        3 => {
            for gateway in topology.internet_gateways.values_mut() {
                gateway.vpc = None;
            }
        }
        _ => {
            for vpc in topology.vpcs.keys().cloned().collect::<Vec<_>>() {
                topology.route_tables.retain(|_, table| table.vpc != vpc);
                change_edge(topology, dice, &vpc);
                let main = topology.vpcs[&vpc].main_route_table.clone();
                topology.route_tables.insert(main, RouteTable { vpc: vpc.clone(), routes: Vec::new() });
                add_tables(topology, dice, &vpc);
            }
        }
    }
}

fn block(text: &str) -> Cidr {
    text.parse().expect("a block")
}

fn add_interfaces(topology: &mut Topology, dice: &mut Dice) {
    let mut number = 0_u8;
    for (subnet_id, subnet) in topology.subnets.clone() {
        for _ in 0..1 + dice.below(2) {
            number += 1;
            let private = subnet.cidr.nth(4 + u128::from(number)).expect("an address").to_string();
            let public = dice.chance(60).then(|| format!("198.18.4.{number}"));
            let groups: Vec<Id> = groups_of(topology, &subnet.vpc);
            let group = dice.pick(&groups).clone();
            let mut own = interface(&subnet.vpc, &subnet_id, number, &private, public.as_deref(), &group);
            if dice.chance(20) {
                own.groups = groups;
            }
            own.source_dest_check = !dice.chance(25);
            if !own.source_dest_check {
                own.forwarding =
                    *dice.pick(&[Forwarding::None, Forwarding::Route, Forwarding::Masquerade, Forwarding::Masquerade]);
            }
            if dice.chance(8) {
                own.owner = Owner::Instance { id: format!("i-{number}"), device_index: 0, running: false };
            }
            topology.interfaces.insert(format!("eni-{number}"), own);
            if dice.chance(90) {
                add_address_v6(topology, &format!("eni-{number}"), u128::from(number) + 4);
            }
        }
    }
}

fn groups_of(topology: &Topology, vpc: &str) -> Vec<Id> {
    topology.security_groups.iter().filter(|(_, group)| group.vpc == vpc).map(|(id, _)| id.clone()).collect()
}

fn add_nat_gateway(topology: &mut Topology, dice: &mut Dice) {
    if !dice.chance(50) {
        return;
    }
    let subnets: Vec<Id> = topology.subnets.keys().cloned().collect();
    let subnet_id = dice.pick(&subnets).clone();
    let subnet = &topology.subnets[&subnet_id];
    let (vpc, private) = (subnet.vpc.clone(), subnet.cidr.nth(200).expect("an address").to_string());
    let mut own = interface(&vpc, &subnet_id, 200, &private, Some("198.18.4.200"), "");
    own.groups.clear();
    own.source_dest_check = false;
    own.owner = Owner::NatGateway("nat-1".into());
    topology.interfaces.insert("eni-nat".into(), own);
    let nat = NatGateway { vpc, subnet: subnet_id, interface: "eni-nat".into(), available: dice.chance(90) };
    topology.nat_gateways.insert("nat-1".into(), nat);
}

fn traffic(dice: &mut Dice) -> Traffic {
    match dice.below(10) {
        0 | 1 | 2 => Traffic::All,
        8 => Traffic::Icmpv6(IcmpRange::default()),
        9 => Traffic::Icmpv6(IcmpRange { kind: Some(128), code: None }),
        3 => Traffic::Tcp(PortRange::one(*dice.pick(&[22, 80]))),
        4 => Traffic::Tcp(PortRange::ALL),
        5 => Traffic::Udp(PortRange { from: 20, to: 100 }),
        6 => Traffic::Icmp(IcmpRange::default()),
        _ => Traffic::Icmp(IcmpRange { kind: Some(8), code: None }),
    }
}

fn some_cidr(dice: &mut Dice) -> Cidr {
    let blocks = [
        "0.0.0.0/0",
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "10.1.0.0/16",
        "10.0.1.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "::/0",
        "::/0",
        "::/0",
        "2001:db8::/32",
        "2001:db8:0:100::/56",
        "2001:db8:0:200::/64",
        "2606:4700::9/128",
    ];
    block(dice.pick::<&str>(&blocks))
}

fn change_group(topology: &mut Topology, dice: &mut Dice, id: &str) {
    let all: Vec<Id> = topology.security_groups.keys().cloned().collect();
    let mut rules = Vec::new();
    for egress in [false, true] {
        for _ in 0..1 + dice.below(3) {
            let peer = match dice.below(6) {
                0 => Peer::Group(dice.pick(&all).clone()),
                1 => Peer::PrefixList("pl-1".into()),
                _ => Peer::Cidr(some_cidr(dice)),
            };
            rules.push(rule(egress, traffic(dice), peer));
        }
    }
    if dice.chance(60) {
        rules.push(rule(true, Traffic::All, Peer::Cidr(Cidr::ANY)));
        rules.push(rule(true, Traffic::All, Peer::Cidr(Cidr::ANY_V6)));
    }
    topology.security_groups.get_mut(id).expect("a group").rules = rules;
}

fn add_tables(topology: &mut Topology, dice: &mut Dice, vpc: &str) {
    let main = topology.vpcs[vpc].main_route_table.clone();
    let subnets: Vec<Id> =
        topology.subnets.iter().filter(|(_, own)| own.vpc == vpc).map(|(id, _)| id.clone()).collect();
    let mut tables = vec![main];
    for subnet in subnets {
        let own = dice.chance(60).then(|| format!("rtb-{subnet}"));
        tables.extend(own.clone());
        topology.subnets.get_mut(&subnet).expect("a subnet").route_table = own;
    }
    for table in tables {
        topology
            .route_tables
            .entry(table.clone())
            .or_insert_with(|| RouteTable { vpc: vpc.into(), routes: Vec::new() });
        if dice.chance(85) {
            let target = some_target(topology, dice, vpc);
            add_route(topology, &table, vpc, "0.0.0.0/0", target);
        }
        if dice.chance(85) {
            let target = some_target_v6(topology, dice, vpc);
            add_route(topology, &table, vpc, "::/0", target);
        }
        let blocks = ["10.1.0.0/16", "10.0.0.0/16", "203.0.113.0/24", "203.0.113.9/32", "198.18.4.0/24", "10.0.1.0/24"];
        for block in blocks {
            // A route for the VPC's own block, or within it, may lead to an interface or a NAT gateway only.
            let local = topology.vpcs[vpc].cidrs.iter().any(|own| own.overlaps(&self::block(block)));
            if local || !dice.chance(25) {
                continue;
            }
            let target = some_target(topology, dice, vpc);
            add_route(topology, &table, vpc, block, target);
        }
        through_the_middle(topology, dice, vpc, &table);
        if topology.peerings.contains_key("pcx-ab") && vpc != "vpc-c" && dice.chance(70) {
            let other = if vpc == "vpc-a" { "10.1.0.0/17" } else { "10.0.0.0/17" };
            add_route(topology, &table, vpc, other, Target::Peering("pcx-ab".into()));
            let other = if vpc == "vpc-a" { "2001:db8:0:200::/56" } else { "2001:db8:0:100::/56" };
            add_route(topology, &table, vpc, other, Target::Peering("pcx-ab".into()));
        }
    }
}

fn some_target(topology: &Topology, dice: &mut Dice, vpc: &str) -> Target {
    let own: Vec<&Id> = topology
        .interfaces
        .iter()
        .filter(|(_, own)| own.vpc == vpc && !own.groups.is_empty())
        .map(|(id, _)| id)
        .collect();
    match dice.below(6) {
        0 => Target::Interface((*dice.pick(&own)).clone()),
        1 if topology.nat_gateways.get("nat-1").is_some_and(|nat| nat.vpc == vpc) => Target::NatGateway("nat-1".into()),
        _ => Target::InternetGateway(format!("igw-{vpc}")),
    }
}

/// Routes for the VPC's own block, or for a subnet's, may lead to an interface: a firewall's.
fn through_the_middle(topology: &mut Topology, dice: &mut Dice, vpc: &str, table: &str) {
    let own: Vec<Id> = topology
        .interfaces
        .iter()
        .filter(|(_, own)| own.vpc == vpc && own.forwarding == Forwarding::Route)
        .map(|(id, _)| id.clone())
        .collect();
    let of_subnets = topology.subnets.values().filter(|subnet| subnet.vpc == vpc);
    let mut blocks: Vec<Cidr> = of_subnets.flat_map(|subnet| [Some(subnet.cidr), subnet.ipv6_cidr]).flatten().collect();
    blocks.extend(&topology.vpcs[vpc].cidrs);
    for block in blocks {
        if !own.is_empty() && dice.chance(20) {
            let target = Target::Interface(dice.pick(&own).clone());
            add_route(topology, table, vpc, &block.to_string(), target);
        }
    }
}

/// The internet gateway's own table.
fn change_edge(topology: &mut Topology, dice: &mut Dice, vpc: &str) {
    let (gateway, table) = (format!("igw-{vpc}"), format!("rtb-edge-{vpc}"));
    topology.gateway_route_tables.remove(&gateway);
    topology.route_tables.remove(&table);
    if dice.chance(50) {
        topology.route_tables.insert(table.clone(), RouteTable { vpc: vpc.into(), routes: Vec::new() });
        through_the_middle(topology, dice, vpc, &table);
        through_the_middle(topology, dice, vpc, &table);
        topology.gateway_route_tables.insert(gateway, table);
    }
}

/// NAT gateways take no IPv6, and egress-only internet gateways nothing else.
fn some_target_v6(topology: &Topology, dice: &mut Dice, vpc: &str) -> Target {
    let egress_only = format!("eigw-{vpc}");
    if topology.egress_only_internet_gateways.contains_key(&egress_only) && dice.chance(50) {
        return Target::EgressOnlyInternetGateway(egress_only);
    }
    match some_target(topology, dice, vpc) {
        Target::NatGateway(_) => Target::InternetGateway(format!("igw-{vpc}")),
        target => target,
    }
}

fn change_acls(topology: &mut Topology, dice: &mut Dice) {
    let ids: Vec<Id> = topology.network_acls.keys().cloned().collect();
    let id = dice.pick(&ids).clone();
    let mut entries = Vec::new();
    for egress in [false, true] {
        for number in 1..=3_u16 {
            let entry = AclEntry {
                number: number * 10,
                egress,
                allow: dice.chance(50),
                traffic: traffic(dice),
                cidr: some_cidr(dice),
            };
            entries.push(entry);
        }
        for (number, cidr) in [(100, Cidr::ANY), (101, Cidr::ANY_V6)] {
            entries.push(AclEntry { number, egress, allow: dice.chance(85), traffic: Traffic::All, cidr });
        }
    }
    topology.network_acls.get_mut(&id).expect("an acl").entries = entries;
}

/// Every address that is worth a probe: all that interfaces have, one that nobody has, and the outside.
pub(super) fn addresses(topology: &Topology) -> Vec<IpAddr> {
    let own = topology.interfaces.values().flat_map(|interface| &interface.addresses);
    let mut addresses: Vec<IpAddr> = own.flat_map(|own| [Some(own.private), own.public]).flatten().collect();
    let nobodys = ["10.0.0.99", "198.18.4.99", "2001:db8:0:100::99", "2001:db8:77::1"];
    addresses.extend(nobodys.map(|text| text.parse::<IpAddr>().expect("an address")));
    addresses.extend([OUTSIDE, OUTSIDE_V6]);
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
