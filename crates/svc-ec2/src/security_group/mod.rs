//! Security groups: what may come to an interface and what may leave it, with memory of connections.

mod change;
mod ops;
mod parts;
mod permission;
mod record;
mod reference;
mod rule;
mod shown;

pub use change::*;
pub use ops::*;
pub use parts::*;
pub use record::{Peer, Rule, SecurityGroup};
pub use reference::*;
pub use rule::*;
