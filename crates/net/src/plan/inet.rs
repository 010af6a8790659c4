//! The namespace between the VPCs, the cloud's own endpoints and this machine: this cloud's internet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use kogumo_netmodel::{Cidr, IcmpRange, Id, PortRange, Public, Traffic};

use super::router::{EIGW, IGW, Router, VPCE};
use crate::family::Family;
use crate::nft::{
    ChainType, Compare, Expr, Hook, HookType, Kind, Meta, Rule, Ruleset, Rulesets, Set, Verdict, address, match_cidr,
    match_name, match_traffic,
};

/// Where whoever goes on to the world listens, in this namespace, and what packets to it are marked with.
const RELAY_PORT: u16 = 4000;
pub(crate) const WORLD_MARK: u32 = 1;
/// What pings' replies are marked with by whoever passes them on.
const RELAYED_MARK: u32 = 2;

/// What the namespace is to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Inet {
    /// Public addresses, and the device that leads to the VPC of each.
    pub routes: BTreeMap<Cidr, String>,
    pub rules: Rulesets,
}

/// The devices of a VPC's links are told apart by its number, which follows their names there.
fn igw_device(number: u16) -> String {
    format!("{IGW}{number}")
}

fn eigw_device(number: u16) -> String {
    format!("{EIGW}{number}")
}

fn vpce_device(number: u16) -> String {
    format!("{VPCE}{number}")
}

/// What packets of a VPC have as their source at gateway endpoints, so that VPCs with the same addresses do not meet.
pub(crate) fn endpoint_source(number: u16) -> Ipv4Addr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(100, 64, high, low)
}

/// The namespace for these VPCs; `host` is what this machine's own addresses are, `rising` are interfaces that cannot be
/// reached yet.
pub(crate) fn inet(
    topology: &kogumo_netmodel::Topology,
    routers: &BTreeMap<Id, Router>,
    numbers: &BTreeMap<Id, u16>,
    host: &BTreeSet<IpAddr>,
    rising: &BTreeSet<Id>,
) -> Inet {
    let mut routes = BTreeMap::new();
    for (vpc, router) in routers {
        let Some(number) = numbers.get(vpc) else { continue };
        let reached = router.ports.keys().filter(|id| !rising.contains(*id));
        for own in reached.filter_map(|id| topology.interfaces.get(id)) {
            for public in own.addresses.iter().filter_map(|address| own.public_of(address.private)) {
                if let Some(device) = way_in(router, *number, public) {
                    routes.insert(Cidr::host(public), device);
                }
            }
        }
        if router.vpce {
            routes.insert(Cidr::host(endpoint_source(*number).into()), vpce_device(*number));
        }
    }
    let taken: BTreeSet<IpAddr> = routes.keys().map(Cidr::address).collect();
    let rules = |family| ruleset(family, topology.public, host, &taken);
    let has_ipv6 = topology.vpcs.values().flat_map(|vpc| &vpc.cidrs).any(|cidr| !cidr.is_v4());
    let v6 = if has_ipv6 { rules(Family::V6) } else { Ruleset::default() };
    Inet { rules: Rulesets { v4: rules(Family::V4), v6 }, routes }
}

/// The link over which a public address of a VPC is reached: its internet gateway's. Where it has but an egress-only one,
/// answers come in over that.
fn way_in(router: &Router, number: u16, public: IpAddr) -> Option<String> {
    match public {
        _ if router.igw => Some(igw_device(number)),
        IpAddr::V6(_) if router.eigw => Some(eigw_device(number)),
        _ => None,
    }
}

/// Where VPCs' packets come from.
const GATEWAYS: [&str; 2] = [IGW, EIGW];

/// Whoever asks for a public address that nobody has is told at once, and may ask again: a packet that is lost is sent
/// again only after a second, which is longer than an instance takes to be there.
fn refusal(family: Family, public: Public, taken: &BTreeSet<IpAddr>, ruleset: &mut Ruleset) -> Vec<Rule> {
    let mut set = Set::new(family.length(), Kind::Nothing);
    taken.iter().filter_map(|address| family.octets(*address)).for_each(|address| set.insert(address));
    ruleset.set("taken", set);
    let mut own = match_cidr(family, &pool(family, public, true), true).unwrap_or_default();
    own.push(Expr::Verdict(Verdict::Accept));
    let has_owner = vec![
        address(family, true, 8),
        Expr::Lookup { set: "taken".to_owned(), from: 8, invert: false },
        Expr::Verdict(Verdict::Accept),
    ];
    let mut nobody = match_cidr(family, &pool(family, public, false), true).unwrap_or_default();
    nobody.push(Expr::NoSuchHost);
    vec![own, has_owner, nobody]
}

/// The public addresses of a family: all, or those that are the cloud's own.
fn pool(family: Family, public: Public, own: bool) -> Cidr {
    match (family, own) {
        (Family::V4, true) => public.own(),
        (Family::V4, false) => public.pool(),
        (Family::V6, true) => public.own_v6(),
        (Family::V6, false) => public.pool_v6(),
    }
}

fn icmp(family: Family, kind: u8) -> Vec<Expr> {
    let range = IcmpRange { kind: Some(kind), code: None };
    let traffic = if family == Family::V4 { Traffic::Icmp(range) } else { Traffic::Icmpv6(range) };
    match_traffic(family, traffic).unwrap_or_default()
}

/// What a packet for the world gets that is taken here.
fn marked() -> [Expr; 3] {
    let mark = Expr::Immediate { to: 8, value: WORLD_MARK.to_ne_bytes().to_vec() };
    [mark, Expr::SetMark { from: 8 }, Expr::Verdict(Verdict::Accept)]
}

/// Pings for the world are heard here, as if they were for this namespace itself.
fn ping_to_world(family: Family, gateway: &str) -> Rule {
    let mut rule = match_name(Meta::InputName, &format!("{gateway}*"));
    rule.extend(icmp(family, family.echo().0));
    rule.extend(marked());
    rule
}

/// Replies of this namespace's own kernel in the world's name: only what the world has said is passed on.
fn reply_of_nobody(family: Family, pool: &Cidr) -> Rule {
    let mut rule = icmp(family, family.echo().1);
    rule.extend([
        Expr::Meta { key: Meta::Mark, to: 8 },
        Expr::Compare { from: 8, how: Compare::NotEqual, value: RELAYED_MARK.to_ne_bytes().to_vec() },
    ]);
    for expr in match_cidr(family, pool, false).unwrap_or_default() {
        rule.push(match expr {
            Expr::Compare { from, value, .. } => Expr::Compare { from, how: Compare::NotEqual, value },
            other => other,
        });
    }
    rule.push(Expr::Verdict(Verdict::Drop));
    rule
}

/// What comes from endpoints is for the services here, and goes no further. What is neither for this cloud nor for this
/// machine is for the world, and is taken by transparent sockets here; without them it goes on to the host.
fn ruleset(family: Family, public: Public, host: &BTreeSet<IpAddr>, taken: &BTreeSet<IpAddr>) -> Ruleset {
    let mut ruleset = Ruleset::default();
    let mut here = Set::new(family.length(), Kind::Nothing);
    host.iter().filter_map(|address| family.octets(*address)).for_each(|address| here.insert(address));
    ruleset.set("here", here);
    let mut rules = refusal(family, public, taken, &mut ruleset);
    let to_here = vec![
        address(family, true, 8),
        Expr::Lookup { set: "here".to_owned(), from: 8, invert: false },
        Expr::Verdict(Verdict::Accept),
    ];
    rules.push(to_here);
    // IPv4 leaves through internet gateways alone.
    for gateway in GATEWAYS.into_iter().filter(|gateway| family == Family::V6 || *gateway == IGW) {
        for traffic in [Traffic::Tcp(PortRange::ALL), Traffic::Udp(PortRange::ALL)] {
            let mut rule = match_name(Meta::InputName, &format!("{gateway}*"));
            rule.extend(match_traffic(family, traffic).unwrap_or_default());
            rule.extend([
                Expr::Immediate { to: 8, value: RELAY_PORT.to_be_bytes().to_vec() },
                Expr::TransparentProxy { port: 8 },
            ]);
            rule.extend(marked());
            rules.push(rule);
        }
        rules.push(ping_to_world(family, gateway));
    }
    let hook = |kind, priority| Hook { kind, chain: ChainType::Filter, priority, accept: true };
    ruleset.base("world", hook(HookType::Prerouting, -150), rules);
    let replies = vec![reply_of_nobody(family, &pool(family, public, false))];
    ruleset.base("replies", hook(HookType::Output, 0), replies);
    let mut rule = match_name(Meta::InputName, &format!("{VPCE}*"));
    rule.push(Expr::Verdict(Verdict::Drop));
    ruleset.base("forward", hook(HookType::Forward, 0), vec![rule]);
    ruleset
}
