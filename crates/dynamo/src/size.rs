//! What items weigh. Source: "DynamoDB item sizes and formats" in the developer guide.

use crate::{Item, Value};

/// The most an item may weigh, in bytes: 400 KB.
pub const ITEM_SIZE_LIMIT: usize = 400 * 1024;

/// Bytes that a list or map costs whatever is in it.
const DOCUMENT: usize = 3;
/// Bytes that each element of a list or map costs besides itself.
const ELEMENT: usize = 1;

/// The size of an item, in bytes: names in UTF-8, and values.
pub fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

/// The size of a value, in bytes.
pub fn value_size(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(number) => number.size(),
        Value::B(bytes) => bytes.len(),
        Value::Bool(_) | Value::Null => 1,
        Value::Ss(set) => set.iter().map(String::len).sum(),
        Value::Ns(set) => set.iter().map(|number| number.size()).sum(),
        Value::Bs(set) => set.iter().map(Vec::len).sum(),
        Value::L(list) => DOCUMENT + list.iter().map(|value| ELEMENT + value_size(value)).sum::<usize>(),
        Value::M(map) => {
            DOCUMENT + map.iter().map(|(name, value)| ELEMENT + name.len() + value_size(value)).sum::<usize>()
        }
    }
}

/// Read capacity units of `bytes`: one for 4 KB strongly consistent, half of it eventually, twice of it in a transaction.
pub fn read_units(bytes: usize, consistency: Consistency) -> f64 {
    let blocks = bytes.div_ceil(4096).max(1) as f64;
    match consistency {
        Consistency::Eventual => blocks / 2.0,
        Consistency::Strong => blocks,
        Consistency::Transaction => blocks * 2.0,
    }
}

/// Write capacity units of `bytes`: one for 1 KB, twice of it in a transaction.
pub fn write_units(bytes: usize, in_transaction: bool) -> f64 {
    let blocks = bytes.div_ceil(1024).max(1) as f64;
    if in_transaction { blocks * 2.0 } else { blocks }
}

/// How fresh a read must be; it decides the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    Eventual,
    Strong,
    Transaction,
}
