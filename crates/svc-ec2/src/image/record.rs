//! What is kept of an image.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use super::lifecycle::Lifecycle;
use crate::resource::{Kind, Resource};

pub static IMAGES: Table<Image> = Table::new("ec2/image");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    pub id: String,
    pub name: String,
    pub description: String,
    pub owner: String,
    pub owner_alias: Option<String>,
    pub architecture: String,
    pub root_device: String,
    pub devices: Vec<ImageDevice>,
    pub public: bool,
    /// Accounts that may use it, besides its owner.
    pub launch_users: Vec<String>,
    pub created: Timestamp,
    /// What its files lie on.
    pub base: Base,
    pub source_instance: Option<String>,
    pub source_image: Option<String>,
    pub source_region: Option<String>,
    #[serde(default)]
    pub lifecycle: Lifecycle,
}

/// What is below the changes that a root volume holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Base {
    /// This machine's own userland.
    Host,
    /// A root file system that was imported, by the name of its folder.
    Imported(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDevice {
    /// `/dev/xvda`
    pub name: String,
    /// Without one the volume begins empty: the root of an image that is nothing but its base.
    pub snapshot: Option<String>,
    pub size: i32,
    pub kind: String,
    pub iops: Option<i32>,
    pub throughput: Option<i32>,
    pub delete_on_termination: bool,
}

impl Resource for Image {
    const KIND: &'static Kind = &Kind {
        prefix: "ami",
        name: "image",
        malformed: "InvalidAMIID.Malformed",
        not_found: "InvalidAMIID.NotFound",
        text: "The image id '[{}]' does not exist",
    };
    const TABLE: &'static Table<Self> = &IMAGES;
    fn id(&self) -> &str {
        &self.id
    }
}
