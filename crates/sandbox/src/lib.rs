//! The room for running code that is not ours: a wall (`Host`, `Sandbox`) with two sides, `Linux` that makes real
//! sandboxes out of namespaces and control groups, and `Fake` that runs Rust closures; one behaviour suite holds for both.
//!
//! A sandbox is described by a `Spec` (plain data) and made by an ordered list of steps, one function each, that a small
//! helper process goes through before the program starts: see `init::STEPS`. The helper is this same binary, started again
//! with the hidden command `sandbox-init`; a binary that uses this crate therefore calls [`init_main`] first thing.
//!
//! What is absent: this room knows nothing of Lambda's API, of EC2, or of the store. It shares the host's network for
//! now, since functions reach the cloud's own endpoint on loopback; namespaces for the network come with instances.

mod fake;
mod host;
mod init;
mod linux;
mod probe;
pub mod runtime;
mod spec;
pub mod suite;

pub use fake::{Fake, FakeProgram};
pub use host::{Exit, Host, Sandbox, Usage, Watcher};
pub use init::{INIT_COMMAND, init_main};
pub use linux::Linux;
pub use probe::{Ability, Confinement, Report, probe};
pub use spec::{Identity, Limits, Mount, Program, Spec};
