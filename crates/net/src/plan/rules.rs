//! The ruleset of a VPC's namespace: marks, the source/destination check, network ACLs, security groups, public addresses.

use std::collections::BTreeSet;

use kogumo_netmodel::{AclEntry, Cidr, IcmpRange, Id, Interface, NetworkAcl, Owner, Topology, Traffic, Vpc};

use super::router::{
    EDGE, EIGW, IGW, METADATA, METADATA_V6, Port, RESOLVER, RESOLVER_V6, Router, Situation, VPCE, number, v4,
};
use super::{flows, groups, groups::port_chain};
use crate::family::Family;
use crate::nft::{
    ChainType, Compare, Expr, Hook, HookType, Kind, Meta, Rule, Ruleset, Set, Verdict, address, device, match_cidr,
    match_name, match_traffic,
};

/// Bits of a connection's state.
pub(super) const INVALID: u8 = 1;
pub(super) const ESTABLISHED_OR_RELATED: u8 = 2 | 4;

/// The rules for packets of one family.
pub(super) fn ruleset(
    family: Family,
    topology: &Topology,
    id: &str,
    vpc: &Vpc,
    router: &Router,
    situation: &Situation,
) -> Ruleset {
    let mut ruleset = Ruleset::default();
    let ports: Vec<_> =
        router.ports.iter().filter_map(|(id, port)| Some((port, topology.interfaces.get(id)?))).collect();
    let edge = router.tables.contains_key(&(family, EDGE));
    add_sets(&mut ruleset, family, topology, &ports, edge);
    let logs = flows::add(&mut ruleset, family, topology, router);
    add_public(&mut ruleset, family, router, &ports);
    if family == Family::V4 {
        add_translation(&mut ruleset, router, situation, &ports);
    }
    add_checks(&mut ruleset, family);
    add_acls(&mut ruleset, family, topology, id, &ports, logs);
    add_groups(&mut ruleset, family, topology, &ports, logs);
    add_input(&mut ruleset, family, topology, vpc, router);
    ruleset
}

type Ports<'a> = [(&'a Port, &'a Interface)];

fn hook(kind: HookType, chain: ChainType, priority: i32, accept: bool) -> Hook {
    Hook { kind, chain, priority, accept }
}

fn verdict(verdict: Verdict) -> Expr {
    Expr::Verdict(verdict)
}

fn subnet_number(topology: &Topology, interface: &Interface) -> Option<u32> {
    number(&topology.subnets.get(&interface.subnet)?.cidr)
}

/// The mark of what comes from each port, and whose addresses are whose.
fn add_sets(ruleset: &mut Ruleset, family: Family, topology: &Topology, ports: &Ports, edge: bool) {
    let mut subnet_of = Set::new(16, Kind::Value(4));
    let mut near = Set::new(20, Kind::Nothing);
    let mut own = Set::new(16 + family.length(), Kind::Nothing);
    let mut unchecked = Set::new(16, Kind::Nothing);
    for (port, interface) in ports {
        let name = device(&port.device);
        if let Some(number) = subnet_number(topology, interface) {
            // Marks are numbers of the machine, and not big-endian.
            subnet_of.map(name.clone(), number.to_ne_bytes().to_vec());
            near.insert([number.to_ne_bytes().as_slice(), &name].concat());
        }
        for address in port.addresses.iter().filter_map(|own| family.octets(*own)) {
            own.insert([name.as_slice(), &address].concat());
        }
        if !interface.source_dest_check {
            unchecked.insert(name);
        }
    }
    if edge {
        subnet_of.map(device(IGW), EDGE.to_ne_bytes().to_vec());
    }
    ruleset.set("subnet_of", subnet_of);
    ruleset.set("near", near);
    ruleset.set("own", own);
    ruleset.set("unchecked", unchecked);
    let mark = vec![
        Expr::Meta { key: Meta::InputName, to: 0 },
        Expr::Map { map: "subnet_of".to_owned(), from: 0, to: 8 },
        Expr::SetMark { from: 8 },
    ];
    ruleset.base("mark", hook(HookType::Prerouting, ChainType::Filter, -150, true), vec![mark]);
}

/// The private addresses that internet gateways let out: those with a public one, and all of IPv6.
fn add_public(ruleset: &mut Ruleset, family: Family, router: &Router, ports: &Ports) {
    let mut public = Set::new(family.length(), Kind::Nothing);
    for (_, interface) in ports.iter().filter(|_| router.igw || router.eigw) {
        let known = interface.addresses.iter().filter(|own| interface.public_of(own.private).is_some());
        known.filter_map(|own| family.octets(own.private)).for_each(|own| public.insert(own));
    }
    ruleset.set("public", public);
}

/// Public addresses, written into packets where they come from and go to the internet gateway, as AWS's does it: nothing is
/// remembered, so that what is said of connections below is said in private addresses, wherever a packet has been between.
fn add_translation(ruleset: &mut Ruleset, router: &Router, situation: &Situation, ports: &Ports) {
    let mut inward = Set::new(4, Kind::Value(4));
    let mut outward = Set::new(4, Kind::Value(4));
    for own in ports.iter().flat_map(|(_, interface)| &interface.addresses) {
        let pair = v4(own.private).zip(own.public.and_then(v4));
        let Some((private, mapped)) = pair.filter(|_| router.igw) else { continue };
        inward.map(mapped.octets().to_vec(), private.octets().to_vec());
        outward.map(private.octets().to_vec(), mapped.octets().to_vec());
    }
    ruleset.set("inward", inward);
    ruleset.set("outward", outward);
    let enter = translate(Meta::InputName, "inward", true);
    ruleset.base("enter", hook(HookType::Prerouting, ChainType::Filter, -300, true), enter);
    let leave = translate(Meta::OutputName, "outward", false);
    ruleset.base("leave", hook(HookType::Postrouting, ChainType::Filter, 250, true), leave);
    if let Some(source) = situation.endpoint_source {
        let mut rule = match_name(Meta::OutputName, VPCE);
        rule.extend([Expr::Immediate { to: 8, value: source.octets().to_vec() }, Expr::SourceNat { address: 8 }]);
        ruleset.base("endpoint", hook(HookType::Postrouting, ChainType::Nat, 100, true), vec![rule]);
    }
}

/// Writes what the map has for the destination (or the source) of packets over the gateway; and, of messages about packets
/// that went the other way, for the source (or the destination) of those.
fn translate(key: Meta, map: &str, destination: bool) -> Vec<Rule> {
    const ERRORS: [u8; 3] = [3, 11, 12];
    const QUOTED: u32 = 8;
    let written = |load: Expr, write: Expr| [load, Expr::Map { map: map.to_owned(), from: 8, to: 8 }, write];
    let offset = |destination: bool| if destination { Family::V4.destination() } else { Family::V4.source() };
    let quoted = QUOTED + offset(!destination);
    let about = |kind: u8| {
        let mut rule = match_name(key, IGW);
        let range = IcmpRange { kind: Some(kind), code: None };
        rule.extend(match_traffic(Family::V4, Traffic::Icmp(range)).unwrap_or_default());
        let load = Expr::Transport { offset: quoted, length: 4, to: 8 };
        rule.extend(written(load, Expr::WriteQuoted { offset: quoted, from: 8 }));
        rule
    };
    let mut rules: Vec<Rule> = ERRORS.map(about).to_vec();
    let mut rule = match_name(key, IGW);
    let write = Expr::WriteNetwork { offset: offset(destination), from: 8 };
    rule.extend(written(address(Family::V4, destination, 8), write));
    rules.push(rule);
    rules
}

/// The source/destination check, and what the internet gateway and the endpoints do not take.
fn add_checks(ruleset: &mut Ruleset, family: Family) {
    let mut rules = vec![not_own(family, false), not_own(family, true)];
    for gateway in [IGW, EIGW] {
        let mut nameless = match_name(Meta::OutputName, gateway);
        nameless.extend([
            address(family, false, 8),
            Expr::Lookup { set: "public".to_owned(), from: 8, invert: true },
            verdict(Verdict::Drop),
        ]);
        rules.push(nameless);
    }
    if family == Family::V6 {
        rules.extend(egress_only());
    }
    // Endpoints take TCP and ping.
    for protocol in [6_u8, family.icmp()] {
        let mut rule = match_name(Meta::OutputName, VPCE);
        rule.extend(is_protocol(protocol));
        rule.push(verdict(Verdict::Accept));
        rules.push(rule);
    }
    let mut other = match_name(Meta::OutputName, VPCE);
    other.push(verdict(Verdict::Drop));
    rules.push(other);
    ruleset.base("check", hook(HookType::Forward, ChainType::Filter, -20, true), rules);
}

fn is_protocol(number: u8) -> [Expr; 2] {
    let load = Expr::Meta { key: Meta::TransportProtocol, to: 8 };
    [load, Expr::Compare { from: 8, how: Compare::Equal, value: vec![number] }]
}

/// An egress-only internet gateway lets in what answers, and does not let out what answers somebody outside.
fn egress_only() -> [Rule; 2] {
    const REPLY: u8 = 1;
    let mut begun_outside = match_name(Meta::OutputName, EIGW);
    begun_outside.extend([
        Expr::ConnectionDirection { to: 8 },
        Expr::Compare { from: 8, how: Compare::Equal, value: vec![REPLY] },
        verdict(Verdict::Drop),
    ]);
    let mut uninvited = match_name(Meta::InputName, EIGW);
    uninvited.extend([
        Expr::ConnectionState { to: 8 },
        Expr::Mask { register: 8, mask: u32::from(ESTABLISHED_OR_RELATED).to_ne_bytes().to_vec() },
        Expr::Compare { from: 8, how: Compare::Equal, value: vec![0; 4] },
        verdict(Verdict::Drop),
    ]);
    [begun_outside, uninvited]
}

/// Drops what has another address than the port's own, where the port is checked: another source where it comes in there,
/// another destination where it goes out.
fn not_own(family: Family, destination: bool) -> Rule {
    let key = if destination { Meta::OutputName } else { Meta::InputName };
    let mut rule = match_name(key, "eni*");
    rule.extend([
        Expr::Meta { key, to: 0 },
        address(family, destination, 4),
        Expr::Lookup { set: "own".to_owned(), from: 0, invert: true },
        Expr::Lookup { set: "unchecked".to_owned(), from: 0, invert: true },
        verdict(Verdict::Drop),
    ]);
    rule
}

/// Network ACLs: asked where a packet leaves its subnet, and where it comes into another. The sender's groups were asked
/// before.
fn add_acls(ruleset: &mut Ruleset, family: Family, topology: &Topology, vpc: &str, ports: &Ports, logs: bool) {
    let mut leaving = Set::new(16, Kind::Verdict);
    let mut coming = Set::new(16, Kind::Verdict);
    let mut used: BTreeSet<&Id> = BTreeSet::new();
    for (port, interface) in ports {
        let Some(subnet) = topology.subnets.get(&interface.subnet) else { continue };
        used.insert(&subnet.network_acl);
        let name = device(&port.device);
        leaving.verdict(name.clone(), Verdict::Jump(acl_chain(&subnet.network_acl, true)));
        coming.verdict(name, Verdict::Jump(acl_chain(&subnet.network_acl, false)));
    }
    for id in used {
        let nothing = NetworkAcl { vpc: vpc.to_owned(), entries: Vec::new() };
        let acl = topology.network_acls.get(id).unwrap_or(&nothing);
        for egress in [false, true] {
            ruleset.chain(&acl_chain(id, egress), acl_rules(family, acl, egress, logs));
        }
    }
    ruleset.set("acl_out", leaving);
    ruleset.set("acl_in", coming);
    let inside = vec![
        Expr::Meta { key: Meta::Mark, to: 0 },
        Expr::Meta { key: Meta::OutputName, to: 1 },
        Expr::Lookup { set: "near".to_owned(), from: 0, invert: false },
        verdict(Verdict::Accept),
    ];
    let ask = |key, map: &str| vec![Expr::Meta { key, to: 0 }, Expr::VerdictMap { map: map.to_owned(), from: 0 }];
    let rules = vec![inside, ask(Meta::InputName, "acl_out"), ask(Meta::OutputName, "acl_in")];
    ruleset.base("acls", hook(HookType::Forward, ChainType::Filter, -10, true), rules);
}

fn acl_chain(acl: &str, egress: bool) -> String {
    format!("{acl}-{}", if egress { "out" } else { "in" })
}

fn acl_rules(family: Family, acl: &NetworkAcl, egress: bool, logs: bool) -> Vec<Rule> {
    let drop = || verdict(flows::drop_verdict(egress, logs));
    let mut entries: Vec<&AclEntry> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
    entries.sort_by_key(|entry| entry.number);
    let mut rules: Vec<Rule> = entries
        .into_iter()
        .filter_map(|entry| {
            let mut rule = match_cidr(family, &entry.cidr, egress)?;
            rule.extend(match_traffic(family, entry.traffic)?);
            match entry.allow {
                true => rule.push(verdict(Verdict::Return)),
                false => rule.push(drop()),
            }
            Some(rule)
        })
        .collect();
    rules.push(vec![drop()]);
    rules
}

/// Security groups: first those of the sender, then those of the receiver. What answers passes.
fn add_groups(ruleset: &mut Ruleset, family: Family, topology: &Topology, ports: &Ports, logs: bool) {
    let mut used: BTreeSet<&Id> = BTreeSet::new();
    let mut maps = [Set::new(16, Kind::Verdict), Set::new(16, Kind::Verdict)];
    for (port, interface) in ports {
        // Without any group there is nothing to ask: a NAT gateway.
        if interface.groups.is_empty() {
            continue;
        }
        used.extend(interface.groups.iter());
        for (map, egress) in maps.iter_mut().zip([true, false]) {
            groups::add_port(ruleset, &port.device, interface, egress, logs);
            map.verdict(device(&port.device), Verdict::Goto(port_chain(&port.device, egress)));
        }
    }
    for id in used {
        match topology.security_groups.get(id) {
            Some(group) => groups::add_group(ruleset, family, topology, id, group),
            None => [false, true].iter().for_each(|egress| ruleset.chain(&groups::chain_of(id, *egress), Vec::new())),
        }
    }
    let [out, inward] = maps;
    ruleset.set("group_out", out);
    ruleset.set("group_in", inward);
    let sender = group_rules(true, logs);
    ruleset.base("groups_out", hook(HookType::Forward, ChainType::Filter, -15, false), sender);
    let receiver = group_rules(false, logs);
    ruleset.base("groups_in", hook(HookType::Forward, ChainType::Filter, 10, false), receiver);
}

fn group_rules(egress: bool, logs: bool) -> Vec<Rule> {
    let (key, map) = if egress { (Meta::InputName, "group_out") } else { (Meta::OutputName, "group_in") };
    vec![
        in_state(ESTABLISHED_OR_RELATED, Verdict::Accept),
        in_state(INVALID, flows::drop_verdict(egress, logs)),
        vec![Expr::Meta { key, to: 0 }, Expr::VerdictMap { map: map.to_owned(), from: 0 }],
        vec![verdict(Verdict::Accept)],
    ]
}

pub(super) fn in_state(bits: u8, then: Verdict) -> Rule {
    vec![
        Expr::ConnectionState { to: 8 },
        Expr::Mask { register: 8, mask: u32::from(bits).to_ne_bytes().to_vec() },
        Expr::Compare { from: 8, how: Compare::NotEqual, value: vec![0; 4] },
        verdict(then),
    ]
}

/// What the router itself answers: the resolver, and the metadata service for instances.
fn add_input(ruleset: &mut Ruleset, family: Family, topology: &Topology, vpc: &Vpc, router: &Router) {
    let mut resolvers = Set::new(family.length(), Kind::Nothing);
    if vpc.dns_support {
        let all = [RESOLVER.into(), RESOLVER_V6.into()].into_iter().chain(vpc.resolver());
        all.filter_map(|own| family.octets(own)).for_each(|own| resolvers.insert(own));
    }
    let mut instances = Set::new(16, Kind::Nothing);
    for (id, port) in &router.ports {
        let owner = topology.interfaces.get(id).map(|own| &own.owner);
        let served = family == Family::V4 || topology.metadata_v6.contains(id);
        if served && matches!(owner, Some(Owner::Instance { .. })) {
            instances.insert(device(&port.device));
        }
    }
    ruleset.set("resolvers", resolvers);
    ruleset.set("instances", instances);
    let mut rules = if family == Family::V6 { neighbours() } else { Vec::new() };
    rules.push(not_own(family, false));
    for protocol in [17, 6] {
        let mut rule = match_name(Meta::InputName, "eni*");
        rule.extend([address(family, true, 8), Expr::Lookup { set: "resolvers".to_owned(), from: 8, invert: false }]);
        rule.extend(to_port(protocol, 53));
        rules.push(rule);
    }
    let service = if family == Family::V4 { METADATA.into() } else { METADATA_V6.into() };
    let mut metadata = match_cidr(family, &Cidr::host(service), true).unwrap_or_default();
    metadata.extend([
        Expr::Meta { key: Meta::InputName, to: 0 },
        Expr::Lookup { set: "instances".to_owned(), from: 0, invert: false },
    ]);
    metadata.extend(to_port(6, 80));
    rules.push(metadata);
    ruleset.base("input", hook(HookType::Input, ChainType::Filter, 0, false), rules);
}

/// Guests ask where their router is, and answer where they are. What they say of others changes nothing: where packets go
/// is known for good.
fn neighbours() -> Vec<Rule> {
    let asked = |kind: u8| {
        let traffic = Traffic::Icmpv6(IcmpRange { kind: Some(kind), code: None });
        let mut rule = match_name(Meta::InputName, "eni*");
        rule.extend(match_traffic(Family::V6, traffic).unwrap_or_default());
        rule.push(verdict(Verdict::Accept));
        rule
    };
    const SOLICITATION: u8 = 135;
    const ADVERTISEMENT: u8 = 136;
    [SOLICITATION, ADVERTISEMENT].map(asked).to_vec()
}

fn to_port(protocol: u8, port: u16) -> Vec<Expr> {
    let mut exprs = is_protocol(protocol).to_vec();
    exprs.extend([
        Expr::Transport { offset: 2, length: 2, to: 8 },
        Expr::Compare { from: 8, how: Compare::Equal, value: port.to_be_bytes().to_vec() },
        verdict(Verdict::Accept),
    ]);
    exprs
}
