//! Images: what instances start from.

pub mod allowed;
pub mod ancestry;
mod attribute;
pub mod base;
pub mod block;
mod create;
mod find;
pub mod import;
mod lifecycle;
mod ops;
mod record;

pub use attribute::*;
pub use create::*;
pub use find::*;
pub use lifecycle::{
    cancel_image_launch_permission, disable_image, disable_image_deprecation, disable_image_deregistration_protection,
    enable_image, enable_image_deprecation, enable_image_deregistration_protection,
};
pub use ops::*;
pub use record::{Base, Image, ImageDevice};
