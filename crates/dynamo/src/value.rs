//! Attribute values and items: the data that DynamoDB keeps.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Number, ValidationError};

/// An item: attribute names with their values, in the order of the names.
pub type Item = BTreeMap<String, Value>;

/// Lists and maps that may stand around a value: AWS allows 32 levels and counts the value itself.
pub const NESTING_LIMIT: usize = 31;

/// An AttributeValue. The variants are AWS's type descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    S(String),
    N(Number),
    B(Vec<u8>),
    Bool(bool),
    Null,
    M(Item),
    L(Vec<Value>),
    Ss(BTreeSet<String>),
    Ns(BTreeSet<Number>),
    Bs(BTreeSet<Vec<u8>>),
}

/// The type of a value, printed as AWS's descriptor (`S`, `BOOL`, …).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    S,
    N,
    B,
    Bool,
    Null,
    M,
    L,
    Ss,
    Ns,
    Bs,
}

impl Type {
    /// The type of a descriptor; `None` if DynamoDB has no such type.
    pub fn from_descriptor(descriptor: &str) -> Option<Type> {
        ALL_TYPES.into_iter().find(|kind| kind.descriptor() == descriptor)
    }

    /// The descriptor in requests, answers and most messages.
    pub fn descriptor(self) -> &'static str {
        match self {
            Type::S => "S",
            Type::N => "N",
            Type::B => "B",
            Type::Bool => "BOOL",
            Type::Null => "NULL",
            Type::M => "M",
            Type::L => "L",
            Type::Ss => "SS",
            Type::Ns => "NS",
            Type::Bs => "BS",
        }
    }

    /// The long name in the messages about ADD and DELETE.
    pub fn long_name(self) -> &'static str {
        match self {
            Type::S => "STRING",
            Type::N => "NUMBER",
            Type::B => "BINARY",
            Type::Bool => "BOOLEAN",
            Type::Null => "NULL",
            Type::M => "MAP",
            Type::L => "LIST",
            Type::Ss => "STRING_SET",
            Type::Ns => "NUMBER_SET",
            Type::Bs => "BINARY_SET",
        }
    }

    /// Whether values of this type can be ordered, and so be keys.
    pub fn is_ordered(self) -> bool {
        matches!(self, Type::S | Type::N | Type::B)
    }

    /// Whether this is one of the three set types.
    pub fn is_set(self) -> bool {
        matches!(self, Type::Ss | Type::Ns | Type::Bs)
    }
}

const ALL_TYPES: [Type; 10] =
    [Type::S, Type::N, Type::B, Type::Bool, Type::Null, Type::M, Type::L, Type::Ss, Type::Ns, Type::Bs];

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.descriptor())
    }
}

impl Value {
    /// A string set as a client sends it: not empty, nothing twice.
    pub fn string_set(elements: Vec<String>) -> Result<Value, ValidationError> {
        if elements.is_empty() {
            return Err(ValidationError::parameter("An string set  may not be empty"));
        }
        let shown = elements.join(", ");
        distinct(elements)
            .map(Value::Ss)
            .ok_or_else(|| ValidationError::parameter(format!("Input collection [{shown}] contains duplicates.")))
    }

    /// A number set as a client sends it.
    pub fn number_set(elements: &[impl AsRef<str>]) -> Result<Value, ValidationError> {
        if elements.is_empty() {
            return Err(ValidationError::parameter("An number set  may not be empty"));
        }
        let numbers = elements.iter().map(|text| Number::parse(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        distinct(numbers).map(Value::Ns).ok_or_else(|| "Input collection contains duplicates".into())
    }

    /// A binary set as a client sends it.
    pub fn binary_set(elements: Vec<Vec<u8>>) -> Result<Value, ValidationError> {
        if elements.is_empty() {
            return Err(ValidationError::parameter("Binary sets should not be empty"));
        }
        let shown = elements.iter().map(|bytes| crate::json::to_base64(bytes)).collect::<Vec<_>>().join(", ");
        distinct(elements).map(Value::Bs).ok_or_else(|| {
            ValidationError::parameter(format!("Input collection [{shown}]of type BS contains duplicates."))
        })
    }

    /// A NULL as a client sends it: `{"NULL": true}` only.
    pub fn null(flag: bool) -> Result<Value, ValidationError> {
        if flag {
            return Ok(Value::Null);
        }
        Err(ValidationError::parameter("Null attribute value types must have the value of true"))
    }

    /// Which type this value has.
    pub fn kind(&self) -> Type {
        match self {
            Value::S(_) => Type::S,
            Value::N(_) => Type::N,
            Value::B(_) => Type::B,
            Value::Bool(_) => Type::Bool,
            Value::Null => Type::Null,
            Value::M(_) => Type::M,
            Value::L(_) => Type::L,
            Value::Ss(_) => Type::Ss,
            Value::Ns(_) => Type::Ns,
            Value::Bs(_) => Type::Bs,
        }
    }

    /// The order of two values of one orderable type; `None` for all others.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::S(a), Value::S(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Value::N(a), Value::N(b)) => Some(a.cmp(b)),
            (Value::B(a), Value::B(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The value as AWS writes it in messages: `{S:b}`.
    pub fn in_message(&self) -> String {
        let text = match self {
            Value::S(text) => text.clone(),
            Value::N(number) => number.to_string(),
            Value::B(bytes) => crate::json::to_base64(bytes),
            other => crate::json::payload(other),
        };
        format!("{{{}:{text}}}", self.kind())
    }
}

fn distinct<T: Ord>(elements: Vec<T>) -> Option<BTreeSet<T>> {
    let count = elements.len();
    let set: BTreeSet<T> = elements.into_iter().collect();
    (set.len() == count).then_some(set)
}

/// Refuses an attribute that nests deeper than [`NESTING_LIMIT`].
pub fn check_nesting(item: &Item) -> Result<(), ValidationError> {
    match item.values().all(|value| fits(value, NESTING_LIMIT)) {
        true => Ok(()),
        false => Err(nesting_error()),
    }
}

/// AWS's refusal of an attribute that nests too deep.
pub fn nesting_error() -> ValidationError {
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
        .into()
}

fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::M(map) => levels > 0 && map.values().all(|value| fits(value, levels - 1)),
        Value::L(list) => levels > 0 && list.iter().all(|value| fits(value, levels - 1)),
        _ => true,
    }
}
