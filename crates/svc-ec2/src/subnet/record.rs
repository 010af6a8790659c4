//! What is kept of a subnet.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use super::reservation::Reservation;
use crate::resource::{Kind, Resource};
use crate::vpc::CidrAssociation;

static SUBNETS: Table<Subnet> = Table::new("ec2/subnet");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub cidr: String,
    /// `ap-northeast-1a`, and its id `apne1-az4`.
    pub zone: String,
    pub zone_id: String,
    /// At most one.
    pub ipv6_blocks: Vec<CidrAssociation>,
    pub default_for_zone: bool,
    pub map_public_ip: bool,
    pub assign_ipv6: bool,
    pub dns64: bool,
    /// `ip-name` or `resource-name`.
    pub hostname_type: String,
    pub resource_name_a_record: bool,
    pub resource_name_aaaa_record: bool,
    #[serde(default)]
    pub reservations: Vec<Reservation>,
}

impl Resource for Subnet {
    const KIND: &'static Kind = &Kind {
        prefix: "subnet",
        name: "subnet",
        malformed: "InvalidSubnetID.Malformed",
        not_found: "InvalidSubnetID.NotFound",
        text: "The subnet ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &SUBNETS;
    fn id(&self) -> &str {
        &self.id
    }
}
