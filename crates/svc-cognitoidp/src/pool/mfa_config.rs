//! SetUserPoolMfaConfig: which second factors a pool has.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use super::Pool;
use crate::document;
use crate::faults::invalid;

const PASSKEYS: &str = "WebAuthnConfiguration";

fn members(pool: &Pool) -> Map<String, Value> {
    let mut members = pool.mfa.clone();
    members.insert("MfaConfiguration".into(), json!(pool.mfa_mode()));
    if let (false, Some(sms)) = (members.contains_key("SmsMfaConfiguration"), pool.at("/SmsConfiguration")) {
        let mut setting = json!({ "SmsConfiguration": sms });
        if let Some(message) = pool.at("/SmsAuthenticationMessage") {
            setting["SmsAuthenticationMessage"] = message.clone();
        }
        members.insert("SmsMfaConfiguration".into(), setting);
    }
    members
}

pub fn get_user_pool_mfa_config(
    r: &Reader,
    input: GetUserPoolMfaConfigRequest,
) -> Result<GetUserPoolMfaConfigResponse, Fault> {
    let pool = super::get(r.store, r.scope(), &input.user_pool_id)?;
    Ok(document::into(members(&pool))?)
}

pub fn set_user_pool_mfa_config(
    w: &mut Writer,
    input: SetUserPoolMfaConfigRequest,
) -> Result<SetUserPoolMfaConfigResponse, Fault> {
    let mut pool = super::get(w.store(), w.scope(), &input.user_pool_id)?;
    let mut given = document::of(&input);
    given.remove("UserPoolId");
    // What passkeys are asked stays as it is where nothing is said of it.
    if let (false, Some(kept)) = (given.contains_key(PASSKEYS), pool.mfa.remove(PASSKEYS)) {
        given.insert(PASSKEYS.into(), kept);
    }
    let mode = given.remove("MfaConfiguration").and_then(|mode| mode.as_str().map(str::to_owned));
    let mode = mode.unwrap_or_else(|| "OFF".into());
    let software = given.get("SoftwareTokenMfaConfiguration").and_then(|setting| setting.get("Enabled"));
    let any = given.contains_key("SmsMfaConfiguration")
        || given.contains_key("EmailMfaConfiguration")
        || software == Some(&json!(true));
    if mode != "OFF" && !any {
        return Err(invalid("Invalid MFA configuration given, can't turn on MFA and disable all MFA types."));
    }
    if mode == "OFF"
        && any
        && !pool.settings.contains_key("SmsConfiguration")
        && given.contains_key("EmailMfaConfiguration")
    {
        return Err(invalid("Invalid MFA configuration given, can't disable MFA and configure an MFA type."));
    }
    if let Some(sms) = given.get("SmsMfaConfiguration").and_then(|setting| setting.get("SmsConfiguration")) {
        pool.settings.insert("SmsConfiguration".into(), sms.clone());
    }
    if let Some(text) = given.get("SmsMfaConfiguration").and_then(|setting| setting.get("SmsAuthenticationMessage")) {
        pool.settings.insert("SmsAuthenticationMessage".into(), text.clone());
    }
    pool.settings.insert("MfaConfiguration".into(), json!(mode));
    pool.mfa = given;
    pool.modified = w.now;
    super::put(w.tx, &pool)?;
    Ok(document::into(members(&pool))?)
}
