//! Maps that keep their order, which may be that of a Python 2 dictionary.

use crate::python2::KeyTable;
use crate::value::{Text, Value, truthy};
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use std::rc::Rc;

/// A map in order of insertion, or in the order of a Python 2 dictionary. Copies share their
/// content until one of them changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    content: Rc<Content>,
    /// Python's `deepcopy` would keep the order of this map and of all inside of it, so that a
    /// deep copy may share its content. Every change unsettles.
    settled: bool,
}

#[derive(Clone, Debug, Default)]
struct Content {
    entries: IndexMap<Text, Value, RandomState>,
    table: Option<KeyTable>,
}

// === impl Map ===

impl Map {
    pub(crate) fn new() -> Map {
        Map::default()
    }

    /// An empty map that keeps the order of a Python 2 dictionary.
    pub(crate) fn hashed() -> Map {
        Map::of(Content { entries: IndexMap::default(), table: Some(KeyTable::default()) })
    }

    fn of(content: Content) -> Map {
        Map { content: Rc::new(content), settled: false }
    }

    /// Whether deep copies share this map's content.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// An empty map that keeps the same order as this one.
    fn empty_like(&self) -> Map {
        if self.content.table.is_some() { Map::hashed() } else { Map::new() }
    }

    /// The content for change: nothing else changes a map.
    fn change(&mut self) -> &mut Content {
        self.settled = false;
        Rc::make_mut(&mut self.content)
    }

    /// The member of that name, unless it is null.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.raw(key).filter(|value| !value.is_null())
    }

    /// The member of that name, null or not.
    pub(crate) fn raw(&self, key: &str) -> Option<&Value> {
        self.content.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.get(key)?;
        self.change().entries.get_mut(key)
    }

    /// Whether there is a member of that name, null or not.
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.content.entries.contains_key(key)
    }

    pub(crate) fn truthy(&self, key: &str) -> bool {
        truthy(self.get(key))
    }

    pub(crate) fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    pub(crate) fn len(&self) -> usize {
        self.content.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.content.entries.is_empty()
    }

    pub(crate) fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) {
        let key = key.into();
        let content = self.change();
        if let Some(table) = &mut content.table {
            table.add(&key);
        }
        match content.entries.get_mut(&*key) {
            Some(slot) => *slot = value.into(),
            None => {
                content.entries.insert(key, value.into());
            }
        }
    }

    /// Inserts the value if there is one.
    pub(crate) fn insert_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.insert(key, value);
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Value> {
        let content = self.change();
        if let Some(table) = &mut content.table {
            table.remove(key);
        }
        content.entries.shift_remove(key)
    }

    /// Keeps the members of certain names.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        for key in self.keys().iter().filter(|key| !keep(key)) {
            self.remove(key);
        }
    }

    /// The member of that name, put there first if it is missing (a null is not missing).
    pub(crate) fn or_insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) -> &mut Value {
        let key = key.into();
        if !self.contains(&key) {
            self.insert(key.clone(), value);
        }
        self.change().entries.entry(key).or_insert(Value::Null)
    }

    /// The keys in order.
    pub(crate) fn keys(&self) -> Vec<Text> {
        self.iter().map(|(key, _)| key.clone()).collect()
    }

    /// The entries in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        let Content { entries, table } = &*self.content;
        let hashed = table.iter().flat_map(KeyTable::keys).filter_map(|key| entries.get_key_value(&**key));
        let plain = entries.iter().take(if table.is_some() { 0 } else { entries.len() });
        hashed.chain(plain)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// Every value for change, in no particular order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.change().entries.values_mut()
    }

    /// Every entry for change, in no particular order.
    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = (&Text, &mut Value)> {
        self.change().entries.iter_mut()
    }

    /// The entries in order, given away.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (Text, Value)> {
        let Content { mut entries, table } = Rc::unwrap_or_clone(self.content);
        if let Some(table) = table {
            let order: IndexMap<Text, usize> = table.keys().cloned().zip(0..).collect();
            entries.sort_by_cached_key(|key, _| order.get(&**key).copied());
        }
        entries.into_iter()
    }

    /// Takes over the other's entries, as Python's `update`.
    pub(crate) fn update(&mut self, other: &Map) {
        if let Some(table) = &mut self.change().table {
            table.merge(&other.keys());
        }
        for (key, value) in other.iter() {
            self.insert(key, value.clone());
        }
    }

    /// A copy as Python's `copy` makes it.
    pub(crate) fn copy(&self) -> Map {
        let mut copy = self.empty_like();
        copy.update(self);
        copy
    }

    /// A copy as Python's `deepcopy` makes it.
    pub(crate) fn deep_copy(&self) -> Map {
        if self.settled {
            return self.clone();
        }
        let mut copy = self.empty_like();
        copy.change().entries.reserve(self.len());
        let mut settled = true;
        for (key, value) in self.iter() {
            let value = value.deep_copy();
            settled &= value.is_settled();
            copy.insert(key, value);
        }
        // Built from keys in the order that it has itself, it would be built the same again.
        copy.settled = settled && self.iter().zip(copy.iter()).all(|((a, _), (b, _))| a == b);
        copy
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.content, &other.content) || self.content.entries == other.content.entries
    }
}

impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(entries: I) -> Map {
        Map::of(Content { entries: entries.into_iter().collect(), table: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{map, text};

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut original = Map::hashed();
        original.insert("a", map([("b", text("c"))]));
        let copy = original.deep_copy();
        assert!(copy.settled);
        let Some(Value::Map(inner)) = original.get_mut("a") else { panic!("a map") };
        inner.insert("b", "d");
        assert!(copy.get("a").is_some_and(|inner| inner.get("b") == Some(&text("c"))));
        assert!(!original.settled && original.get("a").is_some_and(|inner| inner.get("b") == Some(&text("d"))));
    }

    #[test]
    fn a_settled_map_is_copied_into_the_same_order() {
        let mut map = Map::hashed();
        for n in 0..40 {
            map.insert(format!("key{}", n * 7919 % 101), Value::Null);
        }
        for n in 0..20 {
            map.remove(&format!("key{}", n * 7919 % 101));
        }
        let mut copy = map.deep_copy();
        for _ in 0..10 {
            let again = Map { settled: false, ..copy.clone() }.deep_copy();
            assert!(!copy.settled || again.keys() == copy.keys());
            copy = again;
        }
    }
}
