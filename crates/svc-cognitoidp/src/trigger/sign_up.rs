//! PreSignUp and PostConfirmation.

use std::collections::BTreeMap;

use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::call::{Trigger, call};
use super::{Setting, attributes};
use crate::user::User;

/// What PreSignUp decides.
#[derive(Clone, Copy, Default)]
pub struct Decision {
    pub confirm: bool,
    pub verify_email: bool,
    pub verify_phone: bool,
}

/// `source` is `PreSignUp_SignUp`, `PreSignUp_AdminCreateUser` or `PreSignUp_ExternalProvider`.
pub async fn pre_sign_up(
    setting: Setting<'_>,
    source: &str,
    name: &str,
    attributes: &BTreeMap<String, String>,
    validation: &BTreeMap<String, String>,
) -> Result<Decision, Fault> {
    let request = json!({
        "userAttributes": attributes,
        "validationData": validation,
        "clientMetadata": setting.client_metadata(),
    });
    let response = json!({ "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false });
    let trigger = Trigger { name: "PreSignUp", source, version: "1" };
    let answer = call(setting, trigger, name, request, response).await?.unwrap_or(Value::Null);
    let flag = |name: &str| answer[name].as_bool().unwrap_or(false);
    Ok(Decision {
        confirm: flag("autoConfirmUser"),
        verify_email: flag("autoVerifyEmail"),
        verify_phone: flag("autoVerifyPhone"),
    })
}

/// `source` is `PostConfirmation_ConfirmSignUp` or `PostConfirmation_ConfirmForgotPassword`.
pub async fn post_confirmation(setting: Setting<'_>, source: &str, user: &User) -> Result<(), Fault> {
    let request = json!({ "userAttributes": attributes(user), "clientMetadata": setting.client_metadata() });
    let trigger = Trigger { name: "PostConfirmation", source, version: "1" };
    call(setting, trigger, &user.name, request, json!({})).await.map(drop)
}
