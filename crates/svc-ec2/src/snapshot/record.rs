//! What is kept of a snapshot.

use kogumo_base::Timestamp;
use kogumo_door::Writer;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use super::lock::SnapshotLock;
use super::tier::Tier;
use crate::encryption::{Encryption, Grant};
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
    /// In how many minutes that copy was to be complete, where a time was asked for.
    #[serde(default)]
    pub copy_minutes: Option<i32>,
    /// The snapshot that this one, written block by block, began as.
    #[serde(default)]
    pub parent: Option<String>,
    /// While it is written block by block (EBS direct APIs).
    #[serde(default)]
    pub writing: Option<Writing>,
    /// Why it will never be complete.
    #[serde(default)]
    pub failure: Option<String>,
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// How the snapshot that it is a copy of is encrypted.
    #[serde(default)]
    pub source: Option<Encryption>,
    /// What EC2 was lent for it.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// When its file was there, and how many bytes of the volume had ever been written.
    #[serde(default)]
    pub completed: Option<(Timestamp, u64)>,
    #[serde(default)]
    pub lock: Option<SnapshotLock>,
    /// Whether it has ever been archived.
    #[serde(default)]
    pub tier: Option<Tier>,
}

/// A snapshot that comes block by block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writing {
    /// So long nothing may happen before it is given up.
    pub timeout_minutes: i32,
    /// Percent, as the client tells it.
    pub progress: i32,
}

/// The volume that copies, and snapshots without a volume, are said to be of (Amazon EC2 API Reference, CopySnapshot: "an
/// arbitrary volume ID").
pub const NO_VOLUME: &str = "vol-ffffffff";

impl Snapshot {
    /// A new one of the caller's.
    pub fn new(w: &Writer, volume: &str, volume_size: i32, description: impl Into<String>) -> Snapshot {
        Snapshot {
            id: Snapshot::KIND.new_id(),
            volume: volume.to_owned(),
            volume_size,
            description: description.into(),
            started: w.now,
            made: false,
            owner: w.caller.account().to_owned(),
            public: false,
            users: Vec::new(),
            copy_of: None,
            copy_minutes: None,
            parent: None,
            writing: None,
            failure: None,
            encryption: None,
            source: None,
            grants: Vec::new(),
            completed: None,
            lock: None,
            tier: None,
        }
    }

    pub fn state(&self) -> &'static str {
        match (self.made, &self.failure) {
            (true, _) => "completed",
            (false, None) => "pending",
            (false, Some(_)) => "error",
        }
    }

    /// `12%`
    pub fn progress(&self) -> String {
        let percent = if self.made { 100 } else { self.writing.as_ref().map_or(0, |writing| writing.progress) };
        format!("{percent}%")
    }

    /// Whether the reconciler is to make its file.
    pub fn is_due(&self) -> bool {
        !self.made && self.writing.is_none() && self.failure.is_none()
    }
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
