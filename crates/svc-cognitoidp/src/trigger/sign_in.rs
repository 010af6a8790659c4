//! PreAuthentication and PostAuthentication.

use kogumo_wire::Fault;
use serde_json::json;

use super::call::{Trigger, call};
use super::{Setting, attributes};
use crate::user::User;

/// Before a first factor is looked at. For a user that does not exist it is called where the client hides that.
pub async fn pre_authentication(setting: Setting<'_>, name: &str, user: Option<&User>) -> Result<(), Fault> {
    let mut request = json!({
        "userAttributes": user.map_or_else(|| json!({}), attributes),
        "validationData": setting.client_metadata(),
    });
    if user.is_none() {
        request["userNotFound"] = json!(true);
    }
    let trigger = Trigger { name: "PreAuthentication", source: "PreAuthentication_Authentication", version: "1" };
    call(setting, trigger, name, request, json!({})).await.map(drop)
}

/// Once the user is in.
pub async fn post_authentication(setting: Setting<'_>, user: &User, new_device: bool) -> Result<(), Fault> {
    let request = json!({
        "userAttributes": attributes(user),
        "newDeviceUsed": new_device,
        "clientMetadata": setting.client_metadata(),
    });
    let trigger = Trigger { name: "PostAuthentication", source: "PostAuthentication_Authentication", version: "1" };
    call(setting, trigger, &user.name, request, json!({})).await.map(drop)
}
