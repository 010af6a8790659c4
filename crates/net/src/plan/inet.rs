//! The namespace between the VPCs, the cloud's own endpoints and this machine: this cloud's internet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use kogumo_netmodel::{Cidr, IcmpRange, Id, PortRange, Public, Traffic};

use super::router::{IGW, Router, VPCE, v4};
use crate::nft::{
    Compare, Expr, Family, Hook, HookType, Kind, Meta, Ruleset, Set, Verdict, match_cidr, match_name, match_traffic,
};

/// Where whoever goes on to the world listens, in this namespace, and what packets to it are marked with.
const RELAY_PORT: u16 = 4000;
pub(crate) const WORLD_MARK: u32 = 1;
/// What pings' replies are marked with by whoever passes them on.
const RELAYED_MARK: u32 = 2;
const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;

/// The cloud's own addresses, and this machine's: what is below the first one that an interface may have.
fn own(public: Public) -> Option<Cidr> {
    Cidr::new(public.pool().address(), 22)
}

/// What the namespace is to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Inet {
    /// Public addresses, and the device that leads to the VPC of each.
    pub routes: BTreeMap<Cidr, String>,
    pub ruleset: Ruleset,
}

/// The devices of a VPC's links are told apart by its number.
pub(crate) fn igw_device(number: u16) -> String {
    format!("{IGW}{number}")
}

pub(crate) fn vpce_device(number: u16) -> String {
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
    host: &BTreeSet<Ipv4Addr>,
    rising: &BTreeSet<Id>,
) -> Inet {
    let mut routes = BTreeMap::new();
    for (vpc, router) in routers {
        let Some(number) = numbers.get(vpc) else { continue };
        let reached = router.ports.keys().filter(|id| router.igw && !rising.contains(*id));
        let own = reached.filter_map(|id| topology.interfaces.get(id));
        for public in own.flat_map(|interface| &interface.addresses).filter_map(|address| address.public) {
            if v4(public).is_some() {
                routes.insert(Cidr::host(public), igw_device(*number));
            }
        }
        if router.vpce {
            routes.insert(Cidr::host(endpoint_source(*number).into()), vpce_device(*number));
        }
    }
    let taken = routes.keys().map(Cidr::address).filter_map(v4).collect();
    Inet { ruleset: ruleset(topology.public, host, &taken), routes }
}

/// Whoever asks for a public address that nobody has is told at once, and may ask again: a packet that is lost is sent
/// again only after a second, which is longer than an instance takes to be there.
fn refusal(public: Public, taken: &BTreeSet<Ipv4Addr>, ruleset: &mut Ruleset) -> Vec<Vec<Expr>> {
    let mut set = Set::new(4, Kind::Nothing);
    taken.iter().for_each(|address| set.insert(address.octets().to_vec()));
    ruleset.set("taken", set);
    let mut own = own(public).and_then(|own| match_cidr(&own, true)).unwrap_or_default();
    own.push(Expr::Verdict(Verdict::Accept));
    let has_owner = vec![
        Expr::Network { offset: 16, length: 4, to: 8 },
        Expr::Lookup { set: "taken".to_owned(), from: 8, invert: false },
        Expr::Verdict(Verdict::Accept),
    ];
    let mut nobody = match_cidr(&public.pool(), true).unwrap_or_default();
    nobody.push(Expr::NoSuchHost);
    vec![own, has_owner, nobody]
}

/// Pings for the world are heard here, as if they were for this namespace itself.
fn ping_to_world() -> Vec<Expr> {
    let mut rule = match_name(Meta::InputName, &format!("{IGW}*"));
    rule.extend(match_traffic(Traffic::Icmp(IcmpRange { kind: Some(ECHO_REQUEST), code: None })).unwrap_or_default());
    rule.extend([
        Expr::Immediate { to: 8, value: WORLD_MARK.to_ne_bytes().to_vec() },
        Expr::SetMark { from: 8 },
        Expr::Verdict(Verdict::Accept),
    ]);
    rule
}

/// Replies of this namespace's own kernel in the world's name: only what the world has said is passed on.
fn reply_of_nobody(pool: &Cidr) -> Vec<Expr> {
    let mut rule = match_traffic(Traffic::Icmp(IcmpRange { kind: Some(ECHO_REPLY), code: None })).unwrap_or_default();
    rule.extend([
        Expr::Meta { key: Meta::Mark, to: 8 },
        Expr::Compare { from: 8, how: Compare::NotEqual, value: RELAYED_MARK.to_ne_bytes().to_vec() },
    ]);
    for expr in match_cidr(pool, false).unwrap_or_default() {
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
fn ruleset(public: Public, host: &BTreeSet<Ipv4Addr>, taken: &BTreeSet<Ipv4Addr>) -> Ruleset {
    let mut ruleset = Ruleset::default();
    let mut here = Set::new(4, Kind::Nothing);
    host.iter().for_each(|address| here.insert(address.octets().to_vec()));
    ruleset.set("here", here);
    let accept = || Expr::Verdict(Verdict::Accept);
    let mut rules = refusal(public, taken, &mut ruleset);
    let to_here = vec![
        Expr::Network { offset: 16, length: 4, to: 8 },
        Expr::Lookup { set: "here".to_owned(), from: 8, invert: false },
        accept(),
    ];
    rules.push(to_here);
    for traffic in [Traffic::Tcp(PortRange::ALL), Traffic::Udp(PortRange::ALL)] {
        let mut rule = match_name(Meta::InputName, &format!("{IGW}*"));
        rule.extend(match_traffic(traffic).unwrap_or_default());
        rule.extend([
            Expr::Immediate { to: 8, value: RELAY_PORT.to_be_bytes().to_vec() },
            Expr::TransparentProxy { port: 8 },
            Expr::Immediate { to: 8, value: WORLD_MARK.to_ne_bytes().to_vec() },
            Expr::SetMark { from: 8 },
            accept(),
        ]);
        rules.push(rule);
    }
    rules.push(ping_to_world());
    let hook = Hook { kind: HookType::Prerouting, family: Family::Filter, priority: -150, accept: true };
    ruleset.base("world", hook, rules);
    let hook = Hook { kind: HookType::Output, family: Family::Filter, priority: 0, accept: true };
    ruleset.base("replies", hook, vec![reply_of_nobody(&public.pool())]);
    let mut rule = match_name(Meta::InputName, &format!("{VPCE}*"));
    rule.push(Expr::Verdict(Verdict::Drop));
    let hook = Hook { kind: HookType::Forward, family: Family::Filter, priority: 0, accept: true };
    ruleset.base("forward", hook, vec![rule]);
    ruleset
}
