//! Tables as they are stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use kogumo_base::{Arn, Scope, Timestamp, Trouble};
use kogumo_store::{Key, Range, RawTable, Read, Transaction};
use serde::{Deserialize, Serialize};

use crate::schema::{Keys, Projected};

static TABLES: RawTable = RawTable::new("dynamodb/table");

/// A table: what CreateTable and UpdateTable said, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableRecord {
    pub name: String,
    /// The first part of the keys of its rows; never used again.
    pub id: u64,
    /// The TableId that clients see.
    pub uuid: String,
    pub created: Timestamp,
    pub status: Status,
    /// AttributeDefinitions as given: name and type descriptor.
    pub attributes: Vec<(String, String)>,
    pub keys: Keys,
    pub billing: Billing,
    pub local_indexes: Vec<Index>,
    pub global_indexes: Vec<Index>,
    pub stream: Option<Stream>,
    pub encryption: Option<Encryption>,
    pub table_class: Option<String>,
    pub deletion_protection: bool,
    pub time_to_live: Option<TimeToLive>,
    pub tags: BTreeMap<String, String>,
}

/// Where a table or index is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Creating,
    Updating,
    Active,
    Deleting,
}

impl Status {
    /// AWS's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Creating => "CREATING",
            Status::Updating => "UPDATING",
            Status::Active => "ACTIVE",
            Status::Deleting => "DELETING",
        }
    }
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    /// The part of its rows' keys behind the table's id.
    pub id: u64,
    pub keys: Keys,
    pub projected: Projected,
    pub status: Status,
    /// Global indexes of provisioned tables only.
    pub throughput: Option<Throughput>,
}

/// How the table is paid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Billing {
    /// `None` on demand.
    pub throughput: Option<Throughput>,
    /// When it was last put on demand.
    pub on_demand_since: Option<Timestamp>,
}

/// Provisioned capacity units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throughput {
    pub read: i64,
    pub write: i64,
}

/// A stream that is switched on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    pub view_type: String,
    pub label: String,
}

/// Encryption with a key of KMS, as wished for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    pub key_arn: String,
}

/// Items expire by this attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToLive {
    pub attribute: String,
}

impl TableRecord {
    pub fn arn(&self, scope: &Scope) -> Arn {
        Arn::new("dynamodb", &scope.region, &scope.account, format!("table/{}", self.name))
    }

    /// All secondary indexes: the local ones, then the global ones.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.local_indexes.iter().chain(&self.global_indexes)
    }

    /// Reads a table of that name.
    pub fn get(read: &dyn Read, scope: &Scope, name: &str) -> Result<Option<Arc<TableRecord>>, Trouble> {
        TABLES.get(read, scope, name)?.map(|bytes| decoded(&bytes)).transpose()
    }

    /// Writes the table in the place of what there was.
    pub fn put(&self, tx: &mut Transaction, scope: &Scope) -> Result<(), Trouble> {
        let bytes = rmp_serde::to_vec(self).map_err(|error| Trouble::from_cause("cannot write a table", error))?;
        TABLES.put(tx, scope, self.name.as_str(), bytes);
        Ok(())
    }

    pub fn delete(&self, tx: &mut Transaction, scope: &Scope) {
        TABLES.delete(tx, scope, self.name.as_str());
    }

    /// The names of the tables behind `after`, in order.
    pub fn names(read: &dyn Read, scope: &Scope, after: Option<&str>, limit: usize) -> Result<Vec<String>, Trouble> {
        let range = after.map_or_else(Range::all, |name| Range::all().after(name));
        let rows = TABLES.scan(read, scope, &range).take(limit);
        rows.map(|row| row?.0.reader().str().ok_or_else(|| Trouble::new("a table's key is no name"))).collect()
    }
}

/// Tables are read with every request and seldom change: what bytes mean is remembered. It depends on nothing else.
fn decoded(bytes: &[u8]) -> Result<Arc<TableRecord>, Trouble> {
    type Memory = HashMap<Vec<u8>, Arc<TableRecord>>;
    static MEMORY: Mutex<Option<Memory>> = Mutex::new(None);
    const ROOM: usize = 256;
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let memory = memory.get_or_insert_default();
    if let Some(table) = memory.get(bytes) {
        return Ok(Arc::clone(table));
    }
    let table: TableRecord =
        rmp_serde::from_slice(bytes).map_err(|error| Trouble::from_cause("cannot read a table", error))?;
    let table = Arc::new(table);
    if memory.len() >= ROOM {
        memory.clear();
    }
    memory.insert(bytes.to_vec(), Arc::clone(&table));
    Ok(table)
}

/// A number that no table or index had before.
pub fn next_id(tx: &mut Transaction, scope: &Scope) -> Result<u64, Trouble> {
    static LAST: RawTable = RawTable::new("dynamodb/last-id");
    let last = LAST.get(tx, scope, Key::new())?;
    let last = last.and_then(|bytes| Some(u64::from_be_bytes(bytes.as_ref().try_into().ok()?))).unwrap_or(0);
    let next = last + 1;
    LAST.put(tx, scope, Key::new(), next.to_be_bytes());
    Ok(next)
}
