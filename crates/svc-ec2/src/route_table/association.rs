//! Which subnets follow which table, and by which table an internet gateway passes on what comes in.

use kogumo_door::Writer;
use kogumo_model::ec2::{
    AssociateRouteTableRequest, AssociateRouteTableResult, DisassociateRouteTableRequest,
    ReplaceRouteTableAssociationRequest, ReplaceRouteTableAssociationResult,
};
use kogumo_wire::{Fault, Unit};

use super::record::{Association, RouteTable};
use super::rules;
use super::shown::associated;
use crate::faults::{invalid_combination, invalid_value, missing_parameter, refuse};
use crate::internet_gateway::InternetGateway;
use crate::resource::{all, get, new_id, put};
use crate::subnet::Subnet;
use crate::vpc::Vpc;

pub fn associate_route_table(
    w: &mut Writer,
    input: AssociateRouteTableRequest,
) -> Result<AssociateRouteTableResult, Fault> {
    refuse(&[("PublicIpv4Pool", input.public_ipv4_pool.is_some())])?;
    let mut table: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    let wanted = match (input.subnet_id, input.gateway_id) {
        (Some(subnet), None) => of_subnet(w, &table, &subnet)?,
        (None, Some(gateway)) => of_gateway(w, &table, &gateway)?,
        (None, None) => return Err(missing_parameter("subnetId or gatewayId")),
        (Some(_), Some(_)) => {
            return Err(invalid_combination("The request must contain exactly one of subnetId, gatewayId"));
        }
    };
    for other in all::<RouteTable>(w.store(), w.scope())? {
        let same = |one: &&Association| one.subnet == wanted.subnet && one.gateway == wanted.gateway && !one.main;
        match other.associations.iter().find(same) {
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
    let id = wanted.id.clone();
    table.associations.push(wanted);
    put(w, &table)?;
    Ok(made(id))
}

fn of_subnet(w: &Writer, table: &RouteTable, id: &str) -> Result<Association, Fault> {
    let subnet: Subnet = get(w.store(), w.scope(), id)?;
    if table.vpc != subnet.vpc {
        let message = format!("route table {} and subnet {id} belong to different networks", table.id);
        return Err(invalid_value(message));
    }
    Ok(Association { id: new_id("rtbassoc"), main: false, subnet: Some(subnet.id), gateway: None })
}

/// An edge association: of an internet gateway that is the VPC's, with a table that leads nowhere but into the VPC.
fn of_gateway(w: &Writer, table: &RouteTable, id: &str) -> Result<Association, Fault> {
    refuse(&[("GatewayId of a virtual private gateway", id.starts_with("vgw-"))])?;
    let gateway: InternetGateway = get(w.store(), w.scope(), id)?;
    if gateway.vpc.as_ref() != Some(&table.vpc) {
        let message = format!("route table {} and network gateway {id} belong to different networks", table.id);
        return Err(invalid_value(message));
    }
    let vpc: Vpc = get(w.store(), w.scope(), &table.vpc)?;
    table.routes.iter().try_for_each(|route| rules::at_the_edge(&vpc, route))?;
    Ok(Association { id: new_id("rtbassoc"), main: false, subnet: None, gateway: Some(gateway.id) })
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
    if association.gateway.is_some() {
        let vpc: Vpc = get(w.store(), w.scope(), &to.vpc)?;
        to.routes.iter().try_for_each(|route| rules::at_the_edge(&vpc, route))?;
    }
    put(w, &from)?;
    let mut to = if from.id == to.id { from } else { to };
    association.id = new_id("rtbassoc");
    let id = association.id.clone();
    to.associations.push(association);
    put(w, &to)?;
    Ok(ReplaceRouteTableAssociationResult { new_association_id: Some(id), association_state: Some(associated()) })
}
