//! Cognito identity pools: people whom somebody vouches for, and guests, get credentials of roles.
//!
//! A pool turns tokens of identity providers into tokens of its own, and those into sessions of roles: STS decides over the
//! roles' trust, as for any other issuer.

mod access;
mod developer;
mod guest;
mod identity;
mod key;
mod login;
mod ops;
mod page;
mod pool;
mod principal_tags;
mod role;
mod role_choice;
mod tags;
mod token;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::cognitoidentity::SERVICE, ops::ops())
        .issuer(key::published)
        .surface(key::surface())
        .with(key::Keys::default())
}
