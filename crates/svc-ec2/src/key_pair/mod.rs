//! Key pairs: the public half is kept, the private one is told once.

mod ops;
mod ppk;
mod record;
pub mod ssh;

pub use ops::*;
pub use record::KeyPair;
