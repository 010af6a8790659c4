//! Forgotten passwords: a code to a proved address, then a new password.

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::confirm::{named, simulated, unless_hidden};
use super::{Status, User, create, find, password, update};
use crate::auth_event::{Happened, record};
use crate::client::{Site, secret};
use crate::code;
use crate::delivery::{self, Delivery};
use crate::faults::{invalid, no_user, no_user_of_client, not_authorized, wrong_code};
use crate::pool::{self, Pool};
use crate::token::grant;
use crate::trigger::migration::user_migration;
use crate::trigger::sign_up::post_confirmation;
use crate::trigger::{NO_CLIENT, Setting};

/// By which address the user may recover the account, in the order that the pool wants.
///
/// # Errors
/// Only administrators may, or there is no proved address.
fn recovery_attribute(pool: &Pool, user: &User) -> Result<&'static str, Fault> {
    let mechanisms = pool.at("/AccountRecoverySetting/RecoveryMechanisms").and_then(serde_json::Value::as_array);
    let mut mechanisms: Vec<(i64, &str)> = mechanisms
        .into_iter()
        .flatten()
        .map(|entry| (entry["Priority"].as_i64().unwrap_or(9), entry["Name"].as_str().unwrap_or_default()))
        .collect();
    mechanisms.sort_unstable();
    if mechanisms.iter().any(|(_, name)| *name == "admin_only") {
        return Err(not_authorized("Contact administrator to reset password."));
    }
    let attribute = mechanisms.iter().find_map(|(_, name)| match *name {
        "verified_email" if user.is_verified("email") => Some("email"),
        "verified_phone_number" if user.is_verified("phone_number") => Some("phone_number"),
        _ => None,
    });
    attribute.ok_or_else(|| {
        invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
    })
}

/// Notes a code and sends it.
async fn send_code(setting: Setting<'_>, user: &User, reset: bool) -> Result<CodeDeliveryDetailsType, Fault> {
    let attribute = recovery_attribute(setting.pool, user)?;
    let code = code::new();
    setting.cx.write(|w| {
        let now = w.now;
        update(w.tx, setting.pool, &user.name, |user| {
            code::put(user, code::RESET, &code, Some(attribute), None, now);
            if reset {
                user.status = Status::ResetRequired;
            }
            Ok(())
        })
    })?;
    let message = Delivery { occasion: "ForgotPassword", attribute, to: None, code: &code };
    delivery::send(setting, user, message).await
}

pub async fn forgot_password(cx: Context, input: ForgotPasswordRequest) -> Result<ForgotPasswordResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    secret::check_hash(&site.client, &input.username, input.secret_hash.as_deref())?;
    let setting =
        Setting { cx: &cx, pool: &site.pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    let known = find(&cx.snapshot(), &site.pool, &input.username)?;
    let known = match known {
        Some(user) => Some(user),
        None => unless_hidden(&site.client, migrate(setting, &input.username).await)?,
    };
    let Some(user) = known else {
        let details = simulated(&site, &input.username).ok_or_else(no_user_of_client)?;
        return Ok(ForgotPasswordResponse { code_delivery_details: Some(details) });
    };
    let can_recover = user.enabled && recovery_attribute(&site.pool, &user).is_ok();
    if let (false, Some(details)) = (can_recover, simulated(&site, &input.username)) {
        return Ok(ForgotPasswordResponse { code_delivery_details: Some(details) });
    }
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    if matches!(user.status, Status::ForceChangePassword | Status::ExternalProvider) {
        return Err(not_authorized("User password cannot be reset in the current state."));
    }
    let details = send_code(setting, &user, false).await?;
    Ok(ForgotPasswordResponse { code_delivery_details: Some(details) })
}

/// Takes over a user who forgot the password at the place where the users were before.
async fn migrate(setting: Setting<'_>, name: &str) -> Result<Option<User>, Fault> {
    let Some(found) = user_migration(setting, "UserMigration_ForgotPassword", name, None).await? else {
        return Ok(None);
    };
    let user = User::new(setting.pool, name, found.attributes, Status::ResetRequired, setting.cx.now());
    setting.cx.write(|w| create(w.tx, setting.pool, &user, found.force_alias))?;
    Ok(Some(user))
}

pub async fn admin_reset_user_password(
    cx: Context,
    input: AdminResetUserPasswordRequest,
) -> Result<AdminResetUserPasswordResponse, Fault> {
    let pool = pool::get(&cx.snapshot(), cx.scope(), &input.user_pool_id)?;
    let user = find(&cx.snapshot(), &pool, &input.username)?.ok_or_else(no_user)?;
    if !matches!(user.status, Status::Confirmed | Status::ResetRequired) {
        return Err(not_authorized("User password cannot be reset in the current state."));
    }
    let setting = Setting { cx: &cx, pool: &pool, client: NO_CLIENT, metadata: input.client_metadata.as_ref() };
    send_code(setting, &user, true).await?;
    Ok(AdminResetUserPasswordResponse::default())
}

pub async fn confirm_forgot_password(
    cx: Context,
    input: ConfirmForgotPasswordRequest,
) -> Result<ConfirmForgotPasswordResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    secret::check_hash(&site.client, &input.username, input.secret_hash.as_deref())?;
    let user = named(&cx, &site, &input.username, wrong_code)?;
    if !user.enabled && site.client.hides_users() {
        return Err(wrong_code());
    }
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    let pool = &*site.pool;
    password::check_new(pool, &user, &input.password)?;
    let verifier = password::verifier(pool, &user.name, &input.password)?;
    let verdict = cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| Ok(code::take(user, code::RESET, &input.confirmation_code, now)))
    })?;
    let happened = Happened::new("ForgotPassword", verdict.is_ok(), &site.client.id);
    record(&cx, pool, &user, happened).await?;
    let attribute = verdict?.attribute;
    let confirmed = cx.write(|w| {
        let now = w.now;
        grant::delete_of_user(w.tx, pool, &user.name)?;
        update(w.tx, pool, &user.name, |user| {
            password::replace(user, verifier.clone(), None, now);
            user.status = Status::Confirmed;
            if let Some(attribute) = &attribute {
                user.attributes.insert(format!("{attribute}_verified"), "true".into());
            }
            Ok(user.clone())
        })
    })?;
    let setting = Setting { cx: &cx, pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    post_confirmation(setting, "PostConfirmation_ConfirmForgotPassword", &confirmed).await?;
    Ok(ConfirmForgotPasswordResponse::default())
}
