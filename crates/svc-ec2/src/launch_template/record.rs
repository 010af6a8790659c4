//! What is kept of a launch template.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static TEMPLATES: Table<LaunchTemplate> = Table::new("ec2/launch-template");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaunchTemplate {
    pub id: String,
    pub name: String,
    pub created: Timestamp,
    pub created_by: String,
    pub default_version: i64,
    /// The highest number that was ever given.
    pub latest: i64,
    /// By ascending number. At least one.
    pub versions: Vec<Version>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    pub number: i64,
    pub description: Option<String>,
    pub created: Timestamp,
    pub created_by: String,
    /// The launch template data as JSON with the model's names.
    pub data: String,
}

impl LaunchTemplate {
    /// The version of a number, `$Default` or `$Latest`.
    pub fn version(&self, wanted: &str) -> Option<&Version> {
        let number = match wanted {
            "$Default" => self.default_version,
            "$Latest" => self.versions.last()?.number,
            number => number.parse().ok()?,
        };
        self.versions.iter().find(|version| version.number == number)
    }
}

impl Resource for LaunchTemplate {
    const KIND: &'static Kind = &Kind {
        prefix: "lt",
        name: "launch-template",
        malformed: "InvalidLaunchTemplateId.Malformed",
        not_found: "InvalidLaunchTemplateId.NotFound",
        text: "The specified launch template, with template ID {}, does not exist.",
    };
    const TABLE: &'static Table<Self> = &TEMPLATES;
    fn id(&self) -> &str {
        &self.id
    }
}
