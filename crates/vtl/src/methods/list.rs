//! Methods of lists.

use super::out_of_bounds;
use crate::error::Error;
use crate::value::{Heap, ListId, Value};

pub(super) fn call(id: ListId, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
    let length = heap.items(id).len();
    let within = |index: &i64| {
        let place = usize::try_from(*index).ok().filter(|place| *place < length);
        place.ok_or_else(|| out_of_bounds(*index, length))
    };
    Ok(Some(match (name, arguments) {
        ("size", []) => Value::Int(length as i64),
        ("isEmpty", []) => Value::Bool(length == 0),
        ("get", [Value::Int(index)]) => heap.items(id)[within(index)?].clone(),
        ("set", [Value::Int(index), value]) => {
            let index = within(index)?;
            std::mem::replace(&mut heap.items_mut(id, 0)?[index], value.clone())
        }
        ("add", [value]) => {
            heap.items_mut(id, 1)?.push(value.clone());
            Value::Bool(true)
        }
        ("add", [Value::Int(index), value]) => {
            let index = if *index == length as i64 { length } else { within(index)? };
            heap.work(size_of_val(heap.items(id)))?;
            heap.items_mut(id, 1)?.insert(index, value.clone());
            Value::Null
        }
        ("addAll", [Value::List(other)]) => {
            let more = heap.copy_items(*other)?;
            let changed = !more.is_empty();
            heap.items_mut(id, more.len())?.extend(more);
            Value::Bool(changed)
        }
        ("remove", [Value::Int(index)]) => {
            let index = within(index)?;
            heap.work(size_of_val(heap.items(id)))?;
            heap.items_mut(id, 0)?.remove(index)
        }
        ("remove", [value]) => match find(id, value, heap)? {
            Some(index) => {
                heap.items_mut(id, 0)?.remove(index);
                Value::Bool(true)
            }
            None => Value::Bool(false),
        },
        ("clear", []) => {
            heap.items_mut(id, 0)?.clear();
            Value::Null
        }
        ("contains", [value]) => Value::Bool(find(id, value, heap)?.is_some()),
        ("containsAll", [Value::List(other)]) => {
            for wanted in heap.copy_items(*other)? {
                if find(id, &wanted, heap)?.is_none() {
                    return Ok(Some(Value::Bool(false)));
                }
            }
            Value::Bool(true)
        }
        ("indexOf", [value]) => Value::Int(find(id, value, heap)?.map_or(-1, |index| index as i64)),
        ("subList", [Value::Int(from), Value::Int(to)]) => {
            let bounds = usize::try_from(*from).ok().zip(usize::try_from(*to).ok());
            match bounds.filter(|(from, to)| from <= to && *to <= length) {
                Some((from, to)) => {
                    let items = heap.copy_items(id)?[from..to].to_vec();
                    heap.list(items)?
                }
                None => return Err(out_of_bounds(*to, length)),
            }
        }
        ("toArray", []) => Value::List(id),
        _ => return Ok(None),
    }))
}

fn find(id: ListId, value: &Value, heap: &mut Heap) -> Result<Option<usize>, Error> {
    for (index, item) in heap.copy_items(id)?.iter().enumerate() {
        if heap.equal(item, value, 0)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}
