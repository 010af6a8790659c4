//! What is kept of a VPC peering connection: the same record in the scopes of both sides.

use kogumo_base::{Scope, Timestamp};
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static PEERINGS: Table<VpcPeering> = Table::new("ec2/vpc-peering-connection");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcPeering {
    pub id: String,
    pub requester: Side,
    pub accepter: Side,
    /// `pending-acceptance`, `active`, `rejected`, `deleted`, `failed`, `expired`.
    pub status: String,
    pub message: String,
    pub expires: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    pub scope: Scope,
    pub vpc: String,
    /// Its instances' public names are their private addresses for the other side.
    #[serde(default)]
    pub resolves_for_peer: bool,
}

impl VpcPeering {
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// Whether the VPC is one of the two, and the connection is not over.
    pub fn joins(&self, vpc: &str) -> bool {
        (self.requester.vpc == vpc || self.accepter.vpc == vpc)
            && matches!(&*self.status, "active" | "pending-acceptance")
    }
}

impl Resource for VpcPeering {
    const KIND: &'static Kind = &Kind {
        prefix: "pcx",
        name: "vpc-peering-connection",
        malformed: "InvalidVpcPeeringConnectionId.Malformed",
        not_found: "InvalidVpcPeeringConnectionID.NotFound",
        text: "The vpcPeeringConnection ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &PEERINGS;
    fn id(&self) -> &str {
        &self.id
    }
}
