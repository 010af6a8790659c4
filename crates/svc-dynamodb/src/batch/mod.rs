//! BatchGetItem and BatchWriteItem: many items of several tables in one request, each for itself.

mod get;
mod write;

pub use get::batch_get_item;
pub use write::batch_write_item;
