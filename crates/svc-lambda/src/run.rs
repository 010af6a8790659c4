//! Functions that run: environments, which of them are warm, how many may be busy, and one invocation from start to end.

mod api;
mod credentials;
mod environment;
mod invocation;
mod log;
mod pool;
mod report;
mod signal;
pub mod streamed;
mod trust;
mod variables;

pub use invocation::{Done, Work, run};
pub use pool::Pool;
