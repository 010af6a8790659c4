//! JSON as Python's `json.dumps` writes it: names are hashes over this text, so its spaces, its
//! order and its escapes matter.

use crate::python2;
use crate::value::{Map, Text, Value};

/// How `dumps` is called.
struct Style {
    sorted: bool,
    comma: &'static str,
    colon: &'static str,
    /// Spaces per level, or everything on one line.
    indent: Option<usize>,
}

const COMPACT: Style = Style { sorted: true, comma: ",", colon: ":", indent: None };
const DEFAULT: Style = Style { sorted: false, comma: ", ", colon: ": ", indent: None };
const PRETTY: Style = Style { sorted: true, comma: ",", colon: ": ", indent: Some(4) };

/// `dumps(value, separators=(',', ':'), sort_keys=True)`
pub(crate) fn compact(value: &Value) -> String {
    dumps(value, &COMPACT)
}

/// `dumps(value)`
pub(crate) fn default(value: &Value) -> String {
    dumps(value, &DEFAULT)
}

/// `dumps(value, sort_keys=True, indent=4, separators=(',', ': '))`
pub(crate) fn pretty(value: &Value) -> String {
    dumps(value, &PRETTY)
}

fn dumps(value: &Value, style: &Style) -> String {
    let mut out = String::new();
    write(value, style, 0, &mut out);
    out
}

fn write(value: &Value, style: &Style, level: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(python2::number_repr(number).trim_end_matches('L')),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, style, level + 1, out);
                write(item, style, level + 1, out);
            }
            close(items.is_empty(), style, level, out);
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, (key, value)) in ordered(map, style).into_iter().enumerate() {
                separate(at, style, level + 1, out);
                write_text(key, out);
                out.push_str(style.colon);
                write(value, style, level + 1, out);
            }
            close(map.is_empty(), style, level, out);
            out.push('}');
        }
    }
}

fn ordered<'a>(map: &'a Map, style: &Style) -> Vec<(&'a Text, &'a Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    if style.sorted {
        entries.sort_by(|(a, _), (b, _)| a[..].cmp(b));
    }
    entries
}

fn separate(at: usize, style: &Style, level: usize, out: &mut String) {
    if at > 0 {
        out.push_str(style.comma);
    }
    line(style, level, out);
}

fn close(empty: bool, style: &Style, level: usize, out: &mut String) {
    if !empty {
        line(style, level, out);
    }
}

fn line(style: &Style, level: usize, out: &mut String) {
    if let Some(indent) = style.indent {
        out.push('\n');
        out.push_str(&" ".repeat(indent * level));
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(char),
            _ => {
                let mut units = [0; 2];
                for unit in char.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{list, map, text};

    #[test]
    fn each_style_is_python_s() {
        let value = map([("b", list([1.into(), text("é")])), ("a", map([]))]);
        assert_eq!(compact(&value), r#"{"a":{},"b":[1,"\u00e9"]}"#);
        assert_eq!(default(&value), r#"{"b": [1, "\u00e9"], "a": {}}"#);
        assert_eq!(pretty(&value), "{\n    \"a\": {},\n    \"b\": [\n        1,\n        \"\\u00e9\"\n    ]\n}");
    }
}
