//! The Reachability Analyzer: paths that somebody asks about, and what the network's decision says of them.

mod analysis;
mod ends;
mod path;
mod place;
mod record;
mod shown;

pub use analysis::*;
pub use path::*;
pub use place::{Asked, follow};
pub use record::{Analysis, Path};
