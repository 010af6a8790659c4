//! Security groups as chains: two for each group, one for each interface and direction that asks its groups in turn.

use kogumo_netmodel::{Id, Interface, Peer, SecurityGroup, SecurityGroupRule, Topology};

use super::flows;
use crate::family::Family;
use crate::nft::{Expr, Kind, Rule, Ruleset, Set, Verdict, address, match_cidr, match_traffic};

/// The register that a packet's remote address is looked up from.
const REMOTE: u32 = 8;

pub(super) fn chain_of(group: &str, egress: bool) -> String {
    format!("{group}-{}", way(egress))
}

pub(super) fn port_chain(device: &str, egress: bool) -> String {
    format!("{device}-{}", way(egress))
}

fn way(egress: bool) -> &'static str {
    if egress { "out" } else { "in" }
}

/// Adds the chains of a group, and the sets of members that its rules refer to.
pub(super) fn add_group(ruleset: &mut Ruleset, family: Family, topology: &Topology, id: &Id, group: &SecurityGroup) {
    for egress in [false, true] {
        let own = group.rules.iter().filter(|rule| rule.egress == egress);
        let rules = own.flat_map(|rule| rules_of(ruleset, family, topology, group, rule)).collect();
        ruleset.chain(&chain_of(id, egress), rules);
    }
}

/// Adds the chain of a port: each of its groups may accept; what none does comes to the end and is dropped there.
pub(super) fn add_port(ruleset: &mut Ruleset, device: &str, interface: &Interface, egress: bool, logs: bool) {
    let jump = |group: &Id| vec![Expr::Verdict(Verdict::Jump(chain_of(group, egress)))];
    let mut rules: Vec<Rule> = interface.groups.iter().map(jump).collect();
    if logs {
        rules.push(vec![Expr::Verdict(flows::drop_verdict(egress, logs))]);
    }
    ruleset.chain(&port_chain(device, egress), rules);
}

fn rules_of(
    ruleset: &mut Ruleset,
    family: Family,
    topology: &Topology,
    group: &SecurityGroup,
    rule: &SecurityGroupRule,
) -> Vec<Rule> {
    let Some(traffic) = match_traffic(family, rule.traffic) else { return Vec::new() };
    let peers = match &rule.peer {
        Peer::Cidr(cidr) => match_cidr(family, cidr, rule.egress).into_iter().collect(),
        Peer::PrefixList(id) => {
            let cidrs = topology.prefix_lists.get(id).map(|list| list.cidrs.as_slice()).unwrap_or_default();
            cidrs.iter().filter_map(|cidr| match_cidr(family, cidr, rule.egress)).collect()
        }
        Peer::Group(id) => vec![members(ruleset, family, topology, &group.vpc, id, rule.egress)],
    };
    let accept = || [Expr::Verdict(Verdict::Accept)];
    peers.into_iter().map(|peer: Rule| peer.into_iter().chain(traffic.clone()).chain(accept()).collect()).collect()
}

/// The remote address is a member's: looked up in a set, so that a new member changes no rule.
fn members(ruleset: &mut Ruleset, family: Family, topology: &Topology, vpc: &str, group: &str, egress: bool) -> Rule {
    let name = format!("of-{group}");
    let mut set = Set::new(family.length(), Kind::Nothing);
    topology.members(vpc, group).filter_map(|member| family.octets(member)).for_each(|member| set.insert(member));
    ruleset.set(&name, set);
    vec![address(family, egress, REMOTE), Expr::Lookup { set: name, from: REMOTE, invert: false }]
}
