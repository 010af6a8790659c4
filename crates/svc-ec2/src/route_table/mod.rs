//! Route tables: where a subnet's packets go.

mod association;
mod ops;
mod parts;
mod record;
mod route;
mod rules;
mod shown;

pub use association::*;
pub use ops::*;
pub use parts::*;
pub use record::{Route, RouteTable, Target};
pub use route::*;
