//! What is kept of an import.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static IMPORTS: Table<Import> = Table::new("ec2/import-snapshot");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub id: String,
    pub description: String,
    pub bucket: String,
    pub key: String,
    /// The role in which the object is read.
    pub role: String,
    /// The object's size in bytes.
    pub bytes: i64,
    /// What it becomes.
    pub snapshot: String,
    pub started: Timestamp,
    pub state: State,
    /// Percent.
    pub progress: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Active,
    Completed,
    /// It has failed or was cancelled, and why.
    Deleted(String),
}

impl Resource for Import {
    const KIND: &'static Kind = &Kind {
        prefix: "import-snap",
        name: "import-snapshot-task",
        malformed: "InvalidConversionTaskId.Malformed",
        not_found: "InvalidConversionTaskId",
        text: "The conversion task '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &IMPORTS;
    fn id(&self) -> &str {
        &self.id
    }
}
