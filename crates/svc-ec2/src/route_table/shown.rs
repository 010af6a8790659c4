//! A route table as the API shows it.

use kogumo_base::Scope;
use kogumo_model::ec2::{Route as ShownRoute, RouteTable as Shown, RouteTableAssociation, RouteTableAssociationState};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Association, Route, RouteTable, Target};
use crate::egress_gateway::EgressGateway;
use crate::endpoint::VpcEndpoint;
use crate::internet_gateway::InternetGateway;
use crate::nat_gateway::NatGateway;
use crate::network_interface::NetworkInterface;
use crate::peering::VpcPeering;
use crate::resource::find;
use crate::tag::Tags;

/// Whether a route's target is gone or of no use: packets end there.
///
/// # Errors
/// Trouble with the store.
pub fn is_blackhole(read: &dyn Read, scope: &Scope, vpc: &str, target: &Target) -> Result<bool, Fault> {
    let lives = match target {
        Target::Local => true,
        Target::Gateway(id) if id.starts_with("vpce-") => find::<VpcEndpoint>(read, scope, id)?.is_some(),
        Target::Gateway(id) => {
            find::<InternetGateway>(read, scope, id)?.is_some_and(|gateway| gateway.vpc.as_deref() == Some(vpc))
        }
        Target::EgressOnly(id) => find::<EgressGateway>(read, scope, id)?.is_some(),
        Target::Nat(id) => find::<NatGateway>(read, scope, id)?.is_some_and(|gateway| gateway.is_alive()),
        Target::Interface(id) => {
            let interface = find::<NetworkInterface>(read, scope, id)?;
            interface.and_then(|interface| interface.attachment).is_some_and(|held| held.running)
        }
        Target::Peering(id) => find::<VpcPeering>(read, scope, id)?.is_some_and(|peering| peering.is_active()),
    };
    Ok(!lives)
}

fn route_shown(read: &dyn Read, scope: &Scope, vpc: &str, route: &Route) -> Result<ShownRoute, Fault> {
    let state = if is_blackhole(read, scope, vpc, &route.target)? { "blackhole" } else { "active" };
    let mut shown =
        ShownRoute { origin: Some(route.origin.clone()), state: Some(state.into()), ..ShownRoute::default() };
    let destination = Some(route.destination.clone());
    match &route.destination {
        list if list.starts_with("pl-") => shown.destination_prefix_list_id = destination,
        block if block.contains(':') => shown.destination_ipv6_cidr_block = destination,
        _ => shown.destination_cidr_block = destination,
    }
    match &route.target {
        Target::Local => shown.gateway_id = Some("local".into()),
        Target::Gateway(id) => shown.gateway_id = Some(id.clone()),
        Target::EgressOnly(id) => shown.egress_only_internet_gateway_id = Some(id.clone()),
        Target::Nat(id) => shown.nat_gateway_id = Some(id.clone()),
        Target::Peering(id) => shown.vpc_peering_connection_id = Some(id.clone()),
        Target::Interface(id) => {
            shown.network_interface_id = Some(id.clone());
            let interface = find::<NetworkInterface>(read, scope, id)?;
            shown.instance_id = interface.and_then(|interface| interface.attachment).and_then(|held| held.instance);
            shown.instance_owner_id = shown.instance_id.as_ref().map(|_| scope.account.clone());
        }
    }
    Ok(shown)
}

fn association_shown(table: &RouteTable, association: &Association) -> RouteTableAssociation {
    RouteTableAssociation {
        main: Some(association.main),
        route_table_association_id: Some(association.id.clone()),
        route_table_id: Some(table.id.clone()),
        subnet_id: association.subnet.clone(),
        gateway_id: association.gateway.clone(),
        public_ipv4_pool: None,
        association_state: Some(associated()),
    }
}

pub fn associated() -> RouteTableAssociationState {
    RouteTableAssociationState { state: Some("associated".into()), status_message: None }
}

/// # Errors
/// Trouble with the store.
pub fn shown(read: &dyn Read, scope: &Scope, table: &RouteTable, tags: &Tags) -> Result<Shown, Fault> {
    let routes =
        table.routes.iter().map(|route| route_shown(read, scope, &table.vpc, route)).collect::<Result<_, _>>()?;
    Ok(Shown {
        associations: Some(table.associations.iter().map(|one| association_shown(table, one)).collect()),
        propagating_vgws: Some(Vec::new()),
        route_table_id: Some(table.id.clone()),
        routes: Some(routes),
        tags: Some(tags.shown(&table.id)),
        vpc_id: Some(table.vpc.clone()),
        owner_id: Some(scope.account.clone()),
    })
}
