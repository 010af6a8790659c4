//! Python 2's dictionary order and notation, as far as names in transformed templates hang on it.
//!
//! `dictobject.c` and `stringobject.c` of CPython 2.7 are the source of the arithmetic: a table of
//! a power of two with perturbed probing, iterated slot by slot.

use crate::value::{Map, Text, Value};

const SMALLEST: usize = 8;
const PERTURB_SHIFT: u32 = 5;
/// From here on a growing table doubles instead of quadrupling.
const LARGE: usize = 50_000;

#[derive(Clone, Debug)]
enum Slot {
    Empty,
    /// A key was here; a probe goes on.
    Removed,
    Key(u64, Text),
}

/// The keys of a Python 2 dictionary, in the slots they hash to.
#[derive(Clone, Debug)]
pub(crate) struct KeyTable {
    slots: Vec<Slot>,
    size: usize,
    fill: usize,
}

impl Default for KeyTable {
    fn default() -> KeyTable {
        KeyTable { slots: vec![Slot::Empty; SMALLEST], size: 0, fill: 0 }
    }
}

impl KeyTable {
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Text> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Key(_, key) => Some(key),
            _ => None,
        })
    }

    pub(crate) fn add(&mut self, key: &Text) {
        self.add_hashed(hash(key), key.clone());
    }

    fn add_hashed(&mut self, hash: u64, key: Text) {
        let at = self.find(hash, &key);
        match self.slots[at] {
            Slot::Key(..) => return,
            Slot::Empty => self.fill += 1,
            Slot::Removed => {}
        }
        self.size += 1;
        self.slots[at] = Slot::Key(hash, key);
        if self.fill * 3 >= self.slots.len() * 2 {
            self.resize(self.size * if self.size > LARGE { 2 } else { 4 });
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        let at = self.find(hash(key), key);
        if matches!(self.slots[at], Slot::Key(..)) {
            self.slots[at] = Slot::Removed;
            self.size -= 1;
        }
    }

    /// Adds many keys, growing once beforehand if they would not fit.
    pub(crate) fn merge(&mut self, keys: &[Text]) {
        if keys.is_empty() {
            return;
        }
        if (self.fill + keys.len()) * 3 >= self.slots.len() * 2 {
            self.resize((self.size + keys.len()) * 2);
        }
        for key in keys {
            self.add(key);
        }
    }

    /// The slot of that key, or the one where it would go. There is always an empty slot: the
    /// table grows at two thirds.
    fn find(&self, hash: u64, key: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut walker = hash & mask as u64;
        let mut perturb = hash;
        let mut free = None;
        loop {
            let at = walker as usize & mask;
            match &self.slots[at] {
                Slot::Empty => return free.unwrap_or(at),
                Slot::Key(_, there) if &**there == key => return at,
                Slot::Removed if free.is_none() => free = Some(at),
                _ => {}
            }
            walker = (walker << 2).wrapping_add(walker).wrapping_add(perturb).wrapping_add(1);
            perturb >>= PERTURB_SHIFT;
        }
    }

    fn resize(&mut self, request: usize) {
        let mut length = SMALLEST;
        while length <= request {
            length <<= 1;
        }
        let old = std::mem::replace(&mut self.slots, vec![Slot::Empty; length]);
        self.size = 0;
        self.fill = 0;
        for slot in old {
            if let Slot::Key(hash, key) = slot {
                self.add_hashed(hash, key);
            }
        }
    }
}

/// `hash()` of a Python 2.7 string on a 64-bit machine, without randomisation.
fn hash(text: &str) -> u64 {
    let mut chars = text.chars().peekable();
    let Some(first) = chars.peek() else { return 0 };
    let mut hash = u64::from(*first as u32) << 7;
    let mut length = 0u64;
    for char in chars {
        hash = hash.wrapping_mul(1_000_003) ^ u64::from(char as u32);
        length += 1;
    }
    hash ^ length
}

/// Python's notation of a value, with text from the template as `u'…'`.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(value, &mut out);
    out
}

/// `str()`: the notation, but text as it is.
pub(crate) fn str(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => repr(other),
    }
}

/// The name of the type that Python has for a value.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::Text(text) if text.unicode => "Py27UniStr",
        Value::Text(_) => "str",
        Value::List(_) => "list",
        Value::Map(_) => "dict",
    }
}

/// `str()` of a `get`: nothing is `None`.
pub(crate) fn str_or_none(value: Option<&Value>) -> String {
    str(value.unwrap_or(&Value::Null))
}

fn write_repr(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number_repr(number)),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_repr(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => write_map(map, out),
    }
}

fn write_map(map: &Map, out: &mut String) {
    out.push('{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write_text(key, out);
        out.push_str(": ");
        write_repr(value, out);
    }
    out.push('}');
}

fn write_text(text: &Text, out: &mut String) {
    if text.unicode {
        out.push('u');
    }
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for char in text.chars() {
        let code = char as u32;
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if char == quote => {
                out.push('\\');
                out.push(char);
            }
            ' '..='~' => out.push(char),
            _ if code <= 0xff && (text.unicode || char.is_control() || code == 0xa0 || code == 0xad) => {
                out.push_str(&format!("\\x{code:02x}"));
            }
            _ if text.unicode && code <= 0xffff => out.push_str(&format!("\\u{code:04x}")),
            _ if text.unicode => out.push_str(&format!("\\U{code:08x}")),
            _ => out.push(char),
        }
    }
    out.push(quote);
}

/// Python's `repr` of a number: the shortest digits, `1e+16` from ten quadrillion on.
pub(crate) fn number_repr(number: &serde_json::Number) -> String {
    if let (None, None, Some(float)) = (number.as_i64(), number.as_u64(), number.as_f64()) {
        return float_repr(float);
    }
    match number.as_u64() {
        Some(long) if long > i64::MAX as u64 => format!("{long}L"),
        _ => number.to_string(),
    }
}

/// Python's `repr` of a float.
pub(crate) fn float_repr(float: f64) -> String {
    let plain = float == 0.0 || (1e-4..1e16).contains(&float.abs());
    if plain {
        return format!("{float:?}");
    }
    let scientific = format!("{float:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_a_python_2_dictionary() {
        let mut map = Map::hashed();
        for key in ["swagger", "info", "paths"] {
            map.insert(key, Value::Null);
        }
        let keys: Vec<String> = map.keys().iter().map(|key| key.to_string()).collect();
        assert_eq!(keys, ["info", "paths", "swagger"]);
    }

    #[test]
    fn text_is_written_as_python_2_writes_it() {
        assert_eq!(repr(&Text::unicode("it's").into()), "u\"it's\"");
        assert_eq!(repr(&Text::unicode("é\\あ").into()), "u'\\xe9\\\\\\u3042'");
        assert_eq!(repr(&Text::from("a\n").into()), "'a\\n'");
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        assert_eq!(float_repr(1e16), "1e+16");
        assert_eq!(float_repr(1.5), "1.5");
        assert_eq!(float_repr(1e-7), "1e-07");
    }
}
