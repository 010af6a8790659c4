//! Secure Remote Password as Cognito speaks it (RFC 5054's 3,072-bit group, SHA-256): pure.
//!
//! [`group`] is the arithmetic, [`server`] the protocol's server side. A password is never kept: its verifier is.

mod group;
mod server;
#[cfg(test)]
mod tests;

pub use group::{Number, hex_number};
pub use server::{Opened, Verifier, fake_name, fake_salt, open, session_key, signature_matches};
