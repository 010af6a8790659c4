//! The cloud's DNS: who is behind a name depends on who asks. A VPC's resolver knows the private names of its interfaces
//! and the private names of its endpoints; the outside knows public names only; both know AWS's endpoints, which are this
//! cloud. Everything else is asked of the host's own resolver.
//!
//! `names` decides (pure), `message` reads questions and writes answers, `server` has the sockets.

mod message;
mod names;
mod server;
mod upstream;

pub use names::{Answer, Endpoints, Kind, Question, Vantage, look_up};
pub use server::{Directory, serve};
