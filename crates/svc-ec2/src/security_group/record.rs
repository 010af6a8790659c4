//! What is kept of a security group.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static GROUPS: Table<SecurityGroup> = Table::new("ec2/security-group");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
    pub description: String,
    pub vpc: String,
    /// In the order in which they were added.
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `sgr-…`
    pub id: String,
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a protocol's number, or `-1` for all.
    pub protocol: String,
    /// The first and last port, or ICMP's type and code; `None` where the protocol has none.
    pub from: Option<i32>,
    pub to: Option<i32>,
    pub peer: Peer,
    pub description: Option<String>,
}

/// Whom a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    /// The members of a group, of this VPC or of one that is peered with it.
    Group {
        id: String,
        account: String,
    },
}

impl SecurityGroup {
    /// A VPC's default group cannot be deleted.
    pub fn is_default(&self) -> bool {
        self.name == "default"
    }
}

impl Resource for SecurityGroup {
    const KIND: &'static Kind = &Kind {
        prefix: "sg",
        name: "security-group",
        malformed: "InvalidGroupId.Malformed",
        not_found: "InvalidGroup.NotFound",
        text: "The security group '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &GROUPS;
    fn id(&self) -> &str {
        &self.id
    }
}
