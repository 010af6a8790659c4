//! The ruleset of a VPC's namespace: marks, the source/destination check, network ACLs, security groups, public addresses.

use std::collections::BTreeSet;

use kogumo_netmodel::{AclEntry, Cidr, Id, Interface, NetworkAcl, Owner, Topology, Vpc};

use super::router::{IGW, METADATA, Port, RESOLVER, Router, Situation, VPCE, number, v4};
use super::{flows, groups, groups::port_chain};
use crate::nft::{
    Compare, Expr, Family, Hook, HookType, Kind, Meta, Rule, Ruleset, Set, Verdict, device, match_cidr, match_name,
    match_traffic,
};

/// Offsets of the addresses in an IPv4 header.
const SOURCE: u32 = 12;
const DESTINATION: u32 = 16;
/// Bits of a connection's state.
pub(super) const INVALID: u8 = 1;
pub(super) const ESTABLISHED_OR_RELATED: u8 = 2 | 4;

pub(super) fn ruleset(topology: &Topology, id: &str, vpc: &Vpc, router: &Router, situation: &Situation) -> Ruleset {
    let mut ruleset = Ruleset::default();
    let ports: Vec<_> =
        router.ports.iter().filter_map(|(id, port)| Some((port, topology.interfaces.get(id)?))).collect();
    add_sets(&mut ruleset, topology, &ports);
    let logs = flows::add(&mut ruleset, topology, router);
    add_public(&mut ruleset, router, situation, &ports);
    add_checks(&mut ruleset);
    add_acls(&mut ruleset, topology, id, &ports, logs);
    add_groups(&mut ruleset, topology, &ports, logs);
    add_input(&mut ruleset, vpc, &ports);
    ruleset
}

type Ports<'a> = [(&'a Port, &'a Interface)];

fn hook(kind: HookType, family: Family, priority: i32, accept: bool) -> Hook {
    Hook { kind, family, priority, accept }
}

fn verdict(verdict: Verdict) -> Expr {
    Expr::Verdict(verdict)
}

fn subnet_number(topology: &Topology, interface: &Interface) -> Option<u32> {
    number(&topology.subnets.get(&interface.subnet)?.cidr)
}

/// The mark of what comes from each port, and whose addresses are whose.
fn add_sets(ruleset: &mut Ruleset, topology: &Topology, ports: &Ports) {
    let mut subnet_of = Set::new(16, Kind::Value(4));
    let mut near = Set::new(20, Kind::Nothing);
    let mut own = Set::new(20, Kind::Nothing);
    let mut unchecked = Set::new(16, Kind::Nothing);
    for (port, interface) in ports {
        let name = device(&port.device);
        if let Some(number) = subnet_number(topology, interface) {
            // Marks are numbers of the machine, and not big-endian.
            subnet_of.map(name.clone(), number.to_ne_bytes().to_vec());
            near.insert([number.to_ne_bytes().as_slice(), &name].concat());
        }
        for address in &port.addresses {
            own.insert([name.as_slice(), &address.octets()].concat());
        }
        if !interface.source_dest_check {
            unchecked.insert(name);
        }
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
    ruleset.base("mark", hook(HookType::Prerouting, Family::Filter, -150, true), vec![mark]);
}

/// Public addresses, translated where packets come from and go to the internet gateway.
fn add_public(ruleset: &mut Ruleset, router: &Router, situation: &Situation, ports: &Ports) {
    let mut inward = Set::new(4, Kind::Value(4));
    let mut outward = Set::new(4, Kind::Value(4));
    let mut public = Set::new(4, Kind::Nothing);
    for own in ports.iter().flat_map(|(_, interface)| &interface.addresses) {
        let pair = v4(own.private).zip(own.public.and_then(v4));
        let Some((private, mapped)) = pair.filter(|_| router.igw) else { continue };
        inward.map(mapped.octets().to_vec(), private.octets().to_vec());
        outward.map(private.octets().to_vec(), mapped.octets().to_vec());
        public.insert(private.octets().to_vec());
    }
    ruleset.set("inward", inward);
    ruleset.set("outward", outward);
    ruleset.set("public", public);
    let translate = |offset, map: &str, nat| {
        let lookup = Expr::Map { map: map.to_owned(), from: 8, to: 8 };
        [Expr::Network { offset, length: 4, to: 8 }, lookup, nat]
    };
    let mut enter = match_name(Meta::InputName, IGW);
    enter.extend(translate(DESTINATION, "inward", Expr::DestinationNat { address: 8 }));
    let mut leave = match_name(Meta::OutputName, IGW);
    leave.extend(translate(SOURCE, "outward", Expr::SourceNat { address: 8 }));
    let mut leaving = vec![leave];
    if let Some(source) = situation.endpoint_source {
        let mut rule = match_name(Meta::OutputName, VPCE);
        rule.extend([Expr::Immediate { to: 8, value: source.octets().to_vec() }, Expr::SourceNat { address: 8 }]);
        leaving.push(rule);
    }
    ruleset.base("enter", hook(HookType::Prerouting, Family::Nat, -100, true), vec![enter]);
    ruleset.base("leave", hook(HookType::Postrouting, Family::Nat, 100, true), leaving);
}

/// The source/destination check, and what the internet gateway and the endpoints do not take.
fn add_checks(ruleset: &mut Ruleset) {
    let mut rules = vec![not_own(Meta::InputName, SOURCE), not_own(Meta::OutputName, DESTINATION)];
    let mut nameless = match_name(Meta::OutputName, IGW);
    nameless.extend([
        Expr::Network { offset: SOURCE, length: 4, to: 8 },
        Expr::Lookup { set: "public".to_owned(), from: 8, invert: true },
        verdict(Verdict::Drop),
    ]);
    rules.push(nameless);
    // Endpoints take TCP and ping.
    for protocol in [6_u8, 1] {
        let mut rule = match_name(Meta::OutputName, VPCE);
        rule.extend(is_protocol(protocol));
        rule.push(verdict(Verdict::Accept));
        rules.push(rule);
    }
    let mut other = match_name(Meta::OutputName, VPCE);
    other.push(verdict(Verdict::Drop));
    rules.push(other);
    ruleset.base("check", hook(HookType::Forward, Family::Filter, -20, true), rules);
}

fn is_protocol(number: u8) -> [Expr; 2] {
    let load = Expr::Meta { key: Meta::TransportProtocol, to: 8 };
    [load, Expr::Compare { from: 8, how: Compare::Equal, value: vec![number] }]
}

/// Drops what has another address than the port's own, where the port is checked.
fn not_own(key: Meta, offset: u32) -> Rule {
    let mut rule = match_name(key, "eni*");
    rule.extend([
        Expr::Meta { key, to: 0 },
        Expr::Network { offset, length: 4, to: 4 },
        Expr::Lookup { set: "own".to_owned(), from: 0, invert: true },
        Expr::Lookup { set: "unchecked".to_owned(), from: 0, invert: true },
        verdict(Verdict::Drop),
    ]);
    rule
}

/// Network ACLs: asked where a packet leaves its subnet, and where it comes into another. The sender's groups were asked
/// before.
fn add_acls(ruleset: &mut Ruleset, topology: &Topology, vpc: &str, ports: &Ports, logs: bool) {
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
            ruleset.chain(&acl_chain(id, egress), acl_rules(acl, egress, logs));
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
    ruleset.base("acls", hook(HookType::Forward, Family::Filter, -10, true), rules);
}

fn acl_chain(acl: &str, egress: bool) -> String {
    format!("{acl}-{}", if egress { "out" } else { "in" })
}

fn acl_rules(acl: &NetworkAcl, egress: bool, logs: bool) -> Vec<Rule> {
    let drop = || verdict(flows::drop_verdict(egress, logs));
    let mut entries: Vec<&AclEntry> = acl.entries.iter().filter(|entry| entry.egress == egress).collect();
    entries.sort_by_key(|entry| entry.number);
    let mut rules: Vec<Rule> = entries
        .into_iter()
        .filter_map(|entry| {
            let mut rule = match_cidr(&entry.cidr, egress)?;
            rule.extend(match_traffic(entry.traffic)?);
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
fn add_groups(ruleset: &mut Ruleset, topology: &Topology, ports: &Ports, logs: bool) {
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
            Some(group) => groups::add_group(ruleset, topology, id, group),
            None => [false, true].iter().for_each(|egress| ruleset.chain(&groups::chain_of(id, *egress), Vec::new())),
        }
    }
    let [out, inward] = maps;
    ruleset.set("group_out", out);
    ruleset.set("group_in", inward);
    let sender = group_rules(true, logs);
    ruleset.base("groups_out", hook(HookType::Forward, Family::Filter, -15, false), sender);
    let receiver = group_rules(false, logs);
    ruleset.base("groups_in", hook(HookType::Forward, Family::Filter, 10, false), receiver);
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
fn add_input(ruleset: &mut Ruleset, vpc: &Vpc, ports: &Ports) {
    let mut resolvers = Set::new(4, Kind::Nothing);
    if vpc.dns_support {
        resolvers.insert(RESOLVER.octets().to_vec());
        vpc.resolver().and_then(v4).into_iter().for_each(|own| resolvers.insert(own.octets().to_vec()));
    }
    let mut instances = Set::new(16, Kind::Nothing);
    for (port, interface) in ports {
        if matches!(interface.owner, Owner::Instance { .. }) {
            instances.insert(device(&port.device));
        }
    }
    ruleset.set("resolvers", resolvers);
    ruleset.set("instances", instances);
    let mut rules = vec![not_own(Meta::InputName, SOURCE)];
    for protocol in [17, 6] {
        let mut rule = match_name(Meta::InputName, "eni*");
        rule.extend([
            Expr::Network { offset: DESTINATION, length: 4, to: 8 },
            Expr::Lookup { set: "resolvers".to_owned(), from: 8, invert: false },
        ]);
        rule.extend(to_port(protocol, 53));
        rules.push(rule);
    }
    let mut metadata = match_cidr(&Cidr::host(METADATA.into()), true).unwrap_or_default();
    metadata.extend([
        Expr::Meta { key: Meta::InputName, to: 0 },
        Expr::Lookup { set: "instances".to_owned(), from: 0, invert: false },
    ]);
    metadata.extend(to_port(6, 80));
    rules.push(metadata);
    ruleset.base("input", hook(HookType::Input, Family::Filter, 0, false), rules);
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
