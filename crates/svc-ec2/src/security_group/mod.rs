//! Security groups: what may come to an interface and what may leave it, with memory of connections.

mod parts;
mod record;

pub use parts::*;
pub use record::{Peer, Rule, SecurityGroup};
