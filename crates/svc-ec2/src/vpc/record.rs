//! What is kept of a VPC.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static VPCS: Table<Vpc> = Table::new("ec2/vpc");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    pub id: String,
    /// The primary block first. At least one.
    pub blocks: Vec<CidrAssociation>,
    pub ipv6_blocks: Vec<CidrAssociation>,
    /// `default` or `dedicated`.
    pub tenancy: String,
    pub is_default: bool,
    /// An id, or `default` for none.
    pub dhcp_options: String,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    pub usage_metrics: bool,
}

/// A block of a VPC or subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CidrAssociation {
    /// `vpc-cidr-assoc-…` or `subnet-cidr-assoc-…`.
    pub id: String,
    pub cidr: String,
}

impl Vpc {
    /// The primary block.
    pub fn cidr(&self) -> &str {
        self.blocks.first().map_or("", |block| &block.cidr)
    }
}

impl Resource for Vpc {
    const KIND: &'static Kind = &Kind {
        prefix: "vpc",
        name: "vpc",
        malformed: "InvalidVpcID.Malformed",
        not_found: "InvalidVpcID.NotFound",
        text: "The vpc ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &VPCS;
    fn id(&self) -> &str {
        &self.id
    }
}
