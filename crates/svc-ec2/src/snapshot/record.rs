//! What is kept of a snapshot.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static SNAPSHOTS: Table<Snapshot> = Table::new("ec2/snapshot");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub id: String,
    /// The volume that it is of, which may be gone by now.
    pub volume: String,
    pub volume_size: i32,
    pub description: String,
    pub started: Timestamp,
    /// Whether its file is there.
    pub made: bool,
    /// The account that took it.
    #[serde(default)]
    pub owner: String,
    /// Whether everybody may make volumes of it, and who may besides its owner.
    #[serde(default)]
    pub public: bool,
    #[serde(default)]
    pub users: Vec<String>,
    /// The snapshot that it is a copy of, of whatever region.
    #[serde(default)]
    pub copy_of: Option<String>,
}

impl Resource for Snapshot {
    const KIND: &'static Kind = &Kind {
        prefix: "snap",
        name: "snapshot",
        malformed: "InvalidSnapshotID.Malformed",
        not_found: "InvalidSnapshot.NotFound",
        text: "The snapshot '{}' does not exist.",
    };
    const TABLE: &'static Table<Self> = &SNAPSHOTS;
    fn id(&self) -> &str {
        &self.id
    }
}
