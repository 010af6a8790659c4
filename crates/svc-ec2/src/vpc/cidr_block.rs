//! Further blocks of a VPC, IPv4 and IPv6.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::ops::is_elsewhere;
use super::record::{CidrAssociation, Vpc};
use super::rules::{self, MOST_BLOCKS};
use crate::faults::{invalid_combination, refuse};
use crate::resource::{all, get, new_id, put};
use crate::subnet::Subnet;
use crate::{cidr, network_acl, public_address, route_table, security_group};

pub fn shown_ipv4(block: &CidrAssociation, state: &str) -> VpcCidrBlockAssociation {
    VpcCidrBlockAssociation {
        association_id: Some(block.id.clone()),
        cidr_block: Some(block.cidr.clone()),
        cidr_block_state: Some(VpcCidrBlockState { state: Some(state.to_owned()), status_message: None }),
    }
}

pub fn shown_ipv6(block: &CidrAssociation, scope: &Scope, state: &str) -> VpcIpv6CidrBlockAssociation {
    VpcIpv6CidrBlockAssociation {
        association_id: Some(block.id.clone()),
        ipv6_cidr_block: Some(block.cidr.clone()),
        ipv6_cidr_block_state: Some(VpcCidrBlockState { state: Some(state.to_owned()), status_message: None }),
        network_border_group: Some(scope.region.clone()),
        ipv6_pool: Some("Amazon".into()),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}

/// Gives the VPC a block of Amazon's; its route tables and default ACL learn of it.
///
/// # Errors
/// None is left in the pool, or the VPC has as many as it may have.
pub fn add_ipv6(w: &mut Writer, vpc: &mut Vpc) -> Result<CidrAssociation, Fault> {
    if vpc.ipv6_blocks.len() >= MOST_BLOCKS {
        let message = format!("This network '{}' has met its maximum number of allowed CIDRs: {MOST_BLOCKS}", vpc.id);
        return Err(Fault::coded("CidrLimitExceeded", 400, message));
    }
    let block = CidrAssociation { id: new_id("vpc-cidr-assoc"), cidr: public_address::take_ipv6_block(w)?.to_string() };
    vpc.ipv6_blocks.push(block.clone());
    put(w, vpc)?;
    route_table::add_local(w, &vpc.id, &block.cidr)?;
    network_acl::allow_ipv6(w, &vpc.id)?;
    security_group::allow_ipv6(w, &vpc.id)?;
    Ok(block)
}

pub fn associate_vpc_cidr_block(
    w: &mut Writer,
    input: AssociateVpcCidrBlockRequest,
) -> Result<AssociateVpcCidrBlockResult, Fault> {
    refuse(&[
        ("Ipv4IpamPoolId", input.ipv4_ipam_pool_id.is_some()),
        ("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some()),
        ("Ipv6Pool", input.ipv6_pool.is_some()),
        ("Ipv6CidrBlock", input.ipv6_cidr_block.is_some()),
        ("Ipv6CidrBlockNetworkBorderGroup", is_elsewhere(w, input.ipv6_cidr_block_network_border_group.as_deref())),
    ])?;
    let mut vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    let wants_ipv6 = input.amazon_provided_ipv6_cidr_block == Some(true);
    let mut result = AssociateVpcCidrBlockResult { vpc_id: Some(vpc.id.clone()), ..Default::default() };
    match (input.cidr_block, wants_ipv6) {
        (Some(text), false) => {
            let net = rules::block(&text)?;
            rules::further_block(&vpc, &net)?;
            let block = CidrAssociation { id: new_id("vpc-cidr-assoc"), cidr: net.to_string() };
            result.cidr_block_association = Some(shown_ipv4(&block, "associating"));
            route_table::add_local(w, &vpc.id, &block.cidr)?;
            vpc.blocks.push(block);
            put(w, &vpc)?;
        }
        (None, true) => {
            let block = add_ipv6(w, &mut vpc)?;
            result.ipv6_cidr_block_association = Some(shown_ipv6(&block, w.scope(), "associating"));
        }
        _ => {
            let message = "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' must be provided.";
            return Err(invalid_combination(message));
        }
    }
    Ok(result)
}

pub fn disassociate_vpc_cidr_block(
    w: &mut Writer,
    input: DisassociateVpcCidrBlockRequest,
) -> Result<DisassociateVpcCidrBlockResult, Fault> {
    let id = &input.association_id;
    let holds = |blocks: &[CidrAssociation]| blocks.iter().position(|block| block.id == *id);
    for mut vpc in all::<Vpc>(w.store(), w.scope())? {
        let mut result = DisassociateVpcCidrBlockResult { vpc_id: Some(vpc.id.clone()), ..Default::default() };
        let block = match (holds(&vpc.blocks), holds(&vpc.ipv6_blocks)) {
            (Some(0), _) => {
                let message = format!(
                    "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
                );
                return Err(Fault::coded("OperationNotPermitted", 400, message));
            }
            (Some(at), _) => {
                let block = vpc.blocks.remove(at);
                result.cidr_block_association = Some(shown_ipv4(&block, "disassociating"));
                block
            }
            (None, Some(at)) => {
                let block = vpc.ipv6_blocks.remove(at);
                result.ipv6_cidr_block_association = Some(shown_ipv6(&block, w.scope(), "disassociating"));
                block
            }
            (None, None) => continue,
        };
        if has_subnet(w, &vpc.id, &block.cidr)? {
            let message =
                format!("The vpc CIDR block with association ID {id} is in use and may not be disassociated.");
            return Err(Fault::coded("InvalidCidrBlock.InUse", 400, message));
        }
        route_table::remove_local(w, &vpc.id, &block.cidr)?;
        put(w, &vpc)?;
        return Ok(result);
    }
    let message = format!("The vpc CIDR block association ID '{id}' does not exist");
    Err(Fault::coded("InvalidVpcCidrBlockAssociationID.NotFound", 400, message))
}

/// Whether a subnet lies in that block.
fn has_subnet(w: &Writer, vpc: &str, block: &str) -> Result<bool, Fault> {
    let Some(block) = cidr::stored(block) else { return Ok(false) };
    let inside = |text: &str| cidr::stored(text).is_some_and(|net| block.contains(&net));
    let subnets = all::<Subnet>(w.store(), w.scope())?;
    Ok(subnets
        .iter()
        .filter(|subnet| subnet.vpc == vpc)
        .any(|subnet| inside(&subnet.cidr) || subnet.ipv6_blocks.iter().any(|block| inside(&block.cidr))))
}
