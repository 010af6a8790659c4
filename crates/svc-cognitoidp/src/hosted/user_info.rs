//! `/oauth2/userInfo`: who the bearer of an access token is, as far as its scopes go.

use http::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value, json};

use super::Visit;
use super::answer::Answer;
use crate::client;
use crate::token::access;

pub fn page(visit: &Visit) -> Answer {
    let refused = |status: u16, error: &str, description: &str| {
        Answer::json(status, &json!({ "error": error, "error_description": description }))
            .with(WWW_AUTHENTICATE, &format!("error=\"{error}\", error_description=\"{description}\""))
    };
    let token = visit.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token.or(visit.posted("access_token")) else {
        return refused(400, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint");
    };
    let gone = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
    let bearer = visit.cx.read(|r| access::any_scope(r.cloud, r.store, r.now, token.trim()));
    let Some(bearer) = bearer.ok().filter(|bearer| bearer.pool.id == visit.pool.id) else {
        return refused(401, "invalid_token", gone);
    };
    let has = |scope: &str| bearer.scopes.iter().any(|asked| asked == scope);
    if !has("openid") {
        return refused(401, "invalid_token", "Access token does not contain openid scope");
    }
    let Ok(client) = client::get(&visit.cx.snapshot(), &bearer.pool, &bearer.client) else {
        return refused(401, "invalid_token", gone);
    };
    let whole = has("profile") || bearer.scopes == ["openid"];
    let through = |name: &str| match name {
        "email" | "email_verified" => whole || has("email"),
        "phone_number" | "phone_number_verified" => whole || has("phone"),
        _ => whole,
    };
    let mut told = Map::new();
    told.insert("sub".into(), json!(bearer.user.sub));
    for (name, value) in bearer.user.attributes.iter().filter(|(name, _)| client.may_read(name) && through(name)) {
        told.insert(name.clone(), json!(value));
    }
    told.insert("username".into(), json!(bearer.user.name));
    Answer::json(200, &Value::Object(told))
}
