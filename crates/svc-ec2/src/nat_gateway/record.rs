//! What is kept of a NAT gateway.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static GATEWAYS: Table<NatGateway> = Table::new("ec2/nat-gateway");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub is_public: bool,
    /// What it sends from, with its addresses; shown still after the interface has gone.
    pub interface: String,
    pub addresses: Vec<NatAddress>,
    pub created: Timestamp,
    /// A deleted gateway is shown for an hour.
    pub deleted: Option<Timestamp>,
    /// Why it could not be made: code and message.
    pub failure: Option<(String, String)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatAddress {
    pub private: String,
    pub public: Option<String>,
    pub allocation: Option<String>,
    pub association: Option<String>,
}

impl NatGateway {
    /// Whether packets pass.
    pub fn is_alive(&self) -> bool {
        self.deleted.is_none() && self.failure.is_none()
    }

    pub fn state(&self) -> &'static str {
        match (&self.failure, self.deleted) {
            (_, Some(_)) => "deleted",
            (Some(_), None) => "failed",
            (None, None) => "available",
        }
    }
}

impl Resource for NatGateway {
    const KIND: &'static Kind = &Kind {
        prefix: "nat",
        name: "natgateway",
        malformed: "NatGatewayMalformed",
        not_found: "NatGatewayNotFound",
        text: "The Nat Gateway {} was not found",
    };
    const TABLE: &'static Table<Self> = &GATEWAYS;
    fn id(&self) -> &str {
        &self.id
    }
}
