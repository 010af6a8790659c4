//! User sessions: sign-ins as their owners and administrators see and end them, and how many of them a user may have.

pub mod ops;
pub mod settings;
