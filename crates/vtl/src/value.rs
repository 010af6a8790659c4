//! Values of a rendering and the heap they live in.
//!
//! Lists and maps are shared and mutable, as Java's are, so they are places in a [`Heap`] that is
//! dropped as a whole: a map put into itself does not leak, and depth costs no stack.

use crate::error::Error;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::rc::Rc;

/// What one rendering may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes, operations and kilobytes of text that may be worked through.
    pub steps: u64,
    /// Bytes of values that may be made.
    pub bytes: usize,
    /// Bytes of the result.
    pub output: usize,
    /// Iterations of one `#foreach`; AWS's quota is 1,000.
    pub iterations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps: 2_000_000, bytes: 128 << 20, output: 10 << 20, iterations: 1_000 }
    }
}

/// A value of the template language. Copies of a list or map are the same list or map.
#[derive(Clone)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    List(ListId),
    Map(MapId),
    /// What a service puts in the template's reach, such as `$input` and `$util`.
    Object(Rc<dyn Object>),
    /// `#define`d text, rendered where it is referred to.
    Block(BlockId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListId(usize);
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MapId(usize);
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockId(pub(crate) usize);

/// The wall to the service that renders: `None` means "no such property or method".
pub trait Object {
    /// `$object.name`
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, Error>;
    /// `$object.name(arguments)`
    fn call(&self, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error>;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A list or map that the template made; prints as Java's collections do.
    Plain,
    /// A list out of a JSON document; prints as JSON.
    Json,
    /// One of `entrySet()`.
    Entry,
}

/// All lists and maps of one rendering, and what is left of its budget.
pub struct Heap {
    lists: Vec<(Kind, Vec<Value>)>,
    maps: Vec<(Kind, IndexMap<String, Value>)>,
    limits: Limits,
    steps: u64,
    bytes: usize,
    /// Regular expressions that this rendering has compiled.
    pub(crate) patterns: HashMap<String, regex::Regex>,
}

impl Heap {
    /// An empty heap with the whole budget.
    pub fn new(limits: Limits) -> Self {
        Heap { lists: Vec::new(), maps: Vec::new(), limits, steps: 0, bytes: 0, patterns: HashMap::new() }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Pays for work over `bytes` bytes (0 for a single step).
    pub fn work(&mut self, bytes: usize) -> Result<(), Error> {
        self.steps += 1 + (bytes as u64 >> 8);
        if self.steps > self.limits.steps { Err(Error::Limit("steps")) } else { Ok(()) }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.bytes { Err(Error::Limit("memory")) } else { Ok(()) }
    }

    /// A new string.
    pub fn text(&mut self, text: &str) -> Result<Value, Error> {
        self.take(text.len())?;
        self.work(text.len())?;
        Ok(Value::Text(text.into()))
    }

    /// A new list.
    pub fn list(&mut self, items: Vec<Value>) -> Result<Value, Error> {
        self.new_list(Kind::Plain, items)
    }

    pub(crate) fn new_list(&mut self, kind: Kind, items: Vec<Value>) -> Result<Value, Error> {
        self.take(64 + items.len() * size_of::<Value>())?;
        self.lists.push((kind, items));
        Ok(Value::List(ListId(self.lists.len() - 1)))
    }

    /// A new map.
    pub fn map(&mut self, entries: IndexMap<String, Value>) -> Result<Value, Error> {
        self.new_map(Kind::Plain, entries)
    }

    pub(crate) fn new_map(&mut self, kind: Kind, entries: IndexMap<String, Value>) -> Result<Value, Error> {
        let keys: usize = entries.keys().map(|key| key.len() + 2 * size_of::<Value>()).sum();
        self.take(64 + keys)?;
        self.maps.push((kind, entries));
        Ok(Value::Map(MapId(self.maps.len() - 1)))
    }

    /// The items of a list.
    pub fn items(&self, id: ListId) -> &[Value] {
        &self.lists[id.0].1
    }

    /// A copy of a list's items, paid for.
    pub(crate) fn copy_items(&mut self, id: ListId) -> Result<Vec<Value>, Error> {
        self.work(size_of_val(self.items(id)))?;
        Ok(self.items(id).to_vec())
    }

    /// A copy of a map's entries, paid for.
    pub(crate) fn copy_entries(&mut self, id: MapId) -> Result<Vec<(String, Value)>, Error> {
        self.work(self.entries(id).len() * size_of::<Value>() * 4)?;
        Ok(self.entries(id).iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    pub(crate) fn list_kind(&self, id: ListId) -> Kind {
        self.lists[id.0].0
    }

    /// The entries of a map in the order they were put.
    pub fn entries(&self, id: MapId) -> &IndexMap<String, Value> {
        &self.maps[id.0].1
    }

    pub(crate) fn map_kind(&self, id: MapId) -> Kind {
        self.maps[id.0].0
    }

    /// Changes a list in place; `grows` is how many items it may gain.
    pub(crate) fn items_mut(&mut self, id: ListId, grows: usize) -> Result<&mut Vec<Value>, Error> {
        self.take(grows * size_of::<Value>())?;
        Ok(&mut self.lists[id.0].1)
    }

    /// Puts an entry; answers what was there.
    pub fn put(&mut self, id: MapId, key: String, value: Value) -> Result<Option<Value>, Error> {
        self.take(key.len() + 2 * size_of::<Value>())?;
        Ok(self.maps[id.0].1.insert(key, value))
    }

    pub(crate) fn remove(&mut self, id: MapId, key: &str) -> Option<Value> {
        self.maps[id.0].1.shift_remove(key)
    }

    pub(crate) fn clear(&mut self, id: MapId) {
        self.maps[id.0].1.clear();
    }
}
