//! What is kept of an egress-only internet gateway.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static GATEWAYS: Table<EgressGateway> = Table::new("ec2/egress-only-internet-gateway");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EgressGateway {
    pub id: String,
    pub vpc: String,
}

impl Resource for EgressGateway {
    const KIND: &'static Kind = &Kind {
        prefix: "eigw",
        name: "egress-only-internet-gateway",
        malformed: "InvalidEgressOnlyInternetGatewayId.Malformed",
        not_found: "InvalidEgressOnlyInternetGatewayId.NotFound",
        text: "The egressOnlyInternetGateway ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &GATEWAYS;
    fn id(&self) -> &str {
        &self.id
    }
}
