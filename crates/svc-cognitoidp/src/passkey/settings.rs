//! What a pool asks of passkeys: the "WebAuthnConfiguration".

use kogumo_model::cognitoidp::WEB_AUTHN_CONFIGURATION_MISSING_EXCEPTION;
use kogumo_wire::Fault;
use serde_json::Value;

use crate::mfa::{Demand, demand};
use crate::pool::Pool;
use crate::user::User;

fn setting<'p>(pool: &'p Pool, name: &str) -> Option<&'p str> {
    pool.mfa.get("WebAuthnConfiguration").and_then(|all| all.get(name)).and_then(Value::as_str)
}

/// The domain that passkeys are bound to: the one that was set, else the pool's own.
///
/// # Errors
/// There is neither.
pub fn relying_party(pool: &Pool) -> Result<String, Fault> {
    let own = || pool.pages_host();
    setting(pool, "RelyingPartyId").map(str::to_owned).or_else(own).ok_or_else(|| {
        WEB_AUTHN_CONFIGURATION_MISSING_EXCEPTION
            .because("The user pool has neither a relying party ID for passkeys nor a domain.")
    })
}

pub fn are_enabled(pool: &Pool) -> bool {
    pool.first_factors().contains(&"WEB_AUTHN")
}

/// Whether passkeys may stand for two factors.
pub fn may_be_mfa(pool: &Pool) -> bool {
    setting(pool, "FactorConfiguration") == Some("MULTI_FACTOR_WITH_USER_VERIFICATION")
}

/// Whether the user's passkeys stand for two factors.
pub fn are_mfa(pool: &Pool, user: &User) -> bool {
    may_be_mfa(pool) && user.passkeys.are_mfa
}

/// `required`, `preferred`: whether authenticators are to make sure who uses them.
pub fn user_verification(pool: &Pool) -> &str {
    if may_be_mfa(pool) { "required" } else { setting(pool, "UserVerification").unwrap_or("preferred") }
}

/// Whether the user can sign in with a passkey: has one for the domain of now, and no other factor is demanded beside it.
pub fn can_sign_in(pool: &Pool, user: &User) -> bool {
    let Ok(domain) = relying_party(pool) else { return false };
    user.passkeys.all.iter().any(|passkey| passkey.relying_party == domain)
        && (demand(pool, user) == Demand::Nothing || are_mfa(pool, user))
}
