//! Second factors: which a user has, which one is asked for, and the authenticator's secret.

pub mod preference;
pub mod software_token;

use crate::pool::Pool;
use crate::user::User;

pub const KINDS: [&str; 3] = ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"];

/// What is asked of a user who has passed the first factor.
#[derive(Debug, PartialEq, Eq)]
pub enum Demand {
    Nothing,
    Factor(&'static str),
    Choice(Vec<&'static str>),
    /// The pool demands a second factor and the user has none: these can be set up.
    Setup(Vec<&'static str>),
}

/// Whether the user could answer a factor of that kind.
fn can_answer(user: &User, kind: &str) -> bool {
    match kind {
        "SMS_MFA" => user.attribute("phone_number").is_some(),
        "SOFTWARE_TOKEN_MFA" => user.mfa.software_token.is_some(),
        _ => user.is_verified("email"),
    }
}

pub fn demand(pool: &Pool, user: &User) -> Demand {
    if pool.mfa_mode() == "OFF" {
        return Demand::Nothing;
    }
    let usable = |kind: &&&str| pool.allows_mfa(kind) && can_answer(user, kind);
    let mut own: Vec<&'static str> =
        KINDS.iter().filter(usable).filter(|kind| user.mfa.enabled.contains(**kind)).copied().collect();
    if own.is_empty() && pool.mfa_mode() == "ON" {
        // Nobody gets around the pool's demand by not choosing.
        own = KINDS.iter().filter(usable).copied().collect();
        if own.is_empty() {
            return Demand::Setup(KINDS.into_iter().filter(|kind| pool.allows_mfa(kind)).collect());
        }
        if let Some(first) = own.iter().find(|kind| **kind == "SMS_MFA").or(own.first()) {
            return Demand::Factor(first);
        }
    }
    let preferred = own.iter().find(|kind| user.mfa.preferred.as_deref() == Some(**kind));
    match (preferred, own.as_slice()) {
        (_, []) => Demand::Nothing,
        (Some(kind), _) | (None, [kind]) => Demand::Factor(kind),
        (None, _) => Demand::Choice(own),
    }
}
