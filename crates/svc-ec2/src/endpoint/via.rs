//! Which endpoint a call came over: what the gateway asks, for policies and their conditions.

use std::net::IpAddr;

use kogumo_base::Scope;
use kogumo_door::{Cloud, EndpointFinder, Entrance, ViaEndpoint};
use kogumo_netmodel::{EndpointKind, Owner, Topology};

use super::record::VpcEndpoint;
use crate::network::Network;
use crate::resource::find;

/// The finder, as a part of the cloud.
pub const FINDER: EndpointFinder = EndpointFinder(via);

fn via(cloud: &Cloud, entrance: &Entrance, peer: IpAddr, service: &str) -> Option<ViaEndpoint> {
    let network = cloud.part::<Network>().ok()?;
    let topology = network.topology();
    let (vpc, id, source) = match entrance {
        Entrance::Endpoint { vpc, interface } => match &topology.interfaces.get(interface)?.owner {
            Owner::Endpoint(id) => (vpc.clone(), id.clone(), Some(peer)),
            _ => return None,
        },
        // Packets of a VPC have one address at all gateway endpoints.
        Entrance::Internet => {
            let vpc = network.vpc_behind(peer)?;
            let id = gateway(&topology, &vpc, service)?;
            (vpc, id, None)
        }
        Entrance::Port | Entrance::Metadata { .. } => return None,
    };
    let home = topology.vpcs.get(&vpc)?;
    let scope = Scope::new(home.account.as_str(), home.region.as_str());
    let record = find::<VpcEndpoint>(&cloud.store.read(), &scope, &id).ok()??;
    Some(ViaEndpoint { id, vpc, source, policy: record.policy })
}

fn gateway(topology: &Topology, vpc: &str, service: &str) -> Option<String> {
    let mut own = topology.endpoints.iter().filter(|(_, one)| one.vpc == vpc && one.kind == EndpointKind::Gateway);
    own.find(|(_, one)| one.service.rsplit('.').next() == Some(service)).map(|(id, _)| id.clone())
}
