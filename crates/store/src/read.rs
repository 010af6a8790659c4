//! Reading: what a snapshot and a transaction have in common.

use std::ops::Bound;

use fjall::{Keyspace, Readable};
use kogumo_base::Trouble;

use crate::Range;

/// Stored bytes: cheap to clone, dereferences to `[u8]`.
pub type Value = fjall::Slice;

/// A key and its value, as stored.
pub type Row = (Value, Value);

/// Rows in order, read as they are asked for: the cost follows the rows taken, not the rows there are.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<Row, Trouble>> + Send + 'a>;

/// A consistent view of all keys. Tables read through it; services have no need to call it themselves.
pub trait Read {
    /// The value under a whole key.
    fn get_raw(&self, key: &[u8]) -> Result<Option<Value>, Trouble>;

    /// The rows of a range of whole keys.
    fn scan_raw(&self, range: &Range) -> Scan<'_>;
}

/// The store as it was at one moment. Holding one keeps old versions on disk, so let it go soon.
#[derive(Clone)]
pub struct Snapshot {
    view: fjall::Snapshot,
    keys: Keyspace,
    generation: u64,
}

impl Snapshot {
    pub(crate) fn new(view: fjall::Snapshot, keys: Keyspace, generation: u64) -> Self {
        Snapshot { view, keys, generation }
    }

    /// The store's generation that this view holds at least (see [`crate::Store::generation`]).
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl Read for Snapshot {
    fn get_raw(&self, key: &[u8]) -> Result<Option<Value>, Trouble> {
        self.view.get(&self.keys, key).map_err(|error| Trouble::from_cause("cannot read from the store", error))
    }

    fn scan_raw(&self, range: &Range) -> Scan<'_> {
        if range.is_empty() {
            return Box::new(std::iter::empty());
        }
        let bounds = (as_slice(&range.from), as_slice(&range.to));
        let rows = self.view.range::<&[u8], _>(&self.keys, bounds);
        let row = |guard: fjall::Guard| {
            guard.into_inner().map_err(|error| Trouble::from_cause("cannot read from the store", error))
        };
        if range.reverse { Box::new(rows.rev().map(row)) } else { Box::new(rows.map(row)) }
    }
}

pub(crate) fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}
