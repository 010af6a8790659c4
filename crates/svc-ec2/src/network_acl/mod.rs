//! Network ACLs: numbered rules at a subnet's border, without memory.

mod parts;
mod record;

pub use parts::*;
pub use record::{Association, Entry, NetworkAcl};
