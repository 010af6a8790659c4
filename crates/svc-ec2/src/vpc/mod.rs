//! VPCs: blocks of addresses with a router, a main route table, a default ACL and a default group of their own.

pub mod cidr_block;
mod ops;
mod record;
pub mod rules;

pub use ops::*;
pub use record::{CidrAssociation, Vpc};
