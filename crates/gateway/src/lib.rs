//! The gateway: sockets, TLS, HTTP, signatures, which service and protocol. Requests go through one ordered chain (`chain`) and
//! leave it typed, through the door.

mod arrival;
mod auth_faults;
mod authenticate;
mod authority;
mod body_faults;
mod browser;
mod chain;
mod compression;
mod cross_origin;
mod details;
pub mod duration;
mod entrances;
mod guard;
mod host;
mod incoming;
mod inside;
mod outgoing;
mod own_routes;
mod payload;
mod queue_url;
mod server;
mod target;
mod tls;
mod tunnel;
mod virtual_host;

pub use authority::{Authority, Issued};
pub use browser::Allowed;
pub use chain::Gateway;
pub use entrances::serve_entrances;
pub use host::HostNames;
pub use server::serve;
pub use tls::server_config;
