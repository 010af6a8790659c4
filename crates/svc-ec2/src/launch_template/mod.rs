//! Launch templates: parameters of RunInstances that are kept, in versions.

pub mod from_instance;
mod merge;
mod ops;
mod record;
mod version;

pub use merge::merge;
pub use ops::*;
pub use record::LaunchTemplate;
pub use version::*;
