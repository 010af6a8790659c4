//! The namespace between the VPCs, the cloud's own endpoints and this machine: this cloud's internet.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use kogumo_netmodel::{Cidr, Id};

use super::router::{IGW, Router, VPCE, v4};
use crate::nft::{Family, Hook, HookType, Meta, Ruleset, Verdict, match_name};

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

/// The namespace for these VPCs.
pub(crate) fn inet(
    topology: &kogumo_netmodel::Topology,
    routers: &BTreeMap<Id, Router>,
    numbers: &BTreeMap<Id, u16>,
) -> Inet {
    let mut routes = BTreeMap::new();
    for (vpc, router) in routers {
        let Some(number) = numbers.get(vpc) else { continue };
        let own = router.ports.keys().filter(|_| router.igw).filter_map(|id| topology.interfaces.get(id));
        for public in own.flat_map(|interface| &interface.addresses).filter_map(|address| address.public) {
            if v4(public).is_some() {
                routes.insert(Cidr::host(public), igw_device(*number));
            }
        }
        if router.vpce {
            routes.insert(Cidr::host(endpoint_source(*number).into()), vpce_device(*number));
        }
    }
    Inet { routes, ruleset: ruleset() }
}

/// What comes from endpoints is for the services here, and goes no further.
fn ruleset() -> Ruleset {
    let mut ruleset = Ruleset::default();
    let mut rule = match_name(Meta::InputName, &format!("{VPCE}*"));
    rule.push(crate::nft::Expr::Verdict(Verdict::Drop));
    let hook = Hook { kind: HookType::Forward, family: Family::Filter, priority: 0, accept: true };
    ruleset.base("forward", hook, vec![rule]);
    ruleset
}
