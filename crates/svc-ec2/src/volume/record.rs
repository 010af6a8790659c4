//! What is kept of a volume.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::encryption::{Encryption, Grant};
use crate::resource::{Kind, Resource};

static VOLUMES: Table<Volume> = Table::new("ec2/volume");

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    pub id: String,
    pub zone: String,
    /// GiB.
    pub size: i32,
    /// `gp2`, `gp3`, `io1`, `io2`, `st1`, `sc1` or `standard`.
    pub kind: String,
    pub iops: Option<i32>,
    /// MiB/s, of gp3.
    pub throughput: Option<i32>,
    pub snapshot: Option<String>,
    pub created: Timestamp,
    /// Whether it is a root volume that has no snapshot to come from: it gets an empty file system.
    pub fresh_root: bool,
    /// Whether its file is there.
    pub made: bool,
    /// Where it is; of a volume that is attached to several instances, the attachment that is spoken of.
    pub attachment: Option<Attachment>,
    /// The others then, in no order.
    #[serde(default)]
    pub others: Vec<Attachment>,
    /// Whether several instances may have it at once.
    #[serde(default)]
    pub multi_attach: bool,
    /// What clients have asked to be changed, the last one last; those of the last day at least.
    #[serde(default)]
    pub modifications: Vec<Modification>,
    /// Whether I/O goes on by itself after AWS has found an inconsistency. Here it never stops.
    #[serde(default)]
    pub auto_enable_io: bool,
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// How the snapshot that it is made of is encrypted.
    #[serde(default)]
    pub source: Option<Encryption>,
    /// What EC2 was lent for it.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// It will never be there: KMS has refused its key.
    #[serde(default)]
    pub refused: bool,
    /// Whether its snapshot had fast snapshot restore in this zone.
    #[serde(default)]
    pub fast_restored: bool,
}

/// Where a volume is, or is on its way to or from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub instance: String,
    /// As the client named it: `/dev/sdf`.
    pub device: String,
    pub since: Timestamp,
    pub delete_on_termination: bool,
    /// `attaching`, `attached`, `detaching`, or `busy`: to be detached, and still in use inside.
    pub state: String,
    /// It is to be detached whoever uses it.
    #[serde(default)]
    pub forced: bool,
}

impl Attachment {
    /// Whether it is on its way out.
    pub fn is_leaving(&self) -> bool {
        matches!(self.state.as_str(), "detaching" | "busy")
    }
}

/// What ModifyVolume changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modification {
    pub size: (i32, i32),
    pub kind: (String, String),
    pub iops: (Option<i32>, Option<i32>),
    pub throughput: (Option<i32>, Option<i32>),
    #[serde(default)]
    pub multi_attach: (bool, bool),
    pub started: Timestamp,
    /// When the device followed.
    pub applied: Option<Timestamp>,
}

impl Volume {
    /// The last modification.
    pub fn modified(&self) -> Option<&Modification> {
        self.modifications.last()
    }

    /// All its attachments.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.attachment.iter().chain(&self.others)
    }

    pub fn is_on(&self, instance: &str) -> bool {
        self.attachments().any(|held| held.instance == instance)
    }

    /// The same volume, with the attachment to that instance as the one that is spoken of.
    pub fn seen_from(mut self, instance: &str) -> Volume {
        if let Some(other) = self.others.iter_mut().find(|held| held.instance == instance)
            && let Some(own) = &mut self.attachment
        {
            std::mem::swap(own, other);
        }
        self
    }

    /// The attachment that is spoken of is over.
    pub fn leave(&mut self) {
        self.attachment = self.others.pop();
    }

    pub fn state(&self) -> &'static str {
        match (&self.attachment, self.made) {
            (Some(_), _) => "in-use",
            (None, false) => "creating",
            (None, true) => "available",
        }
    }
}

impl Resource for Volume {
    const KIND: &'static Kind = &Kind {
        prefix: "vol",
        name: "volume",
        malformed: "InvalidVolumeID.Malformed",
        not_found: "InvalidVolume.NotFound",
        text: "The volume '{}' does not exist.",
    };
    const TABLE: &'static Table<Self> = &VOLUMES;
    fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_on_two_instances_is_seen_from_each() {
        let held = |instance: &str| Attachment {
            instance: instance.into(),
            device: "/dev/sdf".into(),
            since: Timestamp(0),
            delete_on_termination: false,
            state: "attached".into(),
            forced: false,
        };
        let volume = Volume { attachment: Some(held("i-1")), others: vec![held("i-2")], ..Volume::default() };
        let mut seen = volume.clone().seen_from("i-2");
        assert!(seen.is_on("i-1") && seen.attachment == Some(held("i-2")));
        seen.leave();
        assert!(!seen.is_on("i-2") && seen.attachment == Some(held("i-1")));
        assert_eq!(volume.clone().seen_from("i-3"), volume);
    }
}
