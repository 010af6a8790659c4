//! SetUserMFAPreference: which second factors a user wants.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use crate::faults::{invalid, no_user};
use crate::passkey::settings;
use crate::pool::{self, Pool};
use crate::token::access;
use crate::user::{self, User, find};

/// A wish: the factor, whether it is on, whether it comes first. What is not said stays as it is.
struct Wish {
    kind: &'static str,
    enabled: Option<bool>,
    preferred: Option<bool>,
}

fn wishes(
    sms: Option<SMSMfaSettingsType>,
    software: Option<SoftwareTokenMfaSettingsType>,
    email: Option<EmailMfaSettingsType>,
) -> Vec<Wish> {
    let mut all = Vec::new();
    all.extend(sms.map(|wish| Wish { kind: "SMS_MFA", enabled: wish.enabled, preferred: wish.preferred_mfa }));
    all.extend(software.map(|wish| Wish {
        kind: "SOFTWARE_TOKEN_MFA",
        enabled: wish.enabled,
        preferred: wish.preferred_mfa,
    }));
    all.extend(email.map(|wish| Wish { kind: "EMAIL_OTP", enabled: wish.enabled, preferred: wish.preferred_mfa }));
    all
}

fn apply(pool: &Pool, user: &mut User, wishes: Vec<Wish>) -> Result<(), Fault> {
    if wishes.iter().filter(|wish| wish.preferred == Some(true)).count() > 1 {
        return Err(invalid("Only one MFA setting can be set as preferred."));
    }
    for wish in wishes {
        if wish.enabled == Some(true) {
            refuse_impossible(pool, user, wish.kind)?;
            user.mfa.enabled.insert(wish.kind.to_owned());
        } else if wish.enabled == Some(false) {
            user.mfa.enabled.remove(wish.kind);
        }
        match wish.preferred {
            Some(true) if !user.mfa.enabled.contains(wish.kind) => {
                return Err(invalid("Cannot set a disabled MFA type as preferred."));
            }
            Some(true) => user.mfa.preferred = Some(wish.kind.to_owned()),
            _ if user.mfa.preferred.as_deref() == Some(wish.kind)
                && (wish.preferred == Some(false) || wish.enabled == Some(false)) =>
            {
                user.mfa.preferred = None;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Passkeys stand for two factors only beside another second factor, so that a lost one locks nobody out.
fn apply_passkeys(pool: &Pool, user: &mut User, wish: Option<WebAuthnMfaSettingsType>) -> Result<(), Fault> {
    match wish.and_then(|wish| wish.enabled) {
        Some(true) if !settings::may_be_mfa(pool) => {
            Err(invalid("Passkeys are not configured as a multi-factor method of the user pool."))
        }
        Some(true) if user.mfa.enabled.is_empty() => {
            Err(invalid("User must have another MFA method enabled to enable passkeys as MFA."))
        }
        wish => {
            user.passkeys.are_mfa = wish.unwrap_or(user.passkeys.are_mfa);
            Ok(())
        }
    }
}

fn refuse_impossible(pool: &Pool, user: &User, kind: &str) -> Result<(), Fault> {
    match kind {
        "SOFTWARE_TOKEN_MFA" if user.mfa.software_token.is_none() => {
            Err(invalid("User has not verified software token mfa"))
        }
        "SMS_MFA" if user.attribute("phone_number").is_none() => {
            Err(invalid("User does not have delivery config set to turn on SMS_MFA"))
        }
        "EMAIL_OTP" if !user.is_verified("email") => {
            Err(invalid("User does not have delivery config set to turn on EMAIL_OTP"))
        }
        _ if pool.mfa_mode() != "OFF" && !pool.allows_mfa(kind) => {
            Err(invalid(format!("{kind} is not enabled for the user pool.")))
        }
        _ => Ok(()),
    }
}

pub fn set_user_mfa_preference(
    w: &mut Writer,
    input: SetUserMFAPreferenceRequest,
) -> Result<SetUserMFAPreferenceResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    let wishes = wishes(input.sms_mfa_settings, input.software_token_mfa_settings, input.email_mfa_settings);
    user::update(w.tx, &bearer.pool, &bearer.user.name, |user| {
        apply(&bearer.pool, user, wishes)?;
        apply_passkeys(&bearer.pool, user, input.web_authn_mfa_settings)
    })?;
    Ok(SetUserMFAPreferenceResponse::default())
}

pub fn admin_set_user_mfa_preference(
    w: &mut Writer,
    input: AdminSetUserMFAPreferenceRequest,
) -> Result<AdminSetUserMFAPreferenceResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let known = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    let wishes = wishes(input.sms_mfa_settings, input.software_token_mfa_settings, input.email_mfa_settings);
    user::update(w.tx, &pool, &known.name, |user| {
        apply(&pool, user, wishes)?;
        apply_passkeys(&pool, user, input.web_authn_mfa_settings)
    })?;
    Ok(AdminSetUserMFAPreferenceResponse::default())
}

/// What the old operations say: text messages, or none.
fn settings_wish(options: &[MFAOptionType]) -> Result<Vec<Wish>, Fault> {
    let by_message = |option: &MFAOptionType| {
        option.delivery_medium.as_deref() == Some("SMS") && option.attribute_name.as_deref() == Some("phone_number")
    };
    match options.iter().all(by_message) {
        true => Ok(vec![Wish { kind: "SMS_MFA", enabled: Some(!options.is_empty()), preferred: None }]),
        false => Err(invalid("MFAOptions can only name phone_number with SMS.")),
    }
}

pub fn set_user_settings(w: &mut Writer, input: SetUserSettingsRequest) -> Result<SetUserSettingsResponse, Fault> {
    let bearer = access::bearer(w.cloud, w.store(), w.now, &input.access_token)?;
    let wishes = settings_wish(&input.mfa_options)?;
    user::update(w.tx, &bearer.pool, &bearer.user.name, |user| apply(&bearer.pool, user, wishes))?;
    Ok(SetUserSettingsResponse::default())
}

pub fn admin_set_user_settings(
    w: &mut Writer,
    input: AdminSetUserSettingsRequest,
) -> Result<AdminSetUserSettingsResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    let known = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    let wishes = settings_wish(&input.mfa_options)?;
    user::update(w.tx, &pool, &known.name, |user| apply(&pool, user, wishes))?;
    Ok(AdminSetUserSettingsResponse::default())
}

pub fn get_user_auth_factors(
    r: &Reader,
    input: GetUserAuthFactorsRequest,
) -> Result<GetUserAuthFactorsResponse, Fault> {
    let user = access::bearer(r.cloud, r.store, r.now, &input.access_token)?.user;
    Ok(GetUserAuthFactorsResponse {
        preferred_mfa_setting: user.mfa.preferred.clone(),
        user_mfa_setting_list: user::view::mfa_list(&user),
        configured_user_auth_factors: Some(first_factors(&user)),
        username: user.name,
    })
}

pub fn admin_get_user_auth_factors(
    r: &Reader,
    input: AdminGetUserAuthFactorsRequest,
) -> Result<AdminGetUserAuthFactorsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    Ok(AdminGetUserAuthFactorsResponse {
        preferred_mfa_setting: user.mfa.preferred.clone(),
        user_mfa_setting_list: user::view::mfa_list(&user),
        configured_user_auth_factors: Some(first_factors(&user)),
        username: user.name,
    })
}

/// By what the user could sign in where the pool lets users choose.
fn first_factors(user: &User) -> Vec<String> {
    let mut factors = Vec::new();
    factors.extend(user.verifier.is_some().then(|| "PASSWORD".to_owned()));
    factors.extend(user.is_verified("email").then(|| "EMAIL_OTP".to_owned()));
    factors.extend(user.is_verified("phone_number").then(|| "SMS_OTP".to_owned()));
    factors.extend((!user.passkeys.all.is_empty()).then(|| "WEB_AUTHN".to_owned()));
    factors
}
