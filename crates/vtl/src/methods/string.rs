//! Methods of strings. Positions count UTF-16 units, as Java's do.

use super::pattern;
use crate::error::Error;
use crate::value::{Heap, Value};

pub(super) fn call(text: &str, name: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, Error> {
    heap.work(text.len())?;
    let mut shown = Vec::with_capacity(arguments.len());
    for argument in arguments {
        shown.push(heap.show(argument)?);
    }
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    if let Some(answer) = ask(text, name, &shown) {
        return Ok(Some(answer));
    }
    if let Some(result) = change(text, name, &shown, heap)? {
        return heap.text(&result).map(Some);
    }
    match (name, arguments) {
        ("substring", [Value::Int(from)]) => substring(text, *from, None, heap).map(Some),
        ("substring" | "subSequence", [Value::Int(from), Value::Int(to)]) => {
            substring(text, *from, Some(*to), heap).map(Some)
        }
        ("charAt", [Value::Int(at)]) => substring(text, *at, at.checked_add(1), heap).map(Some),
        ("repeat", [Value::Int(times)]) => repeat(text, *times, heap).map(Some),
        ("split", [_]) => split(text, shown[0], 0, heap).map(Some),
        ("split", [_, Value::Int(limit)]) => split(text, shown[0], *limit, heap).map(Some),
        ("matches", [_]) => {
            Ok(Some(Value::Bool(pattern::compile(&format!("^(?:{})$", shown[0]), text, heap)?.is_match(text))))
        }
        ("join", [_, Value::List(items)]) => join(shown[0], &heap.copy_items(*items)?, heap).map(Some),
        _ => Ok(None),
    }
}

/// Questions about a string.
fn ask(text: &str, name: &str, arguments: &[&str]) -> Option<Value> {
    Some(match (name, arguments) {
        ("length", []) => Value::Int(utf16(text) as i64),
        ("isEmpty", []) => Value::Bool(text.is_empty()),
        ("isBlank", []) => Value::Bool(text.trim().is_empty()),
        ("contains", [part]) => Value::Bool(text.contains(part)),
        ("startsWith", [part]) => Value::Bool(text.starts_with(part)),
        ("endsWith", [part]) => Value::Bool(text.ends_with(part)),
        ("equalsIgnoreCase", [other]) => Value::Bool(text.to_lowercase() == other.to_lowercase()),
        ("indexOf", [part]) => position(text, text.find(part)),
        ("lastIndexOf", [part]) => position(text, text.rfind(part)),
        ("compareTo", [other]) => Value::Int(compare(text, other)),
        ("compareToIgnoreCase", [other]) => Value::Int(compare(&text.to_lowercase(), &other.to_lowercase())),
        ("hashCode", []) => Value::Int(i64::from(hash(text))),
        _ => return None,
    })
}

/// Methods that make one string of another.
fn change(text: &str, name: &str, arguments: &[&str], heap: &mut Heap) -> Result<Option<String>, Error> {
    Ok(Some(match (name, arguments) {
        ("toLowerCase", []) => text.to_lowercase(),
        ("toUpperCase", []) => text.to_uppercase(),
        ("trim" | "strip", []) => text.trim().to_owned(),
        ("concat", [more]) => format!("{text}{more}"),
        ("valueOf", [value]) => (*value).to_owned(),
        ("replace", [from, to]) => {
            grows(text, to, heap)?;
            text.replace(from, to)
        }
        ("replaceAll", [from, to]) => {
            grows(text, to, heap)?;
            pattern::compile(from, text, heap)?.replace_all(text, pattern::replacement(to)).into_owned()
        }
        ("replaceFirst", [from, to]) => {
            grows(text, to, heap)?;
            pattern::compile(from, text, heap)?.replace(text, pattern::replacement(to)).into_owned()
        }
        _ => return Ok(None),
    }))
}

/// Refuses a replacement that could multiply a string beyond what may be printed.
fn grows(text: &str, replacement: &str, heap: &mut Heap) -> Result<(), Error> {
    // A group reference can repeat the text itself once for each `$`.
    let groups = replacement.matches('$').count();
    let most = (text.len() + 1).saturating_mul(replacement.len().saturating_add(1)).saturating_add(groups * text.len());
    if most > heap.limits().bytes {
        return Err(Error::Limit("memory"));
    }
    heap.work(text.len() + replacement.len())
}

fn substring(text: &str, from: i64, to: Option<i64>, heap: &mut Heap) -> Result<Value, Error> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let end = to.unwrap_or(units.len() as i64);
    let bounds = usize::try_from(from).ok().zip(usize::try_from(end).ok());
    match bounds.filter(|(from, end)| from <= end).and_then(|(from, end)| units.get(from..end)) {
        Some(part) => heap.text(&String::from_utf16_lossy(part)),
        None => Err(Error::Call(format!("String index out of range: begin {from}, end {end}, length {}", units.len()))),
    }
}

fn repeat(text: &str, times: i64, heap: &mut Heap) -> Result<Value, Error> {
    let times = usize::try_from(times).map_err(|_| Error::Call(format!("count is negative: {times}")))?;
    if text.len().saturating_mul(times) > heap.limits().output {
        return Err(Error::Limit("output"));
    }
    heap.text(&text.repeat(times))
}

/// `String.split`: a limit of 0 drops empty strings at the end, a positive one counts the parts.
fn split(text: &str, separator: &str, limit: i64, heap: &mut Heap) -> Result<Value, Error> {
    let regex = pattern::compile(separator, text, heap)?;
    let mut parts: Vec<&str> = match usize::try_from(limit) {
        Ok(limit) if limit > 0 => regex.splitn(text, limit).collect(),
        _ => regex.split(text).collect(),
    };
    // Java gives no empty part before a match of nothing at the start.
    if parts.len() > 1 && parts[0].is_empty() && regex.find(text).is_some_and(|found| found.is_empty()) {
        parts.remove(0);
    }
    if limit == 0 {
        while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
    }
    let mut items = Vec::with_capacity(parts.len());
    for part in parts {
        items.push(heap.text(part)?);
    }
    heap.list(items)
}

fn join(separator: &str, items: &[Value], heap: &mut Heap) -> Result<Value, Error> {
    let mut out = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(&heap.show(item)?);
        if out.len() > heap.limits().output {
            return Err(Error::Limit("output"));
        }
    }
    heap.text(&out)
}

fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn position(text: &str, found: Option<usize>) -> Value {
    Value::Int(found.map_or(-1, |at| utf16(&text[..at]) as i64))
}

/// The difference of the first units that differ, else of the lengths.
fn compare(a: &str, b: &str) -> i64 {
    let differ = a.encode_utf16().zip(b.encode_utf16()).find(|(a, b)| a != b);
    differ.map_or(utf16(a) as i64 - utf16(b) as i64, |(a, b)| i64::from(a) - i64::from(b))
}

fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}
