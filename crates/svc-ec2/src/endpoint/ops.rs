//! The operations of VPC endpoints.

use kogumo_base::Scope;
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{VpcEndpoint as Shown, *};
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Kind, VpcEndpoint};
use super::service::offer;
use super::shown::shown;
use crate::client_token;
use crate::faults::{invalid_combination, invalid_value, refuse};
use crate::filter::{Filters, text};
use crate::network_interface::{self, NetworkInterface, Plan};
use crate::page::{Wanted, cut};
use crate::prefix_list;
use crate::public_address;
use crate::resource::{Resource, all, chosen, delete, find, get, put};
use crate::route_table::{Route, RouteTable, Target};
use crate::subnet::Subnet;
use crate::tag::{self, Tags};
use crate::vpc::Vpc;
use crate::{network_interface as interface, security_group};

/// The endpoints of a VPC.
///
/// # Errors
/// Trouble with the store.
pub fn of_vpc(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Vec<VpcEndpoint>, Fault> {
    let mut endpoints = all::<VpcEndpoint>(read, scope)?;
    endpoints.retain(|endpoint| endpoint.vpc == vpc);
    Ok(endpoints)
}

pub fn create_vpc_endpoint(w: &mut Writer, input: CreateVpcEndpointRequest) -> Result<CreateVpcEndpointResult, Fault> {
    refuse(&[
        ("IpAddressType", input.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4")),
        ("DnsOptions", input.dns_options.is_some()),
        ("SubnetConfigurations", input.subnet_configurations.is_some()),
        ("ServiceNetworkArn", input.service_network_arn.is_some()),
        ("ResourceConfigurationArn", input.resource_configuration_arn.is_some()),
        ("ServiceRegion", input.service_region.as_deref().is_some_and(|region| region != w.caller.region())),
    ])?;
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateVpcEndpoint", token.as_deref(), &input)?;
    let endpoint = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let endpoint = make(w, input)?;
            claim.keep(w, &endpoint.id)?;
            endpoint
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &endpoint.id)?;
    let shown = shown(w.store(), w.scope(), &endpoint, &tags)?;
    Ok(CreateVpcEndpointResult { vpc_endpoint: Some(shown), client_token: token })
}

/// A policy that can be read; none where nothing limits.
fn policy(w: &Writer, text: Option<String>) -> Result<Option<String>, Fault> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    if w.cloud.documents.get(&text).is_none() {
        return Err(Fault::coded("InvalidPolicyDocument", 400, "The policy document of the endpoint is malformed."));
    }
    Ok(Some(text))
}

fn make(w: &mut Writer, input: CreateVpcEndpointRequest) -> Result<VpcEndpoint, Fault> {
    let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
    let name = input.service_name.ok_or_else(|| crate::faults::missing_parameter("serviceName"))?;
    let offer = offer(w.cloud, w.caller.region(), &name)?;
    let tags = tag::specified(w, input.tag_specifications, VpcEndpoint::KIND)?;
    let kind = input.vpc_endpoint_type.unwrap_or_else(|| "Gateway".into());
    let mut endpoint = VpcEndpoint {
        id: VpcEndpoint::KIND.new_id(),
        vpc: vpc.id.clone(),
        service: name.clone(),
        kind: Kind::Gateway { route_tables: Vec::new() },
        policy: policy(w, input.policy_document)?,
        created: w.now,
    };
    match kind.as_str() {
        "Gateway" if !offer.has_gateway => {
            let message = format!("The Vpc Endpoint Service '{name}' does not support the endpoint type Gateway");
            return Err(invalid_value(message));
        }
        "Gateway" => {
            if input.subnet_ids.is_some()
                || input.security_group_ids.is_some()
                || input.private_dns_enabled == Some(true)
            {
                let message = "Subnets, security groups and private DNS are not supported for Gateway endpoints.";
                return Err(invalid_combination(message));
            }
            add_routes(w, &mut endpoint, &input.route_table_ids.unwrap_or_default())?;
        }
        "Interface" => {
            if input.route_table_ids.is_some() {
                return Err(invalid_combination("Route table IDs are only supported for Gateway type VPC Endpoint."));
            }
            let private_dns = input.private_dns_enabled.unwrap_or(true);
            if private_dns && !(vpc.dns_support && vpc.dns_hostnames) {
                let message = format!(
                    "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
                    vpc.id
                );
                return Err(Fault::coded("InvalidParameter", 400, message));
            }
            let mut groups = input.security_group_ids.unwrap_or_default();
            if groups.is_empty() {
                groups.extend(security_group::default_of(w.store(), w.scope(), &vpc.id)?.map(|group| group.id));
            }
            endpoint.kind = Kind::Interface { subnets: Vec::new(), interfaces: Vec::new(), groups, private_dns };
            add_subnets(w, &mut endpoint, &input.subnet_ids.unwrap_or_default())?;
        }
        other => {
            return Err(refuse(&[(&format!("VpcEndpointType={other}"), true)])
                .err()
                .unwrap_or_else(|| invalid_value(other)));
        }
    }
    put(w, &endpoint)?;
    tag::mark(w, &endpoint, tags)?;
    Ok(endpoint)
}

/// A gateway endpoint's way into route tables: a route to the service's prefix list.
fn add_routes(w: &mut Writer, endpoint: &mut VpcEndpoint, tables: &[String]) -> Result<(), Fault> {
    let list = prefix_list::of_service(public_address::plan(w.cloud), w.caller.region(), &endpoint.service);
    let (Some(list), Kind::Gateway { route_tables }) = (list, &mut endpoint.kind) else { return Ok(()) };
    for id in tables {
        let mut table: RouteTable = get(w.store(), w.scope(), id)?;
        if table.vpc != endpoint.vpc {
            let message = format!("route table {id} and endpoint {} belong to different networks", endpoint.id);
            return Err(invalid_value(message));
        }
        if table.routes.iter().any(|route| route.destination == list.id) {
            let message = format!("route table {id} already has a route with destination-prefix-list-id {}", list.id);
            return Err(Fault::coded("RouteAlreadyExists", 400, message));
        }
        let target = Target::Gateway(endpoint.id.clone());
        table.routes.push(Route { destination: list.id.clone(), target, origin: "CreateRoute".into() });
        put(w, &table)?;
        route_tables.push(id.clone());
    }
    Ok(())
}

fn remove_routes(w: &mut Writer, endpoint: &mut VpcEndpoint, tables: &[String]) -> Result<(), Fault> {
    let Kind::Gateway { route_tables } = &mut endpoint.kind else { return Ok(()) };
    route_tables.retain(|id| !tables.contains(id));
    for id in tables {
        if let Some(mut table) = find::<RouteTable>(w.store(), w.scope(), id)? {
            table.routes.retain(|route| route.target != Target::Gateway(endpoint.id.clone()));
            put(w, &table)?;
        }
    }
    Ok(())
}

/// An interface endpoint's interfaces: one in each subnet, one subnet in each zone.
fn add_subnets(w: &mut Writer, endpoint: &mut VpcEndpoint, wanted: &[String]) -> Result<(), Fault> {
    let Kind::Interface { subnets, interfaces, groups, .. } = &mut endpoint.kind else { return Ok(()) };
    let mut zones: Vec<String> = Vec::new();
    for id in subnets.iter() {
        zones.extend(find::<Subnet>(w.store(), w.scope(), id)?.map(|subnet| subnet.zone));
    }
    for id in wanted {
        let subnet: Subnet = get(w.store(), w.scope(), id)?;
        if subnet.vpc != endpoint.vpc {
            return Err(invalid_value(format!("The subnet ID '{id}' is not of VPC {}", endpoint.vpc)));
        }
        if zones.contains(&subnet.zone) {
            let message = format!("Found another VPC endpoint subnet in the availability zone of {id}");
            return Err(Fault::coded("DuplicateSubnetsInSameZone", 400, message));
        }
        zones.push(subnet.zone.clone());
        let plan = Plan {
            description: format!("VPC Endpoint Interface {}", endpoint.id),
            groups: groups.clone(),
            kind: "vpc_endpoint".into(),
            made_for: Some(endpoint.id.clone()),
            ..Plan::default()
        };
        let mut made = network_interface::make(w, &subnet, plan)?;
        network_interface::attach(w, &mut made, None, 1, false)?;
        interfaces.push(made.id);
        subnets.push(id.clone());
    }
    Ok(())
}

fn remove_subnets(w: &mut Writer, endpoint: &mut VpcEndpoint, gone: &[String]) -> Result<(), Fault> {
    let Kind::Interface { subnets, interfaces, .. } = &mut endpoint.kind else { return Ok(()) };
    subnets.retain(|id| !gone.contains(id));
    let mut left = Vec::new();
    for id in std::mem::take(interfaces) {
        match find::<NetworkInterface>(w.store(), w.scope(), &id)? {
            Some(own) if gone.contains(&own.subnet) => interface::remove(w, own)?,
            _ => left.push(id),
        }
    }
    *interfaces = left;
    Ok(())
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("ip-address-type", |one| text(&one.ip_address_type)),
        ("service-name", |one| text(&one.service_name)),
        ("service-region", |one| text(&one.service_region)),
        ("vpc-id", |one| text(&one.vpc_id)),
        ("vpc-endpoint-id", |one| text(&one.vpc_endpoint_id)),
        ("vpc-endpoint-state", |one| text(&one.state)),
        ("vpc-endpoint-type", |one| text(&one.vpc_endpoint_type)),
    ],
    tags: Some(|one| one.tags.as_ref()),
};

pub fn describe_vpc_endpoints(
    r: &Reader,
    input: DescribeVpcEndpointsRequest,
) -> Result<DescribeVpcEndpointsResult, Fault> {
    let endpoints = chosen::<VpcEndpoint>(r.store, r.scope(), input.vpc_endpoint_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let endpoints = endpoints.iter().map(|one| shown(r.store, r.scope(), one, &tags)).collect::<Result<_, _>>()?;
    let named = input.vpc_endpoint_ids.as_ref().map(|_| "vpcEndpointIds");
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named };
    let page =
        cut(FILTERS.select(endpoints, input.filters)?, wanted, |one| one.vpc_endpoint_id.clone().unwrap_or_default())?;
    Ok(DescribeVpcEndpointsResult { vpc_endpoints: Some(page.items), next_token: page.next_token })
}

pub fn modify_vpc_endpoint(w: &mut Writer, input: ModifyVpcEndpointRequest) -> Result<ModifyVpcEndpointResult, Fault> {
    refuse(&[
        ("IpAddressType", input.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4")),
        ("DnsOptions", input.dns_options.is_some()),
        ("SubnetConfigurations", input.subnet_configurations.is_some()),
    ])?;
    let mut endpoint: VpcEndpoint = get(w.store(), w.scope(), &input.vpc_endpoint_id)?;
    let of_gateway = input.add_route_table_ids.is_some() || input.remove_route_table_ids.is_some();
    let of_interface = input.add_subnet_ids.is_some()
        || input.remove_subnet_ids.is_some()
        || input.add_security_group_ids.is_some()
        || input.remove_security_group_ids.is_some()
        || input.private_dns_enabled.is_some();
    let is_gateway = matches!(endpoint.kind, Kind::Gateway { .. });
    if of_gateway && !is_gateway || of_interface && is_gateway {
        return Err(invalid_combination("The request has parameters that endpoints of this type do not have"));
    }
    remove_routes(w, &mut endpoint, &input.remove_route_table_ids.unwrap_or_default())?;
    add_routes(w, &mut endpoint, &input.add_route_table_ids.unwrap_or_default())?;
    remove_subnets(w, &mut endpoint, &input.remove_subnet_ids.unwrap_or_default())?;
    if let Kind::Interface { groups, private_dns, .. } = &mut endpoint.kind {
        let gone = input.remove_security_group_ids.unwrap_or_default();
        groups.retain(|id| !gone.contains(id));
        for id in input.add_security_group_ids.unwrap_or_default() {
            if !groups.contains(&id) {
                groups.push(id);
            }
        }
        *private_dns = input.private_dns_enabled.unwrap_or(*private_dns);
    }
    if input.reset_policy == Some(true) {
        endpoint.policy = None;
    } else if input.policy_document.is_some() {
        endpoint.policy = policy(w, input.policy_document)?;
    }
    follow_groups(w, &endpoint)?;
    add_subnets(w, &mut endpoint, &input.add_subnet_ids.unwrap_or_default())?;
    put(w, &endpoint)?;
    Ok(ModifyVpcEndpointResult { return_: Some(true) })
}

/// The interfaces have the endpoint's groups.
fn follow_groups(w: &mut Writer, endpoint: &VpcEndpoint) -> Result<(), Fault> {
    let Kind::Interface { interfaces, groups, .. } = &endpoint.kind else { return Ok(()) };
    for id in interfaces {
        if let Some(mut own) = find::<NetworkInterface>(w.store(), w.scope(), id)? {
            interface::check_groups(w, &own.vpc, &own.subnet, groups)?;
            own.groups.clone_from(groups);
            put(w, &own)?;
        }
    }
    Ok(())
}

/// Those that are not there are told; the others go.
pub fn delete_vpc_endpoints(
    w: &mut Writer,
    input: DeleteVpcEndpointsRequest,
) -> Result<DeleteVpcEndpointsResult, Fault> {
    input.vpc_endpoint_ids.iter().try_for_each(|id| VpcEndpoint::KIND.check(id))?;
    let mut unsuccessful = Vec::new();
    for id in input.vpc_endpoint_ids {
        let Some(mut endpoint) = find::<VpcEndpoint>(w.store(), w.scope(), &id)? else {
            let error = UnsuccessfulItemError {
                code: Some("InvalidVpcEndpoint.NotFound".into()),
                message: Some(format!("The Vpc Endpoint Id '{id}' does not exist")),
            };
            unsuccessful.push(UnsuccessfulItem { error: Some(error), resource_id: Some(id) });
            continue;
        };
        match endpoint.kind.clone() {
            Kind::Gateway { route_tables } => remove_routes(w, &mut endpoint, &route_tables)?,
            Kind::Interface { subnets, .. } => remove_subnets(w, &mut endpoint, &subnets)?,
        }
        delete::<VpcEndpoint>(w, &id)?;
    }
    Ok(DeleteVpcEndpointsResult { unsuccessful: Some(unsuccessful) })
}
