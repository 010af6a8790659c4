//! Items out of the JSON of DynamoDB's protocol, in one pass and without a tree in between.

use std::collections::BTreeMap;

use super::scan::{Scanner, Token};
use crate::value::{NESTING_LIMIT, nesting_error};
use crate::{Item, Number, ValidationError, Value};

/// Why text is no item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It has not the form of attribute values: AWS's `SerializationException`.
    Serialization(String),
    /// It has the form, and DynamoDB refuses the value.
    Validation(ValidationError),
}

impl From<ValidationError> for Unreadable {
    fn from(error: ValidationError) -> Self {
        Unreadable::Validation(error)
    }
}

type Read<T> = Result<T, Unreadable>;

/// Reads `{"name":{"S":"…"},…}`.
pub fn read_item(text: &[u8]) -> Read<Item> {
    read_values(text, |_, error| error)
}

/// Reads named values; `refuse` is told the name of the one that is wrong and makes the complaint.
pub fn read_values(text: &[u8], refuse: impl Fn(&str, ValidationError) -> ValidationError) -> Read<Item> {
    let mut scanner = Scanner::new(text);
    let mut item = Item::new();
    members(&mut scanner, &mut |name, scanner| {
        let value = value(scanner, NESTING_LIMIT).map_err(|error| match error {
            Unreadable::Validation(error) => Unreadable::Validation(refuse(&name, error)),
            other => other,
        })?;
        item.insert(name, value);
        Ok(())
    })?;
    end(scanner)?;
    Ok(item)
}

/// Reads one attribute value, `{"S":"…"}`.
pub fn read_value(text: &[u8]) -> Read<Value> {
    let mut scanner = Scanner::new(text);
    let value = value(&mut scanner, NESTING_LIMIT)?;
    end(scanner)?;
    Ok(value)
}

fn end(mut scanner: Scanner<'_>) -> Read<()> {
    if scanner.at_end() { Ok(()) } else { Err(broken()) }
}

fn broken() -> Unreadable {
    Unreadable::Serialization("The request body is not well-formed JSON".to_owned())
}

/// Says that something of another kind stands there.
fn unexpected(found: &Token<'_>, wanted: &str) -> Unreadable {
    let found = match found {
        Token::Open(b'[') => {
            return Unreadable::Serialization("Start of list found where not expected".to_owned());
        }
        Token::Open(_) => {
            return Unreadable::Serialization("Start of structure or map found where not expected.".to_owned());
        }
        Token::Number => "NUMBER_VALUE",
        Token::True => "TRUE_VALUE",
        Token::False => "FALSE_VALUE",
        Token::Text(_) => "STRING_VALUE",
        Token::Null | Token::Broken => return broken(),
    };
    Unreadable::Serialization(format!("{found} cannot be converted to {wanted}"))
}

/// Hands over each member of an object.
fn members<'a>(scanner: &mut Scanner<'a>, each: &mut dyn FnMut(String, &mut Scanner<'a>) -> Read<()>) -> Read<()> {
    match scanner.token() {
        Token::Open(b'{') => {}
        other => return Err(unexpected(&other, "Map")),
    }
    if scanner.accept(b'}') {
        return Ok(());
    }
    loop {
        let Token::Text(name) = scanner.token() else {
            return Err(broken());
        };
        if !scanner.accept(b':') {
            return Err(broken());
        }
        each(name.into_owned(), scanner)?;
        if scanner.accept(b'}') {
            return Ok(());
        }
        if !scanner.accept(b',') {
            return Err(broken());
        }
    }
}

/// Hands over each element of an array.
fn elements<'a>(scanner: &mut Scanner<'a>, each: &mut dyn FnMut(&mut Scanner<'a>) -> Read<()>) -> Read<()> {
    match scanner.token() {
        Token::Open(b'[') => {}
        other => return Err(unexpected(&other, "List")),
    }
    if scanner.accept(b']') {
        return Ok(());
    }
    loop {
        each(scanner)?;
        if scanner.accept(b']') {
            return Ok(());
        }
        if !scanner.accept(b',') {
            return Err(broken());
        }
    }
}

/// Reads one attribute value; `levels` is how many lists and maps it may still be.
fn value(scanner: &mut Scanner<'_>, levels: usize) -> Read<Value> {
    let mut found = None;
    members(scanner, &mut |descriptor, scanner| {
        if scanner.accept_null() {
            return Ok(());
        }
        let Some(value) = payload(&descriptor, scanner, levels)? else {
            return Ok(());
        };
        match found.replace(value) {
            None => Ok(()),
            Some(_) => Err(Unreadable::Validation(
                "Supplied AttributeValue has more than one datatypes set, \
                 must contain exactly one of the supported datatypes"
                    .into(),
            )),
        }
    })?;
    found.ok_or_else(|| {
        Unreadable::Validation(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".into(),
        )
    })
}

/// Reads what stands under a type descriptor; under an unknown one it is passed over.
fn payload(descriptor: &str, scanner: &mut Scanner<'_>, levels: usize) -> Read<Option<Value>> {
    Ok(Some(match descriptor {
        "S" => Value::S(text(scanner, "String")?),
        "N" => Value::N(Number::parse(&text(scanner, "String")?)?),
        "B" => Value::B(blob(scanner)?),
        "BOOL" => Value::Bool(flag(scanner)?),
        "NULL" => Value::null(flag(scanner)?)?,
        "SS" => Value::string_set(list(scanner, |scanner| text(scanner, "String"))?)?,
        "NS" => Value::number_set(&list(scanner, |scanner| text(scanner, "String"))?)?,
        "BS" => Value::binary_set(list(scanner, blob)?)?,
        "L" => {
            let levels = levels.checked_sub(1).ok_or_else(nesting_error)?;
            Value::L(list(scanner, |scanner| value(scanner, levels))?)
        }
        "M" => {
            let levels = levels.checked_sub(1).ok_or_else(nesting_error)?;
            let mut map = BTreeMap::new();
            members(scanner, &mut |name, scanner| {
                map.insert(name, value(scanner, levels)?);
                Ok(())
            })?;
            Value::M(map)
        }
        _ => {
            scanner.skip_value().ok_or_else(broken)?;
            return Ok(None);
        }
    }))
}

fn list<T>(scanner: &mut Scanner<'_>, read: impl Fn(&mut Scanner<'_>) -> Read<T>) -> Read<Vec<T>> {
    let mut list = Vec::new();
    elements(scanner, &mut |scanner| {
        list.push(read(scanner)?);
        Ok(())
    })?;
    Ok(list)
}

fn text(scanner: &mut Scanner<'_>, wanted: &str) -> Read<String> {
    match scanner.token() {
        Token::Text(text) => Ok(text.into_owned()),
        other => Err(unexpected(&other, wanted)),
    }
}

fn flag(scanner: &mut Scanner<'_>) -> Read<bool> {
    match scanner.token() {
        Token::True => Ok(true),
        Token::False => Ok(false),
        other => Err(unexpected(&other, "Boolean")),
    }
}

fn blob(scanner: &mut Scanner<'_>) -> Read<Vec<u8>> {
    let text = text(scanner, "Blob")?;
    super::base64::decode(text.as_bytes())
        .ok_or_else(|| Unreadable::Serialization(format!("'{text}' can not be converted to a Blob: Invalid Base64")))
}
