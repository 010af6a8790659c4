//! The operations of route tables.

use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::{RouteTable as Shown, *};
use kogumo_wire::{Fault, Unit};

use super::parts::{of_vpc, with_local_routes};
use super::record::RouteTable;
use super::rules::MOST_TABLES;
use super::shown::shown;
use crate::client_token;
use crate::faults::{dependency, limit};
use crate::filter::{Filters, each, flag, text};
use crate::page::{Wanted, cut};
use crate::resource::{Resource, chosen, delete, get, put};
use crate::tag::{self, Tags};
use crate::vpc::Vpc;

pub fn create_route_table(w: &mut Writer, input: CreateRouteTableRequest) -> Result<CreateRouteTableResult, Fault> {
    let token = input.client_token.clone();
    let claim = client_token::claim(w, "CreateRouteTable", token.as_deref(), &input)?;
    let table = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let vpc: Vpc = get(w.store(), w.scope(), &input.vpc_id)?;
            let tags = tag::specified(w, input.tag_specifications, RouteTable::KIND)?;
            if of_vpc(w.store(), w.scope(), &vpc.id)?.len() >= MOST_TABLES {
                let message = "The maximum number of route tables has been reached.";
                return Err(limit("RouteTableLimitExceeded", message));
            }
            let table = with_local_routes(&vpc);
            put(w, &table)?;
            tag::mark(w, &table, tags)?;
            claim.keep(w, &table.id)?;
            table
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &table.id)?;
    let shown = shown(w.store(), w.scope(), &table, &tags)?;
    Ok(CreateRouteTableResult { route_table: Some(shown), client_token: token })
}

static FILTERS: Filters<Shown> = Filters {
    names: &[
        ("association.gateway-id", |table| each(&table.associations, |one| text(&one.gateway_id))),
        ("association.route-table-association-id", |table| {
            each(&table.associations, |one| text(&one.route_table_association_id))
        }),
        ("association.route-table-id", |table| each(&table.associations, |one| text(&one.route_table_id))),
        ("association.subnet-id", |table| each(&table.associations, |one| text(&one.subnet_id))),
        ("association.main", |table| {
            let main = table.associations.iter().flatten().any(|one| one.main == Some(true));
            flag(Some(main))
        }),
        ("owner-id", |table| text(&table.owner_id)),
        ("route-table-id", |table| text(&table.route_table_id)),
        ("route.destination-cidr-block", |table| each(&table.routes, |route| text(&route.destination_cidr_block))),
        ("route.destination-ipv6-cidr-block", |table| {
            each(&table.routes, |route| text(&route.destination_ipv6_cidr_block))
        }),
        ("route.destination-prefix-list-id", |table| {
            each(&table.routes, |route| text(&route.destination_prefix_list_id))
        }),
        ("route.egress-only-internet-gateway-id", |table| {
            each(&table.routes, |route| text(&route.egress_only_internet_gateway_id))
        }),
        ("route.gateway-id", |table| each(&table.routes, |route| text(&route.gateway_id))),
        ("route.instance-id", |table| each(&table.routes, |route| text(&route.instance_id))),
        ("route.nat-gateway-id", |table| each(&table.routes, |route| text(&route.nat_gateway_id))),
        ("route.transit-gateway-id", |table| each(&table.routes, |route| text(&route.transit_gateway_id))),
        ("route.origin", |table| each(&table.routes, |route| text(&route.origin))),
        ("route.state", |table| each(&table.routes, |route| text(&route.state))),
        ("route.vpc-peering-connection-id", |table| {
            each(&table.routes, |route| text(&route.vpc_peering_connection_id))
        }),
        ("vpc-id", |table| text(&table.vpc_id)),
    ],
    tags: Some(|table| table.tags.as_ref()),
};

pub fn describe_route_tables(
    r: &Reader,
    input: DescribeRouteTablesRequest,
) -> Result<DescribeRouteTablesResult, Fault> {
    let tables = chosen::<RouteTable>(r.store, r.scope(), input.route_table_ids.as_deref())?;
    let tags = Tags::of_all(r.store, r.scope())?;
    let tables = tables.iter().map(|table| shown(r.store, r.scope(), table, &tags)).collect::<Result<_, _>>()?;
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.route_table_ids.as_ref().map(|_| "routeTableIds"),
    };
    let page =
        cut(FILTERS.select(tables, input.filters)?, wanted, |table| table.route_table_id.clone().unwrap_or_default())?;
    Ok(DescribeRouteTablesResult { route_tables: Some(page.items), next_token: page.next_token })
}

/// The main table goes with its VPC; others once nothing is associated with them.
pub fn delete_route_table(w: &mut Writer, input: DeleteRouteTableRequest) -> Result<Unit, Fault> {
    let table: RouteTable = get(w.store(), w.scope(), &input.route_table_id)?;
    if !table.associations.is_empty() {
        let message = format!("The routeTable '{}' has dependencies and cannot be deleted.", table.id);
        return Err(dependency(message));
    }
    delete::<RouteTable>(w, &table.id)?;
    Ok(Unit)
}
