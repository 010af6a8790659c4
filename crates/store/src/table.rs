//! Tables: records by scope and key, with their secondary indexes in the same transaction.
//!
//! A row's whole key is (table, account, region, key); an index entry's is (table, 0x00 0x02, index, account, region,
//! index key, key). A record is MessagePack with named fields, so that a field with `#[serde(default)]` can be added
//! and old records still read. A compact table leaves the names out: its fields go by their order.

use std::marker::PhantomData;

use kogumo_base::{Scope, Trouble};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Key, KeyReader, Range, Read, Transaction, Value};

/// What a table can hold: anything serde reads and writes.
pub trait Record: Serialize + DeserializeOwned {}

impl<R: Serialize + DeserializeOwned> Record for R {}

/// A second way to find a table's records. The key need not be unique; `None` leaves a record out.
pub struct Index<R> {
    pub name: &'static str,
    pub key: fn(&R) -> Option<Key>,
}

/// A table of records: `static BUCKETS: Table<Bucket> = Table::new("s3/bucket");`
pub struct Table<R: 'static> {
    rows: RawTable,
    indexes: &'static [Index<R>],
    compact: bool,
    record: PhantomData<fn() -> R>,
}

impl<R> Table<R> {
    /// A table without indexes. Its name is `service/noun` and never changes.
    pub const fn new(name: &'static str) -> Self {
        Table::indexed(name, &[])
    }

    /// A table with indexes. One that is added to a table with records covers what is put from then on.
    pub const fn indexed(name: &'static str, indexes: &'static [Index<R>]) -> Self {
        Table { rows: RawTable::new(name), indexes, compact: false, record: PhantomData }
    }

    /// Writes records without the names of their fields, for tables that are read with every request. A field can only be
    /// added at the end then, with `#[serde(default)]`, and none may be skipped. Rows with names are still read.
    #[must_use]
    pub const fn compact(self) -> Self {
        Table { compact: true, ..self }
    }
}

impl<R: Record> Table<R> {
    pub fn get(&self, read: &dyn Read, scope: &Scope, key: impl Into<Key>) -> Result<Option<R>, Trouble> {
        self.rows.get(read, scope, key)?.map(|value| self.decode(&value)).transpose()
    }

    pub fn contains(&self, read: &dyn Read, scope: &Scope, key: impl Into<Key>) -> Result<bool, Trouble> {
        Ok(self.rows.get(read, scope, key)?.is_some())
    }

    /// Puts a record in the place of whatever the key held.
    pub fn put(&self, tx: &mut Transaction, scope: &Scope, key: impl Into<Key>, record: &R) -> Result<(), Trouble> {
        let key = key.into();
        if !self.indexes.is_empty() {
            if let Some(old) = self.get(tx, scope, &key)? {
                self.entries(scope, &key, &old).for_each(|entry| tx.delete_raw(entry));
            }
            self.entries(scope, &key, record).for_each(|entry| tx.put_raw(entry, key.as_bytes()));
        }
        self.rows.put(tx, scope, key, self.encode(record)?);
        Ok(())
    }

    /// Removes a record and answers it; `None` if there was none.
    pub fn delete(&self, tx: &mut Transaction, scope: &Scope, key: impl Into<Key>) -> Result<Option<R>, Trouble> {
        let key = key.into();
        let old = self.get(tx, scope, &key)?;
        if let Some(old) = &old {
            self.entries(scope, &key, old).for_each(|entry| tx.delete_raw(entry));
            self.rows.delete(tx, scope, key);
        }
        Ok(old)
    }

    /// The records of one scope in the order of their keys, read as they are asked for.
    pub fn scan<'a>(
        &'a self,
        read: &'a dyn Read,
        scope: &Scope,
        range: &Range,
    ) -> impl Iterator<Item = Result<(Key, R), Trouble>> + use<'a, R> {
        self.rows.scan(read, scope, range).map(|row| {
            let (key, value) = row?;
            Ok((key, self.decode(&value)?))
        })
    }

    /// The records of every account and region: for reconcilers.
    pub fn scan_all_scopes<'a>(
        &'a self,
        read: &'a dyn Read,
    ) -> impl Iterator<Item = Result<(Scope, Key, R), Trouble>> + use<'a, R> {
        self.rows.scan_all_scopes(read).map(|row| {
            let (scope, key, value) = row?;
            Ok((scope, key, self.decode(&value)?))
        })
    }

    /// The records of one scope in the order of an index; `range` is over the index's key, behind which the
    /// table's own key breaks ties. Answers the table's key with each record.
    pub fn by_index<'a>(
        &'a self,
        read: &'a dyn Read,
        scope: &Scope,
        index: &str,
        range: &Range,
    ) -> impl Iterator<Item = Result<(Key, R), Trouble>> + use<'a, R> {
        let range = range.under(&self.index_prefix(scope, index));
        let scope = scope.clone();
        read.scan_raw(&range).map(move |entry| {
            let key = Key::from_encoded(entry?.1.to_vec());
            let record = self.get(read, &scope, &key)?;
            let record = record.ok_or_else(|| self.trouble("an index entry leads to no record"))?;
            Ok((key, record))
        })
    }

    fn entries<'a>(&'a self, scope: &'a Scope, key: &'a Key, record: &'a R) -> impl Iterator<Item = Vec<u8>> + 'a {
        self.indexes.iter().filter_map(move |index| {
            let indexed = (index.key)(record)?;
            Some([&self.index_prefix(scope, index.name), indexed.as_bytes(), key.as_bytes()].concat())
        })
    }

    fn index_prefix(&self, scope: &Scope, index: &str) -> Vec<u8> {
        let index = Key::new().str(index).str(&scope.account).str(&scope.region);
        [self.rows.name.as_bytes(), &[0x00, 0x02], index.as_bytes()].concat()
    }

    fn encode(&self, record: &R) -> Result<Vec<u8>, Trouble> {
        let encoded = if self.compact { rmp_serde::to_vec(record) } else { rmp_serde::to_vec_named(record) };
        encoded.map_err(|error| Trouble::from_cause(self.rows.describe("cannot write a record"), error))
    }

    fn decode(&self, value: &[u8]) -> Result<R, Trouble> {
        rmp_serde::from_slice(value)
            .map_err(|error| Trouble::from_cause(self.rows.describe("cannot read a record"), error))
    }

    fn trouble(&self, what: &str) -> Trouble {
        Trouble::new(self.rows.describe(what))
    }
}

/// A table of bytes, for those who encode themselves (DynamoDB's items).
pub struct RawTable {
    name: &'static str,
}

impl RawTable {
    /// Its name is `service/noun` and never changes.
    pub const fn new(name: &'static str) -> Self {
        RawTable { name }
    }

    pub fn get(&self, read: &dyn Read, scope: &Scope, key: impl Into<Key>) -> Result<Option<Value>, Trouble> {
        read.get_raw(&self.whole(scope, &key.into()))
    }

    pub fn put(&self, tx: &mut Transaction, scope: &Scope, key: impl Into<Key>, value: impl Into<Value>) {
        tx.put_raw(self.whole(scope, &key.into()), value);
    }

    /// Removes a row; one that is not there is no error.
    pub fn delete(&self, tx: &mut Transaction, scope: &Scope, key: impl Into<Key>) {
        tx.delete_raw(self.whole(scope, &key.into()));
    }

    /// The rows of one scope in the order of their keys, read as they are asked for.
    pub fn scan<'a>(
        &self,
        read: &'a dyn Read,
        scope: &Scope,
        range: &Range,
    ) -> impl Iterator<Item = Result<(Key, Value), Trouble>> + use<'a> {
        let prefix = self.whole(scope, &Key::new());
        let depth = prefix.len();
        read.scan_raw(&range.under(&prefix)).map(move |row| {
            let (whole, value) = row?;
            Ok((Key::from_encoded(whole.get(depth..).unwrap_or_default()), value))
        })
    }

    /// The rows of every account and region.
    pub fn scan_all_scopes<'a>(
        &self,
        read: &'a dyn Read,
    ) -> impl Iterator<Item = Result<(Scope, Key, Value), Trouble>> + use<'a> {
        let name = self.name;
        let prefix = Key::new().str(name);
        read.scan_raw(&Range::prefix(&prefix)).map(move |row| {
            let (whole, value) = row?;
            let mut parts = KeyReader::over(whole.get(prefix.as_bytes().len()..).unwrap_or_default());
            let (Some(account), Some(region)) = (parts.str(), parts.str()) else {
                return Err(Trouble::new(format!("a key of table {name} has no scope")));
            };
            Ok((Scope { account, region }, Key::from_encoded(parts.rest()), value))
        })
    }

    fn whole(&self, scope: &Scope, key: &Key) -> Vec<u8> {
        let (name, account, region) = (self.name, scope.account.as_str(), scope.region.as_str());
        let room = Key::with_capacity(name.len() + account.len() + region.len() + 6 + key.as_bytes().len());
        room.str(name).str(account).str(region).then(key).into_bytes()
    }

    fn describe(&self, what: &str) -> String {
        format!("{what} (table {})", self.name)
    }
}
