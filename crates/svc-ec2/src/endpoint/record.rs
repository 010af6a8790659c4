//! What is kept of a VPC endpoint.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{self, Resource};

static ENDPOINTS: Table<VpcEndpoint> = Table::new("ec2/vpc-endpoint");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcEndpoint {
    pub id: String,
    pub vpc: String,
    /// `com.amazonaws.ap-northeast-1.s3`
    pub service: String,
    pub kind: Kind,
    /// What passes it; none where that is everything.
    #[serde(default)]
    pub policy: Option<String>,
    pub created: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A route to the service's prefix list in each of these tables.
    Gateway { route_tables: Vec<String> },
    /// An interface in each of these subnets.
    Interface { subnets: Vec<String>, interfaces: Vec<String>, groups: Vec<String>, private_dns: bool },
}

impl Resource for VpcEndpoint {
    const KIND: &'static resource::Kind = &resource::Kind {
        prefix: "vpce",
        name: "vpc-endpoint",
        malformed: "InvalidVpcEndpointId.Malformed",
        not_found: "InvalidVpcEndpointId.NotFound",
        text: "The Vpc Endpoint Id '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &ENDPOINTS;
    fn id(&self) -> &str {
        &self.id
    }
}
