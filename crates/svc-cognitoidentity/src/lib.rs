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

use kogumo_base::Trouble;
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::cognitoidentity::SERVICE, ops::ops())
        .grounds(grounds)
        .issuer(key::published)
        .surface(key::surface())
        .with(key::Keys::default())
}

/// The tags of the identity pool that is asked for.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let id = ask.resource.split_once(":identitypool/").map(|(_, id)| id).filter(|_| grounding.wants_keys);
    let pool = id.and_then(|id| pool::find(grounding.store, id).ok());
    Ok(pool.map_or_else(Ground::default, |pool| Ground::default().tagged(&pool.tags)))
}
