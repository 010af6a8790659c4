//! Images: what instances start from.

mod attribute;
mod create;
mod find;
mod ops;
mod record;

pub use attribute::*;
pub use create::*;
pub use find::*;
pub use ops::*;
pub use record::{Base, Image, ImageDevice};
