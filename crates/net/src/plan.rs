//! What the kernel is to hold for a topology, as plain data: a `Router` for each VPC that has somebody in it.
//!
//! Numbers and names follow from AWS's ids and addresses alone, so that the same topology always gives the same plan:
//! a subnet's packets carry its base address as their mark, and go by the routing table of that number.

mod cut;
mod flows;
mod groups;
mod inet;
mod nat;
mod router;
mod rules;

pub(crate) use cut::{Flow, ends};
pub(crate) use flows::{FLOWS, Key};
pub(crate) use inet::{Inet, WORLD_MARK, endpoint_source, inet};
#[cfg(test)]
pub(crate) use nat::masquerade;
pub(crate) use nat::nat_gateway;
pub(crate) use router::{EIGW, Hop, IGW, Port, Router, Situation, VPCE, router};

/// The name of an interface's device in its VPC's namespace.
pub(crate) fn device_of(interface: &str) -> String {
    short("eni", interface)
}

/// The name of a peering connection's device.
pub(crate) fn peering_device(peering: &str) -> String {
    short("pcx", peering)
}

/// Names of devices have 15 bytes at most. Twelve digits of an id tell any two apart.
fn short(kind: &str, id: &str) -> String {
    let digits = id.split_once('-').map_or(id, |(_, digits)| digits);
    let last = digits.len().saturating_sub(12);
    format!("{kind}{}", digits.get(last..).unwrap_or_default())
}
