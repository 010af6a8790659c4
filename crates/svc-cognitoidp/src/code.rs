//! Codes of six digits that prove who reads a mail or a text message.

use kogumo_base::{Timestamp, random_from};
use kogumo_wire::Fault;
use subtle::ConstantTimeEq;

use crate::faults::{expired_code, too_many_attempts, wrong_code};
use crate::user::{Code, User};

/// What a code is for: its key among a user's codes.
pub const SIGN_UP: &str = "sign-up";
pub const RESET: &str = "reset";

const HOUR: i64 = 3600;
/// So many wrong codes in a row are let through before nobody may try for a while.
const WRONG_CODES: u32 = 5;

/// The key of a code that proves an attribute.
pub fn verify(attribute: &str) -> String {
    format!("verify:{attribute}")
}

pub fn new() -> String {
    random_from(b"0123456789", 6)
}

/// Notes a new code in the place of the last one. Codes to reset a password live an hour, others a day.
pub fn put(user: &mut User, purpose: &str, code: &str, attribute: Option<&str>, value: Option<&str>, now: Timestamp) {
    let lifetime = if purpose == RESET { HOUR } else { 24 * HOUR };
    let code = Code {
        code: code.to_owned(),
        expires: now.plus_seconds(lifetime),
        attribute: attribute.map(str::to_owned),
        value: value.map(str::to_owned),
    };
    user.codes.insert(purpose.to_owned(), code);
}

/// Takes the code if it is the one; otherwise counts. What has been counted is to be kept, whatever the answer.
///
/// # Errors
/// Another code, one that has expired, or too many wrong ones.
pub fn take(user: &mut User, purpose: &str, given: &str, now: Timestamp) -> Result<Code, Fault> {
    if now < user.codes_locked_until {
        return Err(too_many_attempts());
    }
    let known = user.codes.get(purpose).filter(|code| now < code.expires).ok_or_else(expired_code)?;
    if !bool::from(known.code.as_bytes().ct_eq(given.as_bytes())) {
        count_wrong(user, now);
        return Err(wrong_code());
    }
    user.wrong_codes = 0;
    user.codes.remove(purpose).ok_or_else(expired_code)
}

/// Counts a wrong code; too many in a row, and nobody may try for a quarter of an hour.
pub fn count_wrong(user: &mut User, now: Timestamp) {
    user.wrong_codes += 1;
    if user.wrong_codes >= WRONG_CODES {
        user.wrong_codes = 0;
        user.codes_locked_until = now.plus_seconds(HOUR / 4);
    }
}
