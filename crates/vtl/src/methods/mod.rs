//! Properties and methods of values: those of Java's String, Integer, List and Map that templates use.

mod list;
mod map;
mod number;
mod pattern;
mod string;

use crate::error::Error;
use crate::value::{Heap, Kind, ListId, Value};

/// `$value.name`; null when there is none.
pub(crate) fn property(value: &Value, name: &str, heap: &mut Heap) -> Result<Value, Error> {
    let found = match value {
        Value::Map(id) => match heap.entries(*id).get(name) {
            Some(value) => Some(value.clone()),
            None if name == "empty" => Some(Value::Bool(heap.entries(*id).is_empty())),
            None => None,
        },
        Value::List(id) if name == "empty" => Some(Value::Bool(heap.items(*id).is_empty())),
        Value::Text(text) if name == "empty" => Some(Value::Bool(text.is_empty())),
        Value::Object(object) => object.property(name, heap)?,
        _ => None,
    };
    Ok(found.unwrap_or(Value::Null))
}

/// `$value[index]`; null when there is none.
pub(crate) fn index(value: &Value, index: &Value, heap: &mut Heap) -> Result<Value, Error> {
    match (value, index) {
        (Value::List(id), Value::Int(index)) => {
            let items = heap.items(*id);
            Ok(place(*index, items.len()).and_then(|index| items.get(index)).cloned().unwrap_or(Value::Null))
        }
        (Value::Map(_) | Value::Object(_), key) => {
            let key = heap.show(key)?;
            property(value, &key, heap)
        }
        _ => Ok(Value::Null),
    }
}

/// Replaces an item of a list; a negative index counts from the end.
pub(crate) fn set_item(id: ListId, index: i64, value: Value, heap: &mut Heap) -> Result<(), Error> {
    let length = heap.items(id).len();
    match place(index, length).and_then(|index| heap.items_mut(id, 0).ok()?.get_mut(index)) {
        Some(item) => {
            *item = value;
            Ok(())
        }
        None => Err(out_of_bounds(index, length)),
    }
}

/// `$value.name(arguments)`; null when there is no such method.
pub(crate) fn call(value: &Value, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Value, Error> {
    let any = match (name, arguments) {
        ("equals", [other]) => Some(Value::Bool(heap.equal(value, other, 0)?)),
        ("toString", []) if !matches!(value, Value::Object(_) | Value::Block(_)) => {
            let text = heap.show(value)?;
            Some(heap.text(&text)?)
        }
        _ => None,
    };
    if let Some(result) = any {
        return Ok(result);
    }
    let found = match value {
        Value::Text(text) => string::call(text, name, arguments, heap)?,
        Value::List(id) => list::call(*id, name, arguments, heap)?,
        Value::Map(id) if heap.map_kind(*id) == Kind::Entry => entry(value, name, arguments, heap)?,
        Value::Map(id) => map::call(*id, name, arguments, heap)?,
        Value::Int(_) | Value::Float(_) => number::call(value, name, arguments, heap)?,
        Value::Object(object) => object.clone().call(name, arguments, heap)?,
        Value::Null | Value::Bool(_) | Value::Block(_) => None,
    };
    Ok(found.unwrap_or(Value::Null))
}

/// One of `entrySet()`.
fn entry(value: &Value, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
    match (name, arguments) {
        ("getKey", []) => property(value, "key", heap).map(Some),
        ("getValue", []) => property(value, "value", heap).map(Some),
        _ => Ok(None),
    }
}

/// An index into a list of this length; a negative one counts from the end.
fn place(index: i64, length: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(length as i64)? } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}

fn out_of_bounds(index: i64, length: usize) -> Error {
    Error::Call(format!("Index {index} out of bounds for length {length}"))
}
