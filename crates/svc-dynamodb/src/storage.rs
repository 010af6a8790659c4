//! Items in the store: their rows, the rows of the indexes, and how much there is.
//!
//! A row's key is the id of the table (for an index also its own id) and the [`RowKey`]. Partitions lie scattered by
//! their hash, items of one partition in the order of their sort keys.

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_dynamo::{Item, encoding, write_units};
use kogumo_store::{Key, RawTable, Read, Transaction, Value};

use crate::record::{Index, Status, TableRecord};
use crate::schema::RowKey;
use crate::{expiry, streaming};

pub static ITEMS: RawTable = RawTable::new("dynamodb/item");
pub static INDEX_ROWS: RawTable = RawTable::new("dynamodb/index-row");
static SIZES: RawTable = RawTable::new("dynamodb/size");

/// What an item was and becomes.
pub struct Change<'a> {
    pub row: &'a RowKey,
    pub old: Option<&'a Stored>,
    pub new: Option<&'a Item>,
    pub now: Timestamp,
    /// Time to live does it, not a client.
    pub expired: bool,
}

/// An item as it lies in the store.
pub struct Stored(Value);

impl Stored {
    /// The size by AWS's rules, in bytes.
    pub fn size(&self) -> Result<usize, Trouble> {
        encoding::stored_size(&self.0).map_err(corrupt)
    }

    pub fn item(&self) -> Result<Item, Trouble> {
        encoding::decode(&self.0).map_err(corrupt)
    }

    pub fn write_json(&self, out: &mut Vec<u8>) -> Result<(), Trouble> {
        encoding::write_json(&self.0, out).map_err(corrupt)
    }
}

impl From<Value> for Stored {
    fn from(bytes: Value) -> Self {
        Stored(bytes)
    }
}

fn corrupt(error: encoding::Corrupt) -> Trouble {
    Trouble::from_cause("DynamoDB's storage", error)
}

/// What a write cost, in bytes and units, by table and index.
#[derive(Debug, Default, PartialEq)]
pub struct Written {
    /// The larger of the item before and after, in bytes.
    pub item_bytes: usize,
    /// Units by index name; local ones first.
    pub local_indexes: Vec<(String, f64)>,
    pub global_indexes: Vec<(String, f64)>,
}

/// The key of an item's row.
pub fn item_key(table: &TableRecord, row: &RowKey) -> Key {
    Key::new().u64(table.id).then(&Key::from_encoded(row.0.as_slice()))
}

/// The start of the keys of an index's rows.
pub fn index_prefix(table: &TableRecord, index: &Index) -> Key {
    Key::new().u64(table.id).u64(index.id)
}

/// Reads an item.
pub fn read(read: &dyn Read, scope: &Scope, table: &TableRecord, row: &RowKey) -> Result<Option<Stored>, Trouble> {
    Ok(ITEMS.get(read, scope, item_key(table, row))?.map(Stored))
}

/// Writes or deletes an item with all that hangs on it: index rows, expiry, stream, sizes.
pub fn write(
    tx: &mut Transaction,
    scope: &Scope,
    table: &TableRecord,
    change: &Change<'_>,
) -> Result<Written, Trouble> {
    let key = item_key(table, change.row);
    let old_size = change.old.map(Stored::size).transpose()?;
    let new_size = change.new.map(kogumo_dynamo::item_size);
    match change.new {
        Some(item) => ITEMS.put(tx, scope, key, encoding::encode(item)),
        None => ITEMS.delete(tx, scope, key),
    }
    let mut written = Written { item_bytes: old_size.unwrap_or(0).max(new_size.unwrap_or(0)), ..Written::default() };
    let mut sizes = vec![Size::difference(old_size, new_size)];
    if table.indexes().next().is_some() || table.stream.is_some() || table.time_to_live.is_some() {
        let old = change.old.map(Stored::item).transpose()?;
        for index in table.indexes() {
            let (units, size) = write_index(tx, scope, table, index, change.row, (old.as_ref(), change.new))?;
            sizes.push(size);
            let local = table.local_indexes.iter().any(|local| local.id == index.id);
            let list = if local { &mut written.local_indexes } else { &mut written.global_indexes };
            if units > 0.0 {
                list.push((index.name.clone(), units));
            }
        }
        expiry::follow(tx, scope, table, change.row, old.as_ref(), change.new)?;
        streaming::record(tx, scope, table, change, old)?;
    }
    add_sizes(tx, scope, table, &sizes)?;
    Ok(written)
}

/// Brings one index in line and answers the units it took.
fn write_index(
    tx: &mut Transaction,
    scope: &Scope,
    table: &TableRecord,
    index: &Index,
    row: &RowKey,
    (old, new): (Option<&Item>, Option<&Item>),
) -> Result<(f64, Size), Trouble> {
    if index.status == Status::Deleting {
        return Ok((0.0, Size::default()));
    }
    let entry = |item: Option<&Item>| {
        let item = item?;
        Some((index.row(item, row)?, index.project(item, &table.keys)))
    };
    let (old, new) = (entry(old), entry(new));
    if old == new {
        return Ok((0.0, Size::default()));
    }
    let prefix = index_prefix(table, index);
    let key = |row: &RowKey| prefix.clone().then(&Key::from_encoded(row.0.as_slice()));
    let size = |entry: &Option<(RowKey, Item)>| entry.as_ref().map(|(_, item)| kogumo_dynamo::item_size(item));
    let (old_size, new_size) = (size(&old), size(&new));
    let units = match (&old, &new) {
        (Some((from, _)), Some((to, _))) if from == to => write_units(old_size.max(new_size).unwrap_or(0), false),
        _ => [old_size, new_size].into_iter().flatten().map(|size| write_units(size, false)).sum(),
    };
    if let Some((from, _)) = &old {
        INDEX_ROWS.delete(tx, scope, key(from));
    }
    if let Some((to, item)) = &new {
        INDEX_ROWS.put(tx, scope, key(to), encoding::encode(item));
    }
    Ok((units, Size::difference(old_size, new_size)))
}

/// Puts an item that was there before the index into the index. It may be there already.
pub fn backfill(
    tx: &mut Transaction,
    scope: &Scope,
    table: &TableRecord,
    index: &Index,
    row: &RowKey,
    item: &Item,
) -> Result<(), Trouble> {
    let Some(entry) = index.row(item, row) else { return Ok(()) };
    let key = index_prefix(table, index).then(&Key::from_encoded(entry.0));
    if INDEX_ROWS.get(tx, scope, &key)?.is_some() {
        return Ok(());
    }
    let projected = index.project(item, &table.keys);
    let position = 1 + table.indexes().take_while(|other| other.id != index.id).count();
    let mut sizes = vec![Size::default(); position];
    sizes.push(Size::difference(None, Some(kogumo_dynamo::item_size(&projected))));
    INDEX_ROWS.put(tx, scope, key, encoding::encode(&projected));
    add_sizes(tx, scope, table, &sizes)
}

/// How many items there are, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    pub items: i64,
    pub bytes: i64,
}

impl Size {
    fn difference(old: Option<usize>, new: Option<usize>) -> Size {
        let bytes = |size: Option<usize>| i64::try_from(size.unwrap_or(0)).unwrap_or(i64::MAX);
        Size { items: i64::from(new.is_some()) - i64::from(old.is_some()), bytes: bytes(new) - bytes(old) }
    }
}

/// The sizes of the table and then of its indexes, in their order.
pub fn sizes(read: &dyn Read, scope: &Scope, table: &TableRecord) -> Result<Vec<Size>, Trouble> {
    let bytes = SIZES.get(read, scope, Key::new().u64(table.id))?;
    let mut sizes: Vec<Size> = bytes
        .iter()
        .flat_map(|bytes| bytes.chunks_exact(16))
        .map(|pair| {
            let (items, bytes) = pair.split_at(8);
            Size { items: number(items), bytes: number(bytes) }
        })
        .collect();
    sizes.resize(1 + table.indexes().count(), Size::default());
    Ok(sizes)
}

fn number(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(0, i64::from_be_bytes)
}

fn add_sizes(tx: &mut Transaction, scope: &Scope, table: &TableRecord, differences: &[Size]) -> Result<(), Trouble> {
    let mut sizes = sizes(tx, scope, table)?;
    for (size, difference) in sizes.iter_mut().zip(differences) {
        size.items += difference.items;
        size.bytes += difference.bytes;
    }
    put_sizes(tx, scope, table, &sizes);
    Ok(())
}

/// Writes sizes anew: when indexes come and go, their places change.
pub fn put_sizes(tx: &mut Transaction, scope: &Scope, table: &TableRecord, sizes: &[Size]) {
    let bytes: Vec<u8> =
        sizes.iter().flat_map(|size| [size.items.to_be_bytes(), size.bytes.to_be_bytes()]).flatten().collect();
    SIZES.put(tx, scope, Key::new().u64(table.id), bytes);
}

pub fn forget_sizes(tx: &mut Transaction, scope: &Scope, table: u64) {
    SIZES.delete(tx, scope, Key::new().u64(table));
}
