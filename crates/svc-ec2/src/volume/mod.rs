//! Volumes: block devices that outlive the instances they are attached to.

mod attach;
mod modify;
mod ops;
pub mod performance;
mod record;
pub mod rules;
mod status;

pub use attach::*;
pub use modify::*;
pub use ops::*;
pub use record::{Attachment, Volume};
pub use status::*;
