//! Passwords: what a pool asks of them, and how one takes the place of another.

use kogumo_base::{Timestamp, random_from};
use kogumo_model::cognitoidp::{INVALID_PASSWORD_EXCEPTION, PASSWORD_HISTORY_POLICY_VIOLATION_EXCEPTION};
use kogumo_wire::Fault;

use super::User;
use crate::faults::invalid;
use crate::pool::Pool;
use crate::srp::Verifier;

const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ";

/// Whether the password of a new account does what the policy asks for.
///
/// # Errors
/// It does not, in Cognito's words.
pub fn check(pool: &Pool, password: &str) -> Result<(), Fault> {
    match objection(pool, password) {
        None => Ok(()),
        Some(what) => Err(INVALID_PASSWORD_EXCEPTION.because(format!("Password did not conform with policy: {what}"))),
    }
}

/// What the policy has against a password.
fn objection(pool: &Pool, password: &str) -> Option<&'static str> {
    let asks = |name: &str| pool.flag(&format!("/Policies/PasswordPolicy/{name}"));
    let least = pool.number("/Policies/PasswordPolicy/MinimumLength").unwrap_or(8);
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let length = i64::try_from(password.chars().count()).unwrap_or(i64::MAX);
    Some(if length < least {
        "Password not long enough"
    } else if password.starts_with(' ') || password.ends_with(' ') {
        "Password cannot start or end with a space"
    } else if asks("RequireLowercase") && !has(|c| c.is_lowercase()) {
        "Password must have lowercase characters"
    } else if asks("RequireUppercase") && !has(|c| c.is_uppercase()) {
        "Password must have uppercase characters"
    } else if asks("RequireNumbers") && !has(|c| c.is_ascii_digit()) {
        "Password must have numeric characters"
    } else if asks("RequireSymbols") && !has(|c| SYMBOLS.contains(c)) {
        "Password must have symbol characters"
    } else {
        return None;
    })
}

/// The verifier of a user's password.
///
/// # Errors
/// None in truth: the group is fixed.
pub fn verifier(pool: &Pool, user: &str, password: &str) -> Result<Verifier, Fault> {
    Verifier::of(pool.srp_name(), user, password).ok_or_else(|| invalid("Invalid password."))
}

/// Whether the password is the user's.
pub fn fits(pool: &Pool, user: &User, password: &str) -> bool {
    user.verifier.as_ref().is_some_and(|verifier| verifier.fits(pool.srp_name(), &user.name, password))
}

/// Checks the password that is to take another's place against the policy and the user's history.
///
/// # Errors
/// The policy's, which has other words here than for new accounts, and that it has been used before.
pub fn check_new(pool: &Pool, user: &User, password: &str) -> Result<(), Fault> {
    if let Some(what) = objection(pool, password) {
        return Err(INVALID_PASSWORD_EXCEPTION.because(format!("Password does not conform to policy: {what}")));
    }
    let most = pool.number("/Policies/PasswordPolicy/PasswordHistorySize").unwrap_or(0);
    let most = usize::try_from(most).unwrap_or(0);
    let earlier = user.verifier.iter().chain(&user.history).take(most);
    if earlier.into_iter().any(|known| known.fits(pool.srp_name(), &user.name, password)) {
        return Err(PASSWORD_HISTORY_POLICY_VIOLATION_EXCEPTION.because("Password has previously been used"));
    }
    Ok(())
}

/// Puts a password in the place of the last one. What was made of the text is made outside of transactions.
pub fn replace(user: &mut User, new: Verifier, temporary_until: Option<Timestamp>, now: Timestamp) {
    const MOST: usize = 24;
    if let Some(old) = user.verifier.replace(new) {
        user.history.insert(0, old);
        user.history.truncate(MOST);
    }
    user.temporary_until = temporary_until;
    user.failures = 0;
    user.locked_until = Timestamp(0);
    user.modified = now;
}

/// When a temporary password that is set now ends.
pub fn temporary_until(pool: &Pool, now: Timestamp) -> Timestamp {
    let days = pool.number("/Policies/PasswordPolicy/TemporaryPasswordValidityDays").unwrap_or(7);
    now.plus_seconds(days.saturating_mul(86400))
}

/// A password that any policy takes.
pub fn generated(pool: &Pool) -> String {
    let least = pool.number("/Policies/PasswordPolicy/MinimumLength").unwrap_or(8);
    let rest = usize::try_from(least).unwrap_or(8).max(10) - 4;
    [
        random_from(b"abcdefghijkmnpqrstuvwxyz", 1),
        random_from(b"ABCDEFGHJKLMNPQRSTUVWXYZ", 1),
        random_from(b"23456789", 1),
        random_from(b"!@#%&*", 1),
        random_from(b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!@#%&*", rest),
    ]
    .concat()
}
