//! Route tables: where a subnet's packets go.

mod parts;
mod record;

pub use parts::*;
pub use record::{Association, Route, RouteTable, Target};
