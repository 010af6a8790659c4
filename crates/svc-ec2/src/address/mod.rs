//! Elastic IP addresses: public addresses that an account keeps, whatever they lead to.

mod association;
mod ops;
mod record;
mod transfer;

pub use association::*;
pub use ops::*;
pub use record::Address;
pub use transfer::*;
