//! A transaction: a snapshot with the changes of its own laid over it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;

use kogumo_base::Trouble;

use crate::read::as_slice;
use crate::{Range, Read, Row, Scan, Snapshot, Value};

/// Changes that have not happened yet. Reads see them; others do not until the closure has answered `Ok`.
pub struct Transaction {
    view: Snapshot,
    changes: BTreeMap<Vec<u8>, Option<Value>>,
}

impl Transaction {
    pub(crate) fn new(view: Snapshot) -> Self {
        Transaction { view, changes: BTreeMap::new() }
    }

    /// Sets the value under a whole key.
    pub fn put_raw(&mut self, key: Vec<u8>, value: impl Into<Value>) {
        self.changes.insert(key, Some(value.into()));
    }

    /// Removes a whole key; one that is not there is no error.
    pub fn delete_raw(&mut self, key: Vec<u8>) {
        self.changes.insert(key, None);
    }

    pub(crate) fn into_changes(self) -> BTreeMap<Vec<u8>, Option<Value>> {
        self.changes
    }
}

impl Read for Transaction {
    fn get_raw(&self, key: &[u8]) -> Result<Option<Value>, Trouble> {
        match self.changes.get(key) {
            Some(change) => Ok(change.clone()),
            None => self.view.get_raw(key),
        }
    }

    fn scan_raw(&self, range: &Range) -> Scan<'_> {
        if range.is_empty() {
            return Box::new(std::iter::empty());
        }
        let changes = self.changes.range::<[u8], _>((as_slice(&range.from), as_slice(&range.to)));
        let change = |(key, value): (&'_ Vec<u8>, &'_ Option<Value>)| (Value::from(key.as_slice()), value.clone());
        let changes: Box<dyn Iterator<Item = Change> + Send> =
            if range.reverse { Box::new(changes.rev().map(change)) } else { Box::new(changes.map(change)) };
        Box::new(Overlay {
            rows: self.view.scan_raw(range).peekable(),
            changes: changes.peekable(),
            reverse: range.reverse,
        })
    }
}

type Change = (Value, Option<Value>);

/// Merges the view's rows with the changes; where both have a key, the change counts.
struct Overlay<'a> {
    rows: Peekable<Scan<'a>>,
    changes: Peekable<Box<dyn Iterator<Item = Change> + Send + 'a>>,
    reverse: bool,
}

impl Iterator for Overlay<'_> {
    type Item = Result<Row, Trouble>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.rows.peek(), self.changes.peek()) {
                (_, None) | (Some(Err(_)), _) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok((row, _))), Some((change, _))) if self.reverse => change.cmp(row),
                (Some(Ok((row, _))), Some((change, _))) => row.cmp(change),
            };
            if order == Ordering::Less {
                return self.rows.next();
            }
            if order == Ordering::Equal {
                self.rows.next();
            }
            if let (key, Some(value)) = self.changes.next()? {
                return Some(Ok((key, value)));
            }
        }
    }
}
