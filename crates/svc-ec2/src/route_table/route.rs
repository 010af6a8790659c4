//! The operations of routes.

use kogumo_door::Writer;
use kogumo_model::ec2::{CreateRouteRequest, CreateRouteResult, DeleteRouteRequest, ReplaceRouteRequest};
use kogumo_wire::{Fault, Unit};

use super::record::{Route, RouteTable, Target};
use super::rules;
use crate::egress_gateway::EgressGateway;
use crate::endpoint::VpcEndpoint;
use crate::faults::{invalid_combination, invalid_value, missing_parameter, refuse};
use crate::instance::Instance;
use crate::internet_gateway::InternetGateway;
use crate::nat_gateway::NatGateway;
use crate::network_interface::{self, NetworkInterface};
use crate::peering::VpcPeering;
use crate::prefix_list;
use crate::resource::{Resource, find, get, put};
use crate::vpc::Vpc;

/// The targets that a request may name.
struct Targets {
    gateway: Option<String>,
    egress_only: Option<String>,
    instance: Option<String>,
    interface: Option<String>,
    nat: Option<String>,
    peering: Option<String>,
    local: bool,
}

impl Targets {
    /// The one that is named.
    fn only(self) -> Result<Named, Fault> {
        let named = [
            self.gateway.map(Named::Gateway),
            self.egress_only.map(|id| Named::Other(Target::EgressOnly(id))),
            self.instance.map(Named::Instance),
            self.interface.map(|id| Named::Other(Target::Interface(id))),
            self.nat.map(|id| Named::Other(Target::Nat(id))),
            self.peering.map(|id| Named::Other(Target::Peering(id))),
            self.local.then_some(Named::Other(Target::Local)),
        ];
        let mut named = named.into_iter().flatten();
        let text = "gatewayId, natGatewayId, egressOnlyInternetGatewayId, instanceId, networkInterfaceId, vpcPeeringConnectionId";
        match (named.next(), named.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(missing_parameter(&format!("one of {text}"))),
            _ => Err(invalid_combination(format!("The request must contain exactly one of {text}"))),
        }
    }
}

enum Named {
    Gateway(String),
    Instance(String),
    Other(Target),
}

/// Checks that the target is there and of this VPC.
fn target(w: &Writer, table: &RouteTable, named: Named) -> Result<Target, Fault> {
    let (read, scope) = (w.store(), w.scope());
    let foreign = |noun: &str, id: &str| {
        invalid_value(format!("route table {} and {noun} {id} belong to different networks", table.id))
    };
    match named {
        Named::Gateway(id) if id == "local" => Ok(Target::Local),
        Named::Gateway(id) if id.starts_with("vpce-") => {
            get::<VpcEndpoint>(read, scope, &id)?;
            let message = "Routes to a gateway endpoint are made by ModifyVpcEndpoint.";
            Err(invalid_value(message))
        }
        Named::Gateway(id) => {
            let missing = || {
                let message = format!("The gateway ID '{id}' does not exist");
                Fault::coded("InvalidGatewayID.NotFound", 400, message)
            };
            let gateway = find::<InternetGateway>(read, scope, &id)?.ok_or_else(missing)?;
            if gateway.vpc.as_ref() != Some(&table.vpc) {
                return Err(foreign("network gateway", &id));
            }
            Ok(Target::Gateway(id))
        }
        Named::Instance(id) => {
            Instance::KIND.check(&id)?;
            let mut interfaces = network_interface::of_instance(read, scope, &id)?.into_iter();
            match (interfaces.next(), interfaces.next()) {
                (Some(interface), None) if interface.vpc == table.vpc => Ok(Target::Interface(interface.id)),
                (Some(_), None) => Err(foreign("instance", &id)),
                (None, _) => {
                    let message = format!("The instance ID '{id}' does not exist");
                    Err(Fault::coded("InvalidInstanceID.NotFound", 400, message))
                }
                _ => {
                    let message = format!(
                        "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation instead."
                    );
                    Err(Fault::coded("InvalidInstanceID", 400, message))
                }
            }
        }
        Named::Other(Target::Interface(id)) => {
            let interface: NetworkInterface = get(read, scope, &id)?;
            if interface.vpc == table.vpc { Ok(Target::Interface(id)) } else { Err(foreign("interface", &id)) }
        }
        Named::Other(Target::Nat(id)) => {
            let gateway: NatGateway = get(read, scope, &id)?;
            if !gateway.is_alive() {
                return Err(NatGateway::KIND.missing(&id));
            }
            if gateway.vpc == table.vpc { Ok(Target::Nat(id)) } else { Err(foreign("NAT gateway", &id)) }
        }
        Named::Other(Target::EgressOnly(id)) => {
            let gateway: EgressGateway = get(read, scope, &id)?;
            if gateway.vpc == table.vpc {
                Ok(Target::EgressOnly(id))
            } else {
                Err(foreign("egress only internet gateway", &id))
            }
        }
        Named::Other(Target::Peering(id)) => {
            let peering: VpcPeering = get(read, scope, &id)?;
            if peering.joins(&table.vpc) {
                Ok(Target::Peering(id))
            } else {
                Err(foreign("VPC peering connection", &id))
            }
        }
        Named::Other(other) => Ok(other),
    }
}

/// The addresses under which NAT gateways know IPv4 hosts, for IPv6. Source: RFC 6052.
const NAT64: &str = "64:ff9b::/96";

/// A checked route of that table.
fn checked(w: &Writer, table: &RouteTable, destination: String, targets: Targets) -> Result<Route, Fault> {
    if destination.starts_with("pl-") {
        prefix_list::check(w.store(), w.scope(), &destination)?;
    }
    let vpc: Vpc = get(w.store(), w.scope(), &table.vpc)?;
    let target = target(w, table, targets.only()?)?;
    rules::is_routable(&destination)?;
    rules::within_vpc(&vpc, &destination, &target)?;
    if matches!(target, Target::EgressOnly(_)) && !destination.contains(':') {
        return Err(invalid_value("An egress-only internet gateway takes IPv6 traffic only"));
    }
    if matches!(target, Target::Nat(_)) && destination.contains(':') {
        refuse(&[("NAT64", destination == NAT64)])?;
        return Err(invalid_value(format!("A NAT gateway takes IPv6 traffic to {NAT64} only")));
    }
    let route = Route { destination, target, origin: "CreateRoute".into() };
    if table.is_at_the_edge() {
        rules::at_the_edge(&vpc, &route)?;
    }
    Ok(route)
}

pub fn create_route(w: &mut Writer, input: CreateRouteRequest) -> Result<CreateRouteResult, Fault> {
    refuse(&[
        ("VpcEndpointId", input.vpc_endpoint_id.is_some()),
        ("TransitGatewayId", input.transit_gateway_id.is_some()),
        ("LocalGatewayId", input.local_gateway_id.is_some()),
        ("CarrierGatewayId", input.carrier_gateway_id.is_some()),
        ("CoreNetworkArn", input.core_network_arn.is_some()),
        ("OdbNetworkArn", input.odb_network_arn.is_some()),
    ])?;
    let mut table: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    let destination = rules::destination(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let targets = Targets {
        gateway: input.gateway_id,
        egress_only: input.egress_only_internet_gateway_id,
        instance: input.instance_id,
        interface: input.network_interface_id,
        nat: input.nat_gateway_id,
        peering: input.vpc_peering_connection_id,
        local: false,
    };
    let route = checked(w, &table, destination, targets)?;
    rules::add(&mut table, route)?;
    put(w, &table)?;
    Ok(CreateRouteResult { return_: Some(true) })
}

/// The local route, too, can be led to an interface, and back.
pub fn replace_route(w: &mut Writer, input: ReplaceRouteRequest) -> Result<Unit, Fault> {
    refuse(&[
        ("VpcEndpointId", input.vpc_endpoint_id.is_some()),
        ("TransitGatewayId", input.transit_gateway_id.is_some()),
        ("LocalGatewayId", input.local_gateway_id.is_some()),
        ("CarrierGatewayId", input.carrier_gateway_id.is_some()),
        ("CoreNetworkArn", input.core_network_arn.is_some()),
        ("OdbNetworkArn", input.odb_network_arn.is_some()),
    ])?;
    let mut table: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    let destination = rules::destination(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let targets = Targets {
        gateway: input.gateway_id,
        egress_only: input.egress_only_internet_gateway_id,
        instance: input.instance_id,
        interface: input.network_interface_id,
        nat: input.nat_gateway_id,
        peering: input.vpc_peering_connection_id,
        local: input.local_target == Some(true),
    };
    let route = checked(w, &table, destination, targets)?;
    let Some(own) = table.routes.iter_mut().find(|own| own.destination == route.destination) else {
        let message = format!(
            "There is no route defined for '{}' in the route table. Use CreateRoute instead.",
            route.destination
        );
        return Err(invalid_value(message));
    };
    if route.target == Target::Local && own.origin != "CreateRouteTable" {
        return Err(invalid_value(format!("The destination {} is no block of this VPC", route.destination)));
    }
    own.target = route.target;
    put(w, &table)?;
    Ok(Unit)
}

pub fn delete_route(w: &mut Writer, input: DeleteRouteRequest) -> Result<Unit, Fault> {
    let mut table: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    let destination = rules::destination(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    rules::remove(&mut table, &destination)?;
    put(w, &table)?;
    Ok(Unit)
}
