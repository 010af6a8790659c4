//! What happens to tables behind the calls: indexes are filled, rows of deleted tables are swept.
//! All of it is timers, so that it goes on after a crash, a bounded piece at a time.

use kogumo_base::{Scope, Trouble};
use kogumo_door::Writer;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range, RawTable, Transaction};

use crate::expiry;
use crate::record::{Status, TableRecord};
use crate::schema::RowKey;
use crate::storage::{self, INDEX_ROWS, ITEMS, Stored};

/// A table (by name) has indexes to be filled, or items whose expiry is not noted yet. The payload is where to go on.
pub const BACKFILL: &str = "dynamodb/backfill";
/// Rows of a table (by id), or of one of its indexes (by both ids), are to be removed.
pub const SWEEP: &str = "dynamodb/sweep";

/// Rows that one step handles.
const STEP: usize = 500;

/// Fills new indexes and notes expiries, and makes the indexes active at the end.
pub fn backfill(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let Some((scope, table)) = table_of(w.tx, timer)? else { return Ok(()) };
    let mut range = Range::prefix(Key::new().u64(table.id));
    if !timer.payload.is_empty() {
        range = range.after(Key::from_encoded(timer.payload.as_slice()));
    }
    let rows: Vec<_> = ITEMS.scan(w.tx, &scope, &range).take(STEP).collect::<Result<_, _>>()?;
    for (key, bytes) in &rows {
        let row = RowKey(key.as_bytes().get(8..).unwrap_or_default().to_vec());
        let item = Stored::from(bytes.clone()).item()?;
        for index in table.global_indexes.iter().filter(|index| index.status == Status::Creating) {
            storage::backfill(w.tx, &scope, &table, index, &row, &item)?;
        }
        expiry::follow(w.tx, &scope, &table, &row, None, Some(&item))?;
    }
    match rows.last() {
        Some((last, _)) if rows.len() == STEP => timers::put(w.tx, w.now, BACKFILL, &scope, &timer.id, last.as_bytes()),
        _ => {
            let mut table = (*table).clone();
            table.global_indexes.iter_mut().for_each(|index| index.status = Status::Active);
            table.put(w.tx, &scope)
        }
    }
}

/// Removes rows that no table owns any more.
pub fn sweep(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let scope = &timer.scope;
    let mut parts = timer.id.reader();
    let table = parts.u64().ok_or_else(|| Trouble::new("a sweep without a table"))?;
    let of_index = parts.u64().is_some();
    let mut left = STEP;
    let tables: &[&RawTable] = if of_index { &[&INDEX_ROWS] } else { &[&ITEMS, &INDEX_ROWS] };
    for rows in tables {
        left -= remove(w.tx, rows, scope, &timer.id, left)?;
    }
    if left == 0 {
        return timers::put(w.tx, w.now, SWEEP, scope, &timer.id, &[]);
    }
    if !of_index {
        storage::forget_sizes(w.tx, scope, table);
    }
    Ok(())
}

fn remove(tx: &mut Transaction, rows: &RawTable, scope: &Scope, prefix: &Key, most: usize) -> Result<usize, Trouble> {
    let keys = rows.scan(tx, scope, &Range::prefix(prefix)).take(most).map(|row| Ok(row?.0));
    let keys: Vec<Key> = keys.collect::<Result<_, Trouble>>()?;
    keys.iter().for_each(|key| rows.delete(tx, scope, key));
    Ok(keys.len())
}

type Found = (Scope, std::sync::Arc<TableRecord>);

/// The table that a timer is about; `None` if it has been deleted since.
fn table_of(tx: &Transaction, timer: &Timer) -> Result<Option<Found>, Trouble> {
    let name = timer.id.reader().str().ok_or_else(|| Trouble::new("a timer without a table"))?;
    Ok(TableRecord::get(tx, &timer.scope, &name)?.map(|table| (timer.scope.clone(), table)))
}
