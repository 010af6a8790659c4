//! STS: who a caller is, and temporary credentials.

mod assume_role;
mod authorization_message;
mod federation;
mod identity;
mod narrowing;
mod ops;
mod role;
mod session;
mod trust;
mod web_identity;

use kogumo_door::Service;

/// The service as the registry holds it. Its keys are those of sessions.
pub fn service() -> Service {
    Service::new(&kogumo_model::sts::SERVICE, ops::ops())
        .timer(session::EXPIRY, session::expire)
        .credentials(session::credential)
}
