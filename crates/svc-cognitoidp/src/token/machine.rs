//! Tokens for programs without users: the `client_credentials` grant of the token endpoint, and GetClientToken.

use kogumo_base::uuid;
use kogumo_door::Context;
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;
use serde_json::{Map, Value, json};

use crate::client::{Site, secret};
use crate::faults::{invalid, not_authorized};
use crate::pool::resource_server;
use crate::trigger::Setting;
use crate::trigger::tokens::{Groups, pre_token_generation};

/// An access token with the client as its subject.
///
/// # Errors
/// The trigger's.
pub async fn issue(setting: Setting<'_>, site: &Site, scopes: Vec<String>) -> Result<(String, i64), Fault> {
    let client = &site.client;
    let changes = pre_token_generation(setting, "ClientCredentials", None, &Groups::default(), &scopes).await?;
    let mut scopes: Vec<String> = scopes.into_iter().filter(|scope| !changes.suppress_scopes.contains(scope)).collect();
    scopes.extend(changes.add_scopes);
    let (now, lifetime) = (setting.cx.now().seconds(), client.lifetime("AccessToken"));
    let mut claims: Map<String, Value> = Map::new();
    claims.insert("sub".into(), json!(client.id));
    claims.insert("token_use".into(), json!("access"));
    claims.insert("scope".into(), json!(scopes.join(" ")));
    claims.insert("auth_time".into(), json!(now));
    claims.insert("iss".into(), json!(site.pool.issuer()));
    claims.insert("exp".into(), json!(now + lifetime));
    claims.insert("iat".into(), json!(now));
    claims.insert("version".into(), json!(2));
    claims.insert("jti".into(), json!(uuid()));
    claims.insert("client_id".into(), json!(client.id));
    claims.extend(changes.access.add);
    claims.retain(|name, _| !changes.access.suppress.contains(name));
    Ok((site.keys.access_token.sign(&Value::Object(claims))?, lifetime))
}

pub async fn get_client_token(cx: Context, input: GetClientTokenRequest) -> Result<GetClientTokenResponse, Fault> {
    let site = Site::of_client(&cx, &input.client_id)?;
    if !secret::fits(&site.client, Some(&input.secret)) {
        return Err(not_authorized("Invalid client secret."));
    }
    if site.client.texts("ExplicitAuthFlows") != ["ALLOW_CLIENT_TOKEN_AUTH"] {
        return Err(invalid("CLIENT_TOKEN_AUTH is not enabled for the client."));
    }
    let known = resource_server::scopes(&cx.snapshot(), &site.pool)?;
    let scopes = input.scopes.unwrap_or_default();
    if let Some(unknown) = scopes.iter().find(|scope| !known.contains(scope)) {
        return Err(invalid(format!("Invalid scope requested: {unknown}")));
    }
    let setting =
        Setting { cx: &cx, pool: &site.pool, client: &site.client.id, metadata: input.client_metadata.as_ref() };
    let (token, lifetime) = issue(setting, &site, scopes).await?;
    Ok(GetClientTokenResponse {
        client_authentication_result: Some(ClientAuthenticationResultType {
            access_token: Some(token),
            expires_in: Some(i32::try_from(lifetime).unwrap_or(i32::MAX)),
            token_type: Some("Bearer".into()),
        }),
    })
}
