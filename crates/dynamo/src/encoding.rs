//! Items as stored: compact bytes that know their size and can be answered as JSON without being decoded.
//!
//! ```text
//! item    = version(1) varint(AWS size) attributes
//! attributes = varint(count) { string(name) value }*
//! value   = tag payload;  payload of S, N (canonical text), B: string;  of L: varint(count) value*;  of M: attributes;
//!           of SS, NS, BS: varint(count) string*;  of BOOL and NULL: nothing
//! string  = varint(length) bytes
//! ```

use std::collections::BTreeSet;

use crate::{Item, Number, Value, json, value::NESTING_LIMIT};

const VERSION: u8 = 1;

const S: u8 = 1;
const N: u8 = 2;
const B: u8 = 3;
const FALSE: u8 = 4;
const TRUE: u8 = 5;
const NULL: u8 = 6;
const M: u8 = 7;
const L: u8 = 8;
const SS: u8 = 9;
const NS: u8 = 10;
const BS: u8 = 11;

/// Bytes that no version of this program wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt;

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stored item cannot be read")
    }
}

impl std::error::Error for Corrupt {}

/// The item as bytes to store.
pub fn encode(item: &Item) -> Vec<u8> {
    let size = crate::item_size(item);
    let mut out = Vec::with_capacity(size + 3 * item.len() + 8);
    out.push(VERSION);
    write_varint(size, &mut out);
    write_attributes(item, &mut out);
    out
}

/// The size by AWS's rules of a stored item, in bytes, without decoding it.
pub fn stored_size(bytes: &[u8]) -> Result<usize, Corrupt> {
    Reader(bytes).header()
}

/// The item back from its bytes.
pub fn decode(bytes: &[u8]) -> Result<Item, Corrupt> {
    let mut reader = Reader(bytes);
    reader.header()?;
    reader.attributes(NESTING_LIMIT)
}

/// As [`decode`], of an item that holds items: one level deeper than clients may nest.
pub(crate) fn decode_nested(bytes: &[u8]) -> Result<Item, Corrupt> {
    let mut reader = Reader(bytes);
    reader.header()?;
    reader.attributes(NESTING_LIMIT + 1)
}

/// Appends a stored item as the protocol's JSON.
pub fn write_json(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Corrupt> {
    let mut reader = Reader(bytes);
    reader.header()?;
    out.reserve(bytes.len() * 2);
    reader.attributes_json(NESTING_LIMIT, out)
}

fn write_varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn write_attributes(item: &Item, out: &mut Vec<u8>) {
    write_varint(item.len(), out);
    for (name, value) in item {
        write_bytes(name.as_bytes(), out);
        write_value(value, out);
    }
}

fn write_value(value: &Value, out: &mut Vec<u8>) {
    out.push(tag(value));
    match value {
        Value::S(text) => write_bytes(text.as_bytes(), out),
        Value::N(number) => write_bytes(number.to_string().as_bytes(), out),
        Value::B(bytes) => write_bytes(bytes, out),
        Value::Bool(_) | Value::Null => {}
        Value::M(map) => write_attributes(map, out),
        Value::L(list) => {
            write_varint(list.len(), out);
            list.iter().for_each(|value| write_value(value, out));
        }
        Value::Ss(set) => {
            write_varint(set.len(), out);
            set.iter().for_each(|text| write_bytes(text.as_bytes(), out));
        }
        Value::Ns(set) => {
            write_varint(set.len(), out);
            set.iter().for_each(|number| write_bytes(number.to_string().as_bytes(), out));
        }
        Value::Bs(set) => {
            write_varint(set.len(), out);
            set.iter().for_each(|bytes| write_bytes(bytes, out));
        }
    }
}

fn tag(value: &Value) -> u8 {
    match value {
        Value::S(_) => S,
        Value::N(_) => N,
        Value::B(_) => B,
        Value::Bool(false) => FALSE,
        Value::Bool(true) => TRUE,
        Value::Null => NULL,
        Value::M(_) => M,
        Value::L(_) => L,
        Value::Ss(_) => SS,
        Value::Ns(_) => NS,
        Value::Bs(_) => BS,
    }
}

/// What is still to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, Corrupt> {
        let (&first, rest) = self.0.split_first().ok_or(Corrupt)?;
        self.0 = rest;
        Ok(first)
    }

    fn varint(&mut self) -> Result<usize, Corrupt> {
        let mut value = 0usize;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Corrupt)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Corrupt> {
        let length = self.varint()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Corrupt)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<&'a str, Corrupt> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Corrupt)
    }

    fn number(&mut self) -> Result<Number, Corrupt> {
        Number::parse(self.text()?).map_err(|_| Corrupt)
    }

    fn header(&mut self) -> Result<usize, Corrupt> {
        match self.byte()? {
            VERSION => self.varint(),
            _ => Err(Corrupt),
        }
    }

    fn attributes(&mut self, levels: usize) -> Result<Item, Corrupt> {
        let count = self.varint()?;
        (0..count).map(|_| Ok((self.text()?.to_owned(), self.value(levels)?))).collect()
    }

    fn value(&mut self, levels: usize) -> Result<Value, Corrupt> {
        Ok(match self.byte()? {
            S => Value::S(self.text()?.to_owned()),
            N => Value::N(self.number()?),
            B => Value::B(self.bytes()?.to_owned()),
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            NULL => Value::Null,
            M => Value::M(self.attributes(levels.checked_sub(1).ok_or(Corrupt)?)?),
            L => {
                let levels = levels.checked_sub(1).ok_or(Corrupt)?;
                let count = self.varint()?;
                Value::L((0..count).map(|_| self.value(levels)).collect::<Result<_, _>>()?)
            }
            SS => Value::Ss(self.set(|reader| Ok(reader.text()?.to_owned()))?),
            NS => Value::Ns(self.set(Reader::number)?),
            BS => Value::Bs(self.set(|reader| Ok(reader.bytes()?.to_owned()))?),
            _ => return Err(Corrupt),
        })
    }

    fn set<T: Ord>(&mut self, read: impl Fn(&mut Self) -> Result<T, Corrupt>) -> Result<BTreeSet<T>, Corrupt> {
        let count = self.varint()?;
        (0..count).map(|_| read(self)).collect()
    }

    fn attributes_json(&mut self, levels: usize, out: &mut Vec<u8>) -> Result<(), Corrupt> {
        let count = self.varint()?;
        out.push(b'{');
        for index in 0..count {
            if index > 0 {
                out.push(b',');
            }
            json::write_string(self.bytes()?, out);
            out.push(b':');
            self.value_json(levels, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn value_json(&mut self, levels: usize, out: &mut Vec<u8>) -> Result<(), Corrupt> {
        match self.byte()? {
            S => {
                out.extend_from_slice(b"{\"S\":");
                json::write_string(self.bytes()?, out);
            }
            N => {
                out.extend_from_slice(b"{\"N\":\"");
                out.extend_from_slice(self.bytes()?);
                out.push(b'"');
            }
            B => {
                out.extend_from_slice(b"{\"B\":");
                json::write_base64(self.bytes()?, out);
            }
            FALSE => out.extend_from_slice(b"{\"BOOL\":false"),
            TRUE => out.extend_from_slice(b"{\"BOOL\":true"),
            NULL => out.extend_from_slice(b"{\"NULL\":true"),
            M => {
                out.extend_from_slice(b"{\"M\":");
                self.attributes_json(levels.checked_sub(1).ok_or(Corrupt)?, out)?;
            }
            L => {
                let levels = levels.checked_sub(1).ok_or(Corrupt)?;
                self.list_json(b"{\"L\":[", out, |reader, out| reader.value_json(levels, out))?;
            }
            SS => self.list_json(b"{\"SS\":[", out, |reader, out| {
                json::write_string(reader.bytes()?, out);
                Ok(())
            })?,
            NS => self.list_json(b"{\"NS\":[", out, |reader, out| {
                json::write_string(reader.bytes()?, out);
                Ok(())
            })?,
            BS => self.list_json(b"{\"BS\":[", out, |reader, out| {
                json::write_base64(reader.bytes()?, out);
                Ok(())
            })?,
            _ => return Err(Corrupt),
        }
        out.push(b'}');
        Ok(())
    }

    fn list_json(
        &mut self,
        open: &[u8],
        out: &mut Vec<u8>,
        element: impl Fn(&mut Self, &mut Vec<u8>) -> Result<(), Corrupt>,
    ) -> Result<(), Corrupt> {
        let count = self.varint()?;
        out.extend_from_slice(open);
        for index in 0..count {
            if index > 0 {
                out.push(b',');
            }
            element(self, out)?;
        }
        out.push(b']');
        Ok(())
    }
}
