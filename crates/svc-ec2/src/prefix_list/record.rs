//! What is kept of a customer's prefix list.

use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use crate::resource::{Kind, Resource};

static LISTS: Table<PrefixList> = Table::new("ec2/prefix-list");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrefixList {
    pub id: String,
    pub name: String,
    /// `IPv4` or `IPv6`.
    pub family: String,
    pub max_entries: i32,
    /// Each version there has been, the first one first; the last one counts.
    pub versions: Vec<Vec<Entry>>,
    /// What was done last: `create-complete`, `modify-complete`, `restore-complete`.
    pub state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub cidr: String,
    pub description: Option<String>,
}

impl PrefixList {
    pub fn entries(&self) -> &[Entry] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }

    pub fn version(&self) -> i64 {
        i64::try_from(self.versions.len()).unwrap_or(i64::MAX)
    }
}

impl Resource for PrefixList {
    const KIND: &'static Kind = &Kind {
        prefix: "pl",
        name: "prefix-list",
        malformed: "InvalidPrefixListId.Malformed",
        not_found: "InvalidPrefixListID.NotFound",
        text: "The prefix list ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &LISTS;
    fn id(&self) -> &str {
        &self.id
    }
}
