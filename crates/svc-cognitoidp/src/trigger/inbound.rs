//! InboundFederation: what an identity provider says of a user, changed before the attributes are mapped.

use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use super::Setting;
use super::call::{Trigger, call};
use crate::provider::{Provider, Said, saml};

/// The provider's claims as the function wants them: its own in their place, or, where it names none, as they were.
pub async fn inbound_federation(
    setting: Setting<'_>,
    provider: &Provider,
    said: &Said,
) -> Result<Map<String, Value>, Fault> {
    let claims = said.claims();
    let request = json!({
        "providerName": provider.name,
        "providerType": provider.kind,
        "attributes": match provider.kind.as_str() {
            saml::KIND => json!({ "samlResponse": said.id_token }),
            _ => json!({ "tokenResponse": said.tokens, "idToken": said.id_token, "userInfo": said.user_info }),
        },
    });
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let trigger = Trigger { name: "InboundFederation", source: "InboundFederation_ExternalProvider", version: "1" };
    let answer = call(setting, trigger, subject, request, json!({ "userAttributesToMap": {} })).await?;
    let own = answer.and_then(|mut answer| match answer.get_mut("userAttributesToMap").map(Value::take) {
        Some(Value::Object(own)) if !own.is_empty() => Some(own),
        _ => None,
    });
    Ok(own.unwrap_or(claims))
}
