//! Which routes a table may have. Source: Amazon VPC User Guide, "Route table concepts" and "Route priority".

use kogumo_wire::Fault;

use super::record::{Route, RouteTable, Target};
use crate::cidr;
use crate::faults::{invalid_combination, invalid_value, limit, missing_parameter};
use crate::prefix_list::PrefixList;
use crate::resource::Resource;
use crate::vpc::Vpc;

/// Source: Amazon VPC User Guide, "Amazon VPC quotas".
pub const MOST_ROUTES: usize = 500;
pub const MOST_TABLES: usize = 200;

/// The one destination of a request, in its normal form.
///
/// # Errors
/// None or several of them; a text that is no block.
pub fn destination(v4: Option<&str>, v6: Option<&str>, prefix_list: Option<&str>) -> Result<String, Fault> {
    match (v4, v6, prefix_list) {
        (Some(text), None, None) => Ok(cidr::v4(text, "destinationCidrBlock")?.to_string()),
        (None, Some(text), None) => Ok(cidr::v6(text, "destinationIpv6CidrBlock")?.to_string()),
        (None, None, Some(id)) => PrefixList::KIND.check(id).map(|()| id.to_owned()),
        (None, None, None) => Err(missing_parameter("destinationCidrBlock or destinationIpv6CidrBlock")),
        _ => Err(invalid_combination(
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId",
        )),
    }
}

/// What is kept for AWS's own services, and what no packet is routed to.
const RESERVED: [&str; 2] = ["169.254.168.0/22", "fd00:ec2::/32"];

/// Whether there may be a route to a block at all.
///
/// # Errors
/// `InvalidParameterValue` for what AWS reserves.
pub fn is_routable(destination: &str) -> Result<(), Fault> {
    let Some(net) = cidr::stored(destination) else { return Ok(()) };
    if RESERVED.iter().filter_map(|text| cidr::stored(text)).any(|reserved| reserved.contains(&net)) {
        let message = format!("The destination CIDR block {destination} is reserved and cannot be routed.");
        return Err(invalid_value(message));
    }
    Ok(())
}

/// Whether a route to a block within the VPC may lead there: only interfaces may stand in the local route's way.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn within_vpc(vpc: &Vpc, destination: &str, target: &Target) -> Result<(), Fault> {
    let Some(net) = cidr::stored(destination) else { return Ok(()) };
    let blocks = vpc.blocks.iter().chain(&vpc.ipv6_blocks).filter_map(|block| cidr::stored(&block.cidr));
    let inside = blocks.into_iter().any(|block| block.contains(&net));
    if inside && !matches!(target, Target::Interface(_) | Target::Local) {
        let message = format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance."
        );
        return Err(invalid_value(message));
    }
    Ok(())
}

/// Whether the table of an internet gateway may have the route: within the VPC, and local or to an interface. Source: Amazon
/// VPC User Guide, "Gateway route tables".
///
/// # Errors
/// `InvalidParameterValue`.
pub fn at_the_edge(vpc: &Vpc, route: &Route) -> Result<(), Fault> {
    let blocks = vpc.blocks.iter().chain(&vpc.ipv6_blocks).filter_map(|block| cidr::stored(&block.cidr));
    let net = cidr::stored(&route.destination);
    let inside = net.is_some_and(|net| blocks.into_iter().any(|block| block.contains(&net)));
    if inside && matches!(route.target, Target::Local | Target::Interface(_)) {
        return Ok(());
    }
    let message = format!(
        "The route for {} cannot be in a route table that is associated with a gateway. The route destination must match \
         the VPC CIDR block or a subnet's, and the target must be local, a network interface or an instance.",
        route.destination
    );
    Err(invalid_value(message))
}

/// Adds a route. The same route again is no error.
///
/// # Errors
/// `RouteAlreadyExists` for a destination that leads elsewhere; `RouteLimitExceeded`.
pub fn add(table: &mut RouteTable, route: Route) -> Result<(), Fault> {
    match table.routes.iter().find(|own| own.destination == route.destination) {
        Some(own) if own.target == route.target => Ok(()),
        Some(_) => {
            let message = format!("The route identified by {} already exists.", route.destination);
            Err(Fault::coded("RouteAlreadyExists", 400, message))
        }
        None if table.routes.len() >= MOST_ROUTES => {
            Err(limit("RouteLimitExceeded", "The maximum number of routes has been reached."))
        }
        None => {
            table.routes.push(route);
            Ok(())
        }
    }
}

/// Takes a route out.
///
/// # Errors
/// `InvalidRoute.NotFound`; local routes stay.
pub fn remove(table: &mut RouteTable, destination: &str) -> Result<(), Fault> {
    let Some(at) = table.routes.iter().position(|route| route.destination == destination) else {
        let kind = match destination {
            list if list.starts_with("pl-") => "destination-prefix-list-id",
            block if block.contains(':') => "destination-ipv6-cidr-block",
            _ => "destination-cidr-block",
        };
        let message = format!("no route with {kind} {destination} in route table {}", table.id);
        return Err(Fault::coded("InvalidRoute.NotFound", 400, message));
    };
    if table.routes[at].origin == "CreateRouteTable" {
        return Err(invalid_value(format!("cannot remove local route {destination} in route table {}", table.id)));
    }
    table.routes.remove(at);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable {
        let routes = vec![Route::local("10.0.0.0/16")];
        RouteTable { id: "rtb-0".into(), vpc: "vpc-0".into(), routes, associations: Vec::new() }
    }

    fn route(gateway: &str) -> Route {
        let target = Target::Gateway(gateway.into());
        Route { destination: "0.0.0.0/0".into(), target, origin: "CreateRoute".into() }
    }

    #[test]
    fn a_destination_leads_to_one_place() {
        let mut table = table();
        assert!(add(&mut table, route("igw-1")).is_ok());
        assert!(add(&mut table, route("igw-1")).is_ok());
        let refused = add(&mut table, route("igw-2")).map_err(|fault| fault.message);
        assert_eq!(refused, Err("The route identified by 0.0.0.0/0 already exists.".into()));
        assert_eq!(table.routes.len(), 2);
    }

    #[test]
    fn local_routes_stay() {
        let mut table = table();
        assert!(
            remove(&mut table, "10.0.0.0/16").is_err_and(|fault| fault.message.contains("cannot remove local route"))
        );
        assert!(
            remove(&mut table, "0.0.0.0/0")
                .is_err_and(|fault| fault.message.contains("no route with destination-cidr-block"))
        );
    }

    #[test]
    fn what_aws_keeps_for_itself_has_no_route() {
        assert!(is_routable("169.254.169.254/32").is_err() && is_routable("fd00:ec2::/32").is_err());
        assert!(is_routable("169.254.0.0/16").is_ok() && is_routable("0.0.0.0/0").is_ok());
        assert!(destination(None, None, Some("list")).is_err());
    }

    #[test]
    fn one_destination_a_request() {
        assert_eq!(destination(Some("10.0.0.9/8"), None, None).ok().as_deref(), Some("10.0.0.0/8"));
        assert!(destination(None, None, None).is_err());
        assert!(destination(Some("10.0.0.0/8"), Some("::/0"), None).is_err());
    }
}
