//! What may be received from when on, in that order: of a standard queue its messages, of a FIFO queue its groups.
//!
//! A queue that is used leaves deleted rows behind where its front has been, and a scan would step over all of them. So
//! the place of the front is remembered ([`Floors`]): nothing that can be received lies before it. It is raised to
//! what a look at the front has found, before anything is taken away, and lowered by whatever is put before it; a
//! transaction that does not happen after all leaves it lower than it could be, never higher.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kogumo_base::{Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_store::{Key, Range, RawTable, Read};

use crate::queue::Found;

/// (shelf, from when on, what) → nothing. What it is, the kind of the queue says.
pub static READY: RawTable = RawTable::new("sqs/ready");

/// Where the fronts of queues are, by shelf.
#[derive(Default)]
pub struct Floors(Mutex<HashMap<Key, Key>>);

impl Floors {
    fn get(&self, shelf: &Key) -> Key {
        self.floors().get(shelf).unwrap_or(shelf).clone()
    }

    fn raise(&self, shelf: &Key, to: Key) {
        self.floors().insert(shelf.clone(), to);
    }

    fn lower(&self, shelf: &Key, to: &Key) {
        if let Some(floor) = self.floors().get_mut(shelf)
            && *floor > *to
        {
            *floor = to.clone();
        }
    }

    /// Forgets a shelf, or all of them.
    pub fn forget(&self, shelf: Option<&Key>) {
        match shelf {
            Some(shelf) => drop(self.floors().remove(shelf)),
            None => self.floors().clear(),
        }
    }

    fn floors(&self) -> MutexGuard<'_, HashMap<Key, Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that may be received.
pub struct Row {
    pub from: Timestamp,
    pub what: Key,
}

pub fn put(w: &mut Writer, found: &Found, from: Timestamp, what: &Key) -> Result<(), Trouble> {
    let shelf = found.shelf();
    let key = shelf.clone().i64(from.0).then(what);
    w.cloud.part::<Floors>()?.lower(&shelf, &key);
    READY.put(w.tx, &found.at.scope, key, &[][..]);
    Ok(())
}

pub fn remove(w: &mut Writer, found: &Found, from: Timestamp, what: &Key) {
    READY.delete(w.tx, &found.at.scope, found.shelf().i64(from.0).then(what));
}

/// The first rows that may be received now, behind `after` if that is given. A look from the front on must be made
/// before the transaction has changed anything of the queue.
pub fn front(w: &Writer, found: &Found, after: Option<&Row>, most: usize) -> Result<Vec<Row>, Trouble> {
    let shelf = found.shelf();
    let floors = w.cloud.part::<Floors>()?;
    let end = shelf.clone().i64(w.now.0.saturating_add(1));
    let range = Range::prefix(&shelf).before(&end);
    let range = match after {
        Some(row) => range.after(shelf.clone().i64(row.from.0).then(&row.what)),
        None => range.from(floors.get(&shelf)),
    };
    let keys = READY.scan(w.store(), &found.at.scope, &range).take(most).map(|row| Ok(row?.0));
    let keys = keys.collect::<Result<Vec<Key>, Trouble>>()?;
    if after.is_none() {
        floors.raise(&shelf, keys.first().cloned().unwrap_or(end));
    }
    keys.iter().map(|key| row(&shelf, key)).collect()
}

/// What may not be received yet, the soonest first.
pub fn later<'a>(
    store: &'a dyn Read,
    found: &Found,
    now: Timestamp,
) -> impl Iterator<Item = Result<Row, Trouble>> + use<'a> {
    let shelf = found.shelf();
    let range = Range::prefix(&shelf).from(shelf.clone().i64(now.0.saturating_add(1)));
    READY.scan(store, &found.at.scope, &range).map(move |found| row(&shelf, &found?.0))
}

fn row(shelf: &Key, key: &Key) -> Result<Row, Trouble> {
    let bytes = key.as_bytes().get(shelf.as_bytes().len()..).unwrap_or_default();
    let mut reader = kogumo_store::KeyReader::over(bytes);
    let from = reader.i64().ok_or_else(|| Trouble::new("a row of sqs/ready has no moment"))?;
    Ok(Row { from: Timestamp(from), what: Key::from_encoded(reader.rest()) })
}
