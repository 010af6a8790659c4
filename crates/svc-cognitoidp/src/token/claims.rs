//! What tokens say: pure.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::pool::Pool;
use crate::trigger::tokens::{Changes, Groups};
use crate::user::User;

/// The scope of tokens that did not come through the hosted pages: the user's own account.
pub const OWN_ACCOUNT: &str = "aws.cognito.signin.user.admin";

/// What both tokens of one issue have in common. Times are seconds.
pub struct Issue<'a> {
    pub pool: &'a Pool,
    pub client: &'a Client,
    pub user: &'a User,
    pub groups: &'a Groups,
    pub scopes: &'a [String],
    pub authenticated: i64,
    pub now: i64,
    /// None where the client's tokens cannot be revoked.
    pub origin: Option<&'a str>,
    pub event: &'a str,
    pub device: Option<&'a str>,
    pub nonce: Option<&'a str>,
}

/// The claims of the access token.
pub fn access(issue: &Issue, id: &str, changes: &Changes) -> Value {
    let mut scopes: Vec<String> =
        issue.scopes.iter().filter(|scope| !changes.suppress_scopes.contains(*scope)).cloned().collect();
    scopes.extend(changes.add_scopes.iter().filter(|scope| !issue.scopes.contains(*scope)).cloned());
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(issue.user.sub));
    let groups = changes.groups.as_ref().unwrap_or(issue.groups);
    if !groups.names.is_empty() {
        claims.insert("cognito:groups".into(), json!(groups.names));
    }
    claims.insert("iss".into(), json!(issue.pool.issuer()));
    claims.insert("client_id".into(), json!(issue.client.id));
    if let Some(origin) = issue.origin {
        claims.insert("origin_jti".into(), json!(origin));
    }
    if let Some(device) = issue.device {
        claims.insert("device_key".into(), json!(device));
    }
    claims.insert("event_id".into(), json!(issue.event));
    claims.insert("token_use".into(), json!("access"));
    claims.insert("scope".into(), json!(scopes.join(" ")));
    claims.insert("auth_time".into(), json!(issue.authenticated));
    claims.insert("exp".into(), json!(issue.now + issue.client.lifetime("AccessToken")));
    claims.insert("iat".into(), json!(issue.now));
    claims.insert("jti".into(), json!(id));
    claims.insert("username".into(), json!(issue.user.name));
    if issue.scopes.iter().any(|scope| scope == "openid") {
        claims.insert("version".into(), json!(2));
    }
    apply(&mut claims, &changes.access.add, &changes.access.suppress);
    Value::Object(claims)
}

/// The claims of the id token. `access` is the access token that goes with it, if both go to a browser.
pub fn id(issue: &Issue, id: &str, changes: &Changes, access: Option<&str>) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".into(), json!(issue.user.sub));
    let groups = changes.groups.as_ref().unwrap_or(issue.groups);
    if !groups.names.is_empty() {
        claims.insert("cognito:groups".into(), json!(groups.names));
    }
    for (name, value) in attributes(issue) {
        claims.insert(name, value);
    }
    claims.insert("iss".into(), json!(issue.pool.issuer()));
    claims.insert("cognito:username".into(), json!(issue.user.name));
    if let Some(role) = &groups.preferred_role {
        claims.insert("cognito:preferred_role".into(), json!(role));
    }
    if !groups.roles.is_empty() {
        claims.insert("cognito:roles".into(), json!(groups.roles));
    }
    if let Some(nonce) = issue.nonce {
        claims.insert("nonce".into(), json!(nonce));
    }
    if let Some(access) = access {
        claims.insert("at_hash".into(), json!(half_hash(access)));
    }
    if let Some(origin) = issue.origin {
        claims.insert("origin_jti".into(), json!(origin));
    }
    claims.insert("aud".into(), json!(issue.client.id));
    claims.insert("event_id".into(), json!(issue.event));
    claims.insert("token_use".into(), json!("id"));
    claims.insert("auth_time".into(), json!(issue.authenticated));
    claims.insert("exp".into(), json!(issue.now + issue.client.lifetime("IdToken")));
    claims.insert("iat".into(), json!(issue.now));
    claims.insert("jti".into(), json!(id));
    apply(&mut claims, &changes.id.add, &changes.id.suppress);
    Value::Object(claims)
}

/// The user's attributes that the client may read and the scopes let through.
fn attributes(issue: &Issue) -> Vec<(String, Value)> {
    let whole = issue.scopes.iter().any(|scope| scope == "profile" || scope == OWN_ACCOUNT)
        || issue.scopes.iter().all(|scope| scope == "openid");
    let has = |scope: &str| issue.scopes.iter().any(|asked| asked == scope);
    let through = |name: &str| match name {
        "email" | "email_verified" => whole || has("email"),
        "phone_number" | "phone_number_verified" => whole || has("phone"),
        _ => whole,
    };
    let seen = issue.user.attributes.iter().filter(|(name, _)| issue.client.may_read(name) && through(name));
    let mut all: Vec<(String, Value)> =
        seen.map(|(name, value)| (name.clone(), typed(issue.pool, name, value))).collect();
    if !issue.user.identities.is_empty() {
        let list: Value =
            serde_json::from_str(&crate::provider::identities_text(&issue.user.identities)).unwrap_or_default();
        all.push(("identities".into(), list));
    }
    all
}

/// Verified flags are truth values and addresses objects; all else is text, as Cognito has it.
fn typed(pool: &Pool, name: &str, value: &str) -> Value {
    let kind = pool.attribute(name).map(|attribute| attribute.kind.as_str()).unwrap_or_default();
    match (name, kind) {
        ("address", _) => json!({ "formatted": value }),
        ("updated_at", _) => value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number)),
        (name, "Boolean") if !name.contains(':') => json!(value == "true"),
        _ => json!(value),
    }
}

fn apply(claims: &mut Map<String, Value>, add: &Map<String, Value>, suppress: &BTreeSet<String>) {
    claims.extend(add.clone());
    claims.retain(|name, _| !suppress.contains(name));
}

/// The left half of the token's hash (OpenID Connect Core, section 3.1.3.6).
fn half_hash(token: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}
