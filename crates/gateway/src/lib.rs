//! The gateway: sockets, TLS, HTTP, signatures, which service and protocol. Requests go through one ordered chain (`chain`) and
//! leave it typed, through the door.

mod auth_faults;
mod authority;
mod body_faults;
mod browser;
mod compression;
mod host;
mod incoming;
mod outgoing;
mod target;
mod tls;
mod virtual_host;

pub use authority::{Authority, Issued};
pub use browser::Allowed;
pub use host::HostNames;
