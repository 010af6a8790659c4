//! A snapshot that is taken when something is first read from it: most decisions need to read nothing.

use std::cell::OnceCell;

use kogumo_base::Trouble;

use crate::read::Scan;
use crate::{Range, Read, Snapshot, Store, Value};

/// The store as it is when it is first read through this; it stays so from then on.
pub struct LateSnapshot<'s> {
    store: &'s Store,
    taken: OnceCell<Snapshot>,
}

impl<'s> LateSnapshot<'s> {
    pub fn of(store: &'s Store) -> Self {
        LateSnapshot { store, taken: OnceCell::new() }
    }

    fn snapshot(&self) -> &Snapshot {
        self.taken.get_or_init(|| self.store.read())
    }
}

impl Read for LateSnapshot<'_> {
    fn get_raw(&self, key: &[u8]) -> Result<Option<Value>, Trouble> {
        self.snapshot().get_raw(key)
    }

    fn scan_raw(&self, range: &Range) -> Scan<'_> {
        self.snapshot().scan_raw(range)
    }
}
