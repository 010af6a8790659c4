//! STS: who a caller is, and temporary credentials.

mod assume_role;
mod authorization_message;
mod federation;
mod identity;
mod narrowing;
mod ops;
mod role;
mod saml;
mod session;
mod token_keys;
mod trust;
mod web_identity;
mod web_identity_token;

use kogumo_door::Service;

/// The service as the registry holds it. Its keys are those of sessions.
pub fn service() -> Service {
    Service::new(&kogumo_model::sts::SERVICE, ops::ops())
        .timer(session::EXPIRY, session::expire)
        .credentials(session::credential)
        .issuer(token_keys::published)
        .surface(token_keys::surface())
}
