//! Elastic IP addresses: public addresses that an account keeps, whatever they lead to.

mod association;
mod ops;
mod record;
mod reverse_name;
mod transfer;

pub use association::*;
pub use ops::*;
pub use record::Address;
pub use reverse_name::*;
pub use transfer::*;
