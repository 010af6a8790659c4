//! The values a template is made of.
//!
//! A plain JSON value would do, were it not for the names that SAM gives to API deployments: they
//! are hashes over the Python 2 notation of the API's definition, in which the order of keys is
//! that of a Python 2 hash table and text from the template is told from text of SAM's own
//! (`u'x'` against `'x'`). So text remembers where it came from, and a map may keep its keys in
//! that order ([`crate::python2`]). Equality looks at neither.

pub(crate) use crate::map::Map;
use serde_json::Number;
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

/// Text, and whether Python 2 would have called it `unicode`.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    chars: Rc<str>,
    pub(crate) unicode: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Vec<Value>),
    Map(Map),
}

// === impl Text ===

impl Text {
    /// Text that came from the template.
    pub(crate) fn unicode(chars: impl AsRef<str>) -> Text {
        Text { chars: Rc::from(chars.as_ref()), unicode: true }
    }

    /// The same kind of text with other characters.
    pub(crate) fn with(&self, chars: impl AsRef<str>) -> Text {
        Text { chars: Rc::from(chars.as_ref()), unicode: self.unicode }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.chars
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.chars
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.chars == other.chars
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.chars.hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<&str> for Text {
    fn from(chars: &str) -> Text {
        Text { chars: Rc::from(chars), unicode: false }
    }
}

impl From<String> for Text {
    fn from(chars: String) -> Text {
        Text::from(chars.as_str())
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Text {
        text.clone()
    }
}

// === impl Value ===

/// A map of SAM's own making.
pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (Text::from(key), value)).collect())
}

/// A map of SAM's own making that keeps the order of a Python 2 dictionary.
pub(crate) fn hashed<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let mut map = Map::hashed();
    for (key, value) in entries {
        map.insert(key, value);
    }
    Value::Map(map)
}

/// A list.
pub(crate) fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::List(items.into())
}

/// Text of SAM's own making.
pub(crate) fn text(chars: impl AsRef<str>) -> Value {
    Value::Text(Text::from(chars.as_ref()))
}

/// What Python takes for true: a value that is there and is not empty, zero or false.
pub(crate) fn truthy(value: Option<&Value>) -> bool {
    value.is_some_and(Value::truthy)
}

impl Value {
    pub(crate) fn truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(map) => !map.is_empty(),
        }
    }

    /// The member of that name, if this is a map that has it and it is not null.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&Text> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&Vec<Value>> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// Whether this is text that reads so.
    pub(crate) fn is(&self, chars: &str) -> bool {
        self.as_str() == Some(chars)
    }

    /// What Python iterates over: items, keys, or single characters.
    pub(crate) fn python_items(&self) -> Vec<Value> {
        match self {
            Value::List(items) => items.clone(),
            Value::Map(map) => map.keys().into_iter().map(Value::Text).collect(),
            Value::Text(text) => text.chars().map(|char| Value::Text(text.with(char.to_string()))).collect(),
            _ => Vec::new(),
        }
    }

    /// A copy as Python's `deepcopy` makes it: every hashed map is built anew, key by key, which
    /// may change its order.
    pub(crate) fn deep_copy(&self) -> Value {
        match self {
            Value::List(items) => Value::List(items.iter().map(Value::deep_copy).collect()),
            Value::Map(map) => Value::Map(map.deep_copy()),
            other => other.clone(),
        }
    }

    /// The same value as a template is read under Python 2: all text unicode, all maps hashed.
    pub(crate) fn into_python2(self) -> Value {
        match self {
            Value::Text(text) => Value::Text(Text { unicode: true, ..text }),
            Value::List(items) => Value::List(items.into_iter().map(Value::into_python2).collect()),
            Value::Map(map) => {
                let mut hashed = Map::hashed();
                for (key, value) in map.into_entries() {
                    hashed.insert(Text { unicode: true, ..key }, value.into_python2());
                }
                Value::Map(hashed)
            }
            other => other,
        }
    }

    pub(crate) fn from_json(json: serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => Value::Number(number),
            serde_json::Value::String(chars) => Value::from(chars),
            serde_json::Value::Array(items) => Value::List(items.into_iter().map(Value::from_json).collect()),
            serde_json::Value::Object(entries) => {
                Value::Map(entries.into_iter().map(|(key, value)| (Text::from(key), Value::from_json(value))).collect())
            }
        }
    }

    /// Whether copies share this value.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Value::List(items) => items.iter().all(Value::is_settled),
            Value::Map(map) => map.is_settled(),
            _ => true,
        }
    }

    pub(crate) fn into_json(self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(value),
            Value::Number(number) => serde_json::Value::Number(number),
            Value::Text(text) => serde_json::Value::String(text.to_string()),
            Value::List(items) => serde_json::Value::Array(items.into_iter().map(Value::into_json).collect()),
            Value::Map(map) => serde_json::Value::Object(
                map.into_entries().map(|(key, value)| (key.to_string(), value.into_json())).collect(),
            ),
        }
    }
}

impl From<&str> for Value {
    fn from(chars: &str) -> Value {
        Value::Text(chars.into())
    }
}

impl From<String> for Value {
    fn from(chars: String) -> Value {
        Value::Text(chars.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Number(value.into())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(items)
    }
}
