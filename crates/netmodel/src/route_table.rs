//! Route tables: the route with the longest prefix that holds the destination.

use std::net::IpAddr;

use crate::{Cidr, Id, Subnet, Topology, Vpc};

#[derive(Debug, Clone, PartialEq)]
pub struct RouteTable {
    pub vpc: Id,
    /// The local routes of the VPC's own blocks need not be among them: they are there unless a route for exactly the same
    /// block replaces them. Routes of gateway endpoints are among them.
    pub routes: Vec<Route>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub destination: Destination,
    pub target: Target,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    Cidr(Cidr),
    PrefixList(Id),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Local,
    InternetGateway(Id),
    EgressOnlyInternetGateway(Id),
    NatGateway(Id),
    /// An instance is meant by its interface.
    Interface(Id),
    Peering(Id),
    /// A gateway endpoint.
    Endpoint(Id),
}

impl Target {
    /// The id that AWS shows.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Local => "local",
            Self::InternetGateway(id)
            | Self::EgressOnlyInternetGateway(id)
            | Self::NatGateway(id)
            | Self::Interface(id)
            | Self::Peering(id)
            | Self::Endpoint(id) => id,
        }
    }
}

impl Topology {
    /// The table that a subnet's packets go by: its own, or the VPC's main one.
    #[must_use]
    pub fn route_table_of<'a>(&'a self, subnet: &'a Subnet) -> Option<(&'a Id, &'a RouteTable)> {
        let id = match &subnet.route_table {
            Some(id) => id,
            None => &self.vpcs.get(&subnet.vpc)?.main_route_table,
        };
        self.route_tables.get_key_value(id)
    }

    /// All routes of a table with their blocks: prefix lists spelled out, local routes added.
    #[must_use]
    pub fn routes<'a>(&'a self, vpc: &'a Vpc, table: &'a RouteTable) -> Vec<(Cidr, &'a Target)> {
        let mut routes = Vec::new();
        for route in &table.routes {
            match &route.destination {
                Destination::Cidr(cidr) => routes.push((*cidr, &route.target)),
                Destination::PrefixList(id) => {
                    let cidrs = self.prefix_lists.get(id).map(|list| list.cidrs.as_slice()).unwrap_or_default();
                    routes.extend(cidrs.iter().map(|cidr| (*cidr, &route.target)));
                }
            }
        }
        for cidr in &vpc.cidrs {
            if !routes.iter().any(|(known, _)| known == cidr) {
                routes.push((*cidr, &Target::Local));
            }
        }
        routes
    }

    /// The route that a packet to this address takes.
    #[must_use]
    pub fn route_to<'a>(&'a self, vpc: &'a Vpc, table: &'a RouteTable, address: IpAddr) -> Option<(Cidr, &'a Target)> {
        let mut best: Option<(Cidr, &Target)> = None;
        for (cidr, target) in self.routes(vpc, table) {
            if cidr.contains(address) && best.is_none_or(|(known, _)| cidr.prefix() > known.prefix()) {
                best = Some((cidr, target));
            }
        }
        best
    }

    /// Whether a route with this target carries packets: AWS calls it `active`, else `blackhole`.
    #[must_use]
    pub fn is_active(&self, vpc: &str, target: &Target) -> bool {
        let here = |known: &Option<Id>| known.as_deref() == Some(vpc);
        match target {
            Target::Local => true,
            Target::InternetGateway(id) => self.internet_gateways.get(id).is_some_and(|gateway| here(&gateway.vpc)),
            Target::EgressOnlyInternetGateway(id) => {
                self.egress_only_internet_gateways.get(id).is_some_and(|gateway| here(&gateway.vpc))
            }
            Target::NatGateway(id) => {
                self.nat_gateways.get(id).is_some_and(|nat| nat.available && self.is_up(&nat.interface))
            }
            Target::Interface(id) => self.is_up(id),
            Target::Peering(id) => self.peerings.get(id).is_some_and(|peering| peering.active),
            Target::Endpoint(id) => self.endpoints.get(id).is_some_and(|endpoint| endpoint.available),
        }
    }

    fn is_up(&self, interface: &str) -> bool {
        self.interfaces.get(interface).is_some_and(crate::Interface::is_up)
    }
}
