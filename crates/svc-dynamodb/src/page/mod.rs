//! Query and Scan: pages of items out of a table or an index.

mod query;
mod read;
mod scan;
mod source;

pub use query::query;
pub use scan::scan;
