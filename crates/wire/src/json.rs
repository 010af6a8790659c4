//! Writing JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::schema::{Member, TimeFormat};
use crate::sink::Sink;

/// Writes JSON text. Names are the members' wire names; timestamps are epoch seconds unless the model says else.
#[derive(Default)]
pub struct JsonSink {
    out: Vec<u8>,
    open: Vec<Inside>,
    /// Secrets are written as `***`: for logs and the audit trail.
    redacting: bool,
    /// Keys are the model's member names, not the wire's.
    model_names: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Structure { first: bool },
    List { first: bool },
    Map { first: bool },
}

impl JsonSink {
    pub fn new() -> Self {
        JsonSink::default()
    }

    /// A sink that hides what the model marks as sensitive.
    pub fn redacting() -> Self {
        JsonSink { redacting: true, ..JsonSink::default() }
    }

    /// A sink whose keys are the model's member names.
    pub fn with_model_names() -> Self {
        JsonSink { model_names: true, ..JsonSink::default() }
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Writes comma and name, as the place demands.
    fn prefix(&mut self, at: &'static Member) {
        match self.open.last_mut() {
            Some(Inside::Structure { first }) => {
                if !std::mem::take(first) {
                    self.out.push(b',');
                }
                quote(&mut self.out, if self.model_names { at.name } else { at.wire });
                self.out.push(b':');
            }
            Some(Inside::List { first }) => {
                if !std::mem::take(first) {
                    self.out.push(b',');
                }
            }
            Some(Inside::Map { .. }) | None => {}
        }
    }

    fn begin(&mut self, at: &'static Member, bracket: u8, inside: Inside) {
        self.prefix(at);
        self.out.push(bracket);
        self.open.push(inside);
    }

    fn end(&mut self, bracket: u8) {
        self.open.pop();
        self.out.push(bracket);
    }

    fn hides(&self, at: &'static Member) -> bool {
        self.redacting && at.sensitive()
    }
}

impl Sink for JsonSink {
    fn boolean(&mut self, at: &'static Member, value: bool) {
        self.prefix(at);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn integer(&mut self, at: &'static Member, value: i64) {
        self.prefix(at);
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }

    fn float(&mut self, at: &'static Member, value: f64) {
        self.prefix(at);
        push_float(&mut self.out, value);
    }

    fn string(&mut self, at: &'static Member, value: &str) {
        self.prefix(at);
        let hidden = self.hides(at);
        quote(&mut self.out, if hidden { "***" } else { value });
    }

    fn blob(&mut self, at: &'static Member, value: &Bytes) {
        self.prefix(at);
        self.out.push(b'"');
        if self.hides(at) {
            self.out.extend_from_slice(b"***");
        } else {
            let start = self.out.len();
            self.out.resize(start + value.len().div_ceil(3) * 4, b'=');
            let written = STANDARD.encode_slice(value, &mut self.out[start..]).unwrap_or(0);
            self.out.truncate(start + written);
        }
        self.out.push(b'"');
    }

    fn timestamp(&mut self, at: &'static Member, value: Timestamp) {
        self.prefix(at);
        match at.time.unwrap_or(TimeFormat::EpochSeconds) {
            TimeFormat::EpochSeconds => push_epoch(&mut self.out, value),
            TimeFormat::DateTime => quote(&mut self.out, &value.iso()),
            TimeFormat::HttpDate => quote(&mut self.out, &value.http_date()),
        }
    }

    fn document(&mut self, at: &'static Member, value: &Value) {
        self.prefix(at);
        let text = if self.hides(at) { String::from("\"***\"") } else { value.to_string() };
        self.out.extend_from_slice(text.as_bytes());
    }

    fn json(&mut self, at: &'static Member, text: &[u8]) {
        self.prefix(at);
        self.out.extend_from_slice(if self.hides(at) { b"\"***\"" } else { text });
    }

    fn begin_structure(&mut self, at: &'static Member) {
        self.begin(at, b'{', Inside::Structure { first: true });
    }

    fn end_structure(&mut self, _: &'static Member) {
        self.end(b'}');
    }

    fn begin_list(&mut self, at: &'static Member, _: usize) {
        self.begin(at, b'[', Inside::List { first: true });
    }

    fn end_list(&mut self, _: &'static Member) {
        self.end(b']');
    }

    fn begin_map(&mut self, at: &'static Member, _: usize) {
        self.begin(at, b'{', Inside::Map { first: true });
    }

    fn key(&mut self, _: &'static Member, key: &str) {
        if let Some(Inside::Map { first }) = self.open.last_mut()
            && !std::mem::take(first)
        {
            self.out.push(b',');
        }
        quote(&mut self.out, key);
        self.out.push(b':');
    }

    fn end_map(&mut self, _: &'static Member) {
        self.end(b'}');
    }
}

/// Seconds since 1970, with a fraction only where there is one.
fn push_epoch(out: &mut Vec<u8>, value: Timestamp) {
    let millis = value.0.rem_euclid(1000);
    if millis == 0 {
        out.extend_from_slice(itoa::Buffer::new().format(value.seconds()).as_bytes());
    } else {
        push_float(out, value.0 as f64 / 1000.0);
    }
}

/// A float as JSON; what JSON has no number for is a string (Smithy).
fn push_float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(match value {
            _ if value.is_nan() => b"\"NaN\"",
            _ if value > 0.0 => b"\"Infinity\"",
            _ => b"\"-Infinity\"",
        });
    }
}

/// Appends a JSON string.
pub fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain = 0;
    let bytes = text.as_bytes();
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[plain..index]);
        plain = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[plain..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_must_be_quoted() {
        for text in ["", "plain", "a\"b\\c", "\n\t\r\u{1}", "日本語"] {
            let mut out = Vec::new();
            quote(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text);
        }
    }
}
