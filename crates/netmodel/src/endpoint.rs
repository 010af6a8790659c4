//! VPC endpoints: gateway endpoints are targets of routes, interface endpoints are interfaces.

use crate::Id;

#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    pub vpc: Id,
    /// `com.amazonaws.ap-northeast-1.s3`.
    pub service: String,
    pub kind: EndpointKind,
    /// State `available`.
    pub available: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum EndpointKind {
    /// Its routes stand in the route tables, as prefix list → `vpce-…`.
    Gateway,
    /// Its interfaces have `Owner::Endpoint`. With private DNS the service's usual name answers their addresses.
    Interface { interfaces: Vec<Id>, private_dns: bool },
}
