//! How values print: as the Java objects behind AWS's templates do, or as JSON.

use crate::error::Error;
use crate::value::{Heap, Kind, ListId, MapId, Value};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Depth of lists and maps within each other that is printed, compared or converted.
pub(crate) const MAX_DEPTH: usize = 128;
const TOO_DEEP: Error = Error::Limit("nested values");

impl Heap {
    /// The text of a value: `toString()` of Java.
    pub fn show(&mut self, value: &Value) -> Result<String, Error> {
        let mut out = String::new();
        self.show_into(value, &mut out, 0)?;
        Ok(out)
    }

    fn show_into(&mut self, value: &Value, out: &mut String, depth: usize) -> Result<(), Error> {
        self.work(0)?;
        if depth > MAX_DEPTH {
            return Err(TOO_DEEP);
        }
        if out.len() > self.limits().output {
            return Err(Error::Limit("output"));
        }
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&java_double(*number)),
            Value::Text(text) => {
                self.work(text.len())?;
                out.push_str(text);
            }
            Value::List(id) if self.list_kind(*id) == Kind::Json => {
                out.push_str(&self.json(value)?.to_string());
            }
            Value::List(id) => self.show_list(*id, out, depth)?,
            Value::Map(id) => self.show_map(*id, out, depth)?,
            Value::Object(_) | Value::Block(_) => {}
        }
        Ok(())
    }

    fn show_list(&mut self, id: ListId, out: &mut String, depth: usize) -> Result<(), Error> {
        out.push('[');
        for (index, item) in self.copy_items(id)?.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.show_into(item, out, depth + 1)?;
        }
        out.push(']');
        Ok(())
    }

    fn show_map(&mut self, id: MapId, out: &mut String, depth: usize) -> Result<(), Error> {
        let entry = self.map_kind(id) == Kind::Entry;
        if entry {
            let entries = self.entries(id).clone();
            if let Some(key) = entries.get("key") {
                self.show_into(key, out, depth + 1)?;
            }
            out.push('=');
            if let Some(value) = entries.get("value") {
                self.show_into(value, out, depth + 1)?;
            }
            return Ok(());
        }
        out.push('{');
        for (index, (key, value)) in self.copy_entries(id)?.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            out.push_str(key);
            out.push('=');
            self.show_into(value, out, depth + 1)?;
        }
        out.push('}');
        Ok(())
    }

    /// The value as a JSON document.
    pub fn json(&mut self, value: &Value) -> Result<Json, Error> {
        self.json_at(value, 0)
    }

    fn json_at(&mut self, value: &Value, depth: usize) -> Result<Json, Error> {
        self.work(0)?;
        if depth > MAX_DEPTH {
            return Err(TOO_DEEP);
        }
        Ok(match value {
            Value::Null | Value::Object(_) | Value::Block(_) => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Int(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Text(text) => {
                self.work(text.len())?;
                Json::String(text.to_string())
            }
            Value::List(id) => {
                let items = self.copy_items(*id)?;
                Json::Array(items.iter().map(|item| self.json_at(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Value::Map(id) => {
                let mut object = serde_json::Map::new();
                for (key, value) in self.copy_entries(*id)? {
                    object.insert(key, self.json_at(&value, depth + 1)?);
                }
                Json::Object(object)
            }
        })
    }

    /// A JSON document as values of this heap.
    pub fn load(&mut self, json: &Json) -> Result<Value, Error> {
        self.load_at(json, 0)
    }

    fn load_at(&mut self, json: &Json, depth: usize) -> Result<Value, Error> {
        self.work(0)?;
        if depth > MAX_DEPTH {
            return Err(TOO_DEEP);
        }
        match json {
            Json::Null => Ok(Value::Null),
            Json::Bool(flag) => Ok(Value::Bool(*flag)),
            Json::Number(number) => Ok(match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Value::Int(whole),
                (None, Some(float)) => Value::Float(float),
                (None, None) => Value::Null,
            }),
            Json::String(text) => self.text(text),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.load_at(item, depth + 1)).collect::<Result<_, _>>()?;
                self.new_list(Kind::Json, items)
            }
            Json::Object(object) => {
                let mut entries = IndexMap::with_capacity(object.len());
                for (key, value) in object {
                    entries.insert(key.clone(), self.load_at(value, depth + 1)?);
                }
                self.map(entries)
            }
        }
    }

    /// Velocity's `==`: numbers by value, collections by content, unlike kinds by their text.
    pub(crate) fn equal(&mut self, left: &Value, right: &Value, depth: usize) -> Result<bool, Error> {
        self.work(0)?;
        if depth > MAX_DEPTH {
            return Err(TOO_DEEP);
        }
        Ok(match (left, right) {
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => {
                self.work(a.len())?;
                a == b
            }
            (Value::List(a), Value::List(b)) => {
                let (a, b) = (self.copy_items(*a)?, self.copy_items(*b)?);
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(&b) {
                    if !self.equal(a, b, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Map(a), Value::Map(b)) => {
                if self.entries(*a).len() != self.entries(*b).len() {
                    return Ok(false);
                }
                for (key, value) in self.copy_entries(*a)? {
                    match self.entries(*b).get(&key).cloned() {
                        Some(other) if self.equal(&value, &other, depth + 1)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            _ => self.show(left)? == self.show(right)?,
        })
    }
}

/// `Double.toString` of Java: a fraction always, an exponent from 10⁷ up and below 10⁻³.
fn java_double(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.into();
    }
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        let text = number.to_string();
        return if text.contains('.') { text } else { text + ".0" };
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::java_double;

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (number, text) in
            [(1.0, "1.0"), (0.5, "0.5"), (-2.25, "-2.25"), (1e7, "1.0E7"), (1.5e-4, "1.5E-4"), (9999999.0, "9999999.0")]
        {
            assert_eq!(java_double(number), text);
        }
    }
}
