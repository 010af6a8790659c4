//! Prefix lists: named sets of blocks, of customers and of AWS.

mod aws_managed;
mod ops;
mod record;

pub use aws_managed::{of_region, of_service};
pub use ops::*;
pub use record::PrefixList;
