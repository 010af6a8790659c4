//! Which subnets follow which table.

use kogumo_door::Writer;
use kogumo_model::ec2::{
    AssociateRouteTableRequest, AssociateRouteTableResult, DisassociateRouteTableRequest,
    ReplaceRouteTableAssociationRequest, ReplaceRouteTableAssociationResult,
};
use kogumo_wire::{Fault, Unit};

use super::record::{Association, RouteTable};
use super::shown::associated;
use crate::faults::{invalid_value, missing_parameter, refuse};
use crate::resource::{all, get, new_id, put};
use crate::subnet::Subnet;

pub fn associate_route_table(
    w: &mut Writer,
    input: AssociateRouteTableRequest,
) -> Result<AssociateRouteTableResult, Fault> {
    refuse(&[("GatewayId", input.gateway_id.is_some()), ("PublicIpv4Pool", input.public_ipv4_pool.is_some())])?;
    let mut table: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    let subnet: Subnet = get(w.store(), w.scope(), &input.subnet_id.ok_or_else(|| missing_parameter("subnetId"))?)?;
    if table.vpc != subnet.vpc {
        let message = format!("route table {} and subnet {} belong to different networks", table.id, subnet.id);
        return Err(invalid_value(message));
    }
    for other in all::<RouteTable>(w.store(), w.scope())? {
        let own = other.associations.iter().find(|one| one.subnet.as_ref() == Some(&subnet.id));
        match own {
            Some(own) if other.id == table.id => return Ok(made(own.id.clone())),
            Some(_) => {
                let message = format!(
                    "the specified association for route table {} conflicts with an existing association",
                    table.id
                );
                return Err(Fault::coded("Resource.AlreadyAssociated", 400, message));
            }
            None => {}
        }
    }
    let id = new_id("rtbassoc");
    table.associations.push(Association { id: id.clone(), main: false, subnet: Some(subnet.id), gateway: None });
    put(w, &table)?;
    Ok(made(id))
}

fn made(id: String) -> AssociateRouteTableResult {
    AssociateRouteTableResult { association_id: Some(id), association_state: Some(associated()) }
}

/// Takes an association out of its table.
fn take(w: &Writer, id: &str) -> Result<(RouteTable, Association), Fault> {
    for mut table in all::<RouteTable>(w.store(), w.scope())? {
        if let Some(at) = table.associations.iter().position(|one| one.id == id) {
            let association = table.associations.remove(at);
            return Ok((table, association));
        }
    }
    let message = format!("The association ID '{id}' does not exist");
    Err(Fault::coded("InvalidAssociationID.NotFound", 400, message))
}

/// The subnet follows the main table again.
pub fn disassociate_route_table(w: &mut Writer, input: DisassociateRouteTableRequest) -> Result<Unit, Fault> {
    let (table, association) = take(w, &input.association_id)?;
    if association.main {
        let message = format!("cannot disassociate the main route table association {}", association.id);
        return Err(invalid_value(message));
    }
    put(w, &table)?;
    Ok(Unit)
}

/// Moves a subnet to another table, or makes another table the main one. The association gets a new id.
pub fn replace_route_table_association(
    w: &mut Writer,
    input: ReplaceRouteTableAssociationRequest,
) -> Result<ReplaceRouteTableAssociationResult, Fault> {
    let (from, mut association) = take(w, &input.association_id)?;
    let to: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    if from.vpc != to.vpc {
        let message = format!("route table {} and route table {} belong to different networks", from.id, to.id);
        return Err(invalid_value(message));
    }
    put(w, &from)?;
    let mut to = if from.id == to.id { from } else { to };
    association.id = new_id("rtbassoc");
    let id = association.id.clone();
    to.associations.push(association);
    put(w, &to)?;
    Ok(ReplaceRouteTableAssociationResult { new_association_id: Some(id), association_state: Some(associated()) })
}
