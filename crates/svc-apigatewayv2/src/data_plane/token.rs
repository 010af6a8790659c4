//! Routes of type `JWT`: a token of the authorizer's issuer.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>

use super::{Call, FORBIDDEN, INTERNAL, Refusal, UNAUTHORIZED};
use crate::definition::Jwt;
use kogumo_execute_api::context::Context;
use kogumo_execute_api::jwt::{self, Unbelieved};
use serde_json::{Map, Value as Json, json};

/// Lets a request with a right token through and puts its claims into the context.
pub async fn authorize(call: &Call<'_>, trusted: &Jwt, value: &str, context: &mut Context) -> Result<(), Refusal> {
    let token = jwt::without_scheme(value);
    let wanted = &call.route.authorization_scopes;
    let refused = |why: &str| refused(UNAUTHORIZED, wanted, "invalid_token", why);
    let claims = jwt::claims(call.cloud, &trusted.issuer, token, call.now).await.map_err(|why| match why {
        Unbelieved::Invalid => refused("the token is not valid"),
        Unbelieved::Expired => refused("the token has expired"),
        Unbelieved::NoKeys(why) => {
            tracing::info!("{why}");
            refused("OIDC discovery endpoint communication error")
        }
        Unbelieved::Trouble(trouble) => {
            tracing::error!("{trouble}");
            INTERNAL
        }
    })?;
    if !jwt::audiences(&claims).iter().any(|audience| trusted.audiences.contains(audience)) {
        return Err(refused("the token does not have a valid audience"));
    }
    let scopes = jwt::scopes(&claims);
    if !wanted.is_empty() && !scopes.iter().any(|scope| wanted.contains(scope)) {
        let why = "the token does not have the required scopes";
        return Err(self::refused(FORBIDDEN, wanted, "insufficient_scope", why));
    }
    let scopes = if wanted.is_empty() { Json::Null } else { json!(scopes) };
    context.authorizer = Map::from_iter([("claims".to_owned(), shown(&claims)), ("scopes".to_owned(), scopes)]);
    Ok(())
}

/// A refusal that tells the client why: RFC 6750, section 3.
fn refused(refusal: Refusal, scopes: &[String], error: &str, why: &str) -> Refusal {
    let scopes = scopes.join(" ");
    Refusal(refusal.0, refusal.1, Some(format!(r#"Bearer scope="{scopes}" error="{error}" error_description="{why}""#)))
}

/// Without a token at all, the client learns only that one is wanted.
pub fn wanted() -> Refusal {
    Refusal(UNAUTHORIZED.0, UNAUTHORIZED.1, Some("Bearer".to_owned()))
}

/// Claims as events have them: all text, lists in brackets.
fn shown(claims: &Map<String, Json>) -> Json {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            format!("[{}]", items.join(" "))
        }
        other => other.to_string(),
    };
    Json::Object(claims.iter().map(|(name, value)| (name.clone(), json!(text(value)))).collect())
}
