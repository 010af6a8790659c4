//! ConsumedCapacity and ItemCollectionMetrics: what a call tells about its price.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Trouble};
use kogumo_dynamo::{Item, write_units};
use kogumo_model::dynamodb::{Capacity, ConsumedCapacity, ItemCollectionMetrics};
use kogumo_store::{Key, Range, Read};

use crate::parameters::to_json;
use crate::record::TableRecord;
use crate::schema::append_partition;
use crate::storage::{INDEX_ROWS, ITEMS, Stored, Written, index_prefix};

const GIGABYTE: f64 = 1024.0 * 1024.0 * 1024.0;

/// ReturnConsumedCapacity: how much of the price is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    None,
    Total,
    Indexes,
}

impl Detail {
    pub fn of(parameter: Option<&str>) -> Detail {
        match parameter {
            Some("INDEXES") => Detail::Indexes,
            Some("TOTAL") => Detail::Total,
            _ => Detail::None,
        }
    }
}

/// Units used, by table and index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    pub table: f64,
    pub local_indexes: BTreeMap<String, f64>,
    pub global_indexes: BTreeMap<String, f64>,
}

impl Units {
    /// Units of the table alone.
    pub fn of_table(units: f64) -> Units {
        Units { table: units, ..Units::default() }
    }

    /// Units of a write; in a transaction everything counts twice.
    pub fn of_write(written: &Written, in_transaction: bool) -> Units {
        let factor = if in_transaction { 2.0 } else { 1.0 };
        let scaled = |list: &[(String, f64)]| list.iter().map(|(name, units)| (name.clone(), units * factor)).collect();
        Units {
            table: write_units(written.item_bytes, in_transaction),
            local_indexes: scaled(&written.local_indexes),
            global_indexes: scaled(&written.global_indexes),
        }
    }

    pub fn add(&mut self, other: Units) {
        self.table += other.table;
        for (into, from) in
            [(&mut self.local_indexes, other.local_indexes), (&mut self.global_indexes, other.global_indexes)]
        {
            for (name, units) in from {
                *into.entry(name).or_default() += units;
            }
        }
    }

    pub fn total(&self) -> f64 {
        self.table + self.local_indexes.values().sum::<f64>() + self.global_indexes.values().sum::<f64>()
    }

    /// The answer's member, as detailed as it was asked for.
    pub fn told(&self, table: &str, detail: Detail) -> Option<ConsumedCapacity> {
        if detail == Detail::None {
            return None;
        }
        let mut told = ConsumedCapacity {
            table_name: Some(table.to_owned()),
            capacity_units: Some(self.total()),
            ..ConsumedCapacity::default()
        };
        if detail == Detail::Indexes {
            told.table = Some(capacity(self.table));
            told.local_secondary_indexes = by_index(&self.local_indexes);
            told.global_secondary_indexes = by_index(&self.global_indexes);
        }
        Some(told)
    }
}

fn capacity(units: f64) -> Capacity {
    Capacity { capacity_units: Some(units), ..Capacity::default() }
}

fn by_index(units: &BTreeMap<String, f64>) -> Option<BTreeMap<String, Capacity>> {
    let told: BTreeMap<_, _> = units.iter().map(|(name, units)| (name.clone(), capacity(*units))).collect();
    Some(told).filter(|told| !told.is_empty())
}

/// ReturnItemCollectionMetrics: the size of the partition in the table and its local indexes, as a range of gigabytes.
/// Tables without local indexes have no item collections.
pub fn collection_metrics(
    read: &dyn Read,
    scope: &Scope,
    table: &TableRecord,
    item: &Item,
) -> Result<Option<ItemCollectionMetrics>, Trouble> {
    let name = &table.keys.partition.name;
    let Some(value) = item.get(name).filter(|_| !table.local_indexes.is_empty()) else { return Ok(None) };
    let mut partition = Vec::new();
    append_partition(value, &mut partition);
    let partition = Key::from_encoded(partition);
    let mut bytes = 0;
    for row in ITEMS.scan(read, scope, &Range::prefix(Key::new().u64(table.id).then(&partition))) {
        bytes += Stored::from(row?.1).size()?;
    }
    for index in &table.local_indexes {
        for row in INDEX_ROWS.scan(read, scope, &Range::prefix(index_prefix(table, index).then(&partition))) {
            bytes += Stored::from(row?.1).size()?;
        }
    }
    let gigabytes = (bytes as f64 / GIGABYTE).floor();
    let key = Item::from([(name.clone(), value.clone())]);
    Ok(Some(ItemCollectionMetrics {
        item_collection_key: Some(to_json(&key)),
        size_estimate_range_gb: Some(vec![gigabytes, gigabytes + 1.0]),
    }))
}
