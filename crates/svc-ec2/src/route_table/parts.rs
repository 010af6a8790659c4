//! What other resources do to route tables: a VPC makes its main one, a block adds local routes, a subnet goes.

use kogumo_base::Scope;
use kogumo_door::Writer;
use kogumo_store::Read;
use kogumo_wire::Fault;

use super::record::{Association, Route, RouteTable, Target};
use crate::resource::{Resource, all, new_id, put};
use crate::vpc::Vpc;

/// A table with the local routes that every table of the VPC has.
pub fn with_local_routes(vpc: &Vpc) -> RouteTable {
    let blocks = vpc.blocks.iter().chain(&vpc.ipv6_blocks);
    RouteTable {
        id: RouteTable::KIND.new_id(),
        vpc: vpc.id.clone(),
        routes: blocks.map(|block| Route::local(&block.cidr)).collect(),
        associations: Vec::new(),
    }
}

pub fn make_main(w: &mut Writer, vpc: &Vpc) -> Result<(), Fault> {
    let mut table = with_local_routes(vpc);
    table.associations.push(Association { id: new_id("rtbassoc"), main: true, subnet: None, gateway: None });
    put(w, &table)
}

/// The tables of a VPC.
pub fn of_vpc(read: &dyn Read, scope: &Scope, vpc: &str) -> Result<Vec<RouteTable>, Fault> {
    let mut tables = all::<RouteTable>(read, scope)?;
    tables.retain(|table| table.vpc == vpc);
    Ok(tables)
}

/// A route in the VPC's main table.
pub fn add_to_main(w: &mut Writer, vpc: &str, destination: &str, target: Target) -> Result<(), Fault> {
    for mut table in of_vpc(w.store(), w.scope(), vpc)?.into_iter().filter(RouteTable::is_main) {
        let target = target.clone();
        table.routes.push(Route { destination: destination.to_owned(), target, origin: "CreateRoute".into() });
        put(w, &table)?;
    }
    Ok(())
}

/// A block that the VPC has gained.
pub fn add_local(w: &mut Writer, vpc: &str, block: &str) -> Result<(), Fault> {
    for mut table in of_vpc(w.store(), w.scope(), vpc)? {
        let at = table.routes.iter().take_while(|route| route.origin == "CreateRouteTable").count();
        table.routes.insert(at, Route::local(block));
        put(w, &table)?;
    }
    Ok(())
}

/// A block that the VPC has lost.
pub fn remove_local(w: &mut Writer, vpc: &str, block: &str) -> Result<(), Fault> {
    for mut table in of_vpc(w.store(), w.scope(), vpc)? {
        table.routes.retain(|route| route.destination != block || route.origin != "CreateRouteTable");
        put(w, &table)?;
    }
    Ok(())
}

/// A subnet or an internet gateway that is gone.
pub fn let_go(w: &mut Writer, id: &str) -> Result<(), Fault> {
    let is_of = |association: &Association| {
        [&association.subnet, &association.gateway].into_iter().flatten().any(|own| own == id)
    };
    for mut table in all::<RouteTable>(w.store(), w.scope())? {
        if table.associations.iter().any(is_of) {
            table.associations.retain(|association| !is_of(association));
            put(w, &table)?;
        }
    }
    Ok(())
}
