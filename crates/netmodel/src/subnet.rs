//! A subnet: its block, and which table and access list it is associated with.

use crate::{Cidr, Id};

#[derive(Debug, Clone, PartialEq)]
pub struct Subnet {
    pub vpc: Id,
    /// `ap-northeast-1a`.
    pub zone: String,
    pub cidr: Cidr,
    pub ipv6_cidr: Option<Cidr>,
    /// The table it is explicitly associated with; none for the VPC's main table.
    pub route_table: Option<Id>,
    pub network_acl: Id,
}
