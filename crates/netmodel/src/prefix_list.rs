//! Prefix lists, AWS's own and customer-managed.

use std::net::IpAddr;

use crate::Cidr;

#[derive(Debug, Clone, PartialEq)]
pub struct PrefixList {
    pub name: String,
    pub cidrs: Vec<Cidr>,
}

impl PrefixList {
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.cidrs.iter().any(|cidr| cidr.contains(address))
    }
}
