//! Signing in with the password itself (USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, the hosted pages).

use kogumo_wire::Fault;

use super::session::Step;
use super::{Flow, Outcome, after_first_factor, lockout, refuse_unready};
use crate::faults::{not_authorized, wrong_credentials};
use crate::srp::Verifier;
use crate::trigger::migration::user_migration;
use crate::trigger::sign_in::pre_authentication;
use crate::user::confirm::unless_hidden;
use crate::user::{Status, User, create, find, password, update};

pub async fn sign_in(flow: &Flow, username: &str, text: &str, device: Option<&String>) -> Result<Outcome, Fault> {
    let user = check(flow, username, text).await?;
    let mut state = flow.state(username, Some(&user), Step::Password);
    state.device = device.cloned();
    state.factor = "PASSWORD".into();
    after_first_factor(flow, state, user).await
}

/// The user of that name and password, who may sign in.
///
/// # Errors
/// Another password, no such user, or one who may not.
pub async fn check(flow: &Flow, username: &str, text: &str) -> Result<User, Fault> {
    let known = find(&flow.cx.snapshot(), &flow.site.pool, username)?;
    let known = match known {
        Some(user) => Some(user),
        None => unless_hidden(&flow.site.client, migrate(flow, username, text).await)?,
    };
    let hides = flow.site.client.hides_users();
    if known.is_some() || hides {
        pre_authentication(flow.setting(), username, known.as_ref()).await?;
    }
    let Some(user) = known else {
        if hides {
            // As long as it takes to find a wrong password wrong.
            drop(Verifier::of(flow.site.pool.srp_name(), username, text));
        }
        return Err(flow.nobody());
    };
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    lockout::refuse(&user, flow.now())?;
    if !password::fits(&flow.site.pool, &user, text) {
        lockout::note_failed_sign_in(flow, &user).await?;
        return Err(wrong_credentials());
    }
    if user.failures > 0 {
        flow.cx.write(|w| {
            update(w.tx, &flow.site.pool, &user.name, |user| {
                user.failures = 0;
                Ok(())
            })
        })?;
    }
    refuse_unready(&user, flow.now())?;
    Ok(user)
}

/// Takes over a user from where the users were before, if the function there knows name and password.
async fn migrate(flow: &Flow, username: &str, text: &str) -> Result<Option<User>, Fault> {
    let pool = &flow.site.pool;
    let setting = flow.setting();
    let Some(found) = user_migration(setting, "UserMigration_Authentication", username, Some(text)).await? else {
        return Ok(None);
    };
    let mut user = User::new(pool, username, found.attributes, found.status, flow.now());
    user.verifier = Some(password::verifier(pool, &user.name, text)?);
    if found.status == Status::ForceChangePassword {
        user.temporary_until = Some(password::temporary_until(pool, flow.now()));
    }
    flow.cx.write(|w| create(w.tx, pool, &user, found.force_alias))?;
    Ok(Some(user))
}
