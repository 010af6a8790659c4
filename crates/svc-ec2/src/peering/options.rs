//! Options of a peering connection: whether names of one side are its private addresses for the other.

use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::ops::put;
use super::record::VpcPeering;
use crate::faults::{missing_parameter, refuse};
use crate::resource::get;

pub fn modify_vpc_peering_connection_options(
    w: &mut Writer,
    input: ModifyVpcPeeringConnectionOptionsRequest,
) -> Result<ModifyVpcPeeringConnectionOptionsResult, Fault> {
    let (requester, accepter) = (input.requester_peering_connection_options, input.accepter_peering_connection_options);
    for options in requester.iter().chain(&accepter) {
        refuse(&[
            ("AllowMultipathResilience", options.allow_multipath_resilience == Some(true)),
            (
                "AllowEgressFromLocalClassicLinkToRemoteVpc",
                options.allow_egress_from_local_classic_link_to_remote_vpc == Some(true),
            ),
            (
                "AllowEgressFromLocalVpcToRemoteClassicLink",
                options.allow_egress_from_local_vpc_to_remote_classic_link == Some(true),
            ),
        ])?;
    }
    let mut peering: VpcPeering = get(w.store(), w.scope(), &input.vpc_peering_connection_id)?;
    if requester.is_none() && accepter.is_none() {
        return Err(missing_parameter("AccepterPeeringConnectionOptions or RequesterPeeringConnectionOptions"));
    }
    if !peering.is_active() {
        let message =
            format!("Peering {} is not active. Peering options can be added only to active peerings.", peering.id);
        return Err(Fault::coded("OperationNotPermitted", 400, message));
    }
    for (options, side, name) in
        [(&requester, &mut peering.requester, "requester"), (&accepter, &mut peering.accepter, "accepter")]
    {
        let Some(allowed) = options.as_ref().and_then(|options| options.allow_dns_resolution_from_remote_vpc) else {
            continue;
        };
        if side.scope != *w.scope() {
            let message = format!(
                "User {} cannot modify {name} peering options of {}",
                w.caller.account(),
                input.vpc_peering_connection_id
            );
            return Err(Fault::coded("OperationNotPermitted", 400, message));
        }
        side.resolves_for_peer = allowed;
    }
    put(w, &peering)?;
    let shown = |given: Option<PeeringConnectionOptionsRequest>, resolves: bool| {
        given.map(|_| PeeringConnectionOptions {
            allow_dns_resolution_from_remote_vpc: Some(resolves),
            allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
            allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
            ..PeeringConnectionOptions::default()
        })
    };
    Ok(ModifyVpcPeeringConnectionOptionsResult {
        requester_peering_connection_options: shown(requester, peering.requester.resolves_for_peer),
        accepter_peering_connection_options: shown(accepter, peering.accepter.resolves_for_peer),
    })
}
