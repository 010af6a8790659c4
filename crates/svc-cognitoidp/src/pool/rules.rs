//! What a pool's settings must be, and what they are where nothing is said: pure.

use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use crate::auth_event::check_tier;
use crate::faults::{invalid, unbuilt};
use crate::trigger::sender::SENDERS;

/// Settings that would be kept without an effect are refused by their names.
const UNBUILT: [&str; 4] = ["DcrConfiguration", "KeyConfiguration", "IssuerConfiguration", "AcrConfiguration"];

/// Completes and checks settings as CreateUserPool and UpdateUserPool take them.
///
/// # Errors
/// Settings that contradict each other, or that are not built.
pub fn complete(settings: &mut Map<String, Value>) -> Result<(), Fault> {
    refuse_unbuilt(settings)?;
    // Without threat protection the setting says what is so.
    if settings.get("UserPoolAddOns").and_then(|setting| setting.get("AdvancedSecurityMode")) == Some(&json!("OFF")) {
        settings.remove("UserPoolAddOns");
    }
    check_recovery(settings)?;
    check_pre_token_generation(settings)?;
    check_senders(settings)?;
    check_names(settings)?;
    check_mfa(settings)?;
    mirror_messages(settings);
    let defaults = json!({
        "DeletionProtection": "INACTIVE",
        "LambdaConfig": {},
        "MfaConfiguration": "OFF",
        "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" },
        "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7 },
        "VerificationMessageTemplate": { "DefaultEmailOption": "CONFIRM_WITH_CODE" },
        "UserAttributeUpdateSettings": { "AttributesRequireVerificationBeforeUpdate": [] },
        "AccountRecoverySetting": { "RecoveryMechanisms": [
            { "Priority": 1, "Name": "verified_email" }, { "Priority": 2, "Name": "verified_phone_number" },
        ] },
        "UserPoolTier": "ESSENTIALS",
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true,
                "RequireSymbols": true, "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD"] },
        },
    });
    // A password policy that is given stands for itself: what it does not ask for is not asked for.
    if let Some(given) = settings.get_mut("Policies").and_then(|all| all.get_mut("PasswordPolicy")) {
        let rest = json!({
            "MinimumLength": 8, "RequireUppercase": false, "RequireLowercase": false, "RequireNumbers": false,
            "RequireSymbols": false, "TemporaryPasswordValidityDays": 7,
        });
        fill(given, &rest);
    }
    let mut all = Value::Object(std::mem::take(settings));
    fill(&mut all, &defaults);
    if let Value::Object(all) = all {
        *settings = all;
    }
    check_tier(settings)?;
    let unused = settings.get("AdminCreateUserConfig").and_then(|config| config.get("UnusedAccountValidityDays"));
    let temporary =
        settings.get("Policies").and_then(|all| all.pointer("/PasswordPolicy/TemporaryPasswordValidityDays"));
    if let (Some(temporary), true) = (temporary.cloned(), unused.is_some()) {
        settings["AdminCreateUserConfig"]["UnusedAccountValidityDays"] = temporary;
    }
    Ok(())
}

/// Members that are not there yet, level by level; lists are whole.
fn fill(into: &mut Value, from: &Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else { return };
    for (name, value) in from {
        match into.get_mut(name) {
            Some(Value::Null) | None => drop(into.insert(name.clone(), value.clone())),
            Some(there) => fill(there, value),
        }
    }
}

fn refuse_unbuilt(settings: &Map<String, Value>) -> Result<(), Fault> {
    if let Some(name) = UNBUILT.iter().find(|name| settings.get(**name).is_some_and(|value| !value.is_null())) {
        return Err(unbuilt(&format!("{name} of user pools")));
    }
    Ok(())
}

/// Codes go to functions encrypted only.
fn check_senders(settings: &Map<String, Value>) -> Result<(), Fault> {
    let Some(triggers) = settings.get("LambdaConfig").and_then(Value::as_object) else { return Ok(()) };
    let sender = SENDERS.into_iter().find(|name| triggers.contains_key(*name));
    match sender.filter(|_| !triggers.contains_key("KMSKeyID")) {
        Some(name) => Err(invalid(format!("KMSKeyID is required when {name} is configured."))),
        None => Ok(()),
    }
}

fn check_recovery(settings: &Map<String, Value>) -> Result<(), Fault> {
    let Some(list) = settings.get("AccountRecoverySetting").and_then(|setting| setting.get("RecoveryMechanisms"))
    else {
        return Ok(());
    };
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let admin_only = list.iter().any(|entry| entry["Name"] == "admin_only");
    if admin_only && list.len() > 1 {
        return Err(invalid(
            "Invalid account recovery setting parameter. Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
        ));
    }
    let mut priorities: Vec<i64> = list.iter().filter_map(|entry| entry["Priority"].as_i64()).collect();
    priorities.sort_unstable();
    if priorities.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(invalid("Invalid account recovery setting parameter. Priority must be unique."));
    }
    Ok(())
}

/// Two members name the trigger; they must agree, and each brings the other about.
fn check_pre_token_generation(settings: &mut Map<String, Value>) -> Result<(), Fault> {
    let Some(Value::Object(triggers)) = settings.get_mut("LambdaConfig") else { return Ok(()) };
    let plain = triggers.get("PreTokenGeneration").and_then(Value::as_str).map(str::to_owned);
    let configured = triggers.get("PreTokenGenerationConfig").and_then(|config| config.get("LambdaArn"));
    match (plain, configured.and_then(Value::as_str).map(str::to_owned)) {
        (Some(plain), Some(configured)) if plain != configured => {
            Err(invalid("PreTokenGeneration and PreTokenGenerationConfig must have the same Lambda ARN."))
        }
        (Some(plain), None) => {
            triggers.insert("PreTokenGenerationConfig".into(), json!({ "LambdaVersion": "V1_0", "LambdaArn": plain }));
            Ok(())
        }
        (None, Some(configured)) => {
            triggers.insert("PreTokenGeneration".into(), json!(configured));
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_names(settings: &Map<String, Value>) -> Result<(), Fault> {
    let given = |name: &str| settings.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if given("AliasAttributes") && given("UsernameAttributes") {
        return Err(invalid("Only one of the aliasAttributes or usernameAttributes can be set in a user pool."));
    }
    Ok(())
}

fn check_mfa(settings: &Map<String, Value>) -> Result<(), Fault> {
    let sms = settings.get("SmsConfiguration").and_then(|sms| sms.get("SnsCallerArn")).and_then(Value::as_str);
    let on = settings.get("MfaConfiguration").and_then(Value::as_str).is_some_and(|mode| mode == "ON");
    if on && sms.is_none() && !settings.contains_key("SmsConfiguration") {
        return Err(invalid("Invalid MFA configuration given, can't turn on MFA and disable all MFA types."));
    }
    Ok(())
}

/// Messages can be set in two places; AWS shows them in both.
fn mirror_messages(settings: &mut Map<String, Value>) {
    const PAIRS: [(&str, &str); 3] = [
        ("SmsVerificationMessage", "SmsMessage"),
        ("EmailVerificationMessage", "EmailMessage"),
        ("EmailVerificationSubject", "EmailSubject"),
    ];
    for (plain, inside) in PAIRS {
        let template = settings.get("VerificationMessageTemplate").and_then(|template| template.get(inside)).cloned();
        match (template, settings.get(plain).cloned()) {
            (Some(template), _) => drop(settings.insert(plain.into(), template)),
            (None, Some(plain)) => {
                let template = settings.entry("VerificationMessageTemplate").or_insert_with(|| json!({}));
                template[inside] = plain;
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(settings: Value) -> Result<Value, Fault> {
        let Value::Object(mut settings) = settings else { return Ok(Value::Null) };
        complete(&mut settings)?;
        Ok(Value::Object(settings))
    }

    #[test]
    fn what_is_not_said() {
        let plain = completed(json!({})).expect("settings");
        assert_eq!(plain["Policies"]["PasswordPolicy"]["RequireSymbols"], json!(true));
        let own = completed(json!({ "Policies": { "PasswordPolicy": { "MinimumLength": 6 } } })).expect("settings");
        assert_eq!(own["Policies"]["PasswordPolicy"]["RequireSymbols"], json!(false));
        assert_eq!(own["Policies"]["PasswordPolicy"]["MinimumLength"], json!(6));
    }

    #[test]
    fn what_cannot_be() {
        for settings in [
            json!({ "KeyConfiguration": { "KeyType": "CUSTOMER_MANAGED_KEY" } }),
            json!({ "LambdaConfig": { "CustomSMSSender": { "LambdaVersion": "V1_0", "LambdaArn": "arn" } } }),
            json!({ "AliasAttributes": ["email"], "UsernameAttributes": ["email"] }),
            json!({ "LambdaConfig": { "PreTokenGeneration": "a", "PreTokenGenerationConfig": { "LambdaArn": "b" } } }),
            json!({ "AccountRecoverySetting": { "RecoveryMechanisms": [{ "Priority": 1, "Name": "admin_only" }, { "Priority": 2, "Name": "verified_email" }] } }),
        ] {
            assert!(completed(settings.clone()).is_err(), "{settings}");
        }
    }
}
