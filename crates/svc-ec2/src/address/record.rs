//! What is kept of an Elastic IP address.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static ADDRESSES: Table<Address> = Table::new("ec2/address");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    /// `eipalloc-…`
    pub id: String,
    pub public: String,
    pub association: Option<Association>,
    /// What the cloud's DNS calls it, with a dot at the end.
    #[serde(default)]
    pub reverse_name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Association {
    /// `eipassoc-…`
    pub id: String,
    pub interface: String,
    pub private: String,
}

impl Resource for Address {
    const KIND: &'static Kind = &Kind {
        prefix: "eipalloc",
        name: "elastic-ip",
        malformed: "InvalidAllocationID.Malformed",
        not_found: "InvalidAllocationID.NotFound",
        text: "The allocation ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &ADDRESSES;
    fn id(&self) -> &str {
        &self.id
    }
}
