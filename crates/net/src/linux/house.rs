//! Namespaces of our own for interfaces that have no guest: NAT gateways, and interface endpoints, in whose namespaces this
//! program opens its sockets.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_base::Trouble;
use kogumo_netmodel::{Cidr, EndpointKind, Id, Owner, Topology};

use super::cell::Cell;
use super::namespace::Namespace;
use crate::plan;

/// The device of a housed interface.
pub(crate) const DEVICE: &str = "eth0";

pub(crate) struct House(Cell);

impl House {
    pub(crate) fn new() -> Result<Self, Trouble> {
        Ok(Self(Cell::new(false)?))
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// Makes it a NAT gateway for these blocks, or a place for sockets where there are none.
    pub(crate) fn furnish(&mut self, inside: &[Cidr]) -> Result<(), Trouble> {
        if inside.is_empty() {
            return Ok(());
        }
        self.0.set_rules(&plan::nat_gateway(inside))
    }
}

/// The interfaces to house in VPCs that somebody is in, and the blocks that each does NAT for.
pub(crate) fn wanted(topology: &Topology, inhabited: &BTreeSet<Id>) -> BTreeMap<Id, Vec<Cidr>> {
    let mut wanted = BTreeMap::new();
    for (id, interface) in topology.interfaces.iter().filter(|(_, own)| inhabited.contains(&own.vpc)) {
        match &interface.owner {
            Owner::NatGateway(nat) if topology.nat_gateways.get(nat).is_some_and(|nat| nat.available) => {
                let blocks = topology.vpcs.get(&interface.vpc).map(|vpc| vpc.cidrs.clone()).unwrap_or_default();
                wanted.insert(id.clone(), blocks);
            }
            Owner::Endpoint(endpoint) if serves(topology, endpoint) => {
                wanted.insert(id.clone(), Vec::new());
            }
            _ => {}
        }
    }
    wanted
}

fn serves(topology: &Topology, endpoint: &str) -> bool {
    let endpoint = topology.endpoints.get(endpoint);
    endpoint.is_some_and(|endpoint| endpoint.available && matches!(endpoint.kind, EndpointKind::Interface { .. }))
}
