//! Network ACLs: numbered rules at the border of a subnet, tried in order, without memory of what went before.

use std::net::IpAddr;

use crate::{Cidr, Header, Id, Traffic};

#[derive(Debug, Clone, PartialEq)]
pub struct NetworkAcl {
    pub vpc: Id,
    /// In any order. The final rule `*`, which denies, is not among them.
    pub entries: Vec<AclEntry>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AclEntry {
    /// 1 to 32766; the lowest that matches decides.
    pub number: u16,
    pub egress: bool,
    pub allow: bool,
    pub traffic: Traffic,
    /// The source of what comes in, the destination of what goes out.
    pub cidr: Cidr,
}

impl NetworkAcl {
    /// The rule that decides about the packet; none where it is the final `*`.
    #[must_use]
    pub fn deciding(&self, egress: bool, header: &Header) -> Option<&AclEntry> {
        let remote: IpAddr = if egress { header.destination } else { header.source };
        let matches =
            |entry: &&AclEntry| entry.egress == egress && entry.cidr.contains(remote) && entry.traffic.matches(header);
        self.entries.iter().filter(matches).min_by_key(|entry| entry.number)
    }
}
