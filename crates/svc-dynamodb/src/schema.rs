//! Keys of tables and indexes: what they are made of, and the row that an item has under them.

use kogumo_dynamo::{Item, Type, ValidationError, Value, encode_key, partition_hash};
use serde::{Deserialize, Serialize};

/// The longest partition key and the longest sort key, in bytes.
const PARTITION_LIMIT: usize = 2048;
const SORT_LIMIT: usize = 1024;

/// A key schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    pub partition: KeyAttribute,
    pub sort: Option<KeyAttribute>,
}

/// An attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttribute {
    pub name: String,
    pub kind: KeyType,
}

/// The types that keys can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyType {
    S,
    N,
    B,
}

impl KeyType {
    pub fn from_descriptor(descriptor: &str) -> Option<KeyType> {
        match descriptor {
            "S" => Some(KeyType::S),
            "N" => Some(KeyType::N),
            "B" => Some(KeyType::B),
            _ => None,
        }
    }
}

impl From<KeyType> for Type {
    fn from(kind: KeyType) -> Type {
        match kind {
            KeyType::S => Type::S,
            KeyType::N => Type::N,
            KeyType::B => Type::B,
        }
    }
}

/// What a secondary index holds of an item besides the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Projected {
    All,
    KeysOnly,
    Include(Vec<String>),
}

/// The bytes of a row's key behind the id of the table or index: hash, partition key, sort key; in an index then the
/// row of the item in the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey(pub Vec<u8>);

impl Keys {
    /// The attributes of the key.
    pub fn attributes(&self) -> impl Iterator<Item = &KeyAttribute> {
        std::iter::once(&self.partition).chain(&self.sort)
    }

    /// Whether the attribute is part of the key.
    pub fn contains(&self, name: &str) -> bool {
        self.attributes().any(|attribute| attribute.name == name)
    }

    /// The row of an item that is to be put.
    pub fn row_of_item(&self, item: &Item) -> Result<RowKey, ValidationError> {
        for attribute in self.attributes() {
            let name = &attribute.name;
            let value = item
                .get(name)
                .ok_or_else(|| ValidationError::parameter(format!("Missing the key {name} in the item")))?;
            if value.kind() != attribute.kind.into() {
                let (expected, actual) = (Type::from(attribute.kind), value.kind());
                return Err(ValidationError::parameter(format!(
                    "Type mismatch for key {name} expected: {expected} actual: {actual}"
                )));
            }
        }
        self.row(item)
    }

    /// The row of a `Key` parameter: exactly the attributes of the key.
    pub fn row_of_key(&self, key: &Item) -> Result<RowKey, ValidationError> {
        let fits = |attribute: &KeyAttribute| {
            key.get(&attribute.name).is_some_and(|value| value.kind() == attribute.kind.into())
        };
        if key.len() != self.attributes().count() || !self.attributes().all(fits) {
            return Err("The provided key element does not match the schema".into());
        }
        self.row(key)
    }

    /// Refuses empty strings and binaries as keys.
    pub fn check_not_empty(&self, item: &Item) -> Result<(), ValidationError> {
        self.attributes().try_for_each(|attribute| check_not_empty(&attribute.name, item.get(&attribute.name)))
    }

    fn row(&self, item: &Item) -> Result<RowKey, ValidationError> {
        self.check_not_empty(item)?;
        self.check_size(item)?;
        let mut row = Vec::with_capacity(48);
        self.append(item, &mut row);
        Ok(RowKey(row))
    }

    fn check_size(&self, item: &Item) -> Result<(), ValidationError> {
        let size = |name: &str| item.get(name).map_or(0, kogumo_dynamo::value_size);
        if size(&self.partition.name) > PARTITION_LIMIT {
            return Err(ValidationError::parameter("Size of hashkey has exceeded the maximum size limit of2048 bytes"));
        }
        match &self.sort {
            Some(sort) if size(&sort.name) > SORT_LIMIT => Err(ValidationError::parameter(
                "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
            )),
            _ => Ok(()),
        }
    }

    /// Appends the key's bytes; false if the item lacks a part of the key.
    pub fn append(&self, item: &Item, row: &mut Vec<u8>) -> bool {
        let Some(partition) = item.get(&self.partition.name) else { return false };
        if !append_partition(partition, row) {
            return false;
        }
        match &self.sort {
            Some(sort) => item.get(&sort.name).is_some_and(|value| encode_key(value, row)),
            None => true,
        }
    }

    /// What of an item tells its key.
    pub fn key_of(&self, item: &Item) -> Item {
        self.attributes().filter_map(|attribute| item.get_key_value(&attribute.name)).map(owned).collect()
    }
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// Appends the hash that spreads partitions, and the partition key.
pub fn append_partition(value: &Value, row: &mut Vec<u8>) -> bool {
    let start = row.len();
    row.extend_from_slice(&[0; 8]);
    if !encode_key(value, row) {
        return false;
    }
    let (_, key) = row.split_at(start + 8);
    let hash = partition_hash(key);
    if let Some(place) = row.get_mut(start..start + 8) {
        place.copy_from_slice(&hash.to_be_bytes());
    }
    true
}

fn check_not_empty(name: &str, value: Option<&Value>) -> Result<(), ValidationError> {
    let kind = match value {
        Some(Value::S(text)) if text.is_empty() => "string",
        Some(Value::B(bytes)) if bytes.is_empty() => "binary",
        _ => return Ok(()),
    };
    Err(ValidationError(format!(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
         {kind} value. Key: {name}"
    )))
}

impl crate::record::Index {
    /// Refuses an item whose values cannot be keys of this index. An item without them is just not in it.
    pub fn check_item(&self, item: &Item) -> Result<(), ValidationError> {
        for attribute in self.keys.attributes() {
            let (name, index) = (&attribute.name, &self.name);
            let Some(value) = item.get(name) else { continue };
            if value.kind() != attribute.kind.into() {
                let (expected, actual) = (Type::from(attribute.kind), value.kind());
                return Err(ValidationError::parameter(format!(
                    "Type mismatch for Index Key {name} Expected: {expected} Actual: {actual} IndexName: {index}"
                )));
            }
            let kind = match value {
                Value::S(text) if text.is_empty() => "string",
                Value::B(bytes) if bytes.is_empty() => "binary",
                _ => continue,
            };
            return Err(ValidationError(format!(
                "One or more parameter values are not valid. A value specified for a secondary index key is not \
                 supported. The AttributeValue for a key attribute cannot contain an empty {kind} value. \
                 IndexName: {index}, IndexKey: {name}"
            )));
        }
        Ok(())
    }

    /// The item's row in this index; `None` if it is not in it.
    pub fn row(&self, item: &Item, in_table: &RowKey) -> Option<RowKey> {
        let mut row = Vec::with_capacity(in_table.0.len() + 48);
        self.keys.append(item, &mut row).then(|| {
            row.extend_from_slice(&in_table.0);
            RowKey(row)
        })
    }

    /// What the index holds of an item.
    pub fn project(&self, item: &Item, table: &Keys) -> Item {
        let held = |name: &str| self.keys.contains(name) || table.contains(name);
        match &self.projected {
            Projected::All => item.clone(),
            Projected::KeysOnly => item.iter().filter(|(name, _)| held(name)).map(owned).collect(),
            Projected::Include(names) => {
                item.iter().filter(|(name, _)| held(name) || names.contains(name)).map(owned).collect()
            }
        }
    }

    /// Whether the index holds the attribute of every item that has it.
    pub fn holds(&self, name: &str, table: &Keys) -> bool {
        match &self.projected {
            Projected::All => true,
            Projected::KeysOnly => self.keys.contains(name) || table.contains(name),
            Projected::Include(names) => {
                self.keys.contains(name) || table.contains(name) || names.iter().any(|held| held == name)
            }
        }
    }
}
