//! Items as the JSON of DynamoDB's protocol: read in one pass (`read`), written straight into a buffer.
//!
//! A read answers with the same few shapes a million times, so this is written by hand: from values, and from the
//! stored bytes without making values (`encoding::write_json`).

mod base64;
mod read;
mod scan;

pub use read::{Unreadable, read_item, read_value, read_values};

use crate::{Item, Value};

/// Appends `{"name":{"S":"…"},…}`.
pub fn write_item(item: &Item, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, value)) in item.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(name.as_bytes(), out);
        out.push(b':');
        write_value(value, out);
    }
    out.push(b'}');
}

/// Appends `{"S":"…"}`, the whole AttributeValue.
pub fn write_value(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(value.kind().descriptor().as_bytes());
    out.extend_from_slice(b"\":");
    write_payload(value, out);
    out.push(b'}');
}

fn write_payload(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::S(text) => write_string(text.as_bytes(), out),
        Value::N(number) => write_string(number.to_string().as_bytes(), out),
        Value::B(bytes) => write_base64(bytes, out),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Null => out.extend_from_slice(b"true"),
        Value::M(map) => write_item(map, out),
        Value::L(list) => write_list(list, write_value, out),
        Value::Ss(set) => write_list(set, |text, out| write_string(text.as_bytes(), out), out),
        Value::Ns(set) => write_list(set, |number, out| write_string(number.to_string().as_bytes(), out), out),
        Value::Bs(set) => write_list(set, |bytes, out| write_base64(bytes, out), out),
    }
}

fn write_list<T>(elements: impl IntoIterator<Item = T>, write: impl Fn(T, &mut Vec<u8>), out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(element, out);
    }
    out.push(b']');
}

/// What stands in the value's own member, as text: `[{"S":"a"}]` of a list.
pub(crate) fn payload(value: &Value) -> String {
    let mut out = Vec::new();
    write_payload(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends a JSON string; `text` is UTF-8.
pub fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut written = 0;
    for (index, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(text.get(written..index).unwrap_or_default());
        written = index + 1;
        write_escaped(byte, out);
    }
    out.extend_from_slice(text.get(written..).unwrap_or_default());
    out.push(b'"');
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn hex(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

/// Appends a JSON string holding the bytes in base64.
pub fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    base64::encode(bytes, out);
    out.push(b'"');
}

/// The bytes in base64.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    base64::encode(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
