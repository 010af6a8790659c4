//! Where a page comes from: a table or one of its indexes, and what of the items is wanted.

use std::sync::Arc;

use kogumo_base::{Scope, Trouble};
use kogumo_dynamo::{Item, Projection, ValidationError};
use kogumo_store::{Key, Range, Read};
use kogumo_wire::Fault;

use crate::parameters::invalid;
use crate::record::{Index, Status, TableRecord};
use crate::schema::{Keys, Projected, RowKey};
use crate::storage::{INDEX_ROWS, ITEMS, Stored, index_prefix};

/// A table, or an index of it.
pub struct Source {
    pub table: Arc<TableRecord>,
    /// The position in all indexes.
    index: Option<usize>,
}

/// What of the items is answered.
#[derive(Debug, PartialEq)]
pub enum Wanted {
    /// Only how many there are.
    Count,
    /// All that the source holds.
    Held,
    /// All of the item, from the table if need be.
    Whole,
    Parts(Projection),
}

impl Source {
    /// Finds the index, if one is named.
    pub fn find(table: Arc<TableRecord>, index: Option<&str>, consistent: bool) -> Result<Source, Fault> {
        let Some(name) = index else { return Ok(Source { table, index: None }) };
        let Some(position) = table.indexes().position(|index| index.name == name) else {
            return Err(Fault::validation(format!("The table does not have the specified index: {name}")));
        };
        let source = Source { table, index: Some(position) };
        if source.is_global() && consistent {
            return Err(Fault::validation("Consistent reads are not supported on global secondary indexes"));
        }
        match source.index() {
            Some(index) if index.status == Status::Creating => {
                Err(Fault::validation(format!("Cannot read from backfilling global secondary index: {name}")))
            }
            _ => Ok(source),
        }
    }

    pub fn index(&self) -> Option<&Index> {
        self.table.indexes().nth(self.index?)
    }

    pub fn is_global(&self) -> bool {
        self.index.is_some_and(|position| position >= self.table.local_indexes.len())
    }

    /// The keys by which the source is ordered.
    pub fn keys(&self) -> &Keys {
        self.index().map_or(&self.table.keys, |index| &index.keys)
    }

    /// The start of the keys of all its rows.
    pub fn prefix(&self) -> Key {
        match self.index() {
            Some(index) => index_prefix(&self.table, index),
            None => Key::new().u64(self.table.id),
        }
    }

    pub fn rows<'a>(
        &self,
        read: &'a dyn Read,
        scope: &Scope,
        range: &Range,
    ) -> impl Iterator<Item = Result<Stored, Trouble>> + use<'a> {
        let rows = if self.index.is_some() { &INDEX_ROWS } else { &ITEMS };
        rows.scan(read, scope, range).map(|row| Ok(Stored::from(row?.1)))
    }

    /// The row of an ExclusiveStartKey: exactly the attributes of the source's key and the table's.
    pub fn start(&self, key: &Item) -> Result<RowKey, ValidationError> {
        let table = &self.table.keys;
        let index = self.index().map(|index| &index.keys);
        let attributes = || table.attributes().chain(index.into_iter().flat_map(Keys::attributes));
        let mut names: Vec<&str> = attributes().map(|attribute| attribute.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if key.len() != names.len() || !names.iter().all(|name| key.contains_key(*name)) {
            return Err("The provided starting key is invalid".into());
        }
        let fits = attributes().all(|part| key.get(&part.name).is_some_and(|value| value.kind() == part.kind.into()));
        let mut row = Vec::new();
        let complete = index.is_none_or(|keys| keys.append(key, &mut row)) && table.append(key, &mut row);
        if fits && complete {
            Ok(RowKey(row))
        } else {
            Err("The provided key element does not match the schema".into())
        }
    }

    /// The key under which a page goes on behind this item.
    pub fn last_key(&self, item: &Item) -> Item {
        let mut key = self.table.keys.key_of(item);
        if let Some(index) = self.index() {
            key.append(&mut index.keys.key_of(item));
        }
        key
    }

    /// What Select and a projection ask for together.
    pub fn wanted(&self, select: Option<&str>, projection: Option<Projection>) -> Result<Wanted, Fault> {
        let parameter = |detail: &str| Err(invalid(ValidationError::parameter(detail)));
        match (select, projection) {
            (None | Some("SPECIFIC_ATTRIBUTES"), Some(projection)) => self.parts(projection),
            (Some("SPECIFIC_ATTRIBUTES"), None) => parameter(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            ),
            (Some(select), Some(_)) => parameter(&format!(
                "Cannot specify the AttributesToGet or ProjectionExpression when choosing to get {select}"
            )),
            (Some("COUNT"), None) => Ok(Wanted::Count),
            (Some("ALL_PROJECTED_ATTRIBUTES"), None) if self.index.is_none() => {
                parameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
            }
            (Some("ALL_ATTRIBUTES"), None) => self.whole(),
            _ => Ok(Wanted::Held),
        }
    }

    fn whole(&self) -> Result<Wanted, Fault> {
        match self.index() {
            Some(index) if index.projected != Projected::All && self.is_global() => {
                let name = &index.name;
                Err(invalid(ValidationError::parameter(format!(
                    "Select type ALL_ATTRIBUTES is not supported for global secondary index {name} because its \
                     projection type is not ALL"
                ))))
            }
            Some(index) if index.projected != Projected::All => Ok(Wanted::Whole),
            _ => Ok(Wanted::Held),
        }
    }

    fn parts(&self, projection: Projection) -> Result<Wanted, Fault> {
        let Some(index) = self.index().filter(|_| self.is_global()) else { return Ok(Wanted::Parts(projection)) };
        let missing: Vec<&str> =
            projection.attributes().filter(|attribute| !index.holds(attribute, &self.table.keys)).collect();
        if missing.is_empty() {
            return Ok(Wanted::Parts(projection));
        }
        let (name, missing) = (&index.name, missing.join(", "));
        Err(invalid(ValidationError::parameter(format!("Global secondary index {name} does not project [{missing}]"))))
    }

    /// Whether the table must be asked for what the index does not hold.
    pub fn needs_table(&self, wanted: &Wanted) -> bool {
        let Some(index) = self.index() else { return false };
        match wanted {
            Wanted::Whole => true,
            Wanted::Parts(projection) => !projection.is_covered_by(|name| index.holds(name, &self.table.keys)),
            Wanted::Count | Wanted::Held => false,
        }
    }
}
