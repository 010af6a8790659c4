//! Network ACLs: numbered rules at a subnet's border, without memory.

mod entry;
mod ops;
mod parts;
mod record;

pub use entry::*;
pub use ops::*;
pub use parts::*;
pub use record::{Entry, LAST, NetworkAcl};
