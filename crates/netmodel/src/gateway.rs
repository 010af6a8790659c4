//! Internet gateways, egress-only internet gateways, NAT gateways.

use crate::Id;

/// An internet gateway or an egress-only internet gateway, and what it is attached to.
#[derive(Debug, Clone, PartialEq)]
pub struct InternetGateway {
    pub vpc: Option<Id>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NatGateway {
    pub vpc: Id,
    pub subnet: Id,
    /// The interface it sends from; its public address is the mapping of that interface's primary address.
    pub interface: Id,
    /// State `available`.
    pub available: bool,
}
