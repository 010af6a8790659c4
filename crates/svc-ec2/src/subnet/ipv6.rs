//! A subnet's IPv6 block.

use kogumo_door::Writer;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::ops::of_vpc;
use super::record::Subnet;
use super::rules;
use crate::faults::{missing_parameter, refuse};
use crate::network_interface;
use crate::resource::{all, get, new_id, put};
use crate::vpc::{CidrAssociation, Vpc};

pub fn shown_ipv6(block: &CidrAssociation, state: &str) -> SubnetIpv6CidrBlockAssociation {
    SubnetIpv6CidrBlockAssociation {
        association_id: Some(block.id.clone()),
        ipv6_cidr_block: Some(block.cidr.clone()),
        ipv6_cidr_block_state: Some(SubnetCidrBlockState { state: Some(state.to_owned()), status_message: None }),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}

pub fn associate_subnet_cidr_block(
    w: &mut Writer,
    input: AssociateSubnetCidrBlockRequest,
) -> Result<AssociateSubnetCidrBlockResult, Fault> {
    refuse(&[("Ipv6IpamPoolId", input.ipv6_ipam_pool_id.is_some())])?;
    let text = input.ipv6_cidr_block.ok_or_else(|| missing_parameter("ipv6CidrBlock"))?;
    let mut subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id)?;
    let vpc: Vpc = get(w.store(), w.scope(), &subnet.vpc)?;
    let others = of_vpc(w.store(), w.scope(), &vpc.id)?;
    let blocks = others.iter().flat_map(|other| &other.ipv6_blocks).map(|block| block.cidr.as_str());
    let net = rules::ipv6_block(&vpc, blocks, &text)?;
    if !subnet.ipv6_blocks.is_empty() {
        let message = "Only one IPv6 CIDR block can be associated with a subnet.";
        return Err(Fault::coded("InvalidSubnet.Conflict", 400, message));
    }
    let block = CidrAssociation { id: new_id("subnet-cidr-assoc"), cidr: net.to_string() };
    let shown = shown_ipv6(&block, "associating");
    subnet.ipv6_blocks.push(block);
    put(w, &subnet)?;
    Ok(AssociateSubnetCidrBlockResult { ipv6_cidr_block_association: Some(shown), subnet_id: Some(subnet.id) })
}

pub fn disassociate_subnet_cidr_block(
    w: &mut Writer,
    input: DisassociateSubnetCidrBlockRequest,
) -> Result<DisassociateSubnetCidrBlockResult, Fault> {
    let id = &input.association_id;
    for mut subnet in all::<Subnet>(w.store(), w.scope())? {
        let Some(at) = subnet.ipv6_blocks.iter().position(|block| block.id == *id) else { continue };
        let interfaces = network_interface::of_subnet(w.store(), w.scope(), &subnet.id)?;
        if interfaces.iter().any(|interface| !interface.ipv6.is_empty()) {
            let message =
                format!("The subnet CIDR block with association ID {id} is in use and may not be disassociated.");
            return Err(Fault::coded("InvalidCidrBlock.InUse", 400, message));
        }
        let block = subnet.ipv6_blocks.remove(at);
        subnet.assign_ipv6 = false;
        put(w, &subnet)?;
        return Ok(DisassociateSubnetCidrBlockResult {
            ipv6_cidr_block_association: Some(shown_ipv6(&block, "disassociating")),
            subnet_id: Some(subnet.id),
        });
    }
    let message = format!("The subnet CIDR block association ID '{id}' does not exist");
    Err(Fault::coded("InvalidSubnetCidrBlockAssociationID.NotFound", 400, message))
}
