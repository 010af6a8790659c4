//! UserMigration: a user that is not here yet, looked up where the users were before.

use std::collections::BTreeMap;

use kogumo_model::cognitoidp::USER_NOT_FOUND_EXCEPTION;
use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::Setting;
use super::call::{Trigger, call};
use crate::user::Status;

/// A user whom the function vouches for.
pub struct Migrated {
    pub attributes: BTreeMap<String, String>,
    pub status: Status,
    pub force_alias: bool,
}

/// `source` is `UserMigration_Authentication` (with the password) or `UserMigration_ForgotPassword`. A function that knows no
/// such user is as none.
///
/// # Errors
/// The function failed: no such user, in words that a client which hides its users does not tell.
pub async fn user_migration(
    setting: Setting<'_>,
    source: &str,
    name: &str,
    password: Option<&str>,
) -> Result<Option<Migrated>, Fault> {
    let request = json!({
        "password": password,
        "validationData": setting.client_metadata(),
        "clientMetadata": setting.client_metadata(),
    });
    let response = json!({
        "userAttributes": null, "forceAliasCreation": null, "finalUserStatus": null, "messageAction": null,
        "desiredDeliveryMediums": null,
    });
    let trigger = Trigger { name: "UserMigration", source, version: "1" };
    let failed = |_| {
        let message = format!("Exception migrating user in app client {}", setting.client);
        USER_NOT_FOUND_EXCEPTION.because(message)
    };
    let answer = call(setting, trigger, name, request, response).await.map_err(failed)?;
    let Some(answer) = answer else { return Ok(None) };
    let Some(attributes) = answer["userAttributes"].as_object() else { return Ok(None) };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(Some(Migrated {
        attributes: attributes.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        status: match answer["finalUserStatus"].as_str() {
            Some("CONFIRMED") => Status::Confirmed,
            Some("RESET_REQUIRED") | None => Status::ResetRequired,
            Some(_) => Status::ForceChangePassword,
        },
        force_alias: answer["forceAliasCreation"] == true,
    }))
}
