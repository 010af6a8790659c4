//! CustomMessage: another text for a message that is about to go out.

use kogumo_wire::Fault;
use serde_json::{Value, json};

use super::call::{Trigger, call};
use super::{Setting, attributes};
use crate::user::User;

/// What is to be said instead, where anything is.
#[derive(Default)]
pub struct Words {
    pub sms: Option<String>,
    pub mail: Option<String>,
    pub subject: Option<String>,
}

/// `occasion` is `SignUp`, `AdminCreateUser`, `ResendCode`, `ForgotPassword`, `UpdateUserAttribute`,
/// `VerifyUserAttribute` or `Authentication`.
pub async fn custom_message(setting: Setting<'_>, occasion: &str, user: &User) -> Result<Words, Fault> {
    let invites = occasion == "AdminCreateUser";
    let request = json!({
        "userAttributes": attributes(user),
        "codeParameter": "{####}",
        "linkParameter": "{##Click Here##}",
        "usernameParameter": invites.then_some("{username}"),
        "clientMetadata": setting.client_metadata(),
    });
    let response = json!({ "smsMessage": null, "emailMessage": null, "emailSubject": null });
    let source = format!("CustomMessage_{occasion}");
    let trigger = Trigger { name: "CustomMessage", source: &source, version: "1" };
    let answer = call(setting, trigger, &user.name, request, response).await?.unwrap_or(Value::Null);
    let text = |name: &str| answer[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    // A text without the place for the code is of no use; Cognito falls back to its own.
    let with_code = |text: Option<String>| text.filter(|text| text.contains("{####}") || text.contains("{##"));
    Ok(Words {
        sms: with_code(text("smsMessage")),
        mail: with_code(text("emailMessage")),
        subject: text("emailSubject"),
    })
}
