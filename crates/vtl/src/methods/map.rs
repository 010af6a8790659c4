//! Methods of maps.

use crate::error::Error;
use crate::value::{Heap, Kind, MapId, Value};
use indexmap::IndexMap;

pub(super) fn call(id: MapId, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
    if let [key, more @ ..] = arguments
        && let Some(result) = with_key(id, name, key, more, heap)?
    {
        return Ok(Some(result));
    }
    Ok(Some(match (name, arguments) {
        ("size", []) => Value::Int(heap.entries(id).len() as i64),
        ("isEmpty", []) => Value::Bool(heap.entries(id).is_empty()),
        ("putAll", [Value::Map(other)]) => {
            for (key, value) in heap.copy_entries(*other)? {
                heap.put(id, key, value)?;
            }
            Value::Null
        }
        ("containsValue", [wanted]) => {
            for (_, value) in heap.copy_entries(id)? {
                if heap.equal(&value, wanted, 0)? {
                    return Ok(Some(Value::Bool(true)));
                }
            }
            Value::Bool(false)
        }
        ("keySet", []) => {
            let mut keys = Vec::new();
            for (key, _) in heap.copy_entries(id)? {
                keys.push(heap.text(&key)?);
            }
            heap.list(keys)?
        }
        ("values", []) => {
            let values = heap.copy_entries(id)?.into_iter().map(|(_, value)| value).collect();
            heap.list(values)?
        }
        ("entrySet", []) => {
            let mut entries = Vec::new();
            for (key, value) in heap.copy_entries(id)? {
                let key = heap.text(&key)?;
                let entry = IndexMap::from([("key".to_owned(), key), ("value".to_owned(), value)]);
                entries.push(heap.new_map(Kind::Entry, entry)?);
            }
            heap.list(entries)?
        }
        ("clear", []) => {
            heap.clear(id);
            Value::Null
        }
        _ => return Ok(None),
    }))
}

/// Methods whose first argument is a key.
fn with_key(id: MapId, name: &str, key: &Value, more: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
    if !matches!(name, "get" | "getOrDefault" | "containsKey" | "put" | "putIfAbsent" | "remove") {
        return Ok(None);
    }
    let key = heap.show(key)?;
    let old = heap.entries(id).get(&key).cloned();
    Ok(Some(match (name, more) {
        ("get", []) => old.unwrap_or(Value::Null),
        ("getOrDefault", [default]) => old.unwrap_or_else(|| default.clone()),
        ("containsKey", []) => Value::Bool(old.is_some()),
        ("put", [value]) => heap.put(id, key, value.clone())?.unwrap_or(Value::Null),
        ("putIfAbsent", [value]) => match old {
            Some(old) => old,
            None => heap.put(id, key, value.clone())?.unwrap_or(Value::Null),
        },
        ("remove", []) => {
            heap.work(heap.entries(id).len() * size_of::<Value>())?;
            heap.remove(id, &key).unwrap_or(Value::Null)
        }
        _ => return Ok(None),
    }))
}
