//! Images: what instances start from.

mod attribute;
pub mod base;
mod create;
mod find;
pub mod import;
mod ops;
mod record;

pub use attribute::*;
pub use create::*;
pub use find::*;
pub use ops::*;
pub use record::{Base, Image, ImageDevice};
