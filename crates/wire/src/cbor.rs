//! Writing CBOR (RFC 8949), as Smithy's RPC v2 wants it.

use bytes::Bytes;
use kogumo_base::Timestamp;
use serde_json::Value;

use crate::schema::Member;
use crate::sink::Sink;

/// Writes CBOR. Structures are of indefinite length, since absent members are not counted beforehand.
#[derive(Default)]
pub struct CborSink {
    out: Vec<u8>,
    /// For each open value: are names of members written?
    in_structure: Vec<bool>,
}

const UNSIGNED: u8 = 0 << 5;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const TAG: u8 = 6 << 5;
const INDEFINITE_MAP: u8 = MAP | 31;
const BREAK: u8 = 0xff;

impl CborSink {
    pub fn new() -> Self {
        CborSink::default()
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn head(&mut self, major: u8, value: u64) {
        match value {
            0..=23 => self.out.push(major | value as u8),
            24..=0xff => self.out.extend_from_slice(&[major | 24, value as u8]),
            0x100..=0xffff => {
                self.out.push(major | 25);
                self.out.extend_from_slice(&(value as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.out.push(major | 26);
                self.out.extend_from_slice(&(value as u32).to_be_bytes());
            }
            _ => {
                self.out.push(major | 27);
                self.out.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UNSIGNED, value),
            Err(_) => self.head(NEGATIVE, !value as u64),
        }
    }

    fn double(&mut self, value: f64) {
        self.out.push(0xfb);
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    fn name(&mut self, at: &'static Member) {
        if self.in_structure.last() == Some(&true) {
            self.text(at.wire);
        }
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push(0xf6),
            Value::Bool(value) => self.out.push(if *value { 0xf5 } else { 0xf4 }),
            Value::Number(number) => match number.as_i64() {
                Some(value) => self.number(value),
                None => self.double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.head(ARRAY, items.len() as u64);
                items.iter().for_each(|item| self.json(item));
            }
            Value::Object(entries) => {
                self.head(MAP, entries.len() as u64);
                for (key, value) in entries {
                    self.text(key);
                    self.json(value);
                }
            }
        }
    }
}

impl Sink for CborSink {
    fn boolean(&mut self, at: &'static Member, value: bool) {
        self.name(at);
        self.out.push(if value { 0xf5 } else { 0xf4 });
    }

    fn integer(&mut self, at: &'static Member, value: i64) {
        self.name(at);
        self.number(value);
    }

    fn float(&mut self, at: &'static Member, value: f64) {
        self.name(at);
        self.double(value);
    }

    fn string(&mut self, at: &'static Member, value: &str) {
        self.name(at);
        self.text(value);
    }

    fn blob(&mut self, at: &'static Member, value: &Bytes) {
        self.name(at);
        self.head(BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    fn timestamp(&mut self, at: &'static Member, value: Timestamp) {
        self.name(at);
        self.head(TAG, 1);
        self.double(value.0 as f64 / 1000.0);
    }

    fn document(&mut self, at: &'static Member, value: &Value) {
        self.name(at);
        self.json(value);
    }

    fn begin_structure(&mut self, at: &'static Member) {
        self.name(at);
        self.out.push(INDEFINITE_MAP);
        self.in_structure.push(true);
    }

    fn end_structure(&mut self, _: &'static Member) {
        self.in_structure.pop();
        self.out.push(BREAK);
    }

    fn begin_list(&mut self, at: &'static Member, length: usize) {
        self.name(at);
        self.head(ARRAY, length as u64);
        self.in_structure.push(false);
    }

    fn end_list(&mut self, _: &'static Member) {
        self.in_structure.pop();
    }

    fn begin_map(&mut self, at: &'static Member, length: usize) {
        self.name(at);
        self.head(MAP, length as u64);
        self.in_structure.push(false);
    }

    fn key(&mut self, _: &'static Member, key: &str) {
        self.text(key);
    }

    fn end_map(&mut self, _: &'static Member) {
        self.in_structure.pop();
    }
}
