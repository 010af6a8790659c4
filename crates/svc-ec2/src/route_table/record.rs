//! What is kept of a route table.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static ROUTE_TABLES: Table<RouteTable> = Table::new("ec2/route-table");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    pub id: String,
    pub vpc: String,
    /// The local routes first.
    pub routes: Vec<Route>,
    pub associations: Vec<Association>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// A block of IPv4 or IPv6 addresses, or a prefix list.
    pub destination: String,
    pub target: Target,
    /// `CreateRouteTable` for those that a table has from the beginning, else `CreateRoute`.
    pub origin: String,
}

/// Where a route leads, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    Local,
    /// An internet gateway, or a gateway endpoint.
    Gateway(String),
    EgressOnly(String),
    Nat(String),
    Interface(String),
    Peering(String),
}

/// A table is a subnet's, a gateway's, or the VPC's main one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Association {
    /// `rtbassoc-…`
    pub id: String,
    pub main: bool,
    pub subnet: Option<String>,
    pub gateway: Option<String>,
}

impl RouteTable {
    /// Whether it is an internet gateway's.
    pub fn is_at_the_edge(&self) -> bool {
        self.associations.iter().any(|association| association.gateway.is_some())
    }

    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.main)
    }
}

impl Route {
    pub fn local(block: &str) -> Self {
        Route { destination: block.to_owned(), target: Target::Local, origin: "CreateRouteTable".into() }
    }
}

impl Resource for RouteTable {
    const KIND: &'static Kind = &Kind {
        prefix: "rtb",
        name: "route-table",
        malformed: "InvalidRouteTableId.Malformed",
        not_found: "InvalidRouteTableID.NotFound",
        text: "The routeTable ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &ROUTE_TABLES;
    fn id(&self) -> &str {
        &self.id
    }
}
