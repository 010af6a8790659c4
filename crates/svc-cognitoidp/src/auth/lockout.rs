//! Against guessing: after five wrong passwords in a row each further one locks the user for twice as long, from one second
//! to a quarter of an hour. Source: "Lockout behavior for failed sign-in attempts", Cognito developer guide.

use kogumo_base::Timestamp;
use kogumo_door::Context;
use kogumo_wire::Fault;

use super::Flow;
use crate::auth_event::{Happened, record};
use crate::faults::not_authorized;
use crate::pool::Pool;
use crate::user::{User, update};

const FREE: u32 = 5;
const LONGEST: i64 = 15 * 60;

/// # Errors
/// The user is locked.
pub fn refuse(user: &User, now: Timestamp) -> Result<(), Fault> {
    if user.failures >= FREE && now < user.locked_until {
        return Err(not_authorized("Password attempts exceeded"));
    }
    Ok(())
}

/// Notes a wrong password.
///
/// # Errors
/// Trouble with the store.
pub fn note_failure(cx: &Context, pool: &Pool, user: &str) -> Result<(), Fault> {
    cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, user, |user| {
            failed(user, now);
            Ok(())
        })
    })
}

/// As [`note_failure`], and records it as a sign-in that failed.
///
/// # Errors
/// Trouble with the store.
pub async fn note_failed_sign_in(flow: &Flow, user: &User) -> Result<(), Fault> {
    note_failure(&flow.cx, &flow.site.pool, &user.name)?;
    let happened = Happened::new("SignIn", false, &flow.site.client.id).with(&[("Password", false)]);
    record(&flow.cx, &flow.site.pool, user, happened).await.map(drop)
}

fn failed(user: &mut User, now: Timestamp) {
    // A quarter of an hour without an attempt, and all is forgotten.
    if user.failures > 0 && now >= user.locked_until.plus_seconds(LONGEST) {
        user.failures = 0;
    }
    user.failures = user.failures.saturating_add(1);
    let beyond = user.failures.checked_sub(FREE);
    let seconds = beyond.map_or(0, |beyond| 1i64.checked_shl(beyond.min(20)).unwrap_or(LONGEST).min(LONGEST));
    user.locked_until = now.plus_seconds(seconds);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::user::Status;

    #[test]
    fn each_failure_beyond_the_fifth_locks_twice_as_long() {
        let pool = crate::tests::pool();
        let mut user = User::new(&pool, "u", BTreeMap::new(), Status::Confirmed, Timestamp(0));
        let mut now = Timestamp(1_000_000);
        let mut locks = Vec::new();
        for _ in 0..18 {
            failed(&mut user, now);
            locks.push((user.locked_until.0 - now.0) / 1000);
            now = user.locked_until;
        }
        assert_eq!(locks[..9], [0, 0, 0, 0, 1, 2, 4, 8, 16]);
        assert_eq!(locks[17], LONGEST);
        failed(&mut user, now.plus_seconds(LONGEST));
        assert_eq!(user.failures, 1);
    }
}
