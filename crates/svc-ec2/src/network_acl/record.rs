//! What is kept of a network ACL.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static ACLS: Table<NetworkAcl> = Table::new("ec2/network-acl");

/// The rule that denies what no other rule speaks of; shown as `*` by the console.
pub const LAST: i32 = 32767;
/// As [`LAST`], for IPv6.
pub const LAST_IPV6: i32 = 32768;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkAcl {
    pub id: String,
    pub vpc: String,
    pub is_default: bool,
    /// By direction and number.
    pub entries: Vec<Entry>,
    pub associations: Vec<Association>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub number: i32,
    pub egress: bool,
    /// A protocol's number; `-1` for all.
    pub protocol: String,
    pub allow: bool,
    /// IPv4 or IPv6.
    pub cidr: String,
    /// Type and code; -1 for all.
    pub icmp: Option<(i32, i32)>,
    pub ports: Option<(i32, i32)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Association {
    /// `aclassoc-…`
    pub id: String,
    pub subnet: String,
}

impl Entry {
    /// An entry for all traffic of an address family.
    pub fn all(number: i32, egress: bool, allow: bool, cidr: &str) -> Self {
        Entry { number, egress, protocol: "-1".into(), allow, cidr: cidr.to_owned(), icmp: None, ports: None }
    }
}

impl Resource for NetworkAcl {
    const KIND: &'static Kind = &Kind {
        prefix: "acl",
        name: "network-acl",
        malformed: "InvalidNetworkAclId.Malformed",
        not_found: "InvalidNetworkAclID.NotFound",
        text: "The networkAcl ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &ACLS;
    fn id(&self) -> &str {
        &self.id
    }
}
