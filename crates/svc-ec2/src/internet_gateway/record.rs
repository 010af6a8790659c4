//! What is kept of an internet gateway.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static GATEWAYS: Table<InternetGateway> = Table::new("ec2/internet-gateway");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    pub id: String,
    /// The VPC that it is attached to.
    pub vpc: Option<String>,
}

impl Resource for InternetGateway {
    const KIND: &'static Kind = &Kind {
        prefix: "igw",
        name: "internet-gateway",
        malformed: "InvalidInternetGatewayId.Malformed",
        not_found: "InvalidInternetGatewayID.NotFound",
        text: "The internetGateway ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &GATEWAYS;
    fn id(&self) -> &str {
        &self.id
    }
}
