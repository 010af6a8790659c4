//! Cognito user pools: directories of users, the flows by which they sign in, the tokens that say so, and the hosted
//! pages that do it in a browser.
//!
//! Passwords are kept as SRP verifiers only. Sessions between the steps of a flow are sealed into what the client carries
//! ([`seal`]), each good for one use; sign-ins are rows ([`token::grant`]), and taking the row away revokes its tokens.

mod auth;
mod auth_event;
mod branding;
mod client;
mod code;
mod delivery;
mod device;
mod document;
mod encryption_sdk;
mod faults;
mod group;
mod hosted;
mod import;
mod mfa;
mod ops;
mod page;
mod passkey;
mod place;
mod pool;
mod provider;
mod seal;
mod srp;
mod terms;
#[cfg(test)]
mod tests;
mod token;
mod totp;
mod trigger;
mod user;
mod user_session;
mod webauthn;

use kogumo_base::Trouble;
use kogumo_door::{Ask, Ground, Grounding, Service};

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::cognitoidp::SERVICE, ops::ops())
        .grounds(grounds)
        .with(pool::keys::KeyRing::default())
        .issuer(pool::keys::issuer)
        .cross_origin(hosted::cross_origin)
        .surface(hosted::well_known::surface())
        .surface(hosted::surface())
        .surface(import::upload::surface())
        .names(hosted::NAMES)
        .on_reset(pool::keys::forget)
}

/// The tags of the user pool that is asked for.
fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let ground = Ground::default();
    let Some((_, id)) = ask.resource.split_once(":userpool/").filter(|_| grounding.wants_keys) else {
        return Ok(ground);
    };
    Ok(match pool::find(grounding.store, id)? {
        Some(pool) => ground.tagged(&pool.tags),
        None => ground,
    })
}
