//! What administrators do with users.

use kogumo_door::{Context, Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::{Fault, Unit};

use super::attributes::{self, Writer as By, sent, shown};
use super::{Status, User, create, find, password, update, view};
use crate::delivery::{self, Delivery};
use crate::faults::{invalid, no_user};
use crate::pool::{self, Pool};
use crate::token::grant;
use crate::trigger::sign_up::pre_sign_up;
use crate::trigger::{NO_CLIENT, Setting};

pub async fn admin_create_user(cx: Context, input: AdminCreateUserRequest) -> Result<AdminCreateUserResponse, Fault> {
    let pool = pool::get(&cx.snapshot(), cx.scope(), &input.user_pool_id)?;
    let setting = Setting { cx: &cx, pool: &pool, client: NO_CLIENT, metadata: input.client_metadata.as_ref() };
    let resend = input.message_action.as_deref() == Some("RESEND");
    let suppress = input.message_action.as_deref() == Some("SUPPRESS");
    let given = input.temporary_password;
    if let Some(password) = &given {
        password::check(&pool, password)?;
    }
    let temporary = given.clone().unwrap_or_else(|| password::generated(&pool));
    let user = if resend {
        renew(&cx, &pool, &input.username, &temporary)?
    } else {
        let mut new = sent(input.user_attributes);
        attributes::check_name(&pool, &input.username, &mut new)?;
        attributes::check(&pool, By::Admin, None, &new)?;
        refuse_taken(&cx, &pool, &input.username)?;
        let validation = sent(input.validation_data);
        pre_sign_up(setting, "PreSignUp_AdminCreateUser", &input.username, &new, &validation).await?;
        let mut user = User::new(&pool, &input.username, new, Status::ForceChangePassword, cx.now());
        let passwordless = pool.first_factors().iter().any(|factor| factor.ends_with("_OTP"));
        if given.is_none() && passwordless {
            // Such a user signs in by a code that is sent; there is no password to be told.
            user.status = Status::Confirmed;
        } else {
            user.verifier = Some(password::verifier(&pool, &user.name, &temporary)?);
            user.temporary_until = Some(password::temporary_until(&pool, cx.now()));
        }
        let force = input.force_alias_creation.unwrap_or(false);
        cx.write(|w| create(w.tx, &pool, &user, force)).map_err(in_admins_words)?;
        user
    };
    if !suppress && user.verifier.is_some() {
        let media = input.desired_delivery_mediums.unwrap_or_else(|| vec!["SMS".into()]);
        for (medium, attribute) in [("SMS", "phone_number"), ("EMAIL", "email")] {
            // Without the asked-for address the other one serves.
            let asked = media.iter().any(|asked| asked == medium);
            let fallback = medium == "EMAIL" && user.attribute("phone_number").is_none();
            if (asked || fallback) && user.attribute(attribute).is_some() {
                let message = Delivery { occasion: "AdminCreateUser", attribute, to: None, code: &temporary };
                delivery::send(setting, &user, message).await?;
            }
        }
    }
    Ok(AdminCreateUserResponse { user: Some(view::user_type(&user)) })
}

fn in_admins_words(fault: Fault) -> Fault {
    if fault.is(&USERNAME_EXISTS_EXCEPTION) && fault.message == "User already exists" {
        return taken();
    }
    fault
}

fn taken() -> Fault {
    USERNAME_EXISTS_EXCEPTION.because("User account already exists")
}

fn refuse_taken(cx: &Context, pool: &Pool, name: &str) -> Result<(), Fault> {
    let exists = find(&cx.snapshot(), pool, name)?.is_some_and(|user| pool.folded(&user.name) == pool.folded(name));
    if exists { Err(taken()) } else { Ok(()) }
}

/// Gives a user who has not signed in yet another temporary password, or another time to use it.
fn renew(cx: &Context, pool: &Pool, name: &str, temporary: &str) -> Result<User, Fault> {
    let user = find(&cx.snapshot(), pool, name)?.ok_or_else(no_user)?;
    if user.status != Status::ForceChangePassword {
        return Err(UNSUPPORTED_USER_STATE_EXCEPTION.because(format!(
            "Resend not possible. {} status is not {}",
            user.name,
            Status::ForceChangePassword.text()
        )));
    }
    let verifier = password::verifier(pool, &user.name, temporary)?;
    cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| {
            password::replace(user, verifier.clone(), Some(password::temporary_until(pool, now)), now);
            Ok(user.clone())
        })
    })
}

pub fn admin_get_user(r: &Reader, input: AdminGetUserRequest) -> Result<AdminGetUserResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    Ok(AdminGetUserResponse {
        username: user.name.clone(),
        user_attributes: Some(shown(&user.all_attributes())),
        user_create_date: Some(user.created),
        user_last_modified_date: Some(user.modified),
        enabled: Some(user.enabled),
        user_status: Some(user.status.text().to_owned()),
        mfa_options: view::mfa_options(&user),
        preferred_mfa_setting: user.mfa.preferred.clone(),
        user_mfa_setting_list: view::mfa_list(&user),
    })
}

pub fn admin_delete_user(w: &mut Writer, input: AdminDeleteUserRequest) -> Result<Unit, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    super::delete(w.tx, &pool, &user)?;
    Ok(Unit)
}

pub fn admin_disable_user(w: &mut Writer, input: AdminDisableUserRequest) -> Result<AdminDisableUserResponse, Fault> {
    enable(w, &input.user_pool_id, &input.username, false)?;
    Ok(AdminDisableUserResponse::default())
}

pub fn admin_enable_user(w: &mut Writer, input: AdminEnableUserRequest) -> Result<AdminEnableUserResponse, Fault> {
    enable(w, &input.user_pool_id, &input.username, true)?;
    Ok(AdminEnableUserResponse::default())
}

/// A user who is disabled is signed out everywhere.
fn enable(w: &mut Writer, pool: &str, name: &str, enabled: bool) -> Result<(), Fault> {
    let pool = pool::get(w.store(), w.scope(), pool)?;
    let user = find(w.store(), &pool, name)?.ok_or_else(no_user)?;
    if !enabled && user.status == Status::ExternalProvider && user.identities.is_empty() {
        return Err(invalid("User cannot be disabled in the current state."));
    }
    let now = w.now;
    if !enabled {
        grant::delete_of_user(w.tx, &pool, &user.name)?;
    }
    update(w.tx, &pool, &user.name, |user| {
        user.enabled = enabled;
        user.modified = now;
        Ok(())
    })
}
