//! Confirming a new account: by code, by an administrator, and another code for one that is lost.

use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{Status, User, alias, find, update};
use crate::auth_event::{Happened, record};
use crate::client::{Client, Site, secret};
use crate::code;
use crate::delivery::{self, Delivery, masked};
use crate::faults::{invalid, no_user, no_user_of_client, not_authorized};
use crate::pool;
use crate::trigger::sign_up::post_confirmation;
use crate::trigger::{NO_CLIENT, Setting};

/// The user whom a client means; that there is none is told as the client wants it told.
pub fn named(cx: &Context, site: &Site, name: &str, hidden: impl FnOnce() -> Fault) -> Result<User, Fault> {
    let user = find(&cx.snapshot(), &site.pool, name)?;
    user.ok_or_else(|| if site.client.hides_users() { hidden() } else { no_user_of_client() })
}

/// The user who moves in from elsewhere; for a client that hides its users, nobody where the move failed.
pub fn unless_hidden(client: &Client, moved: Result<Option<User>, Fault>) -> Result<Option<User>, Fault> {
    match moved {
        Err(fault) if client.hides_users() && fault.is(&USER_NOT_FOUND_EXCEPTION) => Ok(None),
        moved => moved,
    }
}

/// Where a code would go if there were such a user: always the same place for the same name, by text message or by mail as
/// the name's form and the pool's settings have it. None where the client tells who exists.
pub fn simulated(site: &Site, name: &str) -> Option<CodeDeliveryDetailsType> {
    if !site.client.hides_users() {
        return None;
    }
    let proved = site.pool.texts("/AutoVerifiedAttributes");
    let by_phone = name.starts_with('+') || (!name.contains('@') && proved == ["phone_number"]);
    let made_up = || {
        let digits: u32 = name.bytes().fold(7, |sum, byte| (sum * 31 + u32::from(byte)) % 10_000);
        format!("+*******{digits:04}")
    };
    let destination = match (by_phone, name.contains('@') || name.starts_with('+')) {
        (_, true) => masked(name),
        (true, false) => made_up(),
        (false, false) => {
            format!("{}***@{}***", name.chars().next().unwrap_or('u'), name.chars().last().unwrap_or('e'))
        }
    };
    let (medium, attribute) = if by_phone { ("SMS", "phone_number") } else { ("EMAIL", "email") };
    Some(CodeDeliveryDetailsType {
        destination: Some(destination),
        delivery_medium: Some(medium.into()),
        attribute_name: Some(attribute.into()),
    })
}

pub async fn confirm_sign_up(cx: Context, input: ConfirmSignUpRequest) -> Result<ConfirmSignUpResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    secret::check_hash(&site.client, &input.username, input.secret_hash.as_deref())?;
    let user = named(&cx, &site, &input.username, crate::faults::expired_code)?;
    let setting =
        Setting { cx: &cx, pool: &site.pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    confirm_by_code(setting, &user, &input.confirmation_code, input.force_alias_creation.unwrap_or(false)).await?;
    Ok(ConfirmSignUpResponse::default())
}

/// Confirms a user who knows the code, and proves the address that it went to.
pub async fn confirm_by_code(setting: Setting<'_>, user: &User, given: &str, force: bool) -> Result<(), Fault> {
    let (cx, pool) = (setting.cx, setting.pool);
    refuse_confirmed(user)?;
    let verdict = cx.write(|w| {
        let now = w.now;
        update(w.tx, pool, &user.name, |user| Ok(code::take(user, code::SIGN_UP, given, now)))
    })?;
    let attribute = verdict?.attribute;
    let confirmed = cx.write(|w| {
        let now = w.now;
        if let Some(attribute) = attribute.as_deref().filter(|_| force) {
            let mut proved = user.clone();
            proved.attributes.insert(format!("{attribute}_verified"), "true".into());
            alias::change(w.tx, pool, Some(user), Some(&proved), true)?;
        }
        update(w.tx, pool, &user.name, |user| {
            if let Some(attribute) = &attribute {
                user.attributes.insert(format!("{attribute}_verified"), "true".into());
            }
            user.status = Status::Confirmed;
            user.modified = now;
            Ok(user.clone())
        })
    })?;
    post_confirmation(setting, "PostConfirmation_ConfirmSignUp", &confirmed).await
}

fn refuse_confirmed(user: &User) -> Result<(), Fault> {
    match user.status {
        Status::Unconfirmed => Ok(()),
        status => Err(not_authorized(format!("User cannot be confirmed. Current status is {}", status.text()))),
    }
}

pub async fn admin_confirm_sign_up(
    cx: Context,
    input: AdminConfirmSignUpRequest,
) -> Result<AdminConfirmSignUpResponse, Fault> {
    let pool = pool::get(&cx.snapshot(), cx.scope(), &input.user_pool_id)?;
    let user = find(&cx.snapshot(), &pool, &input.username)?.ok_or_else(no_user)?;
    refuse_confirmed(&user)?;
    let confirmed = cx.write(|w| {
        let now = w.now;
        update(w.tx, &pool, &user.name, |user| {
            user.status = Status::Confirmed;
            user.codes.remove(code::SIGN_UP);
            user.modified = now;
            Ok(user.clone())
        })
    })?;
    let setting = Setting { cx: &cx, pool: &pool, client: NO_CLIENT, metadata: input.client_metadata.as_ref() };
    post_confirmation(setting, "PostConfirmation_ConfirmSignUp", &confirmed).await?;
    Ok(AdminConfirmSignUpResponse::default())
}

pub async fn resend_confirmation_code(
    cx: Context,
    input: ResendConfirmationCodeRequest,
) -> Result<ResendConfirmationCodeResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    secret::check_hash(&site.client, &input.username, input.secret_hash.as_deref())?;
    let Some(user) = find(&cx.snapshot(), &site.pool, &input.username)? else {
        let details = simulated(&site, &input.username).ok_or_else(no_user_of_client)?;
        return Ok(ResendConfirmationCodeResponse { code_delivery_details: Some(details) });
    };
    if user.status != Status::Unconfirmed {
        return Err(invalid("User is already confirmed."));
    }
    let attribute = delivery::sign_up_attribute(&site.pool, &user)
        .ok_or_else(|| not_authorized("Cannot resend codes. Auto verification not turned on."))?;
    let code = code::new();
    cx.write(|w| {
        let now = w.now;
        update(w.tx, &site.pool, &user.name, |user| {
            code::put(user, code::SIGN_UP, &code, Some(attribute), None, now);
            Ok(())
        })
    })?;
    let setting =
        Setting { cx: &cx, pool: &site.pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    record(&cx, &site.pool, &user, Happened::new("ResendCode", true, &site.client.id)).await?;
    let message = Delivery { occasion: "ResendCode", attribute, to: None, code: &code };
    let details = delivery::send(setting, &user, message).await?;
    Ok(ResendConfirmationCodeResponse { code_delivery_details: Some(details) })
}
