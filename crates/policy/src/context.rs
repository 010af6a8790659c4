//! The circumstances of a request: condition keys and their values.

use std::borrow::Cow;

/// Condition keys with their values. The case of a key does not matter; a key may have many values.
#[derive(Clone, Debug, Default)]
pub struct Context {
    entries: Vec<(Cow<'static, str>, Vec<String>)>,
}

impl Context {
    /// Sets a key to one value.
    pub fn put(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.put_all(key, [value]);
    }

    /// Sets a key to one value if there is any.
    pub fn put_some(&mut self, key: impl Into<Cow<'static, str>>, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Sets a key to many values.
    pub fn put_all(&mut self, key: impl Into<Cow<'static, str>>, values: impl IntoIterator<Item = impl Into<String>>) {
        let key = key.into();
        let values = values.into_iter().map(Into::into).collect();
        match self.entries.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&key)) {
            Some(entry) => entry.1 = values,
            None => self.entries.push((key, values)),
        }
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|(known, _)| !known.eq_ignore_ascii_case(key));
    }

    /// The values of a key; `None` if the request does not have it.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        let found = self.entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        found.map(|(_, values)| values.as_slice())
    }

    /// The value of a key that has exactly one.
    pub fn single(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some([only]) => Some(only),
            _ => None,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.entries.iter().map(|(key, values)| (key.as_ref(), values.as_slice()))
    }
}
