//! What is kept of a set of DHCP options.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static OPTIONS: Table<DhcpOptions> = Table::new("ec2/dhcp-options");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DhcpOptions {
    pub id: String,
    /// Keys (`domain-name-servers`) with their values.
    pub configurations: Vec<(String, Vec<String>)>,
}

impl Resource for DhcpOptions {
    const KIND: &'static Kind = &Kind {
        prefix: "dopt",
        name: "dhcp-options",
        malformed: "InvalidDhcpOptionsId.Malformed",
        not_found: "InvalidDhcpOptionID.NotFound",
        text: "The dhcpOption ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &OPTIONS;
    fn id(&self) -> &str {
        &self.id
    }
}
