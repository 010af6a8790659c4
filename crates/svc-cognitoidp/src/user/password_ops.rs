//! ChangePassword and AdminSetUserPassword. Verifiers are computed before the transaction begins.

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{Status, find, password, update};
use crate::auth::lockout;
use crate::auth_event::{Happened, record};
use crate::faults::{no_user, wrong_credentials};
use crate::pool;
use crate::token::access;

pub async fn change_password(cx: Context, input: ChangePasswordRequest) -> Result<ChangePasswordResponse, Fault> {
    let bearer = cx.read(|r| access::bearer(r.cloud, r.store, r.now, &input.access_token))?;
    let (pool, user) = (&bearer.pool, &bearer.user);
    match (&user.verifier, &input.previous_password) {
        (Some(_), Some(previous)) => {
            lockout::refuse(user, cx.now())?;
            if !password::fits(pool, user, previous) {
                lockout::note_failure(&cx, pool, &user.name)?;
                record(&cx, pool, user, Happened::new("PasswordChange", false, &bearer.client)).await?;
                return Err(wrong_credentials());
            }
        }
        (Some(_), None) => return Err(wrong_credentials()),
        (None, _) => {}
    }
    password::check_new(pool, user, &input.proposed_password)?;
    let verifier = password::verifier(pool, &user.name, &input.proposed_password)?;
    cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| {
            password::replace(user, verifier.clone(), None, now);
            Ok(())
        })
    })?;
    record(&cx, pool, user, Happened::new("PasswordChange", true, &bearer.client)).await?;
    Ok(ChangePasswordResponse::default())
}

pub async fn admin_set_user_password(
    cx: Context,
    input: AdminSetUserPasswordRequest,
) -> Result<AdminSetUserPasswordResponse, Fault> {
    let pool = pool::get(&cx.snapshot(), cx.scope(), &input.user_pool_id)?;
    let user = find(&cx.snapshot(), &pool, &input.username)?.ok_or_else(no_user)?;
    password::check_new(&pool, &user, &input.password)?;
    let permanent = input.permanent.unwrap_or(false);
    let verifier = password::verifier(&pool, &user.name, &input.password)?;
    cx.write(|w| {
        let now = w.now;
        let until = (!permanent).then(|| password::temporary_until(&pool, now));
        update(w.tx, &pool, &user.name, |user| {
            password::replace(user, verifier.clone(), until, now);
            user.status = if permanent { Status::Confirmed } else { Status::ForceChangePassword };
            Ok(())
        })
    })?;
    Ok(AdminSetUserPasswordResponse::default())
}
