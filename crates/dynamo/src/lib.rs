//! DynamoDB without a server: values and numbers, how items are stored and weighed, how keys are ordered, and the
//! expression languages. Pure: no input or output, no clock, and nothing that a client sends makes it panic.

pub mod encoding;
mod error;
mod expression;
pub mod json;
mod key;
mod legacy;
mod number;
mod size;
pub mod stream;
mod value;

pub use error::ValidationError;
pub use expression::{
    Action, Comparator, Condition, KeyCondition, KeyQuery, KeyTest, Operand, Path, Placeholders, Projection,
    SetOperand, SetValue, Step, Update,
};
pub use key::{encode_key, encode_key_prefix, partition_hash, past_prefix};
pub use legacy::{
    AttributeUpdate, ExpectedAttribute, LegacyCondition, attribute_updates, attributes_to_get, expected, filter,
    key_conditions,
};
pub use number::Number;
pub use size::{Consistency, ITEM_SIZE_LIMIT, item_size, read_units, value_size, write_units};
pub use value::{Item, NESTING_LIMIT, Type, Value, check_nesting, nesting_error};
