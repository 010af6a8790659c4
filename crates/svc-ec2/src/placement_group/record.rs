//! What is kept of a placement group.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static GROUPS: Table<PlacementGroup> = Table::new("ec2/placement-group");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementGroup {
    /// `pg-…`
    pub id: String,
    pub name: String,
    pub strategy: Strategy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    Cluster,
    Spread,
    /// With so many partitions.
    Partition(i32),
}

impl Strategy {
    /// As the API calls it.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::Cluster => "cluster",
            Strategy::Spread => "spread",
            Strategy::Partition(_) => "partition",
        }
    }
}

impl Resource for PlacementGroup {
    const KIND: &'static Kind = &Kind {
        prefix: "pg",
        name: "placement-group",
        malformed: "InvalidPlacementGroupId.Malformed",
        not_found: "InvalidPlacementGroup.Unknown",
        text: "The Placement Group '{}' is unknown.",
    };
    const TABLE: &'static Table<Self> = &GROUPS;
    fn id(&self) -> &str {
        &self.id
    }
}
