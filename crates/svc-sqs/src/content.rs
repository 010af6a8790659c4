//! What a message may hold, how large that is, and the sums that clients compare. Pure.
//! Source: Amazon SQS Developer Guide, "Amazon SQS message metadata".

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_model::sqs::{INVALID_MESSAGE_CONTENTS, MessageAttributeValue};
use kogumo_wire::{Bytes, Fault};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::faults::{missing, refused};

/// A message attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, perhaps with a label behind a dot.
    pub data_type: String,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Text(String),
    Binary(Vec<u8>),
}

pub type Attributes = BTreeMap<String, Attribute>;

/// A message has so many attributes at most.
const MOST_ATTRIBUTES: usize = 10;

/// Whether it is text that a message may be.
///
/// # Errors
/// `MissingParameter` for no text, `InvalidMessageContents` for characters that XML 1.0 does not have.
pub fn check_body(body: &str) -> Result<(), Fault> {
    if body.is_empty() {
        return Err(missing("MessageBody"));
    }
    if body.chars().all(is_allowed) {
        return Ok(());
    }
    Err(INVALID_MESSAGE_CONTENTS.because(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
    ))
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Reads attributes.
///
/// # Errors
/// `InvalidParameterValue`, naming the attribute.
pub fn attributes(given: BTreeMap<String, MessageAttributeValue>) -> Result<Attributes, Fault> {
    if given.len() > MOST_ATTRIBUTES {
        let message =
            format!("Number of message attributes [{}] exceeds the allowed maximum [{MOST_ATTRIBUTES}].", given.len());
        return Err(refused(message));
    }
    given.into_iter().map(|(name, value)| Ok((name.clone(), attribute(&name, value)?))).collect()
}

fn attribute(name: &str, given: MessageAttributeValue) -> Result<Attribute, Fault> {
    check_name(name)?;
    if given.string_list_values.is_some_and(|list| !list.is_empty())
        || given.binary_list_values.is_some_and(|list| !list.is_empty())
    {
        return Err(refused("Message attribute list values in SendMessage operation are not supported."));
    }
    let value = value(name, &given.data_type, given.string_value, given.binary_value)?;
    Ok(Attribute { data_type: given.data_type, value })
}

/// The value of an attribute of that type.
fn value(name: &str, data_type: &str, text: Option<String>, binary: Option<Bytes>) -> Result<Value, Fault> {
    let kind = data_type.split('.').next().unwrap_or_default();
    let empty =
        || refused(format!("Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."));
    if !matches!(kind, "String" | "Number" | "Binary") || data_type.len() > 256 {
        return Err(refused(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
        )));
    }
    if kind == "Binary" {
        let bytes = binary.filter(|bytes| !bytes.is_empty()).ok_or_else(empty)?;
        return Ok(Value::Binary(bytes.to_vec()));
    }
    let text = text.filter(|text| !text.is_empty()).ok_or_else(empty)?;
    check_body(&text)?;
    if kind == "Number" && !is_number(&text) {
        return Err(refused(format!("Can't cast the value of message (user) attribute '{name}' to a number.")));
    }
    Ok(Value::Text(text))
}

fn is_number(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    plain && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn check_name(name: &str) -> Result<(), Fault> {
    let wrong = |reason: &str| Err(refused(format!("Message (user) attribute name '{name}' is invalid: {reason}")));
    if name.is_empty() || name.len() > 256 {
        return wrong("it must be between 1 and 256 characters long.");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
        return wrong("it can contain only A-Z, a-z, 0-9, underscore, hyphen and period.");
    }
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        return wrong("it must not start or end with a period, or have periods in succession.");
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return wrong("it must not start with a reserved prefix (AWS. or Amazon.).");
    }
    Ok(())
}

/// The bytes that count for the limits: of the body and of the attributes' names, types and values.
pub fn size(body: &str, attributes: &Attributes) -> usize {
    let of = |(name, attribute): (&String, &Attribute)| {
        name.len() + attribute.data_type.len() + attribute.value.bytes().len()
    };
    body.len() + attributes.iter().map(of).sum::<usize>()
}

impl Value {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Value::Text(text) => text.as_bytes(),
            Value::Binary(bytes) => bytes,
        }
    }
}

impl Attribute {
    pub fn shown(&self) -> MessageAttributeValue {
        let (string_value, binary_value) = match &self.value {
            Value::Text(text) => (Some(text.clone()), None),
            Value::Binary(bytes) => (None, Some(Bytes::copy_from_slice(bytes))),
        };
        MessageAttributeValue { string_value, binary_value, data_type: self.data_type.clone(), ..Default::default() }
    }
}

/// The MD5 sum of a text, in hexadecimal digits.
pub fn md5_of(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// The MD5 sum of attributes: of each, in the order of names, its name, type and value, each behind its length.
/// Source: Amazon SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
pub fn md5_of_attributes<'a>(attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>) -> String {
    let mut sum = Md5::new();
    for (name, attribute) in attributes {
        add(&mut sum, name.as_bytes());
        add(&mut sum, attribute.data_type.as_bytes());
        sum.update([if matches!(attribute.value, Value::Text(_)) { 1 } else { 2 }]);
        add(&mut sum, attribute.value.bytes());
    }
    hex(&sum.finalize())
}

fn add(sum: &mut Md5, bytes: &[u8]) {
    sum.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    sum.update(bytes);
}

/// The deduplication id of a message that has none of its own: the SHA-256 sum of its body.
pub fn deduplication_id(body: &str) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, body.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether it may be the id of a group or of a deduplication.
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Milliseconds since 1970, as system attributes have moments.
pub fn millis(at: Timestamp) -> String {
    at.0.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> MessageAttributeValue {
        let string_value = Some(value.to_owned());
        MessageAttributeValue { string_value, data_type: data_type.to_owned(), ..Default::default() }
    }

    /// The sums were computed with another implementation of the documented way.
    #[test]
    fn sums() {
        assert_eq!(md5_of("This is my message"), "91c395cbd350da6bedfe3b24db9517b0");
        let given = BTreeMap::from([("timestamp".to_owned(), text("Number", "1493147359900"))]);
        let one = attributes(given).expect("attributes");
        assert_eq!(md5_of_attributes(&one), "235c5c510d26fb653d073faed50ae77c");
        let given = BTreeMap::from([("test_attribute_name_1".to_owned(), text("String", "test_attribute_value_1"))]);
        assert_eq!(md5_of_attributes(&attributes(given).expect("attributes")), "ba056227cfd9533dba1f72ad9816d233");
    }

    #[test]
    fn bodies() {
        assert!(check_body("日本語 \t\n\r 🙂").is_ok());
        for wrong in ["", "\u{0}", "a\u{b}", "\u{fffe}", "\u{ffff}"] {
            assert!(check_body(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn attributes_are_looked_at() {
        let one = |name: &str, value| attributes(BTreeMap::from([(name.to_owned(), value)]));
        for (data_type, value) in [("String", "x"), ("Number", "-1.5e3"), ("Number.int", "7"), ("String.json", "{}")] {
            assert!(one("a", text(data_type, value)).is_ok(), "{data_type} {value}");
        }
        for (data_type, value) in
            [("String", ""), ("Number", "x"), ("Number", "inf"), ("Date", "x"), ("", "x"), ("Binary", "x")]
        {
            assert!(one("a", text(data_type, value)).is_err(), "{data_type} {value}");
        }
        for name in ["", ".a", "a.", "a..b", "AWS.x", "amazon.x", "a b", &"x".repeat(257)] {
            assert!(one(name, text("String", "x")).is_err(), "{name}");
        }
        let many = (0..11).map(|number| (number.to_string(), text("String", "x"))).collect();
        assert!(attributes(many).is_err());
    }
}
